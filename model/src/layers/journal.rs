//! What was asked and what was answered, for the audit: prompts as they left the machine (redacted), answers as they
//! came, tokens, money, time. One entry for each paid call, a repair's too, and for each refusal.

use super::budget::Now;
use crate::ask::{Answer, Ask, Body, Message, Step, Usage};
use crate::error::{ModelError, Paid};
use crate::port::{Delta, Draft, Model, PartState};
use async_trait::async_trait;
use futures::StreamExt;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Seconds since 1970 when it began, UTC.
    pub at: u64,
    /// The conversation.
    pub conversation: String,
    /// The customer.
    pub customer: String,
    /// The job.
    pub step: Step,
    /// The prompt and its version.
    pub prompt: String,
    /// The release.
    pub release: String,
    /// What left the machine.
    pub messages: Vec<Message>,
    /// What came: the words before they were checked, or none.
    pub answer: Option<String>,
    /// Why there is no answer, as a code; `model-abandoned` when nobody waited for it.
    pub error: Option<&'static str>,
    /// The server that answered.
    pub server: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Tokens; for a call that failed and may have been paid for, the most that it can have used.
    pub usage: Usage,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
    /// How long it took.
    pub latency: Duration,
}

/// Where entries go. It must not block: a slow disk is the sink's own business.
pub trait Sink: Send + Sync {
    /// Takes one.
    fn write(&self, entry: Entry);
}

/// Writes down.
pub struct Journal {
    inner: Arc<dyn Model>,
    shared: Arc<Shared>,
}

struct Shared {
    sink: Arc<dyn Sink>,
    now: Now,
    written: AtomicU64,
}

impl Journal {
    /// Around `inner`.
    pub fn new(inner: Arc<dyn Model>, sink: Arc<dyn Sink>, now: Now) -> Self {
        Self { inner, shared: Arc::new(Shared { sink, now, written: AtomicU64::new(0) }) }
    }
}

/// An entry that is written in any case, also when its call is given up.
struct Open {
    shared: Arc<Shared>,
    entry: Option<Entry>,
    begun: Instant,
}

impl Open {
    fn new(shared: &Arc<Shared>, ask: &Ask) -> Self {
        let entry = Entry {
            at: (shared.now)(),
            conversation: ask.conversation.clone(),
            customer: ask.customer.clone(),
            step: ask.step,
            prompt: ask.prompt.clone(),
            release: ask.release.clone(),
            messages: ask.messages.clone(),
            answer: None,
            error: Some("model-abandoned"),
            server: None,
            model: None,
            usage: ask.usage_at_most(),
            cost_micros: 0,
            latency: Duration::ZERO,
        };
        Self { shared: shared.clone(), entry: Some(entry), begun: Instant::now() }
    }

    fn close(mut self, answer: Result<&Answer, &ModelError>) {
        let Some(entry) = &mut self.entry else { return };
        match answer {
            Ok(answer) => {
                entry.error = None;
                entry.answer = Some(match &answer.body {
                    Body::Unchecked(text) | Body::Text(text) => text.clone(),
                    Body::Json(_) if entry.step == Step::Embed => "vectors".to_owned(),
                    Body::Json(value) => value.to_string(),
                });
                entry.server = Some(answer.server.clone());
                entry.model = Some(answer.model.clone());
                entry.usage = answer.usage;
                entry.cost_micros = answer.cost_micros;
            }
            Err(error) => {
                entry.error = Some(error.code());
                if error.paid() == Paid::No {
                    entry.usage = Usage::default();
                }
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.latency = self.begun.elapsed();
            self.shared.written.fetch_add(1, Ordering::Relaxed);
            self.shared.sink.write(entry);
        }
    }
}

#[async_trait]
impl Model for Journal {
    async fn ask(&self, ask: Ask) -> Result<Answer, ModelError> {
        let open = Open::new(&self.shared, &ask);
        let answer = self.inner.ask(ask).await;
        open.close(answer.as_ref());
        answer
    }

    fn draft(&self, ask: Ask) -> Draft {
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        Box::pin(async_stream::stream! {
            let open = Open::new(&shared, &ask);
            let mut draft = inner.draft(ask);
            while let Some(piece) = draft.next().await {
                match piece {
                    Ok(Delta::Text(text)) => yield Ok(Delta::Text(text)),
                    Ok(Delta::Done(answer)) => {
                        open.close(Ok(&*answer));
                        yield Ok(Delta::Done(answer));
                        return;
                    }
                    Err(error) => {
                        open.close(Err(&error));
                        yield Err(error);
                        return;
                    }
                }
            }
        })
    }

    fn state(&self) -> Vec<PartState> {
        let written = self.shared.written.load(Ordering::Relaxed);
        let own = PartState {
            part: "journal",
            of: String::new(),
            healthy: true,
            says: format!("{written} calls written down"),
            figures: vec![("calls", written as f64)],
        };
        std::iter::once(own).chain(self.inner.state()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Scripted, ask, down, pieces};
    use std::sync::Mutex;

    #[derive(Default)]
    struct Pages(Mutex<Vec<Entry>>);

    impl Sink for Pages {
        fn write(&self, entry: Entry) {
            self.0.lock().unwrap().push(entry);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_is_written_down_however_it_ends() {
        let pages = Arc::new(Pages::default());
        let inner = Scripted::new().answers("a b").fails(down()).answers("c d").slow(Duration::from_secs(2));
        let journal = Journal::new(inner, pages.clone(), Arc::new(|| 77));
        drop(journal.ask(ask()).await);
        drop(journal.ask(ask()).await);
        drop(pieces(journal.draft(ask())).await);
        drop(tokio::time::timeout(Duration::from_secs(1), journal.ask(ask())).await);
        let pages = pages.0.lock().unwrap();
        let errors: Vec<_> = pages.iter().map(|entry| (entry.error, entry.answer.as_deref())).collect();
        let down = Some("model-unavailable");
        assert_eq!(
            errors,
            [(None, Some("a b")), (down, None), (None, Some("c d")), (Some("model-abandoned"), None)]
        );
        assert_eq!((pages[1].usage.total(), pages[3].usage), (0, ask().usage_at_most()));
        assert_eq!((pages[0].at, pages[0].latency, pages[0].usage.input), (77, Duration::from_secs(2), 100));
    }
}
