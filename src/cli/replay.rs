//! `replay`: past conversations, decided again by another release.

use super::content::print_faults;
use super::{print, say};
use crate::config::Config;
use crate::domain::Time;
use crate::domain::event::Entry;
use crate::domain::ids::ConversationId;
use crate::domain::release::{Content, ReleaseId};
use crate::library;
use crate::playbook::{self, Playbook};
use crate::ports::Clock as _;
use crate::ports::storage::{RowFilter, Storage, Unavailable, View};
use crate::replay::{self, Bill, Cost, Forecast, Redecided, Report, Verdict};
use anyhow::{Context as _, bail};
use std::path::Path;

/// Rows and events read at once.
const PAGE: i64 = 200;
/// How much of a text a line shows.
const SHOWN: usize = 72;

/// `deskhand replay`
pub(super) async fn run(
    config: &Config,
    from: &str,
    against: &str,
    costs: bool,
    as_json: bool,
) -> anyhow::Result<bool> {
    let now = crate::app::SystemClock.now();
    let selector = Selector::parse(from, now)?;
    if costs && config.llm.prices.is_empty() {
        bail!(
            "--cost: llm.prices is missing: nobody knows what tokens cost. Write e.g. default = {{ input_usd = 5.0, output_usd = 20.0 }} for a million tokens"
        );
    }
    let storage = crate::app::open_beside(config).await?;
    let (folder, content) = content(storage.as_ref(), against).await?;
    let models = crate::app::models(config)?;
    let read = move || playbook::read(&content, &|set, options| models.train(set, options));
    let book = match tokio::task::spawn_blocking(read).await? {
        Ok(book) => book,
        Err(faults) => {
            print_faults(folder.then(|| Path::new(against)), &faults)?;
            return Ok(false);
        }
    };
    let (report, forecast) = report(storage.as_ref(), &selector, &book, costs).await?;
    let mut report = report.sorted();
    if costs {
        let price = crate::app::price_of(&config.llm);
        report.forecast = Some(forecast.cost(&price, now, config.llm.daily_budget_usd));
    }
    if as_json {
        print(&serde_json::to_string(&report)?)?;
    } else {
        for change in &report.changes {
            print(&lines(change))?;
        }
        say(&summary(&report));
    }
    Ok(true)
}

/// A folder's content, or that of a release which the database keeps. True for a folder.
async fn content(storage: &dyn Storage, against: &str) -> anyhow::Result<(bool, Content)> {
    let folder = Path::new(against);
    if folder.is_dir() {
        return Ok((true, library::load(folder)?));
    }
    match storage.release(&ReleaseId(against.to_owned())).await? {
        Some(content) => Ok((false, content)),
        None => bail!("--against: \"{against}\" is neither a folder nor a release that this desk has known"),
    }
}

async fn report(
    storage: &dyn Storage,
    selector: &Selector,
    book: &Playbook,
    costs: bool,
) -> anyhow::Result<(Report, Forecast)> {
    let (mut report, mut forecast) = (Report::default(), Forecast::default());
    let mut add = |id: ConversationId, log: &[Entry], since: Option<Time>| {
        report.add(replay::conversation(id, log, book, since));
        if costs {
            forecast.add(id, log, book, since);
        }
    };
    match selector {
        Selector::These(ids) => {
            for id in ids {
                let log = log(storage, *id).await?;
                if log.is_empty() {
                    bail!("--from: there is no conversation {id}");
                }
                add(*id, &log, None);
            }
        }
        Selector::Since(since) => {
            let mut filter = RowFilter { view: View::All, search: None, cursor: None, limit: PAGE };
            loop {
                let page = storage.rows(&filter).await?;
                for row in &page.items {
                    let talk = &row.conversation;
                    if since.is_none_or(|since| talk.updated_at >= since) {
                        add(talk.id, &log(storage, talk.id).await?, *since);
                    }
                }
                filter.cursor = page.next;
                if filter.cursor.is_none() {
                    break;
                }
            }
        }
    }
    Ok((report, forecast))
}

async fn log(storage: &dyn Storage, id: ConversationId) -> Result<Vec<Entry>, Unavailable> {
    let mut log: Vec<Entry> = Vec::new();
    loop {
        let after = log.last().map_or(0, |entry| entry.seq);
        let more = storage.events(id, after, PAGE).await?;
        if more.is_empty() {
            return Ok(log);
        }
        log.extend(more);
    }
}

/// Which conversations.
#[derive(Debug, PartialEq)]
enum Selector {
    /// With decisions since then; all where absent.
    Since(Option<Time>),
    /// By id.
    These(Vec<ConversationId>),
}

impl Selector {
    /// `all`, `last:30d`, a day such as `2026-11-01`, or ids with commas between.
    fn parse(text: &str, now: Time) -> anyhow::Result<Self> {
        let expected = "expected all, last:30d, last:12h, a day such as 2026-11-01, or ids of conversations";
        if text == "all" {
            return Ok(Self::Since(None));
        }
        if let Some(span) = text.strip_prefix("last:") {
            let span =
                humantime::parse_duration(span).ok().and_then(|span| chrono::TimeDelta::from_std(span).ok());
            let since = span.and_then(|span| now.checked_sub_signed(span));
            return since
                .map(|since| Self::Since(Some(since)))
                .with_context(|| format!("--from: \"{text}\": {expected}"));
        }
        if let Ok(day) = text.parse::<chrono::NaiveDate>() {
            return Ok(Self::Since(Some(day.and_time(chrono::NaiveTime::MIN).and_utc())));
        }
        let ids = text.split(',').map(|id| id.trim().parse().map(ConversationId));
        let ids: Result<Vec<ConversationId>, _> = ids.collect();
        ids.map(Self::These).map_err(|_| anyhow::anyhow!("--from: \"{text}\": {expected}"))
    }
}

/// One change, for people.
fn lines(change: &Redecided) -> String {
    let names: Vec<&str> = change.differs.iter().map(|difference| difference.name()).collect();
    let text: String =
        change.text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let shown: String = text.chars().take(SHOWN).collect();
    let dots = if text.chars().count() > SHOWN { "…" } else { "" };
    let mut lines = format!(
        "{} message {}: \"{shown}{dots}\"\n  differs in {}\n  then  {}",
        change.conversation,
        change.message,
        names.join(", "),
        line(&change.before)
    );
    lines.push_str("\n  now   ");
    match &change.after {
        Some(after) => lines.push_str(&line(after)),
        None => lines.push_str("no decision: the bot would wait for something first"),
    }
    lines
}

fn line(verdict: &Verdict) -> String {
    let decision = &verdict.decision;
    let intent =
        decision.intent.as_deref().filter(|_| decision.in_scope).unwrap_or("no intent it is sure of");
    let reasons: Vec<&str> = decision.reasons.iter().map(|reason| reason.code.as_str()).collect();
    format!(
        "{} ({}), {intent} at {:.2}, team {}, priority {}; {}",
        decision.route.name(),
        decision.automation.name(),
        decision.confidence,
        verdict.team.as_deref().unwrap_or("none"),
        verdict.priority.name(),
        reasons.join(", ")
    )
}

fn summary(report: &Report) -> String {
    let mut words = format!(
        "{} of {} decisions in {} conversations would differ.",
        report.changed, report.decisions, report.conversations
    );
    for shift in &report.routes {
        words.push_str(&format!("\n  {} → {}: {}", shift.from, shift.to, shift.count));
    }
    for (difference, count) in &report.differences {
        words.push_str(&format!("\n  another {difference}: {count}"));
    }
    words.push_str(&format!(
        "\nThe bot dealt with {} of these messages by itself, and would with {}.",
        report.by_bot.0, report.by_bot.1
    ));
    if let Some(cost) = &report.forecast {
        words.push_str(&priced(cost));
    }
    words
}

fn priced(cost: &Cost) -> String {
    let line = |name: &str, bill: &Bill| {
        let month = bill.usd / cost.days * 30.0;
        format!(
            "\n  {name}: {} questions, {} + {} tokens, {:.4} USD ({month:.2} USD in 30 days)",
            bill.questions, bill.input_tokens, bill.output_tokens, bill.usd
        )
    };
    let mut words = format!(
        "\nWhat a language model takes for {} messages in {:.1} days, at the prices of llm.prices:",
        cost.decisions, cost.days
    );
    words.push_str(&line("paid then", &cost.all.then));
    words.push_str(&line("now, at least", &cost.all.least));
    words.push_str(&line("now, at most", &cost.all.most));
    for (step, bills) in &cost.steps {
        let (then, least, most) = (bills.then.usd, bills.least.usd, bills.most.usd);
        words.push_str(&format!("\n    {step}: then {then:.4}, now {least:.4} to {most:.4} USD"));
    }
    words.push_str(&format!(
        "\n{} of {} questions are on record as they would be asked; {}. What agents have drafted is not in it.",
        cost.on_record,
        cost.all.least.questions,
        match cost.measured {
            true => "the others are estimated by how long such questions were",
            false => "nothing on record tells how long they are, so they are counted at the most they can be",
        }
    ));
    if let Some(days) = cost.days_over_budget {
        words.push_str(&format!(
            "\nThe dearest day would cost up to {:.4} USD; llm.daily_budget_usd would not be enough on {days} days.",
            cost.dearest_day_usd
        ));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_a_span_a_day_or_ids() {
        let now: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let parse = |text: &str| Selector::parse(text, now);
        assert_eq!(parse("all").unwrap(), Selector::Since(None));
        let yesterday = "2026-11-19T12:00:00Z".parse().unwrap();
        assert_eq!(parse("last:24h").unwrap(), Selector::Since(Some(yesterday)));
        let first = "2026-11-01T00:00:00Z".parse().unwrap();
        assert_eq!(parse("2026-11-01").unwrap(), Selector::Since(Some(first)));
        let id = "0192f0a0-0000-7000-8000-000000000000";
        assert_eq!(parse(id).unwrap(), Selector::These(vec![ConversationId(id.parse().unwrap())]));
        for wrong in ["", "last:", "last:soon", "2026-13-01", "last:99999999999y"] {
            assert!(parse(wrong).unwrap_err().to_string().contains("expected all, last:30d"), "{wrong}");
        }
    }
}
