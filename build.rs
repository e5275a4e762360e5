//! The front ends are built by npm (`make build`); where that has not happened yet, their folder is empty and the
//! binary says so on its pages.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=web/dist");
    if let Err(error) = std::fs::create_dir_all("web/dist") {
        println!("cargo::warning=web/dist could not be made: {error}");
    }
}
