//! A condition taken apart into what must hold together.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

/// The parts that `&&` joins at the outermost level, in order.
pub(super) fn of(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) if call.func_name == "_&&_" => {
            call.target.as_deref().into_iter().chain(&call.args).flat_map(of).collect()
        }
        // `true` asks for nothing.
        Expr::Literal(LiteralValue::Boolean(yes)) if *yes.inner() => Vec::new(),
        _ => vec![node],
    }
}

/// The texts between the `&&` at the outermost level, in order.
pub(super) fn texts(source: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0_i32, None, false);
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(mark) if byte == mark => quote = None,
            Some(_) => {}
            None => match byte {
                b'"' | b'\'' => quote = Some(byte),
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b'&' if depth == 0 && bytes.get(at + 1) == Some(&b'&') => {
                    parts.push(source[start..at].trim());
                    at += 1;
                    start = at + 1;
                }
                _ => {}
            },
        }
        at += 1;
    }
    parts.push(source[start..].trim());
    parts
}

/// An expression in one spelling: the same whatever spaces and brackets it was written with. `None` where it holds
/// something that has no short spelling.
pub(super) fn spelt(node: &IdedExpr) -> Option<String> {
    Some(match &node.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => {
            let mark = if select.test { "?" } else { "" };
            format!("{}.{}{mark}", spelt(&select.operand)?, select.field)
        }
        Expr::Literal(literal) => match literal {
            LiteralValue::Boolean(value) => value.inner().to_string(),
            LiteralValue::String(value) => format!("{:?}", value.inner()),
            LiteralValue::Int(value) => value.inner().to_string(),
            LiteralValue::UInt(value) => value.inner().to_string(),
            LiteralValue::Double(value) => format!("{:?}", value.inner()),
            LiteralValue::Null | LiteralValue::Bytes(_) => return None,
        },
        Expr::List(list) => {
            let all = list.elements.iter().map(spelt).collect::<Option<Vec<_>>>()?;
            format!("[{}]", all.join(","))
        }
        Expr::Call(call) => {
            let given = call.target.as_deref().into_iter().chain(&call.args);
            let given = given.map(spelt).collect::<Option<Vec<_>>>()?;
            format!("{}({})", call.func_name, given.join(","))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_taken_apart_where_its_outermost_ands_are() {
        for (source, expected) in [
            ("a && b.c > 1", vec!["a", "b.c > 1"]),
            ("(a && b) && \"x && y\" == c", vec!["(a && b)", "\"x && y\" == c"]),
            (r#"rx(a, "\"&&") && !b"#, vec![r#"rx(a, "\"&&")"#, "!b"]),
            ("a || b && c", vec!["a || b", "c"]),
        ] {
            assert_eq!(texts(source), expected);
        }
    }
}
