//! What comes in at `/hooks/…`: a body of anything, below headers of anything (`name: value` lines, an empty line, the
//! body). It is read the same each time or refused in few words; nobody is believed but who signed exactly this, lately.
#![no_main]

#[path = "../desk/mod.rs"]
mod desk;

use deskhand_core::domain::Time;
use deskhand_core::http::believed;
use deskhand_core::playbook::Playbook;
use deskhand_core::playbook::policy::trigger::{Hook, On, PlainSignature, Signature};
use deskhand_core::playbook::triggers::CheckedTrigger;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use std::sync::OnceLock;

const TRIGGERS: [(&str, &str); 3] = [
    ("policies/triggers/order-shipped.yaml", include_str!("../desk/triggers/order-shipped.yaml")),
    ("policies/triggers/anything.yaml", include_str!("../desk/triggers/anything.yaml")),
    ("policies/triggers/strict.yaml", include_str!("../desk/triggers/strict.yaml")),
];
const SECRET: &str = "a-secret-that-no-fuzzer-guesses";
const NOW: i64 = 1_760_000_000;

fn book() -> &'static Playbook {
    static BOOK: OnceLock<Playbook> = OnceLock::new();
    BOOK.get_or_init(|| {
        let mut content = desk::content();
        content.extend(TRIGGERS.map(|(path, text)| (path.to_owned(), text.to_owned())));
        desk::read(&content).expect("the desk's own triggers")
    })
}

fn mac(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// The headers of somebody who has the secret.
fn signed(signature: &Signature, at: i64, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let at = at.to_string();
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    match signature {
        Signature::Standard => vec![
            header("webhook-id", "msg_1".to_owned()),
            header("webhook-timestamp", at.clone()),
            header("webhook-signature", format!("v1,{}", STANDARD.encode(mac(&[b"msg_1.", at.as_bytes(), b".", body])))),
        ],
        Signature::Stripe => {
            vec![header("stripe-signature", format!("t={at},v1={}", hex::encode(mac(&[at.as_bytes(), b".", body]))))]
        }
        Signature::Github => vec![header("x-hub-signature-256", format!("sha256={}", hex::encode(mac(&[body]))))],
        Signature::Plain(plain) => vec![header(&plain.header, format!("{}{}", plain.prefix, hex::encode(mac(&[body]))))],
    }
}

fn reads(trigger: &CheckedTrigger, hook: &Hook, body: &[u8], now: Time) {
    let first = trigger.read(body);
    assert_eq!(first, trigger.read(body), "the same body, the same event");
    let event = match first {
        Ok(event) => event,
        Err(error) => return assert!(error.to_string().len() < 2000, "{error}"),
    };
    if let Ok(occurrence) = trigger.occurrence(hook, &event, body) {
        assert!(!occurrence.is_empty() && occurrence.chars().count() <= 200 && !occurrence.contains('\0'));
    }
    if let Ok(about) = trigger.about(&event, "one") {
        assert!(about.chars().count() <= 200 && !about.contains('\0'));
    }
    assert_eq!(trigger.wants(&event, now), trigger.wants(&event, now));
}

fuzz_target!(|data: &[u8]| {
    let now = Time::from_timestamp(NOW, 0).expect("a time");
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (&[][..], data),
    };
    let headers: Vec<(String, Vec<u8>)> = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let at = line.iter().position(|byte| *byte == b':')?;
            Some((String::from_utf8_lossy(&line[..at]).into_owned(), line[at + 1..].trim_ascii().to_vec()))
        })
        .collect();

    for trigger in book().triggers.values() {
        let On::Hook(hook) = &trigger.on else { continue };
        reads(trigger, hook, body, now);
    }

    let plain = PlainSignature { header: "X-Signature".to_owned(), prefix: "v0=".to_owned() };
    for signature in [Signature::Standard, Signature::Stripe, Signature::Github, Signature::Plain(plain)] {
        let hook = Hook { signature, secret: "s".to_owned(), tolerance: None, max_bytes: None, id: None };
        assert_eq!(believed(&hook, SECRET, &headers, body, now), None, "believed without the secret");
        let rightly = signed(&hook.signature, NOW, body);
        assert!(believed(&hook, SECRET, &rightly, body, now).is_some(), "not believed with the secret");
        let mut more = body.to_vec();
        more.push(b' ');
        assert_eq!(believed(&hook, SECRET, &rightly, &more, now), None, "believed for another body");
        if matches!(hook.signature, Signature::Standard | Signature::Stripe) {
            let old = signed(&hook.signature, NOW - 301, body);
            assert_eq!(believed(&hook, SECRET, &old, body, now), None, "believed long after");
        }
        // Whatever else is sent beside the right headers must not make it panic.
        let both: Vec<_> = headers.iter().cloned().chain(rightly).collect();
        drop(believed(&hook, SECRET, &both, body, now));
    }
});
