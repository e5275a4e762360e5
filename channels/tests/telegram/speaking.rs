//! What goes out, and what the outbox is told (bar.md T3).

use super::stage::{Stage, choice, message, settings, until};
use channels::{Channel, Citation, Courier as _, DeliveryError, telegram::Telegram};
use fakes::telegram::{Options, Order, Trouble};
use std::{sync::Arc, time::Duration};

async fn quiet() -> (Stage, fakes::telegram::Customer) {
    let stage = Stage::set(Options::default(), |_| ()).await;
    let ada = stage.fake.customer("Ada");
    (stage, ada)
}

fn refuse(code: u16, description: &str) -> Trouble {
    Trouble::Refuse { code, description: description.to_owned() }
}

#[tokio::test]
async fn a_message_has_its_author_its_sources_and_its_buttons() {
    let (stage, ada) = quiet().await;
    let mut answer = message(&ada.id.to_string(), "Within <b>30</b> *days* [x](y).");
    answer.author = "Bo Łóś 👩‍🚀".to_owned();
    answer.citations = vec![Citation {
        article: "refunds".to_owned(),
        title: "Refunds".to_owned(),
        url: Some("https://desk.example/refunds".to_owned()),
    }];
    answer.choices = vec![choice("ok", "That helps"), choice("human", "I want to talk to a person, please")];
    let receipt = stage.telegram.deliver(&answer, 0).await.unwrap();
    assert!(!receipt.more);
    let sent = stage.fake.journal().sent.remove(0);
    assert_eq!(receipt.external_id, sent.message_id.to_string());
    assert_eq!(
        sent.text,
        "Bo Łóś 👩‍🚀\nWithin <b>30</b> *days* [x](y).\n\nSource: Refunds https://desk.example/refunds"
    );
    assert_eq!(sent.message["entities"][0]["type"], "bold");
    assert_eq!(sent.message["entities"][0]["length"], 12);
    assert_eq!(ada.buttons(), [vec!["That helps"], vec!["I want to talk to a person, please"]]);
    assert_eq!(stage.telegram.channel(), Channel::Telegram);
    assert!(!stage.telegram.repeats_safely());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_long_message_comes_in_parts_with_the_buttons_below_the_last() {
    let (stage, ada) = quiet().await;
    let text: String = (0..900).map(|number| format!("word{number:05} ")).collect();
    let mut answer = message(&ada.id.to_string(), &text);
    answer.choices = vec![choice("ok", "Fine")];
    assert_eq!(stage.insists(&answer).await, Ok(3));
    let heard = ada.hears();
    assert_eq!(heard.len(), 3);
    assert_eq!(heard.join(" ").split_whitespace().count(), 900);
    let sent = stage.fake.journal().sent;
    let buttons: Vec<_> = sent.iter().map(|sent| sent.message["reply_markup"].is_object()).collect();
    assert_eq!(buttons, [false, false, true]);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn formatting_that_telegram_can_not_parse_is_sent_plain_once() {
    let (stage, ada) = quiet().await;
    stage
        .fake
        .order(Order::next("sendMessage", refuse(400, "Bad Request: can't parse entities: byte offset 7")));
    let mut answer = message(&ada.id.to_string(), "Hello");
    answer.author = "Bo".to_owned();
    stage.telegram.deliver(&answer, 0).await.unwrap();
    assert_eq!(ada.hears(), ["Bo\nHello"]);
    assert!(stage.fake.journal().sent[0].message["entities"].is_null());

    stage.fake.order(Order::next("sendMessage", refuse(400, "Bad Request: can't parse entities")).times(2));
    let error = stage.telegram.deliver(&answer, 0).await.unwrap_err();
    assert!(matches!(error, DeliveryError::GiveUp { .. }), "{error}");
    assert_eq!(stage.fake.journal().calls("sendMessage").len(), 4);
    stage.fake.assert_clean();
}

#[tokio::test]
async fn who_can_not_be_reached_is_named_so() {
    let (stage, ada) = quiet().await;
    let bo = stage.fake.customer("Bo");
    ada.blocks();
    bo.vanishes();
    for (address, words) in [(ada.id, "blocked by the user"), (bo.id, "chat not found")] {
        let error = stage.says(&address.to_string(), "hello").await.unwrap_err();
        assert!(matches!(&error, DeliveryError::Unreachable { cause } if cause.contains(words)), "{error}");
    }
    stage.fake.order(Order::next("sendMessage", refuse(403, "Forbidden: user is deactivated")));
    let error = stage.says(&ada.id.to_string(), "hello").await.unwrap_err();
    assert!(matches!(error, DeliveryError::Unreachable { .. }), "{error}");
    assert!(stage.fake.journal().sent.is_empty());
    stage.fake.assert_clean();
}

#[tokio::test]
async fn what_will_never_work_is_given_up_with_its_reason() {
    let (stage, ada) = quiet().await;
    let error = stage.says(&ada.id.to_string(), " ").await.unwrap_err();
    assert!(
        matches!(&error, DeliveryError::GiveUp { cause } if cause.contains("message text is empty")),
        "{error}"
    );
    let error = stage.says("the lighthouse", "hello").await.unwrap_err();
    assert!(matches!(error, DeliveryError::GiveUp { .. }), "{error}");
    let error = stage.telegram.deliver(&message(&ada.id.to_string(), "hello"), 1).await.unwrap_err();
    assert!(matches!(error, DeliveryError::GiveUp { .. }), "{error}");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn what_surely_did_not_arrive_may_be_sent_again() {
    let (stage, ada) = quiet().await;
    let address = ada.id.to_string();
    for trouble in
        [Trouble::Gateway { code: 502 }, refuse(500, "Internal Server Error"), refuse(401, "Unauthorized")]
    {
        stage.fake.order(Order::next("sendMessage", trouble.clone()));
        let error = stage.says(&address, "hello").await.unwrap_err();
        assert!(matches!(error, DeliveryError::Retry { .. }), "{trouble:?}: {error}");
    }
    assert!(ada.hears().is_empty());

    // Nobody listens there.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = settings(&stage.fake, &Options::default());
    settings.api_url = Some(format!("http://{port}"));
    let alone = Telegram::new(settings, stage.desk.clone()).unwrap();
    let error = alone.deliver(&message(&address, "hello"), 0).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Retry { .. }), "{error}");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn what_may_have_arrived_is_in_doubt() {
    let (stage, ada) = quiet().await;
    let address = ada.id.to_string();
    let cases = [
        (Trouble::CutBefore, 0),
        (Trouble::CutAfter, 1),
        (Trouble::Nonsense, 1),
        (Trouble::Gateway { code: 504 }, 0),
        (Trouble::Late(Duration::from_secs(30)), 1),
    ];
    let mut shown = 0;
    for (trouble, more) in cases {
        stage.fake.order(Order::next("sendMessage", trouble.clone()));
        let error = stage.says(&address, "hello").await.unwrap_err();
        assert!(matches!(error, DeliveryError::InDoubt { .. }), "{trouble:?}: {error}");
        assert!(!format!("{error:?}").contains("fake-telegram-token"), "{error:?}");
        shown += more;
        assert_eq!(ada.hears().len(), shown, "{trouble:?}");
    }
    stage.fake.assert_clean();
}

#[tokio::test]
async fn typing_is_shown_and_its_failure_is_of_no_consequence() {
    let (stage, ada) = quiet().await;
    stage.telegram.typing(&ada.id.to_string()).await;
    stage.fake.order(Order::next("sendChatAction", Trouble::CutBefore));
    stage.telegram.typing(&ada.id.to_string()).await;
    stage.telegram.typing("nonsense").await;
    let journal = stage.fake.journal();
    assert_eq!(journal.calls("sendChatAction").len(), 2);
    assert_eq!(journal.calls("sendChatAction")[0].params["action"], "typing");
    stage.fake.assert_clean();
}

#[tokio::test]
async fn a_slow_chat_does_not_hold_up_another() {
    let (stage, ada) = quiet().await;
    let bo = stage.fake.customer("Bo");
    stage.fake.order(Order::next("sendMessage", Trouble::Late(Duration::from_secs(30))).in_chat(ada.id));
    let telegram = Arc::clone(&stage.telegram);
    let slow = message(&ada.id.to_string(), "slow");
    let waiting = tokio::spawn(async move { telegram.deliver(&slow, 0).await });
    until("accepted", || !ada.hears().is_empty()).await;
    stage.says(&bo.id.to_string(), "quick").await.unwrap();
    assert!(!waiting.is_finished());
    waiting.abort();
    stage.fake.assert_clean();
}
