//! The methods that the fake knows.

use super::{
    answer::{Answer, Refusal},
    body::Params,
    messages, outgoing, polling, webhook,
    world::World,
};
use serde_json::json;
use std::sync::Arc;

/// `told` is whether the bot will hear the answer, for the journal.
pub(super) async fn call(world: &Arc<World>, method: &str, params: &Params, told: bool) -> Answer {
    match method.to_ascii_lowercase().as_str() {
        "getupdates" => polling::get_updates(world, params).await,
        "setwebhook" => webhook::set(world, params),
        "deletewebhook" => {
            let mut state = world.state();
            state.set_webhook("", None, None);
            if params.flag("drop_pending_updates") {
                state.updates.clear();
            }
            drop(state);
            world.touch();
            Ok(true.into())
        }
        "getwebhookinfo" => Ok(webhook::info(world)),
        "getme" => {
            let mut me = world.state().bot.clone();
            for (name, value) in [
                ("can_join_groups", true),
                ("can_read_all_group_messages", true),
                ("supports_inline_queries", false),
                ("can_connect_to_business", false),
                ("has_main_web_app", false),
            ] {
                me[name] = value.into();
            }
            Ok(me)
        }
        "sendmessage" => outgoing::send_message(world, params, told),
        "sendphoto" => outgoing::send_file(world, params, "photo", told),
        "senddocument" => outgoing::send_file(world, params, "document", told),
        "editmessagetext" => messages::edit_text(world, params),
        "editmessagereplymarkup" => messages::edit_markup(world, params),
        "answercallbackquery" => messages::answer_press(world, params),
        "sendchataction" => {
            let mut state = world.state();
            outgoing::chat(&mut state, params)?;
            match params.str("action") {
                Some("typing" | "upload_photo" | "upload_document") => Ok(true.into()),
                _ => Err(Refusal::bad("wrong parameter action in request")),
            }
        }
        "getfile" => get_file(world, params),
        "setmycommands" => {
            let commands = params.fields.get("commands").cloned().unwrap_or_default();
            let fits = |command: &serde_json::Value| {
                let name = command["command"].as_str().unwrap_or_default();
                let description = command["description"].as_str().unwrap_or_default();
                let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                (1..=32).contains(&name.len())
                    && name.chars().all(letters)
                    && (1..=256).contains(&description.chars().count())
            };
            if !commands.as_array().is_some_and(|all| all.len() <= 100 && all.iter().all(fits)) {
                return Err(Refusal::bad("BOT_COMMAND_INVALID"));
            }
            let language = params.str("language_code").unwrap_or_default().to_owned();
            if !language.is_empty()
                && (language.len() != 2 || !language.chars().all(|c| c.is_ascii_lowercase()))
            {
                return Err(Refusal::bad("BOT_COMMAND_LANGUAGE_CODE_INVALID"));
            }
            world.state().commands.insert(language, commands);
            Ok(true.into())
        }
        "getmycommands" => {
            let language = params.str("language_code").unwrap_or_default();
            Ok(world.state().commands.get(language).cloned().unwrap_or_else(|| json!([])))
        }
        "deletemycommands" => {
            world.state().commands.remove(params.str("language_code").unwrap_or_default());
            Ok(true.into())
        }
        "leavechat" => {
            let mut state = world.state();
            let id = outgoing::chat(&mut state, params)?;
            if let Some(chat) = state.chats.get_mut(&id) {
                chat.bot_inside = false;
            }
            Ok(true.into())
        }
        // Clients call them when they start or stop.
        "logout" | "close" => Ok(true.into()),
        _ => {
            world.state().journal.violations.push(format!("{method}: not a method of this fake"));
            Err(Refusal::new(404, "Not Found: method not found"))
        }
    }
}

/// The largest file that the Bot API hands out, in bytes.
const LARGEST: usize = 20_000_000;

fn get_file(world: &World, params: &Params) -> Answer {
    let id = params.str("file_id").unwrap_or_default();
    let state = world.state();
    let stored = state.files.get(id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
    if stored.content.len() > LARGEST {
        return Err(Refusal::bad("file is too big"));
    }
    let mut file = json!({"file_id": id, "file_unique_id": stored.unique, "file_path": stored.path});
    if !stored.size_hidden {
        file["file_size"] = stored.content.len().into();
    }
    Ok(file)
}
