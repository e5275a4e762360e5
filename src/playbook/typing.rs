//! The type check of conditions: CEL itself checks nothing before it runs, and `urgency == 5` is silently false.

use super::condition::MoreNames;
use super::facts::{self, Kind, VOCABULARY};
use super::fault::unknown;
use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

/// How deep a condition may nest; the evaluator recurses as deep.
const MAX_DEPTH: usize = 24;

/// Names beside the vocabulary.
pub struct Scope<'a> {
    /// The desk's intents.
    pub intents: &'a [String],
    /// Slots (`slots.x`) and names that earlier steps have saved.
    pub more: &'a MoreNames,
    /// A value for each of them.
    pub sample: &'a serde_json::Map<String, serde_json::Value>,
}

/// What an expression gives, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Type {
    Text,
    Word(Vec<String>),
    Number,
    Bool,
    Instant,
    Texts,
    Unknown,
}

impl Type {
    fn name(&self) -> &'static str {
        match self {
            Self::Text | Self::Word(_) => "text",
            Self::Number => "a number",
            Self::Bool => "yes or no",
            Self::Instant => "an instant",
            Self::Texts => "a list of texts",
            Self::Unknown => "anything",
        }
    }

    fn like(&self, other: &Self) -> bool {
        self == &Self::Unknown || other == &Self::Unknown || self.name() == other.name()
    }
}

/// Checks a condition and returns the facts that it looks at.
pub fn check(expression: &IdedExpr, scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let mut checker = Checker { scope, used: Vec::new(), bound: Vec::new() };
    let found = checker.infer(expression, 0)?;
    if !found.like(&Type::Bool) {
        return Err(format!("a condition must be yes or no, this is {}", found.name()));
    }
    checker.used.sort();
    checker.used.dedup();
    Ok(checker.used)
}

struct Checker<'a> {
    scope: &'a Scope<'a>,
    used: Vec<String>,
    bound: Vec<String>,
}

impl Checker<'_> {
    fn infer(&mut self, node: &IdedExpr, depth: usize) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err("is nested too deeply; split it into several rules".to_owned());
        }
        match &node.expr {
            Expr::Literal(literal) => Ok(literal_type(literal)),
            Expr::Ident(_) | Expr::Select(_) => self.name(node, depth),
            Expr::List(list) => {
                for element in &list.elements {
                    self.infer(element, depth + 1)?;
                }
                Ok(Type::Texts)
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("maps are not used in conditions".to_owned())
            }
            Expr::Comprehension(over) => {
                let range = self.infer(&over.iter_range, depth + 1)?;
                if !range.like(&Type::Texts) {
                    return Err(format!("only lists can be gone through, this is {}", range.name()));
                }
                if self.bound.len() > 2 {
                    return Err("goes through lists inside lists; that may take too long".to_owned());
                }
                self.bound.extend([over.iter_var.clone(), over.accu_var.clone()]);
                for part in [&over.accu_init, &over.loop_cond, &over.loop_step, &over.result] {
                    self.infer(part, depth + 1)?;
                }
                self.bound.truncate(self.bound.len() - 2);
                Ok(Type::Unknown)
            }
            Expr::Call(call) => {
                let mut given = Vec::new();
                for argument in call.target.as_deref().into_iter().chain(&call.args) {
                    given.push(self.infer(argument, depth + 1)?);
                }
                self.call(
                    &call.func_name,
                    &given,
                    call.target.as_deref().into_iter().chain(&call.args).collect(),
                )
            }
        }
    }

    fn name(&mut self, node: &IdedExpr, depth: usize) -> Result<Type, String> {
        let Some(path) = path_of(node) else {
            if let Expr::Select(select) = &node.expr {
                self.infer(&select.operand, depth + 1)?;
            }
            return Ok(Type::Unknown);
        };
        let root = path.split('.').next().unwrap_or(&path);
        if self.bound.iter().any(|name| name == root) || root.starts_with('@') {
            return Ok(Type::Unknown);
        }
        if let Some(kind) = facts::kind_of(&path) {
            self.used.push(path);
            return Ok(self.of(kind));
        }
        if let Some(kind) = self.scope.more.get(&path) {
            return Ok(self.of(kind));
        }
        // Below something of which nothing is known, everything may be.
        let mut above = path.as_str();
        while let Some((start, _)) = above.rsplit_once('.') {
            if self.scope.more.get(start) == Some(&Kind::Anything) {
                return Ok(Type::Unknown);
            }
            above = start;
        }
        let known =
            VOCABULARY.iter().map(|(name, _)| *name).chain(self.scope.more.keys().map(String::as_str));
        Err(unknown("fact", &path, known))
    }

    fn of(&self, kind: &Kind) -> Type {
        let or_empty = |words: &[String]| Type::Word(words.iter().cloned().chain([String::new()]).collect());
        match kind {
            Kind::Text => Type::Text,
            Kind::Word(words) => Type::Word(words.iter().map(|word| (*word).to_owned()).collect()),
            Kind::OneOf(words) => or_empty(words),
            Kind::Intent => or_empty(self.scope.intents),
            Kind::Number => Type::Number,
            Kind::Bool => Type::Bool,
            Kind::Instant => Type::Instant,
            Kind::Texts => Type::Texts,
            Kind::Anything => Type::Unknown,
        }
    }

    fn call(&self, function: &str, given: &[Type], nodes: Vec<&IdedExpr>) -> Result<Type, String> {
        let yes_or_no = |which: &[Type]| match which.iter().find(|one| !one.like(&Type::Bool)) {
            Some(other) => Err(format!(
                "`{}` joins answers of yes or no, one of them is {}",
                sign(function),
                other.name()
            )),
            None => Ok(()),
        };
        match (function, given) {
            ("_&&_" | "_||_" | "!_", _) => yes_or_no(given).map(|()| Type::Bool),
            ("_?_:_", [condition, first, second]) => {
                yes_or_no(std::slice::from_ref(condition))?;
                Ok(if first.like(second) { first.clone() } else { Type::Unknown })
            }
            ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
                if !left.like(right) {
                    return Err(format!("compares {} with {}", left.name(), right.name()));
                }
                self.word(left, nodes[1])?;
                self.word(right, nodes[0])?;
                Ok(Type::Bool)
            }
            ("@in" | "_in_" | "in", [left, right]) => {
                if !right.like(&Type::Texts) {
                    return Err(format!("`in` looks into a list, this is {}", right.name()));
                }
                if let Expr::List(list) = &nodes[1].expr {
                    for element in &list.elements {
                        self.word(left, element)?;
                    }
                }
                Ok(Type::Bool)
            }
            ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [left, right]) => {
                Ok(if left == right { left.clone() } else { Type::Unknown })
            }
            ("-_", [one]) => Ok(one.clone()),
            ("contains" | "startsWith" | "endsWith" | "matches" | "rx", [text, pattern]) => {
                match [text, pattern].into_iter().find(|one| !one.like(&Type::Text)) {
                    Some(other) => Err(format!("`{function}` looks into text, this is {}", other.name())),
                    None => Ok(Type::Bool),
                }
            }
            ("days_since" | "months_since", [day]) => match day.like(&Type::Text) {
                true => Ok(Type::Number),
                false => {
                    Err(format!("`{function}` takes a day such as \"2026-03-04\", this is {}", day.name()))
                }
            },
            ("size", [_]) => Ok(Type::Number),
            ("timestamp", [_]) => Ok(Type::Instant),
            ("duration", [_]) => Ok(Type::Unknown),
            (
                "getHours" | "getMinutes" | "getDayOfWeek" | "getDayOfMonth" | "getMonth" | "getFullYear"
                | "getDate",
                _,
            ) => Ok(Type::Number),
            ("int" | "double", [_]) => Ok(Type::Number),
            ("string", [_]) => Ok(Type::Text),
            ("@not_strictly_false" | "_[_]", _) => Ok(Type::Unknown),
            _ => Err(unknown(
                "function",
                function,
                [
                    "contains",
                    "startsWith",
                    "endsWith",
                    "matches",
                    "rx",
                    "size",
                    "days_since",
                    "months_since",
                    "timestamp",
                    "duration",
                    "getHours",
                ],
            )),
        }
    }

    /// A literal that is compared with a fact of few words must be one of them.
    fn word(&self, kind: &Type, literal: &IdedExpr) -> Result<(), String> {
        if let (Type::Word(words), Expr::Literal(LiteralValue::String(text))) = (kind, &literal.expr) {
            let text = text.inner();
            if !words.iter().any(|word| word == text) {
                return Err(unknown("value", text, words.iter().map(String::as_str)));
            }
        }
        Ok(())
    }
}

fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Number,
        LiteralValue::Bytes(_) | LiteralValue::Null => Type::Unknown,
    }
}

pub(super) fn path_of(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", path_of(&select.operand)?, select.field))
        }
        _ => None,
    }
}

fn sign(function: &str) -> &str {
    function.trim_matches('_')
}
