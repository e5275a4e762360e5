//! The binary.

fn main() -> std::process::ExitCode {
    deskhand::cli::run()
}
