//! What is wrong with a policy is said with its place and, where a name was mistyped, with what was meant.

use crate::support::shop;
use deskhand::domain::release::Content;
use deskhand::library::{ModelCache, starter};
use deskhand::playbook::{self, Playbook};

fn read(content: &Content) -> Result<Playbook, Vec<String>> {
    let models = ModelCache::new(Some(std::env::temp_dir().join("deskhand-test-models")));
    playbook::read(content, &|set, options| models.train(set, options))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// The faults of the shipped desk with one more file, or with one in place of another.
fn faults(path: &str, text: &str) -> String {
    let mut content = starter();
    for (path, action) in [shop::ORDERS, shop::REFUND, shop::CANCEL] {
        content.insert(path.to_owned(), action.to_owned());
    }
    content.insert(path.to_owned(), text.to_owned());
    read(&content).err().unwrap_or_default().join("\n")
}

fn in_steps(steps: &str) -> String {
    let text = format!("id: test\nname: Test\ndescription: A test.\nsteps:\n{steps}\n");
    faults("policies/playbooks/test.yaml", &text)
}

fn in_action(lines: &str) -> String {
    let text = format!("id: test.it\nname: Test\ndescription: A test.\n{lines}\n");
    faults("policies/actions/test.it.yaml", &text)
}

#[test]
fn a_mistake_in_a_playbook_is_told_with_its_place() {
    let end = "\n  - reply: {text: thanks}";
    for (steps, expected) in [
        (
            "  - call: {action: shop.oder, with: {number: x}, into: order}",
            "5:5: unknown action \"shop.oder\"; did you mean \"shop.order\"?",
        ),
        (
            "  - call: {action: shop.order, with: {numbr: x}, into: order}",
            "unknown input \"numbr\"; did you mean \"number\"?",
        ),
        ("  - call: {action: shop.order, into: order}", "shop.order needs `number` in `with`"),
        (
            "  - call: {action: shop.order, with: {number: \"{{ slots.nowhere }}\"}, into: order}",
            "undefined value",
        ),
        (
            "  - call: {action: shop.order, with: {number: x}, into: customer}",
            "\"customer\" is a fact already",
        ),
        (
            "  - call: {action: shop.order, with: {number: x}, into: order}\n  - branch: {when: order.staus == \"open\", then: []}",
            "6:20: unknown fact \"order.staus\"; did you mean \"order.status\"?",
        ),
        (
            "  - call: {action: shop.order, with: {number: x}, into: order}\n  - branch: {when: order.status == \"opne\", then: []}",
            "unknown value \"opne\"; did you mean \"open\"?",
        ),
        (
            "  - call: {action: shop.order, with: {number: x}, into: order}\n  - branch: {when: order.total == \"80\", then: []}",
            "compares a number with text",
        ),
        (
            "  - call: {action: shop.order, with: {number: x}, otherwise: [{reply: {text: {en: \"{{ failure.cuase }}\"}}}]}",
            "undefined value",
        ),
        ("  - reply: {text: thnaks}", "unknown reply \"thnaks\"; did you mean \"thanks\"?"),
        ("  - reply: {text: {de: Hallo}}", "has no text in the desk's language, en"),
        ("  - ask: {slot: n, kind: pattern, text: ask-again}", "`rx` belongs to `kind: pattern`"),
        ("  - ask: {slot: n, kind: pattern, rx: \"(\", text: ask-again}", "is no pattern"),
        (
            "  - ask: {slot: n, kind: number, text: ask-again, check: {when: value == \"x\", text: ask-again}}",
            "compares a number with text",
        ),
        (
            "  - ask: {slot: n, kind: number, text: ask-again}\n  - ask: {slot: n, kind: date, text: ask-again}",
            "is asked for as something else, too",
        ),
        ("  - wait: {event: order.shipped, at_most: 3d}", "`about` says to what it happens"),
        ("  - wait: {for: 3d, at_most: 3d}", "waits `for` a time, or for an `event`"),
        ("  - verify: {}", "names the account by `email` or by `account`"),
        ("  - verify: {email: \"{{ slots.nowhere }}\"}", "undefined value"),
        ("  - verify: {email: \"{{ customer.email }}\", account: c1}", "only by one of them"),
        (
            "  - verify: {account: c1, tell: code-snet}",
            "unknown reply \"code-snet\"; did you mean \"code-sent\"?",
        ),
        ("  - wait: {for: 500d}", "at most 400 days"),
        (
            "  - approve: {title: x, details: x, team: biling, deadline: 4h, into: word}",
            "unknown team \"biling\"; did you mean \"billing\"?",
        ),
        (
            "  - approve: {title: x, details: x, team: billing, deadline: 4h, into: word, editable: {approved: true}}",
            "is set by the answer itself",
        ),
        (
            "  - together:\n      - reply: {text: thanks}\n      - notify: {team: billing, text: x}",
            "only call, ticket and notify run together",
        ),
        ("  - together: [{notify: {team: billing, text: x}}]", "joins two steps at least"),
        (
            "  - together:\n      - call: {action: shop.order, with: {number: x}, into: one}\n      - notify: {team: billing, text: \"{{ one.total }}\"}",
            "undefined value",
        ),
        ("  - hand_off: {reason: x}\n  - notify: {team: billing, text: x}", "is never reached"),
        ("  - resolve: {}", "before the customer was told anything"),
        ("  - set: {vars: {\"a b\": x}}", "is no name"),
    ] {
        let found = in_steps(&format!("{steps}{end}"));
        assert!(found.contains(expected), "{steps}\ngave: {found}");
        assert!(found.contains("policies/playbooks/test.yaml:"), "{found}");
    }
}

/// `consult`, with these lines in place of those that are in order.
fn in_consult(may_call: &str, result: &str, more: &str) -> String {
    in_steps(&format!(
        "  - consult:\n      purpose: x\n      may_call: {may_call}\n      result: {result}\n      into: found\n{more}  - reply: {{text: {{en: \"{{{{ found.number }}}}\"}}}}"
    ))
}

#[test]
fn what_a_model_may_call_is_read_before_it_is_called() {
    let (order, result) = ("[{action: shop.order}]", "{type: object, properties: {number: {type: string}}}");
    assert_eq!(in_consult(order, result, ""), "");
    let act = "[{action: shop.refund}]";
    assert_eq!(in_consult(act, result, "      approve: true\n"), "");
    for (may_call, result, more, expected) in [
        ("[]", result, "", "`may_call` names 1 to 20 actions"),
        ("[{action: shop.order}, {action: shop.order}]", result, "", "names shop.order twice"),
        ("[{action: shop.oder}]", result, "", "unknown action \"shop.oder\"; did you mean \"shop.order\"?"),
        (act, result, "", "shop.refund changes something"),
        ("[{action: shop.order, with: {numbr: x}}]", result, "", "unknown input \"numbr\""),
        ("[{action: shop.order, with: {number: \"{{ slots.nowhere }}\"}}]", result, "", "undefined value"),
        ("[{action: shop.order, free: [numbr]}]", result, "", "unknown input \"numbr\""),
        (
            "[{action: shop.order, with: {number: x}, free: [number]}]",
            result,
            "",
            "set in `with` and free at once",
        ),
        (order, result, "      steps: 9\n", "`steps` is 1 to 8"),
        (order, "{type: object}", "", "an object that names its properties"),
        (order, "{type: objekt}", "", "`result` is no JSON Schema"),
        (order, "{type: object, properties: {number: {type: object}}}", "", "`result.number` is a text"),
        (order, "{type: object, properties: {numbr: {type: string}}}", "", "undefined value"),
        (
            order,
            result,
            "      otherwise: [{reply: {text: {en: \"{{ found.number }}\"}}}]\n",
            "undefined value",
        ),
    ] {
        let found = in_consult(may_call, result, more);
        assert!(found.contains(expected), "{may_call} {result} {more}\ngave: {found}");
    }
    // A desk with prompts of its own is told what is missing.
    let mut content = starter();
    content.remove("prompts/use-tools.md");
    content.insert(shop::ORDERS.0.to_owned(), shop::ORDERS.1.to_owned());
    let steps = format!(
        "id: test\nname: Test\ndescription: A test.\nsteps:\n  - consult: {{purpose: x, may_call: {order}, result: {result}, into: found}}\n  - reply: {{text: thanks}}\n"
    );
    content.insert("policies/playbooks/test.yaml".to_owned(), steps);
    assert!(
        read(&content).err().unwrap_or_default().join("").contains("needs a prompt for the step \"use\"")
    );
}

#[test]
fn every_path_must_end_in_a_word_also_after_an_answer_and_after_a_long_wait() {
    for steps in [
        "  - notify: {team: billing, text: x}",
        "  - reply: {text: thanks}\n  - ask: {slot: n, kind: text, text: ask-again}",
        "  - reply: {text: thanks}\n  - wait: {for: 2d}",
        "  - approve: {title: x, details: x, team: billing, deadline: 4h, into: word}",
        "  - consult: {purpose: x, may_call: [{action: shop.order}], result: {type: object, properties: {a: {type: string}}}, into: found}",
        "  - approve: {title: x, details: x, team: billing, deadline: 4h, into: word, otherwise: [{set: {tags: [no]}}]}\n  - branch: {when: word.approved, then: [{reply: {text: thanks}}]}",
        "  - call: {action: shop.order, with: {number: x}, otherwise: [{set: {tags: [no]}}]}\n  - branch: {when: in_scope, then: [{reply: {text: thanks}}]}",
    ] {
        let found = in_steps(steps);
        assert!(found.contains("not every path says something"), "{steps}\ngave: {found}");
    }
}

#[test]
fn a_mistake_in_an_action_is_told_with_its_place() {
    let http = "http: {method: POST, url: \"https://shop.example/x\"}";
    for (lines, expected) in [
        ("kind: act", "and only one of them"),
        (
            "kind: act\nhttp: {method: POST, url: \"{{ input.url }}\"}\ninput: {type: object, properties: {url: {type: string}}}",
            "a host that is no template",
        ),
        ("kind: act\nhttp: {method: POST, url: \"ftp://shop.example\"}", "begins with https://"),
        ("kind: act\nhttp: {method: POST, url: \"https://a@shop.example\"}", "begins with https://"),
        ("kind: act\nhttp: {method: POST, url: \"https://shop.example/{{ input.id }}\"}", "a template fails"),
        ("kind: act\nhttp: {method: POTS, url: \"https://shop.example\"}", "POTS"),
        (&format!("kind: act\n{http}\ninput: {{type: objcet}}"), "is no JSON Schema"),
        (
            &format!("kind: act\n{http}\noutput: {{$ref: \"https://evil.example/s.json\"}}"),
            "is no JSON Schema",
        ),
        (&format!("kind: act\n{http}\ntimeout: 5m"), "100ms to 20s"),
        (&format!("kind: act\n{http}\nretry: {{tries: 0}}"), "1 to 20"),
        (&format!("kind: act\n{http}\nundo: {{action: refunds.cancle}}"), "did you mean \"refunds.cancel\"?"),
        (&format!("kind: act\n{http}\nundo: {{action: orders.find}}"), "both of `kind: act`"),
        (&format!("kind: act\n{http}\non_failure: {{team: biling}}"), "did you mean \"billing\"?"),
        ("kind: act\nsql: {database: shop, query: \"SELECT 1\"}", "`sql` only reads"),
        ("kind: read\nsql: {database: shop, query: \"DELETE FROM orders\"}", "is one SELECT"),
        ("kind: read\nsql: {database: shop, query: \"SELECT 1; DROP TABLE orders\"}", "is one SELECT"),
        (
            "kind: read\nsql: {database: shop, query: \"WITH a AS (DELETE FROM o RETURNING *) SELECT * FROM a\"}",
            "\"delete\" is not for reading",
        ),
        ("kind: read\nsql: {database: shop, query: SELECT 1, max_rows: 0}", "`max_rows` is 1 to 200"),
        (
            "kind: read\nsql: {database: shop, query: SELECT 1}\nauth: {bearer: x}",
            "`auth` and `success` are for `http`",
        ),
        ("kind: read\ncommand: {program: stock}", "`program` is a whole path"),
        ("kind: act\ncommand: {program: /opt/stock}\nidempotency: LD_PRELOAD", "not one that programs heed"),
        ("kind: read\ncommand: {program: /opt/stock}\nauth: {bearer: x}", "a command gets no secrets"),
        (
            "kind: read\ncommand: {program: /opt/stock, args: [\"{{ input.nowhere }}\"]}",
            "a template fails on a sample",
        ),
        ("kind: read\nmcp: {server: \"{{ input.s }}\", tool: t}", "are names, and no templates"),
        (
            "kind: read\ncommand: {program: /opt/stock}\nsql: {database: a, query: SELECT 1}",
            "only one of them",
        ),
        (
            "kind: read\nsql: {database: shop, query: \"SELECT * FROM o WHERE id = '{{ input.id }}'\"}",
            "is no template",
        ),
        (
            "kind: read\nsql: {database: shop, query: \"SELECT * FROM o WHERE id = $1\"}",
            "the query names others",
        ),
    ] {
        let found = in_action(lines);
        assert!(found.contains(expected), "{lines}\ngave: {found}");
        assert!(found.starts_with("policies/actions/test.it.yaml:"), "{found}");
    }
    assert_eq!(
        in_action(
            "kind: read\nsql: {database: shop, query: \"SELECT a FROM o WHERE id = $1\", params: [\"{{ input.id }}\"]}\ninput: {type: object, properties: {id: {type: string}}}"
        ),
        ""
    );
}

#[test]
fn a_rule_that_can_never_speak_is_a_fault() {
    let rules = |lines: &str| faults("policies/rules.yaml", &format!("rules:\n{lines}\n"));
    let rule = |id: &str, when: &str, then: &str| {
        format!("  - id: {id}\n    when: {when}\n    then: {then}\n    because: A test.\n")
    };
    let hand_off = "{hand_off: {}}";
    let shadowed = |first: String, second: String| rules(&(first + &second));
    let high = "urgency == \"high\"";
    for (first, second) in [
        (rule("a", high, hand_off), rule("b", high, "{reply: thanks}")),
        (rule("a", high, hand_off), rule("b", "in_scope && ( urgency==\"high\" )", "{tags: [x]}")),
        (rule("a", "\"true\"", hand_off), rule("b", high, "{tags: [x]}")),
    ] {
        let found = shadowed(first.clone(), second);
        assert!(
            found.contains("policies/rules.yaml:6:9: the rule \"b\" never speaks: \"a\" stands before it"),
            "{first}{found}"
        );
    }
    for (first, second) in [
        // It only adds, so the next speaks, too.
        (rule("a", high, "{tags: [x]}"), rule("b", high, hand_off)),
        // It asks for more.
        (rule("a", "urgency == \"high\" && in_scope", hand_off), rule("b", high, hand_off)),
        // What it asks for may come true in between.
        (rule("a", high, hand_off) + &rule("c", "in_scope", "{urgency: high}"), rule("b", high, hand_off)),
    ] {
        assert_eq!(shadowed(first, second), "");
    }
}

#[test]
fn what_nothing_uses_is_a_warning_and_the_shipped_desk_has_none() {
    let mut content = starter();
    let warned = |content: &Content| -> Vec<String> {
        let book = read(content).unwrap_or_else(|faults| panic!("{faults:#?}"));
        book.warnings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(warned(&content), Vec::<String>::new());
    content.insert("policies/actions/shop.order.yaml".to_owned(), shop::ORDERS.1.to_owned());
    content.insert(
        "policies/playbooks/idle.yaml".to_owned(),
        "id: idle\nname: Idle\ndescription: A test.\nsteps:\n  - reply: {text: thanks}\n".to_owned(),
    );
    let replies = content.get_mut("policies/replies.yaml").unwrap();
    replies.push_str("  never-said:\n    en: Nobody hears this.\n");
    let warned = warned(&content).join("\n");
    for expected in [
        "policies/actions/shop.order.yaml:1: no playbook calls \"shop.order\"",
        "policies/playbooks/idle.yaml:1: nothing starts \"idle\"",
        "nothing says \"never-said\"",
    ] {
        assert!(warned.contains(expected), "{warned}");
    }
}
