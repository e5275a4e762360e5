//! The step in which a language model finds something out by calling actions. It only proposes: each call is checked
//! here (see `tools`), passes the gates of any other call, and what comes of it is shown to it as data.

use super::acting::{Failure, Plan};
use super::player::{Flow, Player, failure, names, procedure_of, words};
use super::tools::{self, Grounds};
use crate::domain::consult::Came;
use crate::domain::conversation::Conversation;
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::run::{Called, Calling, Inquiry, Run, Waiting};
use crate::playbook::actions::{self, Action};
use crate::playbook::policy::action::{ActionKind, OnFailure};
use crate::playbook::policy::procedure::{Callable, Consult, Step};
use crate::playbook::{Playbook, shape, templates};
use crate::triage::consult::{self, script};
use crate::triage::draft::Draft;
use serde_json::{Map, Value, json};

/// How much of what a call gave is kept and shown, in characters.
const KEPT: usize = 3000;

/// What the model wants.
enum Wish {
    Call(Calling),
    Done(Value),
}

impl Player<'_> {
    /// The next call, or the next question.
    pub(super) fn consult(&mut self, consult: &Consult) -> Flow {
        let before = self.run.approved;
        let inquiry =
            self.run.inquiry.get_or_insert_with(|| Box::new(Inquiry { before, ..Inquiry::default() }));
        let next = match inquiry.next.clone() {
            Some(call) => self.carry_out(consult, call),
            None => self.put(consult),
        };
        next.unwrap_or_else(|failure| self.found_nothing(consult, failure))
    }

    fn inquiry(&self) -> Inquiry {
        self.run.inquiry.as_deref().cloned().unwrap_or_default()
    }

    /// Asks what to call next.
    fn put(&mut self, consult: &Consult) -> Result<Flow, Failure> {
        let limit = self.draft.book.guardrails.injection.limit;
        if self.draft.talk.decision.as_ref().is_some_and(|(_, decision)| decision.injection >= limit) {
            let cause = "the message looks like an attempt to instruct a language model".to_owned();
            return Err(Failure { code: "injection-suspected", cause });
        }
        let round = self.inquiry().calls.len();
        if round == 0
            && let Some(tell) = &consult.tell
        {
            let text = words(&self.draft, &self.run, tell);
            self.draft.say_text(text, Vec::new(), Vec::new());
        }
        let place = format!("{}#{round}", self.step_key(None));
        let asked = consult::inquire(self.run.message, place, round == 0, &self.draft);
        let (event, until) = asked.ok_or_else(|| Failure {
            code: "model-off",
            cause: "no language model could be asked in the time that there was".to_owned(),
        })?;
        let seq = self.draft.push(event);
        self.pause(Waiting::Model { seq, until });
        Ok(Flow::Stop)
    }

    /// The model answered, or did not.
    pub(super) fn model_said(&mut self, seq: Seq) -> Flow {
        let Some(Step::Consult(consult)) = self.procedure.step(&self.run.path) else {
            return self.stuck("wait-lost", "The playbook waits for something else.");
        };
        match self.understood(consult, seq) {
            Ok(Wish::Call(call)) => {
                if let Some(inquiry) = &mut self.run.inquiry {
                    inquiry.next = Some(call);
                }
                Flow::Here
            }
            Ok(Wish::Done(found)) => {
                self.run.saved.insert(consult.into.clone(), found);
                self.inquiry_over();
                Flow::Next
            }
            Err(failure) => self.found_nothing(consult, failure),
        }
    }

    fn understood(&self, consult: &Consult, seq: Seq) -> Result<Wish, Failure> {
        let failed = |code, cause: &str| Failure { code, cause: cause.to_owned() };
        let asked = self.draft.talk.inquired(seq);
        let answer = match asked.map(|asked| (&asked.came, &asked.question.release)) {
            Some((Some(Came::Answer(answer)), release)) if *release == self.draft.book.release => answer,
            Some((Some(Came::Answer(_)), _)) => {
                return Err(failed(
                    "release-changed",
                    "the desk's policies changed while the model was asked",
                ));
            }
            Some((Some(Came::Failure { code }), _)) => {
                return Err(failed("model-failed", &format!("the language model gave no answer ({code})")));
            }
            Some((None, _)) | None => {
                return Err(failed("model-late", "the language model gave no answer in time"));
            }
        };
        let refused =
            |why: String| Failure { code: "model-refused", cause: format!("a call was refused: {why}") };
        let grounds = Grounds::of(&self.run, &self.draft.talk);
        let Some(id) = answer.body["call"].as_str() else {
            let schema = &consult.result.value;
            let found = tools::fields(&answer.body["found"], schema, &|_| false, &[], &grounds);
            let found =
                found.map(Value::Object).and_then(|found| actions::fits(schema, &found).map(|()| found));
            let found =
                found.map_err(|why| failed("model-refused", &format!("what it found was refused: {why}")))?;
            return Ok(Wish::Done(shape::completed(schema, found)));
        };
        let callable = consult.may_call.iter().find(|callable| callable.action == id);
        let callable =
            callable.ok_or_else(|| refused("it named an action that it may not call".to_owned()))?;
        if self.inquiry().calls.len() >= consult.steps as usize {
            return Err(failed("steps-used-up", "all its calls were made and nothing was found"));
        }
        let action = self.draft.book.actions.get(id);
        let action = action.ok_or_else(|| refused("there is no such action any more".to_owned()))?;
        let bound = |name: &str| callable.with.contains_key(name);
        let said = tools::fields(&answer.body["input"], &action.input, &bound, &callable.free, &grounds);
        let mut input = said.map_err(refused)?;
        let set = templates::fill_all(&callable.with, &self.facts())
            .map_err(|cause| Failure { code: "template-failed", cause })?;
        input.extend(set);
        let call = Calling { action: id.to_owned(), input: Value::Object(input) };
        action.takes(&call.input).map_err(refused)?;
        if self.inquiry().calls.iter().any(|called| called.call == call) {
            return Err(failed("model-in-circles", "it wanted the same call twice"));
        }
        Ok(Wish::Call(call))
    }

    /// Makes the call, as far as it may be made now.
    fn carry_out(&mut self, consult: &Consult, call: Calling) -> Result<Flow, Failure> {
        let kind = self.draft.book.actions.get(&call.action).map(|action| action.kind);
        if kind == Some(ActionKind::Act) {
            self.may_propose(consult)?;
        }
        let key = format!("{}#{}", self.step_key(None), self.inquiry().calls.len());
        match self.gates(&call.action, call.input.clone(), key, true) {
            Ok(Plan::Known(value)) => {
                self.came_of_call(value, true);
                self.put(consult)
            }
            Ok(Plan::Ask(question)) => Ok(Flow::Ask(vec![question])),
            Ok(Plan::Do(effect)) => {
                let seq = self.draft.push(Event::Requested { effect });
                self.pause(Waiting::Effect { seq });
                Ok(Flow::Stop)
            }
            Ok(Plan::Approve { name, input, team }) => Ok(self.ask_first(&name, &input, team)),
            // What could not be read is an answer, too: perhaps another way leads to it.
            Err(Failure { code: "lookup-failed", cause }) => {
                self.came_of_call(json!(cause), false);
                self.put(consult)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whether it may be put to a human at all; an approval that was given for something else is none for this.
    fn may_propose(&mut self, consult: &Consult) -> Result<(), Failure> {
        let Some(inquiry) = &mut self.run.inquiry else { return Ok(()) };
        if !consult.approve || inquiry.before == Some(false) {
            let cause = "the model may propose nothing that changes anything here".to_owned();
            return Err(Failure { code: "not-approved", cause });
        }
        if !inquiry.proposed {
            inquiry.proposed = true;
            self.run.approved = None;
        }
        Ok(())
    }

    /// What came of the call.
    pub(super) fn came_of_call(&mut self, output: Value, went_well: bool) {
        let Some(inquiry) = &mut self.run.inquiry else { return };
        let Some(call) = inquiry.next.take() else { return };
        inquiry.calls.push(Called { call, output: bearable(output), went_well });
        inquiry.proposed = false;
        self.run.approved = inquiry.before;
    }

    fn inquiry_over(&mut self) {
        if let Some(inquiry) = self.run.inquiry.take() {
            self.run.approved = inquiry.before;
        }
    }

    /// The declared way for what could not be found out, else a human, who reads what was looked up.
    pub(super) fn found_nothing(&mut self, consult: &Consult, why: Failure) -> Flow {
        if consult.otherwise.is_empty() {
            let text = format!("A language model was to find something out and did not: {}.", why.cause);
            return self.failed(&OnFailure::default(), why.code, &text);
        }
        self.inquiry_over();
        self.run.saved.insert("failure".to_owned(), failure("consult", &why.cause));
        Flow::Into(1)
    }
}

/// Cut where it is very long: it stays with the run.
fn bearable(output: Value) -> Value {
    let text = output.to_string();
    match text.chars().count() > KEPT {
        true => json!(format!("{}…", text.chars().take(KEPT).collect::<String>())),
        false => output,
    }
}

/// What the prompt is filled with, for the question at this place.
pub(in crate::triage) fn inputs(
    seq: Seq,
    talk: &Conversation,
    book: &Playbook,
) -> Option<Map<String, Value>> {
    let waits = |run: &&Run| matches!(run.waiting, Waiting::Model { seq: of, .. } if of == seq);
    let run = talk.runs().find(waits)?;
    let procedure = procedure_of(run, book)?;
    let Step::Consult(consult) = procedure.step(&run.path)? else { return None };
    let draft = Draft::new(talk, book, talk.updated_at);
    let mut facts = draft.facts(&[]);
    facts.extend(names(run, procedure));
    let purpose = templates::render(&consult.purpose, &facts).ok()?;
    let calls = run.inquiry.iter().flat_map(|inquiry| &inquiry.calls);
    let history: Vec<Value> = calls.clone().map(|called| told(called, consult)).collect();
    let left = (consult.steps as usize).saturating_sub(calls.count());
    let tools = consult.may_call.iter().map(|callable| {
        let action = book.actions.get(&callable.action)?;
        Some(tool(callable, action))
    });
    let fields = tools::described(&consult.result.value, &|_| false);
    let fields = fields.into_iter().map(|(name, format)| json!({"id": name, "format": format}));
    let mut inputs = Map::new();
    inputs.insert("purpose".to_owned(), json!(purpose));
    inputs.insert("conversation".to_owned(), json!(script(talk.recent.iter())));
    inputs.insert("tools".to_owned(), Value::Array(tools.collect::<Option<_>>()?));
    inputs.insert("fields".to_owned(), fields.collect());
    inputs.insert("left".to_owned(), json!(left));
    if !history.is_empty() {
        inputs.insert("history".to_owned(), Value::Array(history));
    }
    Some(inputs)
}

fn tool(callable: &Callable, action: &Action) -> Value {
    let bound = |name: &str| callable.with.contains_key(name);
    let input = tools::described(&action.input, &bound);
    let input: Vec<String> = input.into_iter().map(|(name, format)| format!("{name}: {format}")).collect();
    let input = if input.is_empty() { "takes nothing".to_owned() } else { input.join("; ") };
    json!({"id": action.id, "name": format!("{}. {}", action.name, action.description), "input": input})
}

/// A call that is over, without what the playbook had set.
fn told(called: &Called, consult: &Consult) -> Value {
    let set = consult.may_call.iter().find(|callable| callable.action == called.call.action);
    let mut said = called.call.input.as_object().cloned().unwrap_or_default();
    said.retain(|name, _| set.is_some_and(|callable| !callable.with.contains_key(name)));
    let answer = match (&called.output, called.went_well) {
        (Value::String(cause), false) => format!("It gave no answer: {cause}"),
        (output, _) => output.to_string(),
    };
    json!({"id": called.call.action, "input": Value::Object(said).to_string(), "answer": answer})
}
