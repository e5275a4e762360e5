//! Notices as they leave: signed, kept apart from secrets, with an outcome that the outbox understands.

use crate::support::{Server, http, json};
use base64::Engine;
use chrono::{DateTime, Utc};
use connectors::notify::{Discord, Message, Notify, SigningKey, Slack, Telegram, Webhook};
use connectors::{Advice, Trouble};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn message(number: usize) -> Message {
    Message {
        key: format!("01890000-0000-7000-8000-00000000{number:04}:{number}"),
        title: "A refund waits for approval".to_owned(),
        text: "400 € for Ada — “urgent”".to_owned(),
        link: None,
        at: now(),
        kind: "team.notified".to_owned(),
        data: serde_json::json!({"team": "billing", "text": "ä€🙂\u{2028}", "n": number}),
    }
}

/// A verifier written from the specification alone.
fn verifies(request: &str, secret: &str) -> bool {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned())).unwrap()
    };
    let key = base64::engine::general_purpose::STANDARD.decode(&secret["whsec_".len()..]).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    header("webhook-signature").split(' ').any(|one| one == format!("v1,{expected}"))
}

#[tokio::test]
async fn every_webhook_verifies_with_either_secret() {
    let server = Server::start(|_| http("204 No Content", "", "")).await;
    let second = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode([9; 32]));
    let keys = [SECRET, &second].map(|secret| SigningKey::read(&SecretString::from(secret)).unwrap());
    let webhook = Webhook::new(server.guard(), server.url("/hook"), keys.to_vec());
    for number in 0..100 {
        webhook.notify(&message(number), now()).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 100);
    assert!(requests.iter().all(|request| verifies(request, SECRET) && verifies(request, &second)));
    assert!(!verifies(&requests[0].replace("billing", "Billing"), SECRET), "the verifier can say no");
    // For scripts/verify-webhooks.sh: the same requests for a verifier that is not ours.
    if let Ok(folder) = std::env::var("DESKHAND_WEBHOOK_DUMP") {
        for (number, request) in requests.iter().enumerate() {
            std::fs::write(format!("{folder}/{number}.http"), request).unwrap();
        }
    }
}

#[tokio::test]
async fn chats_are_told() {
    let server = Server::start(|_| json("200 OK", r#"{"ok":true}"#)).await;
    let address = || SecretString::from(server.url("/services/T0/B0/s3cr3t").to_string());
    Slack::new(server.guard(), address()).notify(&message(1), now()).await.unwrap();
    Discord::new(server.guard(), address()).notify(&message(2), now()).await.unwrap();
    let token = SecretString::from("123:s3cr3t");
    Telegram::new(server.guard(), server.url("/"), token, "-100".to_owned())
        .notify(&message(3), now())
        .await
        .unwrap();
    let lines: Vec<String> =
        server.requests().iter().map(|request| request.lines().next().unwrap().to_owned()).collect();
    assert_eq!(
        lines,
        [
            "POST /services/T0/B0/s3cr3t HTTP/1.1",
            "POST /services/T0/B0/s3cr3t?wait=true HTTP/1.1",
            "POST /bot123:s3cr3t/sendMessage HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn no_trouble_tells_a_secret_and_waits_are_kept() {
    let gone =
        Server::start(|_| json("404 Not Found", r#"{"ok":false,"description":"bot123:s3cr3t unknown"}"#))
            .await;
    let telegram = |server: &Server| {
        Telegram::new(server.guard(), server.url("/"), SecretString::from("123:s3cr3t"), "1".to_owned())
    };
    let trouble = telegram(&gone).notify(&message(1), now()).await.unwrap_err();
    assert!(
        matches!(&trouble, Trouble::Refused { status: 404, body } if !body.contains("s3cr3t")),
        "{trouble}"
    );
    let busy =
        Server::start(|_| json("429 Too Many Requests", r#"{"ok":false,"parameters":{"retry_after":17}}"#))
            .await;
    let trouble = telegram(&busy).notify(&message(1), now()).await.unwrap_err();
    assert_eq!(trouble.advice(), Advice::AgainAfter(Duration::from_secs(17)));
    let cut = Server::start(|_| crate::support::Reply::Cut).await;
    let slack = Slack::new(cut.guard(), SecretString::from(cut.url("/s3cr3t").to_string()));
    let trouble = slack.notify(&message(1), now()).await.unwrap_err();
    assert!(!trouble.to_string().contains("s3cr3t"), "{trouble}");
    assert_eq!(trouble.advice(), Advice::LookFirst);
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_410_means_no_more() {
    let keys = || vec![SigningKey::read(&SecretString::from(SECRET)).unwrap()];
    let moved = Server::start(|_| http("302 Found", "location: /elsewhere\r\n", "")).await;
    let trouble =
        Webhook::new(moved.guard(), moved.url("/"), keys()).notify(&message(1), now()).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Refused { status: 302, .. }));
    let gone = Server::start(|_| http("410 Gone", "", "")).await;
    let trouble =
        Webhook::new(gone.guard(), gone.url("/"), keys()).notify(&message(1), now()).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Refused { status: 410, .. }));
}

mod mail {
    use super::{message, now};
    use crate::support::guard;
    use connectors::notify::{Email, Login, Notify, Smtp, Tls};
    use connectors::{Done, Policy, Trouble};
    use fakes::tickets::smtp::{MailFake, Manner};
    use secrecy::SecretString;
    use std::collections::HashMap;

    fn email(fake: &MailFake, tls: Tls, login: Option<Login>) -> Result<Email, Trouble> {
        let smtp = Smtp { host: "mail.internal".to_owned(), port: fake.address.port(), tls, login };
        let names = HashMap::from([("mail.internal", vec![vec!["127.0.0.1"]])]);
        let guard = guard(Policy::allowing(["mail.internal"]).unwrap(), names);
        Email::new(guard, smtp, "Desk <desk@example.com>", ["ada@example.com", "Bob <bob@example.com>"])
    }

    async fn outcome(manner: Manner) -> (usize, Result<(), Trouble>) {
        let fake = MailFake::start(manner).await.unwrap();
        let sent = email(&fake, Tls::None, None).unwrap().notify(&message(7), now()).await;
        (fake.letters().len(), sent)
    }

    #[tokio::test]
    async fn a_letter_arrives_as_one_letter() {
        let fake = MailFake::start(Manner::default()).await.unwrap();
        let mut message = message(7);
        message.title = "Refund\r\nBcc: eve@evil.example".to_owned();
        message.text = "first\r\n.\r\nMAIL FROM:<x@evil.example>\nlast".to_owned();
        email(&fake, Tls::None, None).unwrap().notify(&message, now()).await.unwrap();
        let letters = fake.letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].to, ["RCPT TO:<ada@example.com>", "RCPT TO:<bob@example.com>"]);
        assert!(letters[0].text.contains("Subject: Refund Bcc: eve@evil.example\r\n"), "{}", letters[0].text);
        assert!(
            letters[0].text.contains("\r\nfirst\r\n.\r\nMAIL FROM:<x@evil.example>\r\nlast\r\n"),
            "{}",
            letters[0].text
        );
    }

    #[tokio::test]
    async fn a_mail_servers_answer_says_what_can_be_done() {
        let (_, sent) = outcome(Manner { recipient: Some("550 no such user"), ..Manner::default() }).await;
        assert!(matches!(sent, Err(Trouble::Refused { status: 550, .. })), "{sent:?}");
        let (_, sent) = outcome(Manner { letter: Some("451 later"), ..Manner::default() }).await;
        assert!(matches!(sent, Err(Trouble::Retry { .. })), "{sent:?}");
        let (taken, sent) = outcome(Manner { cut: true, ..Manner::default() }).await;
        assert_eq!((taken, sent.unwrap_err().done()), (1, Done::Maybe));
    }

    #[tokio::test]
    async fn nothing_is_sent_in_the_clear_that_should_not_be() {
        let fake = MailFake::start(Manner::default()).await.unwrap();
        let login = || Some(Login { user: "desk".to_owned(), password: SecretString::from("s3cr3t") });
        assert!(email(&fake, Tls::None, login()).is_err());
        let stripped = email(&fake, Tls::StartTls, login()).unwrap().notify(&message(7), now()).await;
        assert!(
            matches!(&stripped, Err(Trouble::Unusable { why }) if why.contains("STARTTLS")),
            "{stripped:?}"
        );
        let blocked = guard(Policy::strict(), HashMap::from([("mail.internal", vec![vec!["127.0.0.1"]])]));
        let smtp =
            Smtp { host: "mail.internal".to_owned(), port: fake.address.port(), tls: Tls::None, login: None };
        let email = Email::new(blocked, smtp, "desk@example.com", ["ada@example.com"]).unwrap();
        assert!(matches!(email.notify(&message(7), now()).await, Err(Trouble::Blocked { .. })));
        assert_eq!(fake.letters().len(), 0);
    }
}
