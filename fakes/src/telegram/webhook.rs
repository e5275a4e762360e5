//! The webhook: each chat's updates in their order, other chats side by side, again with growing pauses until a 2xx.

use super::{
    answer::{Answer, Refusal},
    body::Params,
    world::{Hook, World, unix},
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::Instant};

/// How long a call may take, in seconds of the fake, at least two real ones.
const PATIENCE: u32 = 60;

pub(super) fn set(world: &World, params: &Params) -> Answer {
    let url = params.str("url").unwrap_or_default();
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://127.0.0.1") {
        return Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    let secret = params.str("secret_token").map(str::to_owned);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if secret.as_ref().is_some_and(|secret| secret.len() > 256 || !secret.chars().all(fits)) {
        return Err(Refusal::bad("secret token contains unallowed characters"));
    }
    let mut state = world.state();
    let connections = params.int("max_connections").and_then(|count| usize::try_from(count).ok());
    state.set_webhook(url, secret, connections);
    if let Some(allowed) = params.fields.get("allowed_updates") {
        state.allowed = serde_json::from_value(allowed.clone()).ok();
    }
    if params.flag("drop_pending_updates") {
        state.updates.clear();
    }
    drop(state);
    world.touch();
    Ok(true.into())
}

pub(super) fn info(world: &World) -> Value {
    let state = world.state();
    let mut info = json!({
        "url": state.webhook.as_ref().map(|hook| hook.url.as_str()).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": state.updates.len(),
    });
    if let Some(hook) = &state.webhook {
        info["max_connections"] = hook.max_connections.into();
        if let Some((at, message)) = &hook.error {
            info["last_error_date"] = (*at).into();
            info["last_error_message"] = message.as_str().into();
        }
    }
    if let Some(allowed) = &state.allowed {
        info["allowed_updates"] = allowed.clone().into();
    }
    info
}

/// Calls for ever.
pub(super) async fn deliver(world: Arc<World>) {
    let Ok(client) = reqwest::Client::builder()
        .timeout((world.options.second * PATIENCE).max(Duration::from_secs(2)))
        .build()
    else {
        return;
    };
    let mut changes = world.changes();
    let mut calls: JoinSet<(i64, i64, bool)> = JoinSet::new();
    let mut busy: HashSet<i64> = HashSet::new();
    // A chat whose last call failed: how often, and when it is its turn again.
    let mut failed: HashMap<i64, (u32, Instant)> = HashMap::new();
    loop {
        changes.borrow_and_update();
        begin(&world, &client, &mut calls, &mut busy, &failed);
        let next = failed.values().map(|(_, at)| *at).filter(|at| *at > Instant::now()).min();
        let nap =
            tokio::time::sleep_until(next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600)));
        tokio::select! {
            _ = changes.changed() => {}
            () = nap => {}
            Some(Ok((chat, update, taken))) = calls.join_next() => {
                busy.remove(&chat);
                if taken {
                    failed.remove(&chat);
                    world.state().updates.retain(|kept| kept["update_id"] != update);
                } else {
                    let count = failed.get(&chat).map_or(0, |(count, _)| *count);
                    let pause = world.options.webhook_pause * 2_u32.pow(count.min(5));
                    failed.insert(chat, (count + 1, Instant::now() + pause));
                }
            }
        }
    }
}

fn begin(
    world: &Arc<World>,
    client: &reqwest::Client,
    calls: &mut JoinSet<(i64, i64, bool)>,
    busy: &mut HashSet<i64>,
    failed: &HashMap<i64, (u32, Instant)>,
) {
    let mut state = world.state();
    let Some(hook) = state.webhook.clone() else { return };
    let repeats = state.webhook_repeats;
    let again: Vec<Value> = state.again.drain(..).collect();
    if !again.is_empty() {
        let (world, client, hook) = (Arc::clone(world), client.clone(), hook.clone());
        tokio::spawn(async move {
            let calls =
                again.into_iter().map(|update| insist(&world, &client, &hook, update)).collect::<Vec<_>>();
            futures::stream::iter(calls).buffer_unordered(hook.max_connections).collect::<Vec<()>>().await;
        });
    }
    for update in &state.updates {
        if calls.len() >= hook.max_connections {
            break;
        }
        let chat = chat_of(update);
        let resting = failed.get(&chat).is_some_and(|(_, at)| *at > Instant::now());
        if resting || !busy.insert(chat) {
            continue;
        }
        let id = update["update_id"].as_i64().unwrap_or_default();
        let posts: Vec<_> = (0..repeats)
            .map(|_| {
                post(Arc::clone(world), client.clone(), hook.url.clone(), hook.secret.clone(), update.clone())
            })
            .collect();
        calls.spawn(async move {
            (chat, id, futures::future::join_all(posts).await.into_iter().any(|taken| taken))
        });
    }
}

/// Calls until it is taken.
async fn insist(world: &Arc<World>, client: &reqwest::Client, hook: &Hook, update: Value) {
    while !post(Arc::clone(world), client.clone(), hook.url.clone(), hook.secret.clone(), update.clone())
        .await
    {
        tokio::time::sleep(world.options.webhook_pause).await;
    }
}

async fn post(
    world: Arc<World>,
    client: reqwest::Client,
    url: String,
    secret: Option<String>,
    update: Value,
) -> bool {
    if let Some(spec) = &world.spec {
        let wrong = spec.check_type("Update", &update);
        world
            .state()
            .journal
            .violations
            .extend(wrong.into_iter().map(|wrong| format!("update of the fake: {wrong}")));
    }
    let mut call = client.post(url).json(&update);
    if let Some(secret) = secret {
        call = call.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let status = call.send().await.map(|answer| answer.status().as_u16());
    let mut state = world.state();
    let id = update["update_id"].as_i64().unwrap_or_default();
    state.journal.webhook_calls.push((id, *status.as_ref().unwrap_or(&0)));
    let error = match status {
        Ok(200..=299) => None,
        Ok(status) => Some(format!("Wrong response from the webhook: {status}")),
        Err(_) => Some("Connection refused".to_owned()),
    };
    let taken = error.is_none();
    if let (Some(hook), Some(error)) = (&mut state.webhook, error) {
        hook.error = Some((unix(), error));
    }
    taken
}

/// The queue that an update stands in.
fn chat_of(update: &Value) -> i64 {
    let about = update.as_object().and_then(|update| update.values().find(|value| value.is_object()));
    let chat =
        |value: &Value| value["chat"]["id"].as_i64().or_else(|| value["message"]["chat"]["id"].as_i64());
    about.and_then(chat).unwrap_or_default()
}
