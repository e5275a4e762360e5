//! Files: kept before their message is accepted, never opened, never a reason to lose the words.

use super::stage::{Stage, until};
use channels::IntakeError;
use fakes::telegram::{Options, Order, Trouble};

#[tokio::test]
async fn photos_documents_and_voices_are_kept() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    let photo = ada.sends_file("photo", "", b"jpeg", "the broken cup");
    ada.sends_file("document", "../../bill.pdf", b"%PDF", "");
    let voice = ada.sends_file("voice", "", b"ogg", "");
    ada.sends_file("sticker", "", b"webp", "");
    until("heard", || stage.desk.count() == 4).await;
    let heard = stage.desk.accepted();
    assert_eq!(heard[0].text, "the broken cup");
    assert_eq!(heard[0].attachments[0].name, format!("photo-{photo}.jpg"));
    assert_eq!((heard[1].text.as_str(), heard[1].attachments[0].name.as_str()), ("", "../../bill.pdf"));
    assert_eq!(heard[2].attachments[0].name, format!("voice-{voice}.ogg"));
    assert_eq!((heard[3].text.as_str(), heard[3].attachments.len()), ("👍", 1));
    let kept = stage.desk.kept();
    assert_eq!(kept[0].content, b"jpeg");
    assert_eq!(
        (kept[1].sender.as_str(), kept[1].content.as_slice()),
        (ada.id.to_string().as_str(), b"%PDF".as_slice())
    );
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_file_that_is_too_large_leaves_a_note() {
    let mut stage = Stage::set(Options::default(), |settings| settings.max_file_bytes = 10).await;
    stage.run();
    let ada = stage.fake.customer("Ada");
    ada.sends_file("document", "film.mov", &[0; 11], "look");
    ada.sends_file("document", "note.txt", &[0; 10], "and this");
    until("heard", || stage.desk.count() == 2).await;
    let heard = stage.desk.accepted();
    assert_eq!(
        (heard[0].text.as_str(), heard[0].attachments.len()),
        ("look\n[film.mov] file-not-taken (en)", 0)
    );
    assert_eq!((heard[1].text.as_str(), heard[1].attachments.len()), ("and this", 1));
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_size_that_lies_is_found_out_while_streaming() {
    let mut stage = Stage::set(Options::default(), |settings| settings.max_file_bytes = 1000).await;
    stage.run();
    let ada = stage.fake.customer("Ada");
    // Neither the message nor getFile tells the size of this one.
    stage.fake.hides_file_sizes(true);
    ada.sends_file("document", "bomb.zip", &[0; 100_000], "");
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.desk.accepted()[0].text, "[bomb.zip] file-not-taken (en)");
    assert!(stage.desk.kept().is_empty());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_file_is_asked_for_again_and_then_given_up() {
    let stage = Stage::new().await;
    let ada = stage.fake.customer("Ada");
    stage.fake.order(Order::next("file", Trouble::Gateway { code: 502 }).times(2));
    ada.sends_file("document", "a.txt", b"a", "first");
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.desk.kept().len(), 1);
    stage.fake.order(Order::next("file", Trouble::CutBefore).times(2));
    stage.fake.order(Order::next("getFile", Trouble::Gateway { code: 500 }));
    ada.sends_file("document", "b.txt", b"b", "second");
    until("heard", || stage.desk.count() == 2).await;
    assert_eq!(stage.desk.accepted()[1].text, "second\n[b.txt] file-not-taken (en)");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_file_that_can_not_be_stored_now_holds_its_message_back() {
    let stage = Stage::new().await;
    stage.feels("@harbor_bot").await;
    stage.desk.down(true);
    let ada = stage.fake.customer("Ada");
    ada.sends_file("document", "a.txt", b"a", "with a file");
    stage.feels("can't be stored").await;
    assert_eq!((stage.desk.count(), stage.fake.waiting()), (0, 1));
    stage.desk.down(false);
    until("heard", || stage.desk.count() == 1).await;
    assert_eq!(stage.desk.accepted()[0].attachments.len(), 1);
    stage.feels("@harbor_bot").await;
    stage.desk.meets([IntakeError::TryAgain]);
    ada.sends_file("document", "b.txt", b"b", "again");
    until("heard", || stage.desk.count() == 2).await;
    stage.fake.assert_clean();
}
