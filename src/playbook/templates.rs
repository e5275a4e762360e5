//! Small templates inside policies: titles, inputs of actions, addresses. Strict: what is not there is a fault, never
//! an empty text.

use minijinja::{Environment, UndefinedBehavior, Value as Shown};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// How much a template may compute.
const FUEL: u64 = 50_000;

/// All but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The environment that all templates share.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// Renders a text.
pub fn render(source: &str, facts: &Map<String, Value>) -> Result<String, String> {
    let rendered = environment().render_str(source, minijinja::value::Serde(facts));
    rendered.map(|text| text.trim().to_owned()).map_err(|error| plain(&error))
}

/// The facts that a text reads, as paths such as `customer.tier`; nothing where it is no template.
#[must_use]
pub fn reads(source: &str) -> Vec<String> {
    if !source.contains('{') {
        return Vec::new();
    }
    let environment = environment();
    let parsed = environment.template_from_str(source);
    parsed.map(|template| template.undeclared_variables(true).into_iter().collect()).unwrap_or_default()
}

/// Renders an address: what the template puts into it is percent-encoded and so stays within its place.
pub fn render_address(source: &str, facts: &Map<String, Value>) -> Result<String, String> {
    let mut environment = environment();
    environment.set_formatter(|out, _, value: &Shown| {
        if value.is_undefined() {
            return Err(minijinja::ErrorKind::UndefinedError.into());
        }
        let text = value.to_string();
        write!(out, "{}", utf8_percent_encode(&text, ENCODED)).map_err(minijinja::Error::from)
    });
    let rendered = environment.render_str(source, minijinja::value::Serde(facts));
    rendered.map(|text| text.trim().to_owned()).map_err(|error| plain(&error))
}

/// Renders every text within a value. A text that is one `{{ expression }}` and nothing else keeps its type.
pub fn fill(source: &Value, facts: &Map<String, Value>) -> Result<Value, String> {
    Ok(match source {
        Value::String(text) => match sole_expression(text) {
            Some(expression) => evaluate(expression, facts)?,
            None => Value::String(render(text, facts)?),
        },
        Value::Array(list) => {
            Value::Array(list.iter().map(|one| fill(one, facts)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, facts)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// The same for named values.
pub fn fill_all<'a>(
    sources: impl IntoIterator<Item = (&'a String, &'a Value)>,
    facts: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    sources.into_iter().map(|(name, source)| Ok((name.clone(), fill(source, facts)?))).collect()
}

fn sole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let plain = !["{{", "}}", "{%"].iter().any(|mark| inner.contains(mark));
    plain.then(|| inner.trim_matches('-').trim())
}

fn evaluate(expression: &str, facts: &Map<String, Value>) -> Result<Value, String> {
    let environment = environment();
    let compiled = environment.compile_expression(expression).map_err(|error| plain(&error))?;
    let value = compiled.eval(minijinja::value::Serde(facts)).map_err(|error| plain(&error))?;
    if value.is_undefined() {
        return Err(format!("undefined value: `{expression}`"));
    }
    serde_json::to_value(&value).map_err(|error| error.to_string())
}

/// minijinja's own words, without its debugging aids.
pub(super) fn plain(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Map<String, Value> {
        let Value::Object(facts) =
            json!({"input": {"id": "a/../b?x=1#f", "sum": 12.5, "tags": ["a"], "yes": true}})
        else {
            unreachable!()
        };
        facts
    }

    #[test]
    fn what_a_template_puts_into_an_address_stays_in_its_place() {
        let address =
            render_address("https://shop.example/orders/{{ input.id }}?sum={{ input.sum }}", &facts());
        assert_eq!(address.unwrap(), "https://shop.example/orders/a%2F..%2Fb%3Fx%3D1%23f?sum=12.5");
        let escaped = render_address("https://shop.example/{{ input.id|safe }}", &facts()).unwrap();
        assert!(!escaped.contains("../"), "{escaped}");
    }

    #[test]
    fn one_expression_keeps_its_type() {
        let source = json!({"sum": "{{ input.sum }}", "text": "sum: {{ input.sum }}", "tags": "{{ input.tags }}",
            "list": ["{{ input.yes }}"], "fixed": 3, "less": "{{ input.sum - 0.5 }}"});
        let expected = json!({"sum": 12.5, "text": "sum: 12.5", "tags": ["a"], "list": [true], "fixed": 3, "less": 12.0});
        assert_eq!(fill(&source, &facts()).unwrap(), expected);
    }

    #[test]
    fn what_is_not_there_is_a_fault() {
        for source in ["{{ input.idd }}", "x {{ input.idd }}", "{{ nothing }}", "{{ input.id"] {
            assert!(fill(&json!(source), &facts()).is_err(), "{source}");
        }
        assert!(render_address("https://shop.example/{{ input.idd }}", &facts()).is_err());
    }
}
