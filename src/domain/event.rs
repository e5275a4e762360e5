//! Everything that can happen in a conversation. The log of these is the truth; all else is derived.

use super::Time;
use super::approval::Proposal;
use super::code::Tried;
use super::consult::{Consultation, Consulted, Standing};
use super::customer::{Account, Customer};
use super::decision::{Automation, Decision, Reason};
use super::effect::{Effect, Outcome};
use super::ids::{ConversationId, CustomerId, Seq};
use super::person::PersonRef;
use super::run::Run;
use super::switch::SwitchedOff;
use super::ticket::Priority;
use channels::{Attachment, Channel, Choice, Citation};
use nlu::signals::Urgency;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Time,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The conversation began. Always the first event, and only that.
    Opened {
        /// Where.
        channel: Channel,
        /// Who.
        customer: CustomerId,
        /// Where answers go.
        address: String,
        /// The language they asked for.
        locale: Option<String>,
        /// The page they were on.
        page: Option<String>,
        /// The conversation at the same address that this one follows.
        follows: Option<ConversationId>,
    },
    /// The customer wrote.
    Received {
        /// The sender's own id of the message.
        external_id: String,
        /// What; may be empty where something is attached.
        text: String,
        /// The button that was pressed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<String>,
        /// Files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// What it replies to, as the platform shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quoted: Option<String>,
        /// The sender's id of the earlier message that it corrects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edits: Option<String>,
    },
    /// A question of the turn was answered.
    Answered {
        /// The answer; it names its question.
        answer: Box<Answer>,
    },
    /// A language model is asked. Only the process that committed this calls it.
    ModelAsked {
        /// What.
        question: Box<Consultation>,
    },
    /// It answered, perhaps too late to be used: the money was spent all the same.
    ModelAnswered {
        /// The event that asked.
        asked: Seq,
        /// What.
        answer: Box<Consulted>,
    },
    /// It did not.
    ModelFailed {
        /// The event that asked.
        asked: Seq,
        /// A stable code, such as `model-timed-out`.
        code: String,
        /// For an admin, in words.
        cause: String,
        /// Tokens that may have been paid for nothing.
        #[serde(default)]
        usage: model::Usage,
        /// Money that may have been paid for nothing, in millionths of a US dollar.
        #[serde(default)]
        cost_micros: u64,
    },
    /// The bot decided about a message.
    Decided {
        /// How and why.
        decision: Box<Decision>,
    },
    /// Somebody spoke to the customer.
    Said {
        /// Who.
        author: Author,
        /// What; plain text.
        text: String,
        /// Buttons.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        choices: Vec<Choice>,
        /// Sources.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation>,
        /// The message that this gives an outcome to, with all before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answers: Option<Seq>,
        /// The sender's own id, for agents' messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// A playbook moved, or ended (`None`).
    Progressed {
        /// Where it stands now.
        run: Option<Box<Run>>,
    },
    /// The customer changed the subject: the playbook under way waits at the side.
    PutAside,
    /// A playbook at the side goes on.
    Resumed {
        /// The message that had started it.
        message: Seq,
    },
    /// A human is asked whether a playbook may go on.
    ApprovalAsked {
        /// What about.
        proposal: Box<Proposal>,
    },
    /// A human, or the time that ran out, approved it.
    Approved {
        /// The event that asked.
        approval: Seq,
        /// Who; nobody where the time ran out.
        by: Option<PersonRef>,
        /// What they changed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        edits: BTreeMap<String, Value>,
    },
    /// A human, or the time that ran out, rejected it.
    Rejected {
        /// The event that asked.
        approval: Seq,
        /// Who; nobody where the time ran out.
        by: Option<PersonRef>,
        /// Why.
        reason: String,
    },
    /// Something happened outside that concerns this conversation.
    Occurred {
        /// What, such as `ticket.solved`.
        name: String,
        /// To what, such as a ticket's number.
        about: String,
        /// What is known of it.
        data: Value,
    },
    /// What is switched off has changed since this conversation last looked.
    Switched {
        /// Everything that is off and concerns it.
        off: Vec<SwitchedOff>,
    },
    /// Urgency, priority, team or tags were set.
    Marked {
        /// How urgent.
        urgency: Option<Urgency>,
        /// How soon.
        priority: Option<Priority>,
        /// Whose.
        team: Option<String>,
        /// Added.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
    },
    /// The outbox was asked to do something.
    Requested {
        /// What.
        effect: Effect,
    },
    /// The outbox did it, or did not.
    Finished {
        /// The event that asked.
        effect: Seq,
        /// What came of it.
        outcome: Outcome,
    },
    /// What the outbox was asked to do takes longer: a system outside does not take it.
    Delayed {
        /// The event that asked.
        effect: Seq,
        /// Why, for an agent.
        cause: String,
        /// When it is tried again.
        until: Time,
    },
    /// Somebody decided about what could not be done in all its tries.
    Redriven {
        /// The event that asked.
        effect: Seq,
        /// Whether it is tried again, or given up.
        again: bool,
        /// Who.
        by: PersonRef,
    },
    /// The conversation was put into a team's queue.
    HandedOff {
        /// Whose.
        team: String,
        /// How soon.
        priority: Priority,
        /// Why.
        reasons: Vec<Reason>,
        /// What the human needs to know.
        summary: String,
        /// When the customer is told what to expect if nobody took over.
        overdue_at: Time,
        /// The agent who passed it on, if one did.
        by: Option<PersonRef>,
    },
    /// The bot has answered; silence until then counts as an assumed resolution.
    AwaitsSilence {
        /// Until when.
        until: Time,
    },
    /// Nobody took over in time, and the customer was told what to expect.
    WentOverdue,
    /// The customer wrote while waiting, and was told that nothing is lost.
    Reassured,
    /// A human took over.
    TakenOver {
        /// Who.
        by: PersonRef,
    },
    /// A human gave the conversation back to the bot.
    Released {
        /// Who.
        by: PersonRef,
    },
    /// The matter is settled.
    Resolved {
        /// How we know.
        resolution: Resolution,
        /// The agent who said so, if one did.
        by: Option<PersonRef>,
    },
    /// The customer came back.
    Reopened,
    /// An agent wrote something the customer never sees.
    Noted {
        /// Who.
        by: PersonRef,
        /// What.
        text: String,
        /// The sender's own id.
        client_id: String,
    },
    /// The customer gave a one-time code. The code itself is nowhere.
    CodeTried {
        /// The event that had asked for it to be sent.
        effect: Seq,
        /// What came of it.
        tried: Tried,
    },
    /// The sender was shown to be a customer known elsewhere.
    Joined {
        /// Whose conversation it is from now on.
        customer: CustomerId,
    },
    /// The platform gave the address another name.
    Moved {
        /// The new one.
        address: String,
    },
    /// Nobody can be reached at the address.
    Unreachable {
        /// Why, for an agent.
        cause: String,
    },
    /// Somebody can be reached there again.
    Reachable,
    /// The customer was asked how it was.
    RatingAsked,
    /// The customer said how it was.
    Rated {
        /// Whether it helped.
        helpful: Option<bool>,
        /// 1 to 5.
        rating: Option<u8>,
        /// In their words.
        comment: Option<String>,
    },
}

/// Who speaks to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Author {
    /// The bot.
    Bot,
    /// A named human.
    Agent(PersonRef),
    /// The desk itself: who is there, what to expect.
    System,
}

/// How we know that a matter is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// The customer said so.
    Confirmed,
    /// The customer fell silent after an answer.
    Assumed,
    /// An agent said so.
    Agent,
}

/// What a turn may ask; safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// What is known of the customer, and how things stand at the desk, for one message.
    Context {
        /// The message.
        message: Seq,
    },
    /// The account behind an e-mail address that the customer only claims.
    Account {
        /// The address.
        email: String,
        /// The step's place, so that each step asks once.
        step: String,
    },
    /// A system outside, by an action that only reads.
    Call {
        /// The action's id.
        action: String,
        /// What it takes.
        input: Value,
        /// The step's place, so that each step asks once.
        step: String,
    },
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Question::Context`].
    Context {
        /// The message.
        message: Seq,
        /// The customer record.
        customer: Customer,
        /// The account of a verified customer.
        account: Option<Account>,
        /// How things stand.
        desk: DeskState,
        /// Intents that may do less by themselves than their policy says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        demotions: Vec<Demotion>,
        /// How the language model stands.
        #[serde(default)]
        model: Standing,
    },
    /// To [`Question::Account`].
    Account {
        /// The step's place.
        step: String,
        /// What the directory says.
        account: Option<Account>,
    },
    /// To [`Question::Call`].
    Called {
        /// The step's place.
        step: String,
        /// What came, as the action promises it.
        output: Value,
    },
    /// The directory or the system could not be asked.
    Unavailable {
        /// The question.
        question: Question,
        /// Why, for an agent.
        cause: String,
    },
}

/// An intent that may do less by itself than its policy says, until a human lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demotion {
    /// Which intent.
    pub intent: String,
    /// How much it may do now.
    pub to: Automation,
    /// Why, for people.
    pub because: String,
}

/// How things stand at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeskState {
    /// Conversations waiting for a human.
    pub queue_length: i64,
    /// Agents signed in to the console.
    pub agents_online: i64,
}
