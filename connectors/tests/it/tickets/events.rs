//! What vendors tell us: believed when signed, otherwise not at all.

use super::{HOOK, STANDARD_HOOK, VENDORS, at};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use connectors::header::HeaderMap;
use connectors::tickets::{BadEvent, Status, TicketSystem};
use fakes::tickets::Vendor;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn sha256(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// An event as the vendor's documentation shows it, and its headers.
fn event(vendor: Vendor) -> (&'static str, Vec<(&'static str, String)>) {
    let secret = HOOK.as_bytes();
    match vendor {
        Vendor::Zendesk => {
            let body = r#"{"type":"zen:event-type:ticket.status_changed","detail":{"id":"35436","external_id":"c:1","status":"SOLVED"},"event":{"current":"SOLVED","previous":"OPEN"}}"#;
            let at = "2023-11-14T22:13:20Z";
            let signature = STANDARD.encode(sha256(secret, &[at.as_bytes(), body.as_bytes()]));
            (
                body,
                vec![
                    ("x-zendesk-webhook-signature", signature),
                    ("x-zendesk-webhook-signature-timestamp", at.to_owned()),
                ],
            )
        }
        Vendor::Jira => {
            let body = r#"{"webhookEvent":"jira:issue_updated","issue":{"id":"35436","key":"D-1","fields":{"status":{"name":"Done","statusCategory":{"key":"done"}}}}}"#;
            (
                body,
                vec![(
                    "x-hub-signature",
                    format!("sha256={}", hex::encode(sha256(secret, &[body.as_bytes()]))),
                )],
            )
        }
        Vendor::GitHub => {
            let body = r#"{"action":"closed","issue":{"number":35436,"state":"closed","body":"x\n\n<!-- [deskhand:c:1] -->"},"repository":{"full_name":"acme/desk"}}"#;
            (
                body,
                vec![(
                    "x-hub-signature-256",
                    format!("sha256={}", hex::encode(sha256(secret, &[body.as_bytes()]))),
                )],
            )
        }
        Vendor::Linear => {
            let body = r#"{"type":"Issue","action":"update","webhookTimestamp":1700000000000,"data":{"id":"35436","state":{"type":"completed"},"description":"x [deskhand:c:1]"}}"#;
            (body, vec![("linear-signature", hex::encode(sha256(secret, &[body.as_bytes()])))])
        }
        Vendor::Zammad => {
            let body = r#"{"ticket":{"id":35436,"number":"96001","state":{"id":4,"name":"closed"}}}"#;
            let mut mac = Hmac::<Sha1>::new_from_slice(secret).unwrap();
            mac.update(body.as_bytes());
            (body, vec![("x-hub-signature", format!("sha1={}", hex::encode(mac.finalize().into_bytes())))])
        }
        Vendor::Freshdesk => {
            (r#"{"ticket_id":"35436","status":"Resolved"}"#, vec![("x-deskhand-secret", HOOK.to_owned())])
        }
        Vendor::Redmine => ("{}", vec![]),
        Vendor::Generic => {
            let body = r#"{"case":{"id":"35436","state":"done"}}"#;
            let secret = STANDARD.decode(&STANDARD_HOOK[6..]).unwrap();
            let signature = STANDARD.encode(sha256(&secret, &[b"m1.1700000000.", body.as_bytes()]));
            let headers = vec![
                ("webhook-id", "m1".to_owned()),
                ("webhook-timestamp", "1700000000".to_owned()),
                ("webhook-signature", format!("v1,{signature}")),
            ];
            (body, headers)
        }
    }
}

fn headers(list: &[(&'static str, String)]) -> HeaderMap {
    list.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn remote(vendor: Vendor) -> Box<dyn TicketSystem> {
    at(vendor, url::Url::parse("https://tickets.example").unwrap())
}

#[test]
fn a_signed_event_is_read() {
    for vendor in VENDORS.into_iter().filter(|vendor| *vendor != Vendor::Redmine) {
        let (body, signed) = event(vendor);
        let told = remote(vendor).parse_event(&headers(&signed), body.as_bytes(), now()).unwrap();
        assert_eq!(told.len(), 1, "{vendor:?}");
        assert_eq!((told[0].id.text(), told[0].status), ("35436", Some(Status::Solved)), "{vendor:?}");
        if matches!(vendor, Vendor::Zendesk | Vendor::GitHub | Vendor::Linear) {
            assert_eq!(told[0].key.as_deref(), Some("c:1"), "{vendor:?}");
        }
    }
    assert!(matches!(
        remote(Vendor::Redmine).parse_event(&HeaderMap::new(), b"{}", now()),
        Err(BadEvent::NotOffered(_))
    ));
}

#[test]
fn anything_else_is_not_believed() {
    for vendor in VENDORS.into_iter().filter(|vendor| *vendor != Vendor::Redmine) {
        let (body, signed) = event(vendor);
        let remote = remote(vendor);
        let refused = |headers: &HeaderMap, body: &str, at| {
            matches!(remote.parse_event(headers, body.as_bytes(), at), Err(BadEvent::Unsigned(_)))
        };
        assert!(refused(&HeaderMap::new(), body, now()), "{vendor:?}: unsigned");
        for (place, (name, value)) in signed.iter().enumerate() {
            for wrong in [
                String::new(),
                "sha256=".to_owned(),
                "sha1=00".to_owned(),
                "v1,AAAA".to_owned(),
                "Zg==".to_owned(),
                format!("{value}0"),
                value[1..].to_owned(),
            ] {
                let mut forged = signed.clone();
                forged[place] = (name, wrong.clone());
                assert!(refused(&headers(&forged), body, now()), "{vendor:?}: {name}: {wrong}");
            }
        }
        // Freshdesk's secret does not sign the body, and neither it nor the SHA-1 and GitHub-style ones sign a time.
        if vendor != Vendor::Freshdesk {
            assert!(
                refused(&headers(&signed), &body.replace("35436", "35437"), now()),
                "{vendor:?}: another body"
            );
        }
        if matches!(vendor, Vendor::Zendesk | Vendor::Linear | Vendor::Generic) {
            let later = now() + chrono::TimeDelta::minutes(10);
            assert!(refused(&headers(&signed), body, later), "{vendor:?}: a replay");
        }
    }
}
