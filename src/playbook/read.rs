//! From edited files to a checked release: all faults at once, or a playbook that can be relied on.

use super::condition::{Condition, MoreNames};
use super::fault::{Fault, Faults, Spot, unknown};
use super::knowledge::{Article, Knowledge};
use super::lint;
use super::policy::case::{Case, CasesFile};
use super::policy::desk::DeskPolicy;
use super::policy::guardrails::Guardrails;
use super::policy::intent::{Intent, OutOfScope, Then};
use super::policy::rule::{Rule, RulesFile};
use super::policy::team::{Team, TeamsFile};
use super::procedures::{self, CheckedProcedure, Known};
use super::replies::Replies;
use super::triggers::{self, CheckedTrigger};
use super::typing::Scope;
use super::yaml;
use super::{CheckedRule, Playbook, Teams, written};
use crate::domain::release::{Content, ReleaseId};
use nlu::classifier::{Example, Model, TrainError, TrainOptions, TrainingSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fewest examples in the desk's language that an intent can be learned from.
const FEWEST_EXAMPLES: usize = 5;

/// Turns examples into a classifier; a cache may stand in between.
pub type Trainer<'a> = &'a (dyn Fn(&TrainingSet, &TrainOptions) -> Result<Model, TrainError> + Sync);

const DESK: &str = "policies/desk.yaml";
const GUARDRAILS: &str = "policies/guardrails.yaml";
const TEAMS: &str = "policies/teams.yaml";
const RULES: &str = "policies/rules.yaml";
const REPLIES: &str = "policies/replies.yaml";
const OUT_OF_SCOPE: &str = "policies/intents/out-of-scope.yaml";

/// Reads a release. Deep conditions need stack: it runs on a thread of its own.
pub fn read(content: &Content, trainer: Trainer<'_>) -> Result<Playbook, Vec<Fault>> {
    let failed = |message: &str| {
        vec![Fault { file: DESK.to_owned(), line: 1, column: 0, message: message.to_owned() }]
    };
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new()
            .stack_size(64 << 20)
            .spawn_scoped(scope, || read_here(content, trainer));
        let reader = reader.map_err(|_| failed("the machine has no memory left to read the policies"))?;
        reader.join().map_err(|_| failed("reading the policies failed; please report this with the files"))?
    })
}

/// Only the examples of a release, for reports about them.
pub fn examples(content: &Content) -> Result<TrainingSet, Vec<Fault>> {
    let mut faults = Faults::default();
    let desk: Option<DeskPolicy> = required(content, DESK, &mut faults);
    let intents = read_intents(content, &mut faults);
    match desk {
        Some(desk) => {
            let set = training_set(content, &intents, &desk, &mut faults);
            if faults.is_empty() { Ok(set) } else { Err(faults.sorted()) }
        }
        None => Err(faults.sorted()),
    }
}

fn read_here(content: &Content, trainer: Trainer<'_>) -> Result<Playbook, Vec<Fault>> {
    let mut faults = Faults::default();
    unknown_files(content, &mut faults);

    let desk: Option<DeskPolicy> = required(content, DESK, &mut faults);
    let teams: Option<TeamsFile> = required(content, TEAMS, &mut faults);
    let (Some(desk), Some(teams)) = (desk, teams) else { return Err(faults.sorted()) };
    let teams = check_teams(teams, &mut faults);
    let guardrails = match content.get(GUARDRAILS) {
        Some(text) => yaml::parse::<Guardrails>(GUARDRAILS, text, &mut faults).unwrap_or_default(),
        None => Guardrails::default(),
    };
    guardrails.check(GUARDRAILS, &mut faults);
    let written = written::read(content, &mut faults);
    let team_ids: Vec<String> = teams.all.keys().cloned().collect();

    let intents = read_intents(content, &mut faults);
    let intent_ids: Vec<String> = intents.keys().cloned().collect();
    let missing = String::new();
    let replies_text = content.get(REPLIES).unwrap_or_else(|| {
        faults.add(REPLIES, 1, "is missing: the bot has nothing to say");
        &missing
    });
    let replies = Replies::read(REPLIES, replies_text, &desk.default_language, &mut faults);
    let articles = content.iter().filter(|(path, _)| path.starts_with("knowledge/"));
    let knowledge = Knowledge::read(articles, &intent_ids, &mut faults);

    let actions = super::actions::read(below(content, "policies/actions/"), &team_ids, &mut faults);
    let parts = procedures::read_parts(below(content, "policies/parts/"), &mut faults);
    let known = Known {
        parts: &parts,
        teams: &team_ids,
        intents: &intent_ids,
        replies: &replies,
        actions: &actions,
        language: &desk.default_language,
    };
    let procedures: BTreeMap<String, CheckedProcedure> = below(content, "policies/playbooks/")
        .filter_map(|(file, text)| procedures::check(file, text, &known, &mut faults))
        .collect();

    let among = triggers::Known {
        teams: &team_ids,
        intents: &intent_ids,
        replies: &replies,
        procedures: &procedures,
        language: &desk.default_language,
    };
    let triggers: BTreeMap<String, CheckedTrigger> = below(content, "policies/triggers/")
        .filter_map(|(file, text)| triggers::check(file, text, &among, &mut faults))
        .collect();

    let goals = Goals { teams: &team_ids, replies: &replies, procedures: &procedures, knowledge: &knowledge };
    for (id, intent) in &intents {
        let file = intent_file(id);
        goals.team(&file, yaml::spot(&intent.team), &intent.team.value, &mut faults);
        goals.then(&file, yaml::spot(&intent.then), &intent.then.value, Some(id), &mut faults);
        if let Some(threshold) =
            intent.threshold.as_ref().filter(|threshold| !(0.0..=1.0).contains(&threshold.value))
        {
            faults.add(&file, yaml::spot(threshold), "a threshold is a probability, 0 to 1");
        }
        if let Some(budget) = &intent.error_budget
            && (!(0.0..=1.0).contains(&budget.value.failures) || budget.value.within.0.is_zero())
        {
            let message = "`failures` is a share, 0 to 1, and `within` is more than nothing";
            faults.add(&file, yaml::spot(budget), message);
        }
    }
    let rules = read_rules(content, &intent_ids, &goals, &mut faults);
    let cases = read_cases(content, &mut faults);
    let examples = training_set(content, &intents, &desk, &mut faults);
    if let Some(written) = &written
        && written.prompts.of(::model::Step::Use).is_none()
    {
        for id in procedures.iter().filter(|(_, procedure)| procedure.consults()).map(|(id, _)| id) {
            let message = "`consult` needs a prompt for the step \"use\": copy prompts/use-tools.md from the starter desk";
            faults.add(&format!("policies/playbooks/{id}.yaml"), 1, message);
        }
    }
    let Some(written) = written.filter(|_| faults.is_empty()) else { return Err(faults.sorted()) };
    let classifier = trainer(&examples, &TrainOptions::default()).map_err(|error| {
        vec![Fault { file: "policies/intents".to_owned(), line: 1, column: 0, message: error.to_string() }]
    })?;
    let goals: Vec<&Then> = intents
        .values()
        .map(|intent| &intent.then.value)
        .chain(rules.iter().filter_map(|rule| rule.then.as_ref()))
        .collect();
    let warnings = lint::unused(content, REPLIES, &replies, &actions, &procedures, &triggers, &goals);
    Ok(Playbook {
        warnings,
        release: ReleaseId(super::address_of(content)),
        desk,
        guardrails,
        prompts: written.prompts,
        prompt_cases: written.cases,
        screen: written.screen,
        detector: written.detector,
        teams,
        intents,
        rules,
        procedures,
        actions,
        triggers,
        replies,
        knowledge,
        classifier: Arc::new(classifier),
        cases,
    })
}

fn below<'a>(content: &'a Content, folder: &'a str) -> impl Iterator<Item = (&'a String, &'a String)> {
    content.iter().filter(move |(path, _)| path.starts_with(folder) && path.ends_with(".yaml"))
}

fn required<T: serde::de::DeserializeOwned>(content: &Content, file: &str, faults: &mut Faults) -> Option<T> {
    let Some(text) = content.get(file) else {
        faults.add(file, 1, "is missing");
        return None;
    };
    yaml::parse(file, text, faults)
}

/// A file that nothing reads is a typing mistake, not a comment.
fn unknown_files(content: &Content, faults: &mut Faults) {
    for path in content.keys() {
        let known = match path.strip_prefix("policies/") {
            Some(rest) => {
                [DESK, TEAMS, RULES, REPLIES, GUARDRAILS].contains(&path.as_str())
                    || rest.ends_with(".yaml")
                        && ["intents/", "playbooks/", "parts/", "actions/", "triggers/", "cases/"]
                            .iter()
                            .any(|folder| rest.starts_with(folder))
                    || rest == "schema.json"
            }
            None => {
                (path.starts_with("knowledge/") || path.starts_with("prompts/")) && path.ends_with(".md")
                    || path.starts_with("prompts/cases/") && path.ends_with(".yaml")
            }
        };
        if !known {
            faults.add(path, 1, "nothing reads this file; is it misspelt or in the wrong folder?");
        }
    }
}

fn check_teams(file: TeamsFile, faults: &mut Faults) -> Teams {
    let mut all: BTreeMap<String, Team> = BTreeMap::new();
    for team in file.teams {
        let line = yaml::spot(&team.id);
        if all.contains_key(&team.id.value) {
            faults.add(TEAMS, line, format!("there are two teams \"{}\"", team.id.value));
        }
        all.insert(team.id.value.clone(), team);
    }
    if !all.contains_key(&file.default.value) {
        let message = unknown("team", &file.default.value, all.keys().map(String::as_str));
        faults.add(TEAMS, yaml::spot(&file.default), message);
    }
    Teams { default: file.default.value, all }
}

fn intent_file(id: &str) -> String {
    format!("policies/intents/{}.yaml", id.replace('_', "-"))
}

fn read_intents(content: &Content, faults: &mut Faults) -> BTreeMap<String, Intent> {
    let mut intents = BTreeMap::new();
    for (file, text) in below(content, "policies/intents/").filter(|(file, _)| *file != OUT_OF_SCOPE) {
        let Some(intent) = yaml::parse::<Intent>(file, text, faults) else { continue };
        if intent_file(&intent.id.value) != *file {
            let message =
                format!("the intent \"{}\" belongs into {}", intent.id.value, intent_file(&intent.id.value));
            faults.add(file, yaml::spot(&intent.id), message);
        }
        intents.insert(intent.id.value.clone(), intent);
    }
    if intents.is_empty() && faults.is_empty() {
        faults.add("policies/intents", 1, "there is no intent: the bot would understand nothing");
    }
    intents
}

fn training_set(
    content: &Content,
    intents: &BTreeMap<String, Intent>,
    desk: &DeskPolicy,
    faults: &mut Faults,
) -> TrainingSet {
    let mut set = TrainingSet::default();
    let mut seen: BTreeMap<String, (String, Spot)> = BTreeMap::new();
    let out_of_scope: Option<OutOfScope> =
        content.get(OUT_OF_SCOPE).and_then(|text| yaml::parse(OUT_OF_SCOPE, text, faults));
    let groups = intents
        .iter()
        .map(|(id, intent)| (Some(id), intent_file(id), &intent.examples))
        .chain(out_of_scope.iter().map(|file| (None, OUT_OF_SCOPE.to_owned(), &file.out_of_scope)));
    for (id, file, examples) in groups {
        if let Some(id) = id {
            let there = examples.get(&desk.default_language).map_or(0, Vec::len);
            if there < FEWEST_EXAMPLES {
                let message = format!(
                    "\"{id}\" has {there} examples in {}; it needs {FEWEST_EXAMPLES} at least",
                    desk.default_language
                );
                faults.add(&file, 1, message);
            }
        }
        for example in examples.values().flatten() {
            let text = example.value.trim();
            if text.is_empty() {
                faults.add(&file, yaml::spot(example), "an example is empty");
            }
            let place = (file.clone(), yaml::spot(example));
            if let Some((other, line)) = seen.insert(text.to_lowercase(), place)
                && other != file
            {
                faults.add(
                    &file,
                    yaml::spot(example),
                    format!("this example also stands in {other}:{}", line.line),
                );
            }
            set.examples.push(Example { text: text.to_owned(), intent: id.cloned() });
        }
    }
    set.names = intents.iter().map(|(id, intent)| (id.clone(), intent.name.clone())).collect();
    set
}

struct Goals<'a> {
    teams: &'a [String],
    replies: &'a Replies,
    procedures: &'a BTreeMap<String, CheckedProcedure>,
    knowledge: &'a Knowledge,
}

impl Goals<'_> {
    fn team(&self, file: &str, line: Spot, team: &str, faults: &mut Faults) {
        if !self.teams.iter().any(|known| known == team) {
            faults.add(file, line, unknown("team", team, self.teams.iter().map(String::as_str)));
        }
    }

    fn then(&self, file: &str, line: Spot, then: &Then, intent: Option<&String>, faults: &mut Faults) {
        match then {
            Then::HandOff(to) => to.team.iter().for_each(|team| self.team(file, line, team, faults)),
            Then::Playbook(id) if !self.procedures.contains_key(id) => {
                faults.add(file, line, unknown("playbook", id, self.procedures.keys().map(String::as_str)));
            }
            Then::Reply(id) if !self.replies.has(id) => {
                faults.add(file, line, unknown("reply", id, self.replies.ids()));
            }
            Then::Answer(from) => match &from.articles {
                Some(articles) => {
                    for article in articles.iter().filter(|article| !self.knowledge.has(article)) {
                        let all =
                            self.knowledge.articles().iter().map(|article: &Article| article.family.as_str());
                        faults.add(file, line, unknown("article", article, all));
                    }
                    for article in articles.iter().filter(|article| self.knowledge.keeps(article)) {
                        faults.add(file, line, format!("the article \"{article}\" is for agents only; customers are never told what it says"));
                    }
                }
                None => {
                    let answers = |article: &Article| {
                        article.for_customers && intent.is_none_or(|id| article.intents.contains(id))
                    };
                    if !self.knowledge.articles().iter().any(answers) {
                        faults.add(
                            file,
                            line,
                            "no article lists this intent; name articles, or list the intent in one",
                        );
                    }
                }
            },
            Then::Playbook(_) | Then::Reply(_) => {}
        }
    }
}

fn read_rules(
    content: &Content,
    intents: &[String],
    goals: &Goals<'_>,
    faults: &mut Faults,
) -> Vec<CheckedRule> {
    let Some(file) = required::<RulesFile>(content, RULES, faults) else { return Vec::new() };
    let (more, sample) = (MoreNames::new(), serde_json::Map::new());
    let mut checked: Vec<CheckedRule> = Vec::new();
    let mut lines: Vec<Spot> = Vec::new();
    for rule in file.rules {
        let line = yaml::spot(&rule.id);
        if checked.iter().any(|other| other.id == rule.id.value) {
            faults.add(RULES, line, format!("there are two rules \"{}\"", rule.id.value));
        }
        let conclusions = rule.then.conclusions();
        if conclusions.len() > 1 {
            faults.add(RULES, line, "a rule has one conclusion: hand_off, playbook, answer or reply");
        }
        if rule.then.is_empty() {
            faults.add(RULES, line, "the rule does nothing");
        }
        rule.then.team.iter().for_each(|team| goals.team(RULES, line, team, faults));
        let then = conclusions.into_iter().next();
        then.iter().for_each(|then| goals.then(RULES, line, then, None, faults));
        let Rule { id, when, then: consequence, because } = rule;
        match Condition::parse(&when.value, &Scope { intents, more: &more, sample: &sample }) {
            Ok(when) => {
                checked.push(CheckedRule { id: id.value, when, consequence, then, because });
                lines.push(line);
            }
            Err(message) => faults.add(RULES, yaml::spot(&when), message),
        }
    }
    lint::shadowed(RULES, &checked, &lines, faults);
    checked
}

fn read_cases(content: &Content, faults: &mut Faults) -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for (file, text) in below(content, "policies/cases/") {
        let Some(read) = yaml::parse::<CasesFile>(file, text, faults) else { continue };
        cases.extend(read.cases.into_iter().map(|case| (file.clone(), case)));
    }
    cases
}
