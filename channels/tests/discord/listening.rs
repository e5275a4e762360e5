//! What customers say, and where it goes.

use crate::support::{World, wait};
use fakes::discord::{Fault, Trouble};
use serde_json::json;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn a_direct_message_reaches_the_desk() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada Lovelace");
    let id = ada.says("My export fails");
    world.desk.holds(1).await;
    let heard = &world.desk.all()[0];
    assert_eq!(
        (heard.external_id.as_str(), heard.text.as_str()),
        (id.to_string().as_str(), "My export fails")
    );
    assert_eq!((&heard.sender, &heard.address), (&ada.id.to_string(), &ada.direct.to_string()));
    assert_eq!(heard.profile.name.as_deref(), Some("Ada Lovelace"));
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_mention_opens_a_thread_in_which_no_further_mention_is_needed() {
    let world = World::new().await;
    let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
    let help = world.fake.channel("help");
    bob.says_in(help, "Nice weather");
    let asked = ada.asks_in(help, "where is my invoice?");
    world.desk.holds(1).await;
    let threads = world.fake.threads(help);
    assert_eq!(threads.len(), 1);
    let thread = threads[0].0;
    assert_eq!((thread, threads[0].2.as_str()), (asked, "thread-name:en"));
    ada.says_in(thread, "It is from May");
    bob.says_in(thread, "I only look on");
    bob.asks_in(thread, "me too!");
    world.desk.holds(3).await;
    let heard = world.desk.all();
    let told: Vec<_> =
        heard.iter().map(|inbound| (inbound.sender.parse().unwrap(), inbound.text.as_str())).collect();
    assert_eq!(told, [(ada.id, "where is my invoice?"), (ada.id, "It is from May"), (bob.id, "me too!")]);
    assert!(heard.iter().all(|inbound| inbound.address == thread.to_string()));
    assert_eq!(world.desk.memory.lock().unwrap()[&format!("discord/thread/{thread}")], ada.id.to_string());
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn a_mention_by_the_bots_role_counts_and_a_bare_mention_starts() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    ada.says_in(help, &format!("<@&{}> it broke", world.fake.role()));
    ada.asks_in(help, "");
    world.desk.holds(2).await;
    assert_eq!(
        world.desk.texts_of(ada.id).iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        ["/start", "it broke"].into()
    );
}

#[tokio::test]
async fn a_mention_seen_twice_opens_one_thread() {
    let mut world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    // Opened, but the answer is lost; then the process dies.
    world.fake.order(Fault::on("POST", "/threads", Trouble::CutAfter).times(2));
    let asked = ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    world.fake.tell("MESSAGE_CREATE", &world.fake.told(help, asked));
    world.kill().await;
    world
        .desk
        .memory
        .lock()
        .unwrap()
        .retain(|key, _| !key.starts_with("discord/cursor") && key != "discord/session");
    world.start().await;
    ada.says_in(asked, "anybody?");
    world.desk.holds(2).await;
    assert_eq!(world.fake.threads(help).len(), 1);
    assert_eq!(world.desk.texts_of(ada.id), ["hello?", "anybody?"]);
    world.fake.journal().assert_clean();
}

#[tokio::test]
async fn where_threads_are_forbidden_the_conversation_stays_in_the_channel() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    world.fake.forbid_threads(help, false);
    ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    assert_eq!(world.desk.all()[0].address, help.to_string());
}

#[tokio::test]
async fn an_edit_corrects_the_message_it_changed() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let id = ada.says("I want my mony back");
    world.desk.holds(1).await;
    ada.edits(ada.direct, id, "I want my money back");
    world.desk.holds(2).await;
    let edit = &world.desk.all()[1];
    assert_eq!((edit.text.as_str(), edit.edits.clone()), ("I want my money back", Some(id.to_string())));
    assert!(edit.external_id.starts_with(&format!("{id}/e")), "{}", edit.external_id);
    // A link that unfolds changes the message without anybody having edited it.
    let mut unfolded = world.fake.told(ada.direct, ada.says("see https://a.example"));
    unfolded["embeds"] = json!([{"type": "link", "url": "https://a.example", "title": "A"}]);
    world.fake.tell("MESSAGE_UPDATE", &unfolded);
    ada.says("done");
    world.desk.holds(4).await;
    assert_eq!(world.desk.texts_of(ada.id).last().unwrap(), "done");
}

#[tokio::test]
async fn a_message_in_a_channel_that_is_edited_to_mention_the_bot_is_heard() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    let id = ada.says_in(help, "hello?");
    ada.edits(help, id, &format!("<@{}> hello?", world.fake.bot()));
    world.desk.holds(1).await;
    assert_eq!(
        (world.desk.all()[0].external_id.clone(), world.desk.all()[0].edits.clone()),
        (id.to_string(), None)
    );
    ada.edits(help, id, &format!("<@{}> hello!", world.fake.bot()));
    world.desk.holds(2).await;
    let edit = &world.desk.all()[1];
    assert_eq!(
        (edit.text.as_str(), edit.edits.clone(), edit.address.clone()),
        ("hello!", Some(id.to_string()), id.to_string())
    );
}

#[tokio::test]
async fn a_reply_quotes_what_it_replies_to() {
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    let first = ada.says("The long story");
    ada.replies(ada.direct, first, "I meant this one");
    world.desk.holds(2).await;
    assert_eq!(world.desk.all()[1].quoted.as_deref(), Some("The long story"));
}

#[tokio::test]
async fn bots_webhooks_and_other_servers_are_not_heard() {
    let mut world = World::with(Default::default()).await;
    world.settings.guilds = vec![1];
    world.kill().await;
    world.start().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    ada.asks_in(help, "from a server that is not listed");
    ada.posts(ada.direct, "from a webhook", |message| message["webhook_id"] = json!("5"));
    ada.posts(ada.direct, "from a bot", |message| message["author"]["bot"] = json!(true));
    ada.posts(ada.direct, "", |message| message["type"] = json!(7));
    ada.says("from a customer");
    world.desk.holds(1).await;
    assert_eq!(world.desk.texts_of(ada.id), ["from a customer"]);
}

#[tokio::test]
async fn what_is_new_at_discord_is_counted_and_what_follows_is_heard() {
    let counts: &'static Counts = Box::leak(Box::default());
    let _guard = metrics::set_default_local_recorder(counts);
    let world = World::new().await;
    let ada = world.fake.customer("Ada");
    world.fake.tell("MOON_PHASE_UPDATE", &json!({"phase": "full"}));
    world.fake.tell("MESSAGE_CREATE", &json!({"id": "not a message"}));
    ada.posts(ada.direct, "with a novelty", |message| {
        message["components"] = json!([{"type": 1, "id": 1, "components": []}])
    });
    world.desk.holds(1).await;
    assert_eq!(world.desk.texts_of(ada.id), ["with a novelty"]);
    assert_eq!((counts.of("discord_events_unknown_total"), counts.of("discord_events_unread_total")), (1, 1));
}

/// Counters by name.
#[derive(Default)]
struct Counts(
    std::sync::Mutex<std::collections::BTreeMap<String, std::sync::Arc<std::sync::atomic::AtomicU64>>>,
);

impl Counts {
    fn of(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |count| count.load(Ordering::SeqCst))
    }
}

impl metrics::Recorder for Counts {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        let mut all = self.0.lock().unwrap();
        metrics::Counter::from_arc(std::sync::Arc::clone(all.entry(key.name().to_owned()).or_default()))
    }
    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }
    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

#[tokio::test]
async fn what_the_desk_cannot_store_comes_again_in_order_and_holds_up_nobody_else() {
    let world = World::new().await;
    let (ada, bob) = (world.fake.customer("Ada"), world.fake.customer("Bob"));
    *world.desk.stuck.lock().unwrap() = Some(ada.id.to_string());
    for n in 0..5 {
        ada.says(&format!("a{n}"));
        bob.says(&format!("b{n}"));
    }
    wait("Bob's messages", || world.desk.texts_of(bob.id).len() == 5).await;
    assert!(world.desk.texts_of(ada.id).is_empty());
    let cursor = world.desk.memory.lock().unwrap().get(&format!("discord/cursor/{}", ada.direct)).cloned();
    assert!(cursor.is_none_or(|cursor| cursor.parse::<u64>().unwrap() < ada.direct + (1 << 40)));
    *world.desk.stuck.lock().unwrap() = None;
    world.desk.holds(10).await;
    assert_eq!(world.desk.texts_of(ada.id), ["a0", "a1", "a2", "a3", "a4"]);
}

#[tokio::test]
async fn a_cursor_does_not_pass_what_is_not_stored() {
    let mut world = World::new().await;
    let ada = world.fake.customer("Ada");
    ada.says("stored");
    world.desk.holds(1).await;
    *world.desk.stuck.lock().unwrap() = Some(ada.id.to_string());
    ada.says("not stored");
    ada.says("nor this");
    let offered = world.desk.repeats.load(Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    world.kill().await;
    *world.desk.stuck.lock().unwrap() = None;
    world.fake.forget_sessions();
    world.start().await;
    world.desk.holds(3).await;
    assert_eq!(world.desk.texts_of(ada.id), ["stored", "not stored", "nor this"]);
    assert!(world.desk.repeats.load(Ordering::SeqCst) >= offered);
}

#[tokio::test]
async fn a_deleted_thread_is_a_fact() {
    let world = World::new().await;
    let (ada, help) = (world.fake.customer("Ada"), world.fake.channel("help"));
    let thread = ada.asks_in(help, "hello?");
    world.desk.holds(1).await;
    world.fake.delete_channel(thread);
    wait("the fact", || !world.desk.facts.lock().unwrap().is_empty()).await;
}
