//! What was asked of language models and what they answered, a file a day, for the audit: redacted, as it left the
//! machine. The journal never slows a call: entries are written behind it, and where the disk is too slow they are
//! counted instead.

use crate::domain::Time;
use crate::ports::Clock;
use chrono::{Days, NaiveDate};
use model::layers::journal::{Entry, Sink};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Entries that may wait for the disk.
const WAITING: usize = 4096;

/// Where entries go.
pub struct ModelJournal {
    entries: mpsc::Sender<Entry>,
}

/// Nothing is kept.
pub struct NoJournal;

impl Sink for NoJournal {
    fn write(&self, _: Entry) {}
}

impl Sink for ModelJournal {
    fn write(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            metrics::counter!("deskhand_model_journal_lost_total").increment(1);
            tracing::warn!("an entry of the language model's journal is lost: the disk is too slow");
        }
    }
}

impl ModelJournal {
    /// Writes below `folder` and keeps so many days. It ends when it is dropped and all is written.
    #[must_use]
    pub fn begin(folder: PathBuf, days: u32, clock: Arc<dyn Clock>) -> Self {
        let (entries, mut waiting) = mpsc::channel::<Entry>(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut today: Option<NaiveDate> = None;
            while let Some(entry) = waiting.blocking_recv() {
                let now = clock.now();
                if today != Some(now.date_naive()) {
                    today = Some(now.date_naive());
                    forget(&folder, now, days);
                }
                if let Err(error) = append(&folder, now, &entry) {
                    metrics::counter!("deskhand_model_journal_lost_total").increment(1);
                    tracing::warn!(%error, "an entry of the language model's journal could not be written");
                }
            }
        });
        Self { entries }
    }
}

fn append(folder: &Path, now: Time, entry: &Entry) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{}.jsonl", now.date_naive()));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    file.write_all(line.as_bytes())
}

/// Files of days past the last that is kept. Other files are left alone.
fn forget(folder: &Path, now: Time, days: u32) {
    let Some(oldest) = now.date_naive().checked_sub_days(Days::new(u64::from(days))) else { return };
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
    {
        let day = file.file_stem().and_then(|day| day.to_str()).and_then(|day| day.parse::<NaiveDate>().ok());
        if day.is_some_and(|day| day < oldest)
            && let Err(error) = std::fs::remove_file(&file)
        {
            tracing::warn!(%error, "an old file of the language model's journal could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_days_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026-01-01.jsonl", "2026-02-28.jsonl", "notes.jsonl", "2026-01-01.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        forget(folder.path(), "2026-03-01T10:00:00Z".parse().unwrap(), 30);
        let mut left: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["2026-01-01.txt", "2026-02-28.jsonl", "notes.jsonl"]);
    }
}
