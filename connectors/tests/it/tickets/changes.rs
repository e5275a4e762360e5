//! What is changed here is changed there, files go along once, and what others write there comes back without our own.

use super::{VENDORS, key, system, ticket};
use bytes::Bytes;
use chrono::Utc;
use connectors::tickets::{Change, NewFile, Priority, Remote, Status, TicketSystem, attach, comment, open};
use fakes::tickets::{Faults, TicketFake, Vendor};
use std::time::Duration;

fn to(status: Status) -> Change {
    Change { status: Some(status), priority: None, at: Utc::now() }
}

async fn opened(vendor: Vendor, faults: Faults) -> (TicketFake, Box<dyn TicketSystem>, Remote) {
    let fake = TicketFake::start(vendor, Faults::default()).await.unwrap();
    let remote = system(vendor, &fake);
    let opened = open(remote.as_ref(), &key("c:1"), &ticket("One"), None).await.unwrap();
    fake.desk.will(faults);
    (fake, remote, opened)
}

#[tokio::test]
async fn a_ticket_is_solved_and_opened_again_in_every_vendors_way() {
    for vendor in VENDORS {
        let (fake, remote, opened) = opened(vendor, Faults::default()).await;
        // GitHub knows no waiting: such an issue is open.
        let waits = if vendor == Vendor::GitHub { Status::Open } else { Status::Pending };
        for (wanted, stands) in [
            (Status::Solved, Status::Solved),
            (Status::Solved, Status::Solved),
            (Status::Open, Status::Open),
            (Status::Pending, waits),
            (Status::Open, Status::Open),
            (Status::Solved, Status::Solved),
        ] {
            remote
                .change(&opened.id, &to(wanted))
                .await
                .unwrap_or_else(|trouble| panic!("{vendor:?}: {trouble}"));
            assert_eq!(remote.status(&opened.id).await.unwrap(), stands, "{vendor:?}");
        }
        assert_eq!(*fake.desk.violations(), Vec::<String>::new(), "{vendor:?}");
    }
}

#[tokio::test]
async fn a_priority_has_the_vendors_word_there_too() {
    let words: [(Vendor, &str, &str); 8] = [
        (Vendor::Zendesk, "/priority", "urgent"),
        (Vendor::Jira, "/fields/priority/name", "Highest"),
        (Vendor::GitHub, "/labels/3/name", "priority: urgent"),
        (Vendor::Linear, "/priority", "1"),
        (Vendor::Zammad, "/priority", "3 high"),
        (Vendor::Freshdesk, "/priority", "4"),
        (Vendor::Redmine, "/priority/id", "6"),
        (Vendor::Generic, "/level", "1"),
    ];
    for (vendor, pointer, expected) in words {
        let (fake, remote, opened) = opened(vendor, Faults::default()).await;
        let change = Change { status: None, priority: Some(Priority::Urgent), at: Utc::now() };
        remote.change(&opened.id, &change).await.unwrap_or_else(|trouble| panic!("{vendor:?}: {trouble}"));
        let fields = fake.desk.tickets()[0].fields.clone();
        let value = fields.pointer(pointer).unwrap_or_else(|| panic!("{vendor:?}: {fields}"));
        assert_eq!(value.as_str().map_or_else(|| value.to_string(), str::to_owned), expected, "{vendor:?}");
        assert_eq!(remote.status(&opened.id).await.unwrap(), Status::Open, "{vendor:?}");
        if vendor == Vendor::GitHub {
            assert_eq!(fields["labels"].as_array().unwrap().len(), 4, "in place of the old one: {fields}");
        }
        assert_eq!(*fake.desk.violations(), Vec::<String>::new(), "{vendor:?}");
    }
}

fn file() -> NewFile {
    NewFile {
        name: "../crash \"1\"\r\n.png".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: Bytes::from_static(b"\x89PNG\r\n--deskhand\0\xff"),
    }
}

const CARRIES: [Vendor; 5] =
    [Vendor::Zendesk, Vendor::Jira, Vendor::Zammad, Vendor::Freshdesk, Vendor::Redmine];

#[tokio::test]
async fn a_file_goes_along_whole_once_and_under_a_harmless_name() {
    for vendor in VENDORS {
        let (fake, remote, opened) = opened(vendor, Faults::default()).await;
        let said = "crash.png, 12 bytes: https://desk.example/console/all/1";
        attach(remote.as_ref(), &opened.id, &key("f:1"), &file(), said, None).await.unwrap();
        let held = fake.desk.tickets()[0].clone();
        if CARRIES.contains(&vendor) {
            assert_eq!(held.files.len(), 1, "{vendor:?}");
            let (name, bytes) = &held.files[0];
            assert_eq!(bytes[..], file().bytes[..], "{vendor:?}");
            assert!(name.ends_with(".png") && !name.contains(['/', '"', '\r', '\n']), "{vendor:?}: {name}");
        } else {
            assert!(
                held.files.is_empty() && held.comments[0].to_string().contains("desk.example"),
                "{vendor:?}"
            );
        }
        if vendor != Vendor::Generic {
            assert!(remote.has_file(&opened.id, &key("f:1"), &file()).await.unwrap(), "{vendor:?}");
            assert!(!remote.has_file(&opened.id, &key("f:2"), &file()).await.unwrap(), "{vendor:?}");
        }
        assert_eq!(*fake.desk.violations(), Vec::<String>::new(), "{vendor:?}");
    }
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_not_there_twice() {
    for vendor in CARRIES {
        let cut = Faults { cut_after: 1.0, ..Faults::default() };
        let (fake, remote, opened) = opened(vendor, cut).await;
        let (one, system) = (key("f:1"), remote.as_ref());
        let lost = attach(system, &opened.id, &one, &file(), "a file", None).await.unwrap_err();
        fake.desk.will(Faults::default());
        // Long ago: whatever was under way has come to light.
        let long_ago = Some(Duration::from_secs(600));
        attach(system, &opened.id, &one, &file(), "a file", long_ago).await.unwrap();
        attach(system, &opened.id, &one, &file(), "a file", long_ago).await.unwrap();
        assert_eq!(fake.desk.tickets()[0].files.len(), 1, "{vendor:?}: {lost}");
    }
}

#[tokio::test]
async fn a_file_that_is_refused_is_said_instead() {
    let (fake, remote, opened) = opened(Vendor::Redmine, Faults::default()).await;
    let large = NewFile { bytes: Bytes::from(vec![0; 6 << 20]), ..file() };
    attach(remote.as_ref(), &opened.id, &key("f:1"), &large, "a file of 6 MiB", None).await.unwrap();
    let held = fake.desk.tickets()[0].clone();
    assert!(
        held.files.is_empty() && held.comments[0]["notes"].as_str().unwrap().starts_with("a file of 6 MiB")
    );
}

#[tokio::test]
async fn what_others_write_there_comes_back_and_our_own_words_do_not() {
    let since = Utc::now() - chrono::TimeDelta::minutes(1);
    for vendor in VENDORS.into_iter().filter(|vendor| *vendor != Vendor::Generic) {
        let (fake, remote, opened) = opened(vendor, Faults::default()).await;
        comment(remote.as_ref(), &opened.id, &key("n:1"), "ours", None).await.unwrap();
        remote.change(&opened.id, &to(Status::Solved)).await.unwrap();
        let (inner, outer) = (
            fake.somebody_writes(1, "Jane Doe", "It is <b>the</b> cache & nothing else", false),
            fake.somebody_writes(1, "Jane Doe", "Please try again", true),
        );
        let mut told = remote.comments(&opened.id, since).await.unwrap();
        told.sort_by(|a, b| a.id.cmp(&b.id));
        let ids: Vec<&str> = told.iter().map(|comment| comment.id.as_str()).collect();
        assert_eq!(ids, [inner.as_str(), outer.as_str()], "{vendor:?}: {told:?}");
        assert_eq!(told[0].text, "It is <b>the</b> cache & nothing else", "{vendor:?}");
        assert_eq!((told[0].author.as_str(), told[0].public), ("Jane Doe", false), "{vendor:?}");
        let shows = !matches!(vendor, Vendor::GitHub | Vendor::Linear);
        assert_eq!(told[1].public, shows, "{vendor:?}");
        let later = Utc::now() + chrono::TimeDelta::minutes(1);
        let none = remote.comments(&opened.id, later).await.unwrap();
        assert!(none.is_empty(), "{vendor:?}: {none:?}");
    }
}
