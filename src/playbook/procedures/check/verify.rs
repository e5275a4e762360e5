//! The check of a `verify` step.

use super::{Check, End};
use crate::playbook::fault::Spot;
use crate::playbook::policy::procedure::Verify;
use crate::playbook::procedures::names::Names;
use crate::playbook::replies::VERIFYING;

impl Check<'_> {
    pub(super) fn verify(&mut self, verify: &Verify, line: Spot) -> Option<(End, Names)> {
        match (&verify.email, &verify.account) {
            (Some(claim), None) | (None, Some(claim)) => self.template(claim, line),
            _ => self.fault(
                line,
                "`verify` names the account by `email` or by `account`, and only by one of them",
            ),
        }
        verify.tell.iter().for_each(|text| self.words(text, line));
        for id in VERIFYING.iter().filter(|id| !self.known.replies.has(id)) {
            self.fault(
                line,
                format!("the sentence \"{id}\" is missing in policies/replies.yaml; `verify` needs it"),
            );
        }
        self.otherwise(&verify.otherwise, Some("verify"), true)
    }
}
