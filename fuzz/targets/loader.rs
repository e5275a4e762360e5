//! A release with one file of anything: the first line is its path, the rest is what stands in it. It is refused with
//! faults that name places within a file, or read; what was read is read the same again.
#![no_main]

#[path = "../desk/mod.rs"]
mod desk;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((path, text)) = input.split_once('\n') else { return };
    let mut content = desk::content();
    content.insert(path.to_owned(), text.to_owned());
    match (desk::read(&content), desk::read(&content)) {
        (Ok(book), Ok(again)) => assert_eq!(book.release, again.release),
        (Err(faults), Err(again)) => {
            assert!(!faults.is_empty(), "refused without a fault");
            for fault in &faults {
                assert!(fault.line >= 1 && !fault.message.trim().is_empty(), "{fault:?}");
            }
            assert_eq!(format!("{faults:?}"), format!("{again:?}"));
        }
        _ => panic!("read once and refused once"),
    }
});
