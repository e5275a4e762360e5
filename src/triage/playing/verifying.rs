//! The step by which a customer shows who they are: a code goes to the address of their account, and comes back.

use super::player::{Flow, Player, failure};
use crate::domain::code::{Claim, LIFE_MINUTES};
use crate::domain::effect::{Effect, Outcome};
use crate::domain::event::Event;
use crate::domain::ids::Seq;
use crate::domain::run::{Run, Waiting};
use crate::playbook::policy::action::OnFailure;
use crate::playbook::policy::procedure::{Step, Verify, Words};
use crate::triage::draft::Draft;
use channels::Choice;
use chrono::TimeDelta;

/// The button for another code.
pub(in crate::triage) const AGAIN: &str = "code-again";
/// The button for those who get none.
pub(in crate::triage) const NONE: &str = "code-none";

/// The longest claim that is looked up, in characters.
const LONGEST: usize = 320;

impl Player<'_> {
    /// Asks for a code, unless the customer is known already.
    pub(super) fn verify(&mut self, verify: &Verify) -> Flow {
        if self.is_verified() {
            return Flow::Next;
        }
        let claimed = |source: &Option<String>| source.as_ref().map(|source| self.template(source));
        let claim = match (claimed(&verify.email), claimed(&verify.account)) {
            (Some(email), _) => Claim::Email(email.trim().to_lowercase()),
            (None, account) => Claim::Account(account.unwrap_or_default().trim().to_owned()),
        };
        let (Claim::Email(value) | Claim::Account(value)) = &claim;
        if value.is_empty() || value.chars().count() > LONGEST || value.chars().any(char::is_control) {
            return self.unverified(verify, "No account was named.");
        }
        let tell = verify.tell.clone().unwrap_or_else(|| Words::Id("code-sent".to_owned()));
        let text = super::player::words(&self.draft, &self.run, &tell);
        let buttons = buttons(&self.draft);
        self.draft.say_text(text, buttons, Vec::new());
        let seq = self.draft.push(Event::Requested { effect: Effect::SendCode { claim } });
        let until = self.draft.now + TimeDelta::minutes(LIFE_MINUTES);
        self.pause(Waiting::Code { seq, until, reminded: false });
        Flow::Stop
    }

    /// No code came back in time, or none could be sent to anybody.
    pub(super) fn no_code_came(&mut self, seq: Seq) -> Flow {
        let cause = match self.draft.talk.came.get(&seq) {
            Some(Outcome::Failed { cause }) => format!("No code could be sent: {cause}."),
            _ => "The code was not given in time.".to_owned(),
        };
        match self.procedure.step(&self.run.path) {
            Some(Step::Verify(verify)) => self.unverified(verify, &cause),
            _ => self.stuck("wait-lost", "The playbook waits for something else."),
        }
    }

    /// The declared way for those who could not show who they are, else a human.
    fn unverified(&mut self, verify: &Verify, cause: &str) -> Flow {
        if verify.otherwise.is_empty() {
            return self.failed(&OnFailure::default(), "identity-not-verified", cause);
        }
        self.run.saved.insert("failure".to_owned(), failure("verify", cause));
        Flow::Into(1)
    }
}

/// The buttons under everything that is said while a code is waited for.
pub(in crate::triage) fn buttons(draft: &Draft<'_>) -> Vec<Choice> {
    let button = |id: &str| Choice { id: format!("slot:{id}"), label: draft.sentence(id, &[]) };
    vec![button(AGAIN), button(NONE)]
}

/// The run that goes on because the customer showed who they are.
pub(in crate::triage) fn verified(mut run: Run, draft: &Draft<'_>) -> Run {
    let after =
        super::player::procedure_of(&run, draft.book).and_then(|procedure| procedure.after(&run.path));
    // No step after it: the playbook is through.
    run.path = after.unwrap_or_default();
    run.waiting = Waiting::Nothing;
    run
}

/// The run that goes its declared way because they could not; `None` where it declares none.
pub(in crate::triage) fn not_verified(mut run: Run, verify: &Verify, cause: &str) -> Option<Run> {
    if verify.otherwise.is_empty() {
        return None;
    }
    run.saved.insert("failure".to_owned(), failure("verify", cause));
    run.path.extend([1, 0]);
    run.waiting = Waiting::Nothing;
    Some(run)
}

/// The step that the run waits in, if its playbook is still the same.
pub(in crate::triage) fn step<'a>(run: &Run, book: &'a crate::playbook::Playbook) -> Option<&'a Verify> {
    match super::player::procedure_of(run, book)?.step(&run.path)? {
        Step::Verify(verify) => Some(verify),
        _ => None,
    }
}
