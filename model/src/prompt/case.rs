//! Cases beside the prompts: inputs, an answer that a model once gave, and what must come of it. They run offline.

use super::fault::{Fault, Faults, unknown};
use super::render::Case;
use super::{Prompts, data};
use crate::ask::Step;
use crate::validate::Schema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

/// `prompts/cases/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    step: Spanned<Step>,
    cases: Vec<Spanned<Recorded>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    name: String,
    /// In place of the prompt's samples, by name.
    #[serde(default)]
    inputs: Map<String, Value>,
    /// What the model answered, word for word.
    answer: String,
    /// Values that the checked answer must hold, by name.
    #[serde(default)]
    expect: Map<String, Value>,
    /// Words of the fault that must be found instead.
    fault: Option<String>,
}

/// How many cases went as they should, and those that did not.
#[derive(Debug, Default)]
pub struct CasesReport {
    /// How many there are.
    pub all: usize,
    /// What went otherwise, and faults of the files themselves.
    pub faults: Vec<Fault>,
}

impl Prompts {
    /// Runs the cases of files, path → text.
    pub fn run_cases<'a>(&self, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> CasesReport {
        let mut all = 0;
        let mut faults = Faults::default();
        for (path, text) in files {
            let file: File = match serde_saphyr::from_str(text) {
                Ok(file) => file,
                Err(error) => {
                    let plain = error.without_snippet();
                    let line = plain.location().map_or(1, |at| at.line());
                    let words = plain.to_string();
                    faults.add(path, line, words.split(" at line ").next().unwrap_or(&words));
                    continue;
                }
            };
            for case in &file.cases {
                all += 1;
                if let Err(message) = self.run(file.step.value, &case.value) {
                    faults.add(path, case.referenced.line(), format!("\"{}\": {message}", case.value.name));
                }
            }
        }
        CasesReport { all, faults: faults.sorted() }
    }

    fn run(&self, step: Step, case: &Recorded) -> Result<(), String> {
        let prompt = self.of(step).ok_or_else(|| format!("there is no prompt for {step}"))?;
        let mut inputs = prompt.sample();
        for (name, value) in &case.inputs {
            if !prompt.inputs.contains_key(name) {
                return Err(unknown("input", name, prompt.inputs.keys().map(String::as_str)));
            }
            inputs.insert(name.clone(), value.clone());
        }
        let whom = Case { release: "case", conversation: "case", customer: "case" };
        let ask = prompt.ask(whom, &inputs, None).map_err(|error| error.to_string())?;
        let checked = match ask.schema {
            Some(schema) => Schema::new(schema)?.check(&case.answer),
            None => Ok(Value::from(data::clean(&case.answer, usize::MAX))),
        };
        match (checked, &case.fault) {
            (Err(found), Some(expected)) if found.contains(expected.as_str()) => Ok(()),
            (Err(found), _) => Err(format!("the answer is not usable: {found}")),
            (Ok(_), Some(expected)) => {
                Err(format!("the answer is usable, though \"{expected}\" was expected"))
            }
            (Ok(value), None) => {
                let other =
                    case.expect.iter().find(|(name, expected)| value.get(name.as_str()) != Some(expected));
                match other {
                    Some((name, expected)) => {
                        let found = value.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
                        Err(format!("{name} is {found}, not {expected}"))
                    }
                    None => Ok(()),
                }
            }
        }
    }
}
