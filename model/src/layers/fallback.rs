//! A second server, asked when the first can't answer. It is asked nothing after the first has shown words.

use crate::ask::{Answer, Ask, Usage};
use crate::error::ModelError;
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Servers in their order.
pub struct Fallback {
    servers: Vec<Arc<dyn Model>>,
    moved_on: Arc<AtomicU64>,
}

impl Fallback {
    /// The first is preferred.
    #[must_use]
    pub fn new(servers: Vec<Arc<dyn Model>>) -> Self {
        Self { servers, moved_on: Arc::default() }
    }
}

/// Whether another server may do better. One that refuses or writes nonsense is not helped by asking elsewhere: that
/// would let a customer shop for the server that can be talked into things.
fn elsewhere(error: &ModelError) -> bool {
    error.server_fault() || matches!(error, ModelError::Open { .. } | ModelError::TooLong)
}

#[async_trait]
impl Model for Fallback {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let mut first = None;
        let mut lost = Usage::default();
        for server in &self.servers {
            match server.ask(ask.clone()).await {
                Err(error) if elsewhere(&error) => {
                    self.moved_on.fetch_add(1, Ordering::Relaxed);
                    lost = lost.plus(error.lost(&ask));
                    first.get_or_insert(error);
                }
                other => return other.map(|answer| Answer { usage: answer.usage.plus(lost), ..answer }),
            }
        }
        Err(first.unwrap_or_else(crate::openai::not_set_up))
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (servers, moved_on) = (self.servers.clone(), self.moved_on.clone());
        Box::pin(async_stream::stream! {
            let mut first = None;
            let mut lost = Usage::default();
            'servers: for server in servers {
                let mut draft = server.draft(ask.clone());
                let mut shown = false;
                while let Some(piece) = draft.next().await {
                    match piece {
                        Err(error) if !shown && elsewhere(&error) => {
                            moved_on.fetch_add(1, Ordering::Relaxed);
                            lost = lost.plus(error.lost(&ask));
                            first.get_or_insert(error);
                            continue 'servers;
                        }
                        Ok(Delta::Done(mut answer)) => {
                            answer.usage = answer.usage.plus(lost);
                            yield Ok(Delta::Done(answer));
                        }
                        other => {
                            shown = true;
                            yield other;
                        }
                    }
                }
                return;
            }
            yield Err(first.unwrap_or_else(crate::openai::not_set_up));
        })
    }

    fn state(&self) -> Vec<PartState> {
        let below: Vec<PartState> = self.servers.iter().flat_map(|server| server.state()).collect();
        let moved_on = self.moved_on.load(Ordering::Relaxed);
        let own = PartState {
            part: "fallback",
            of: String::new(),
            healthy: !self.servers.is_empty(),
            says: format!("{} servers; {moved_on} calls failed at one of them", self.servers.len()),
            figures: vec![("moved_on", moved_on as f64)],
        };
        std::iter::once(own).chain(below).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, down, pieces};

    #[tokio::test]
    async fn the_second_server_answers_when_the_first_is_down() {
        let (first, second) = (Scripted::new().fails(down()), Scripted::new().answers("b"));
        let both = Fallback::new(vec![first.clone(), second.clone()]);
        assert!(both.ask(ask()).await.is_ok());
        assert_eq!(pieces(both.draft(ask())).await.0, "b");
        assert_eq!((first.count(), second.count()), (2, 2));
        assert_eq!(Fallback::new(vec![first]).ask(ask()).await, Err(down()));
        assert!(Fallback::new(Vec::new()).ask(ask()).await.is_err());
    }

    #[tokio::test]
    async fn a_refusal_is_not_shopped_around() {
        let refused = ModelError::Refused { why: String::new() };
        let (first, second) = (Scripted::new().fails(refused.clone()), Scripted::new().answers("b"));
        let both = Fallback::new(vec![first, second.clone()]);
        assert_eq!(both.ask(ask()).await, Err(refused));
        assert_eq!(second.count(), 0);
    }
}
