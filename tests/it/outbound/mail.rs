//! Letters to people, to a real mail server on this machine.

use deskhand::app::SystemClock;
use deskhand::config::{Email, TlsMode};
use deskhand::integrations::mail::{PostOffice, SmtpMailer};
use deskhand::ports::{Mail, MailError, Mailer};
use fakes::tickets::smtp::{MailFake, Manner};
use std::sync::Arc;

fn settings(fake: &MailFake) -> Email {
    deskhand::app::install_tls();
    Email {
        host: Some("127.0.0.1".to_owned()),
        port: fake.address.port(),
        tls: TlsMode::None,
        user: None,
        password: None,
        from: Some("Desk <desk@example.com>".to_owned()),
    }
}

fn mail(to: &str) -> Mail {
    Mail {
        key: "code:1".to_owned(),
        to: to.to_owned(),
        subject: "Your code\r\nBcc: x@evil.example".to_owned(),
        text: "It is 123456.".to_owned(),
    }
}

async fn sent(manner: Manner, mail: &Mail) -> (Result<(), MailError>, MailFake) {
    let fake = MailFake::start(manner).await.unwrap();
    let office = PostOffice::of(&settings(&fake)).unwrap().expect("a mail server");
    (SmtpMailer::new(office, Arc::new(SystemClock)).send(mail).await, fake)
}

#[tokio::test]
async fn a_letter_arrives_at_one_address_and_nobody_elses() {
    let (done, fake) = sent(Manner::default(), &mail("ada@example.com")).await;
    done.unwrap();
    let letters = fake.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to.len(), 1, "{:?}", letters[0].to);
    assert!(letters[0].text.contains("It is 123456.") && !letters[0].text.contains("\r\nBcc:"));
}

#[tokio::test]
async fn a_letter_that_is_refused_a_letter_that_must_wait_and_one_in_doubt_are_told_apart() {
    let refusing = Manner { recipient: Some("550 no such user"), ..Manner::default() };
    assert!(matches!(sent(refusing, &mail("ada@example.com")).await.0, Err(MailError::Refused(_))));
    let busy = Manner { letter: Some("451 come back"), ..Manner::default() };
    assert!(matches!(sent(busy, &mail("ada@example.com")).await.0, Err(MailError::Retry(_))));
    let silent = Manner { cut: true, ..Manner::default() };
    assert!(matches!(sent(silent, &mail("ada@example.com")).await.0, Err(MailError::InDoubt(_))));
    let two = sent(Manner::default(), &mail("a@example.com, b@example.com")).await;
    assert!(matches!(two.0, Err(MailError::Refused(_))) && two.1.letters().is_empty());
}

#[tokio::test]
async fn the_doctor_greets_the_mail_server_and_sends_nothing() {
    let fake = MailFake::start(Manner::default()).await.unwrap();
    let office = PostOffice::of(&settings(&fake)).unwrap().expect("a mail server");
    office.examine().await.unwrap();
    assert!(fake.letters().is_empty());
    let nobody = Email { port: 1, ..settings(&fake) };
    let cause = PostOffice::of(&nobody).unwrap().expect("a mail server").examine().await.unwrap_err();
    assert!(cause.contains("127.0.0.1"), "{cause}");
}
