//! Actions where no way out is set up: each is refused, and says so.

use crate::playbook::actions::Action;
use crate::ports::{ActionError, Actions};
use async_trait::async_trait;
use serde_json::Value;

/// No way out.
#[derive(Debug, Clone, Copy)]
pub struct NoActions;

#[async_trait]
impl Actions for NoActions {
    async fn run(&self, _key: &str, action: &Action, _input: &Value) -> Result<Value, ActionError> {
        Err(ActionError::Refused(format!(
            "{} can't be reached: this desk is connected to no other system",
            action.id
        )))
    }
}
