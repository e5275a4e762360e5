//! The plain part of conditions, asked without the CEL evaluator: comparisons of one fact with a literal, what they are
//! joined by, and patterns. It gives what CEL gives (a test holds both to each other), many times faster; whatever is
//! not plain stays with CEL.

use super::facts::{Fact, Facts, VOCABULARY};
use crate::domain::Time;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};
use regex::Regex;

/// A plain condition.
#[derive(Debug)]
pub(super) enum Quick {
    Always(bool),
    Is(usize),
    Text(usize, Compare, String),
    Number(usize, Compare, f64),
    Bool(usize, bool),
    OneOf(usize, Vec<String>),
    Has(usize, String),
    Find(usize, Search, String),
    Matches(usize, Box<Regex>),
    Size(usize, Compare, f64),
    At(Compare, Time),
    Not(Box<Quick>),
    All(Vec<Quick>),
    Any(Vec<Quick>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Search {
    Contains,
    Starts,
    Ends,
}

impl Compare {
    fn of(function: &str) -> Option<Self> {
        Some(match function {
            "_==_" => Self::Equal,
            "_!=_" => Self::Unequal,
            "_<_" => Self::Less,
            "_<=_" => Self::LessOrEqual,
            "_>_" => Self::Greater,
            "_>=_" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// The same with the sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl Quick {
    /// The plain form of an expression, if it has one.
    pub(super) fn of(node: &IdedExpr) -> Option<Self> {
        match &node.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Some(Self::Always(*value.inner())),
            Expr::Ident(_) | Expr::Select(_) => {
                let (index, kind) = fact(node)?;
                matches!(kind, Sort::Bool).then_some(Self::Is(index))
            }
            Expr::Call(call) => Self::of_call(call),
            _ => None,
        }
    }

    fn of_call(call: &CallExpr) -> Option<Self> {
        let given: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (call.func_name.as_str(), given.as_slice()) {
            ("!_", [one]) => Some(Self::Not(Box::new(Self::of(one)?))),
            ("_&&_", all) => all.iter().map(|one| Self::of(one)).collect::<Option<_>>().map(Self::All),
            ("_||_", any) => any.iter().map(|one| Self::of(one)).collect::<Option<_>>().map(Self::Any),
            ("@in" | "_in_" | "in", [left, right]) => match (&left.expr, &right.expr) {
                (_, Expr::List(list)) => {
                    let (index, Sort::Text) = fact(left)? else { return None };
                    let words = list.elements.iter().map(|one| text(one).map(str::to_owned));
                    Some(Self::OneOf(index, words.collect::<Option<_>>()?))
                }
                (Expr::Literal(_), _) => {
                    let (index, Sort::Texts) = fact(right)? else { return None };
                    Some(Self::Has(index, text(left)?.to_owned()))
                }
                _ => None,
            },
            ("contains", [from, what]) => Self::find(from, what, Search::Contains),
            ("startsWith", [from, what]) => Self::find(from, what, Search::Starts),
            ("endsWith", [from, what]) => Self::find(from, what, Search::Ends),
            ("rx" | "matches", [from, pattern]) => {
                let (index, Sort::Text) = fact(from)? else { return None };
                Some(Self::Matches(index, Box::new(Regex::new(text(pattern)?).ok()?)))
            }
            (function, [left, right]) => {
                let compare = Compare::of(function)?;
                Self::compare(left, compare, right).or_else(|| Self::compare(right, compare.turned(), left))
            }
            _ => None,
        }
    }

    fn find(from: &IdedExpr, what: &IdedExpr, search: Search) -> Option<Self> {
        let (index, Sort::Text) = fact(from)? else { return None };
        Some(Self::Find(index, search, text(what)?.to_owned()))
    }

    fn compare(left: &IdedExpr, compare: Compare, right: &IdedExpr) -> Option<Self> {
        if let Expr::Call(call) = &left.expr
            && call.func_name == "size"
        {
            let measured = call.target.as_deref().into_iter().chain(&call.args).collect::<Vec<_>>();
            let [measured] = measured.as_slice() else { return None };
            let (index, Sort::Text | Sort::Texts) = fact(measured)? else { return None };
            return Some(Self::Size(index, compare, number(right)?));
        }
        let (index, sort) = fact(left)?;
        match sort {
            Sort::Text => Some(Self::Text(index, compare, text(right)?.to_owned())),
            Sort::Number => Some(Self::Number(index, compare, number(right)?)),
            Sort::Bool => match (&right.expr, compare) {
                (Expr::Literal(LiteralValue::Boolean(value)), Compare::Equal) => {
                    Some(Self::Bool(index, *value.inner()))
                }
                (Expr::Literal(LiteralValue::Boolean(value)), Compare::Unequal) => {
                    Some(Self::Bool(index, !*value.inner()))
                }
                _ => None,
            },
            // The message's is the only instant there is.
            Sort::Instant => Some(Self::At(compare, instant(right)?)),
            Sort::Texts => None,
        }
    }

    /// Whether it holds.
    pub(super) fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::Always(value) => *value,
            Self::Is(index) => matches!(facts.at(*index), Fact::Bool(true)),
            Self::Bool(index, value) => matches!(facts.at(*index), Fact::Bool(is) if is == *value),
            Self::Text(index, compare, other) => {
                matches!(facts.at(*index), Fact::Text(is) if compare.holds(is, other.as_str()))
            }
            Self::Number(index, compare, other) => {
                matches!(facts.at(*index), Fact::Number(is) if compare.holds(&is, other))
            }
            Self::OneOf(index, words) => {
                matches!(facts.at(*index), Fact::Text(is) if words.iter().any(|word| word == is))
            }
            Self::Has(index, word) => {
                matches!(facts.at(*index), Fact::Texts(all) if all.iter().any(|one| one == word))
            }
            Self::Find(index, search, what) => match (facts.at(*index), search) {
                (Fact::Text(is), Search::Contains) => is.contains(what.as_str()),
                (Fact::Text(is), Search::Starts) => is.starts_with(what.as_str()),
                (Fact::Text(is), Search::Ends) => is.ends_with(what.as_str()),
                _ => false,
            },
            Self::Matches(index, pattern) => {
                matches!(facts.at(*index), Fact::Text(is) if pattern.is_match(is))
            }
            Self::Size(index, compare, other) => match facts.at(*index) {
                Fact::Text(is) => compare.holds(&(is.chars().count() as f64), other),
                Fact::Texts(all) => compare.holds(&(all.len() as f64), other),
                _ => false,
            },
            Self::At(compare, other) => compare.holds(&facts.message.at, other),
            Self::Not(one) => !one.holds(facts),
            Self::All(all) => all.iter().all(|one| one.holds(facts)),
            Self::Any(any) => any.iter().any(|one| one.holds(facts)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    Text,
    Number,
    Bool,
    Texts,
    Instant,
}

/// The fact that an expression names, with its place in the vocabulary.
fn fact(node: &IdedExpr) -> Option<(usize, Sort)> {
    use super::facts::Kind;
    let path = super::typing::path_of(node)?;
    let index = VOCABULARY.iter().position(|(name, _)| *name == path)?;
    let sort = match &VOCABULARY[index].1 {
        Kind::Text | Kind::Word(_) | Kind::OneOf(_) | Kind::Intent => Sort::Text,
        Kind::Number => Sort::Number,
        Kind::Bool => Sort::Bool,
        Kind::Texts => Sort::Texts,
        Kind::Instant | Kind::Anything => Sort::Instant,
    };
    Some((index, sort))
}

fn text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// `timestamp("…")` of a literal.
fn instant(node: &IdedExpr) -> Option<Time> {
    let Expr::Call(call) = &node.expr else { return None };
    let given: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
    match (call.func_name.as_str(), given.as_slice()) {
        ("timestamp", [literal]) => text(literal)?.parse().ok(),
        _ => None,
    }
}

fn number(node: &IdedExpr) -> Option<f64> {
    match &node.expr {
        Expr::Literal(LiteralValue::Int(number)) => Some(*number.inner() as f64),
        Expr::Literal(LiteralValue::UInt(number)) => Some(*number.inner() as f64),
        Expr::Literal(LiteralValue::Double(number)) => Some(*number.inner()),
        _ => None,
    }
}
