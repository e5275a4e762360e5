//! The doctor tries every system that is set, creates nothing, and says in a sentence what is wrong.

use deskhand::config::{Config, ConfigError};
use fakes::tickets::smtp::{MailFake, Manner};
use fakes::tickets::{Faults, SECRET, TicketFake, Vendor};
use tempfile::TempDir;

fn settings(text: &str) -> Result<Config, ConfigError> {
    deskhand::app::install_tls();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("deskhand.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(Some(&file))
}

async fn examined(text: &str) -> Vec<(&'static str, Result<(), String>)> {
    deskhand::app::examine_outside(&settings(text).unwrap()).await
}

fn redmine(fake: &TicketFake, token: &str) -> String {
    format!(
        "[tickets]\nsystem = 'redmine'\nbase_url = '{}'\ntoken = '{token}'\nproject = 'desk'\nkey_field = '7'\n",
        fake.base()
    )
}

#[tokio::test]
async fn what_works_is_well_and_nothing_was_created() {
    let tracker = TicketFake::start(Vendor::Redmine, Faults::default()).await.unwrap();
    let mail = MailFake::start(Manner::default()).await.unwrap();
    let text = format!(
        "{}[email]\nhost = '127.0.0.1'\nport = {}\ntls = 'none'\nfrom = 'desk@example.com'\n[notify]\nemail = ['ops@example.com']\n",
        redmine(&tracker, SECRET),
        mail.address.port()
    );
    let found = examined(&text).await;
    let well: Vec<&str> =
        found.iter().filter(|(_, trouble)| trouble.is_ok()).map(|(name, _)| *name).collect();
    assert_eq!(well, ["e-mail", "ticket system", "email"], "{found:?}");
    assert!(tracker.desk.tickets().is_empty() && mail.letters().is_empty());
    assert!(tracker.desk.written().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn what_does_not_is_named_with_its_cause_and_without_its_secret() {
    let tracker = TicketFake::start(Vendor::Redmine, Faults::default()).await.unwrap();
    let text = format!(
        "{}[notify]\nslack_url = 'http://127.0.0.1:1/services/hunter2'\n",
        redmine(&tracker, "a-wrong-token")
    );
    let found = examined(&text).await;
    let cause = |part: &str| match found.iter().find(|(name, _)| *name == part) {
        Some((_, Err(cause))) => cause.clone(),
        other => panic!("{part}: {other:?}"),
    };
    assert!(cause("ticket system").contains("401"), "{found:?}");
    assert!(cause("slack").contains("127.0.0.1:1"), "{found:?}");
    assert!(found.iter().all(|(_, trouble)| {
        trouble
            .as_ref()
            .err()
            .is_none_or(|cause| !cause.contains("hunter2") && !cause.contains("a-wrong-token"))
    }));
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |text: &str| settings(text).err().map(|error| error.0).unwrap_or_default();
    assert!(refused("[tickets]\nsystem = 'redmine'").starts_with("tickets.base_url is missing"));
    assert!(refused("[tickets]\nsystem = 'bugzilla'").starts_with("tickets.system"));
    assert!(refused("[tickets]\npoll_minutes = 0").starts_with("tickets.poll_minutes"));
    assert!(refused("[email]\nhost = 'mail.example.com'").starts_with("email.from is missing"));
    assert!(refused("[email]\nfrom = 'desk@example.com'").starts_with("email.host is missing"));
    let clear =
        "[email]\nhost = 'm.example'\nfrom = 'd@e.example'\ntls = 'none'\nuser = 'd'\npassword = 'hunter2'";
    assert!(refused(clear).starts_with("email.tls") && !refused(clear).contains("hunter2"));
}

#[tokio::test]
async fn a_generic_system_is_what_its_file_says() {
    let fake = TicketFake::start(Vendor::Generic, Faults::default()).await.unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/generic-tickets.yaml");
    let text = format!(
        "[tickets]\nsystem = 'generic'\nbase_url = '{}'\ntoken = '{SECRET}'\ngeneric = '{file}'\n",
        fake.base()
    );
    let found = examined(&text).await;
    assert!(matches!(found[..], [("ticket system", Ok(()))]), "{found:?}");
}
