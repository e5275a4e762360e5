//! A program of this machine, started without a shell and with an empty environment, and ended with all that it has
//! started.

use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child as Process, ChildStderr, ChildStdin, ChildStdout, Command};

/// A running program. Dropping it kills it, with all that it has started.
#[derive(Debug)]
pub struct Child {
    process: Process,
    /// Its group is named after it; nothing once it has ended and its number may be another's.
    group: Option<Pid>,
}

/// What it is spoken to by.
#[derive(Debug)]
pub struct Pipes {
    /// What it reads.
    pub stdin: ChildStdin,
    /// What it writes.
    pub stdout: ChildStdout,
    /// What it complains of.
    pub stderr: ChildStderr,
}

impl Child {
    /// Starts `program`, named by its whole path.
    pub fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
        variables: &[(&str, &str)],
    ) -> io::Result<(Self, Pipes)> {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(variables.iter().copied()).current_dir("/");
        command.kill_on_drop(true).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let group = process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let (stdin, stdout, stderr) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let child = Self { process, group };
        match (stdin, stdout, stderr) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((child, Pipes { stdin, stdout, stderr })),
            _ => Err(io::Error::other("its pipes are missing")),
        }
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// Whatever it has left behind may live on: it has ended by itself.
    pub fn ended(&mut self) {
        self.group = None;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(group) = self.group
            && let Err(error) = kill_process_group(group, Signal::KILL)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(%error, "a program could not be ended");
        }
    }
}
