//! Events in the making: each is folded in at once, so that the next sees what the last has changed.

use super::facts;
use crate::domain::Time;
use crate::domain::code::LIFE_MINUTES;
use crate::domain::conversation::Conversation;
use crate::domain::event::{Author, Entry, Event};
use crate::domain::ids::Seq;
use crate::domain::switch;
use crate::playbook::Playbook;
use channels::{Choice, Citation};
use serde_json::{Map, Value, json};

/// Events in the making.
pub(super) struct Draft<'a> {
    pub(super) talk: Conversation,
    pub(super) book: &'a Playbook,
    pub(super) now: Time,
    /// Whether whoever commits this also calls a language model.
    pub(super) consults: bool,
    events: Vec<Event>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(talk: &Conversation, book: &'a Playbook, now: Time) -> Self {
        Self { talk: talk.clone(), book, now, consults: true, events: Vec::new() }
    }

    /// Adds an event and returns its place.
    pub(super) fn push(&mut self, event: Event) -> Seq {
        let entry = Entry { seq: self.talk.seq + 1, at: self.now, event };
        self.talk.apply(&entry);
        self.events.push(entry.event);
        entry.seq
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn done(self) -> super::Step {
        super::Step::Conclude(self.events)
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }

    /// Whether the bot is switched off here.
    pub(super) fn is_muted(&self) -> bool {
        switch::muted(&self.talk.off, self.talk.channel).is_some()
    }

    /// The language to answer in.
    pub(super) fn language(&self) -> String {
        self.book.spoken(self.talk.language(&self.book.desk.default_language)).to_owned()
    }

    /// What sentences may speak of.
    pub(super) fn facts(&self, more: &[(&str, Value)]) -> Map<String, Value> {
        let mut facts = facts::of_conversation(&self.talk, self.book).json();
        let team = self.talk.team.as_deref().unwrap_or(&self.book.teams.default);
        let ticket = self.talk.tickets.last();
        facts.insert("slots".to_owned(), json!({}));
        facts.insert("bot".to_owned(), json!({"name": self.book.desk.bot_name}));
        facts.insert("agent".to_owned(), json!({"name": ""}));
        facts.insert("team".to_owned(), self.book.team_facts(team, &self.language(), self.now));
        facts.insert(
            "ticket".to_owned(),
            json!({"number": ticket.map_or("", |ticket| ticket.shown()), "title": ticket.map_or("", |ticket| &ticket.title)}),
        );
        let files = self.talk.files.iter().map(
            |file| json!({"id": file.id, "name": file.name, "type": file.media_type, "size": file.size}),
        );
        facts.insert("files".to_owned(), files.collect());
        facts.insert("matter".to_owned(), json!({"name": ""}));
        // Its digits stand in the letter alone.
        facts.insert("code".to_owned(), json!({"digits": "", "minutes": LIFE_MINUTES, "left": 0}));
        facts.insert("article".to_owned(), json!({"title": "", "text": "", "section": ""}));
        facts.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        facts
    }

    /// A sentence of `replies.yaml`.
    pub(super) fn sentence(&self, reply: &str, more: &[(&str, Value)]) -> String {
        self.book.say(reply, &self.language(), &self.facts(more))
    }

    /// The bot says a sentence; it gives an outcome to every message decided so far.
    pub(super) fn say(&mut self, reply: &str, more: &[(&str, Value)], choices: Vec<Choice>) {
        let text = self.sentence(reply, more);
        self.say_text(text, choices, Vec::new());
    }

    /// Says what this is, after a greeting or not.
    pub(super) fn introduce(&mut self, greeting: bool) {
        let disclosure = self.sentence("disclosure", &[]);
        let text =
            if greeting { format!("{}\n\n{disclosure}", self.sentence("greeting", &[])) } else { disclosure };
        let choices = self.talk.offered.clone();
        self.utter(text, choices, Vec::new());
    }

    /// The same for text that is made already.
    pub(super) fn say_text(&mut self, text: String, choices: Vec<Choice>, citations: Vec<Citation>) {
        let text = if self.talk.disclosed || !self.talk.channel.pushes() || self.is_muted() {
            text
        } else {
            // The widget shows this above the talk; elsewhere the bot must say it.
            format!("{}\n\n{text}", self.sentence("disclosure", &[]))
        };
        self.utter(text, choices, citations);
    }

    fn utter(&mut self, text: String, choices: Vec<Choice>, citations: Vec<Citation>) {
        let answers =
            self.talk.pending.iter().filter(|pending| pending.decided).map(|pending| pending.seq).max();
        // While the bot is switched off, only the desk itself says that a human is coming.
        let author = if self.is_muted() { Author::System } else { Author::Bot };
        self.push(Event::Said { author, text, choices, citations, answers, client_id: None });
    }
}
