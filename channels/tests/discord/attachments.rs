//! Files that come with messages.

use crate::support::World;
use fakes::discord::{Limits, Options};
use serde_json::json;

#[tokio::test]
async fn a_file_is_kept_before_its_message() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.sends_file(ada.direct, "the log", "log.txt", b"line 1", 6);
    ada.sends_file(ada.direct, "", "empty.txt", b"", 0);
    world.desk.holds(2).await;
    let (heard, kept) = (world.desk.all(), world.desk.kept.lock().unwrap().clone());
    assert_eq!((heard[0].text.as_str(), heard[0].attachments[0].name.as_str()), ("the log", "log.txt"));
    assert_eq!(
        (kept[0].content.as_slice(), kept[0].sender.clone()),
        (b"line 1".as_slice(), ada.id.to_string())
    );
    assert!(heard[1].text.is_empty());
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_file_too_large_gone_or_from_elsewhere_leaves_a_note() {
    let mut world = World::with(Options { limits: Limits::wide(), ..Options::default() }).await;
    world.settings.max_file_bytes = 10;
    world.kill().await;
    world.start().await;
    let ada = world.fake.customer("Ada");
    ada.sends_file(ada.direct, "too large", "large.bin", &[0; 11], 11);
    ada.sends_file(ada.direct, "larger than it says", "liar.bin", &[0; 11], 1);
    for (text, url) in [
        ("gone", format!("{}/cdn/attachments/1/2/gone.bin", world.fake.url())),
        ("from elsewhere", "http://169.254.169.254/latest/meta-data".into()),
        ("no address", "file:///etc/passwd".into()),
    ] {
        ada.posts(ada.direct, text, |message| {
            message["attachments"] =
                json!([{"id": "1", "filename": "x.bin", "size": 1, "url": url, "proxy_url": url}]);
        });
    }
    world.desk.holds(5).await;
    assert!(world.desk.kept.lock().unwrap().is_empty());
    for heard in world.desk.all() {
        assert!(heard.text.contains("file-not-taken") && heard.attachments.is_empty(), "{}", heard.text);
    }
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_sticker_leaves_a_note() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.posts(ada.direct, "", |message| {
        message["sticker_items"] = json!([{"id": "1", "name": "Wave", "format_type": 1}])
    });
    world.desk.holds(1).await;
    assert_eq!(world.desk.texts_of(ada.id), ["[sticker: Wave]"]);
}
