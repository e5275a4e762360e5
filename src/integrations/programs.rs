//! Programs of this machine, run for actions: only those that the settings allow, without a shell, with an empty
//! environment, and not for long.

use crate::ports::CallError;
use connectors::child::{Child, Pipes};
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// What a program may write, in bytes.
const LARGEST: usize = 256 * 1024;
/// What is kept of its complaints, in bytes.
const COMPLAINT: usize = 4096;
/// By this exit code a program says that the same may succeed later (EX_TEMPFAIL of sysexits.h).
const LATER: i32 = 75;

/// The programs that may be run.
#[derive(Debug, Default)]
pub struct Programs {
    allowed: Vec<PathBuf>,
}

/// One run.
#[derive(Debug)]
pub struct Run<'a> {
    /// The program's whole path.
    pub program: &'a str,
    /// Its arguments, as they are.
    pub args: &'a [String],
    /// What it reads.
    pub stdin: Option<&'a Value>,
    /// The one variable of its environment.
    pub variable: Option<(&'a str, &'a str)>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Programs {
    /// None but these.
    #[must_use]
    pub fn new(allowed: Vec<PathBuf>) -> Self {
        Self { allowed }
    }

    /// Whether the settings allow it.
    #[must_use]
    pub fn allows(&self, program: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.as_os_str() == program)
    }

    /// Runs one to its end. What it writes to standard output is JSON.
    pub async fn run(&self, run: Run<'_>) -> Result<Value, CallError> {
        let name = run.program;
        if !self.allows(name) {
            return Err(CallError::Refused(format!(
                "{name} is not allowed; the setting actions.commands lists what is"
            )));
        }
        let variables: Vec<(&str, &str)> = run.variable.into_iter().collect();
        let started = Child::start(name, run.args, &variables);
        let (mut child, pipes) =
            started.map_err(|error| CallError::Refused(format!("{name} could not be run: {error}")))?;
        let Pipes { mut stdin, stdout, stderr } = pipes;
        let input = run.stdin.map(Value::to_string).unwrap_or_default();
        let feeding = async move {
            // A program need not read all that it is given.
            drop(stdin.write_all(input.as_bytes()).await);
        };
        let running = async {
            let ((), written, complaint, ended) =
                tokio::join!(feeding, read(stdout, LARGEST), read(stderr, COMPLAINT), child.wait());
            Ok::<_, std::io::Error>((ended?, written?, complaint?))
        };
        match tokio::time::timeout(run.timeout, running).await {
            Ok(Ok((ended, written, complaint))) => {
                child.ended();
                outcome(name, ended, &written, &complaint)
            }
            Ok(Err(error)) => Err(CallError::InDoubt(format!("{name} could not be listened to: {error}"))),
            Err(_) => {
                let text = format!("{name} took longer than {} s and was ended", run.timeout.as_secs_f32());
                Err(CallError::InDoubt(text))
            }
        }
    }
}

fn outcome(name: &str, ended: ExitStatus, written: &[u8], complaint: &[u8]) -> Result<Value, CallError> {
    match ended.code() {
        Some(0) if written.len() > LARGEST => {
            Err(CallError::InDoubt(format!("{name} wrote more than {LARGEST} bytes")))
        }
        Some(0) if written.trim_ascii().is_empty() => Ok(Value::Null),
        Some(0) => serde_json::from_slice(written)
            .map_err(|error| CallError::InDoubt(format!("{name} wrote no JSON: {error}"))),
        Some(LATER) => Err(CallError::Retry(format!("{name} asks to try later{}", said(complaint)))),
        Some(code) => Err(CallError::Refused(format!("{name} failed with {code}{}", said(complaint)))),
        None => Err(CallError::InDoubt(format!("{name} was ended by a signal{}", said(complaint)))),
    }
}

/// The first line of a complaint, for an agent.
fn said(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().filter(|letter| !letter.is_control()).take(200).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

/// Reads to the end, and keeps a little more than `most`: a program that is not listened to would wait for ever.
async fn read(mut from: impl AsyncRead + Unpin, most: usize) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut piece = vec![0; 8192];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(kept);
        }
        let room = (most + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..read.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHELL: &str = "/bin/sh";

    /// The tests' own program is a shell with a script in an argument; a desk would never allow one.
    async fn script(script: &str, timeout_ms: u64) -> Result<Value, CallError> {
        let programs = Programs::new(vec![SHELL.into()]);
        let args = ["-c".to_owned(), script.to_owned(), "name".to_owned(), "$(id) `id` ; x".to_owned()];
        let run = Run {
            program: SHELL,
            args: &args,
            stdin: Some(&json!({"sku": "A-1"})),
            variable: Some(("RUN_KEY", "k1")),
            timeout: Duration::from_millis(timeout_ms),
        };
        programs.run(run).await
    }

    #[tokio::test]
    async fn arguments_arrive_as_they_are_and_the_environment_is_empty() {
        let given = script(
            r#"read -r line; printf '{"arg": "%s", "in": %s, "key": "%s", "home": "%s"}' "$1" "$line" "$RUN_KEY" "$HOME""#,
            5000,
        );
        let expected = json!({"arg": "$(id) `id` ; x", "in": {"sku": "A-1"}, "key": "k1", "home": ""});
        assert_eq!(given.await.unwrap(), expected);
    }

    #[tokio::test]
    async fn what_fails_says_how() {
        let why = |result: Result<Value, CallError>| result.unwrap_err();
        assert_eq!(
            why(script("echo 'no such sku' >&2; exit 3", 5000).await),
            CallError::Refused("/bin/sh failed with 3: no such sku".to_owned())
        );
        assert!(matches!(why(script("exit 75", 5000).await), CallError::Retry(_)));
        assert!(
            matches!(why(script("echo hello", 5000).await), CallError::InDoubt(why) if why.contains("no JSON"))
        );
        let much = "while :; do echo 0123456789012345678901234567890123456789; done | head -c 300000";
        assert!(
            matches!(why(script(much, 9000).await), CallError::InDoubt(why) if why.contains("more than"))
        );
        assert!(matches!(why(script("kill -9 $$", 5000).await), CallError::InDoubt(_)));
    }

    #[tokio::test]
    async fn whoever_takes_too_long_is_ended_with_all_they_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        // The grandchild holds the pipe open and would leave a mark later.
        let slow = format!("(sleep 2; echo late > {}) & sleep 30", mark.display());
        assert!(
            matches!(script(&slow, 200).await.unwrap_err(), CallError::InDoubt(why) if why.contains("was ended"))
        );
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert!(!mark.exists(), "nothing of it lives on");
    }

    #[tokio::test]
    async fn only_what_is_allowed_is_run() {
        let programs = Programs::new(vec!["/bin/true".into()]);
        let run = Run {
            program: "/bin/false",
            args: &[],
            stdin: None,
            variable: None,
            timeout: Duration::from_secs(1),
        };
        let refused = programs.run(run).await.unwrap_err();
        assert!(matches!(refused, CallError::Refused(why) if why.contains("actions.commands")));
    }
}
