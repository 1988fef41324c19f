//! What a query must satisfy before the parser may see it or anyone may send it: length, nesting, balance.

use super::scan::{Kind, Scan, closer};
use crate::diagnostic::{Diagnostic, Span};

/// The longest query that is looked at or sent, in bytes.
pub const MAX_QUERY_BYTES: usize = 8192;
/// The deepest nesting of brackets and signs that is looked at or sent.
pub const MAX_QUERY_DEPTH: usize = 128;
/// The most operators in a query that is looked at or sent: a chain of them nests in the parser as brackets do.
pub const MAX_QUERY_OPERATORS: usize = 256;

/// The first fault of a trimmed query. A query without a fault has few brackets, signs and operators,
/// so the parser's recursion, which can abort the process, stays shallow.
pub(super) fn fault(query: &str) -> Option<Diagnostic> {
    let whole = Span::whole(query);
    if query.len() > MAX_QUERY_BYTES {
        let length = query.len();
        let message = format!(
            "the query is {length} bytes long, and the limit is {MAX_QUERY_BYTES}; use a recording rule"
        );
        return Some(Diagnostic::error(whole, message));
    }
    let scan = Scan::finished(query);
    if scan.words().all(|(kind, _)| kind == Kind::Blank) {
        return Some(Diagnostic::error(whole, "no query"));
    }
    let mut nesting = Nesting::default();
    scan.words().find_map(|(kind, span)| nesting.step(kind, span, query)).or_else(|| nesting.finish())
}

/// Whether an operand must follow the word, so that a sign behind it is a prefix.
fn awaits_operand(word: &str) -> bool {
    is_operator(word) || ["bool", "offset"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

fn is_operator(word: &str) -> bool {
    ["and", "or", "unless", "atan2"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

#[derive(Default)]
struct Nesting {
    /// The brackets that are open, and how many prefix signs are before each.
    open: Vec<(u8, Span, usize)>,
    /// Brackets and prefix signs around the current place.
    depth: usize,
    /// Prefix signs of the current operand.
    signs: usize,
    operators: usize,
    /// The next sign is an operator, not a prefix.
    is_behind_operand: bool,
}

impl Nesting {
    fn step(&mut self, kind: Kind, span: Span, query: &str) -> Option<Diagnostic> {
        if kind == Kind::Blank {
            return None;
        }
        let in_braces = matches!(self.open.last(), Some((b'{', ..)));
        match kind {
            Kind::Unclosed => {
                return Some(Diagnostic::error(span, "unclosed quote (a quoted string ends on its line)"));
            }
            Kind::Open(byte) => return self.open(byte, span),
            Kind::Close(byte) => return self.close(byte, span),
            Kind::Sign if !self.is_behind_operand => {
                self.signs += 1;
                return self.deeper(span).or_else(|| self.operator(span));
            }
            Kind::Sign | Kind::Operator if !in_braces => return self.operator(span),
            Kind::Word if !in_braces && is_operator(span.of(query)) => return self.operator(span),
            Kind::Other => self.operand_ends(),
            _ => {}
        }
        self.is_behind_operand = match kind {
            Kind::Word => !awaits_operand(span.of(query)),
            kind => kind != Kind::Other,
        };
        None
    }

    fn operator(&mut self, span: Span) -> Option<Diagnostic> {
        if self.is_behind_operand {
            self.operand_ends();
        }
        self.is_behind_operand = false;
        self.operators += 1;
        let message =
            || format!("the query has more than {MAX_QUERY_OPERATORS} operators; use a recording rule");
        (self.operators > MAX_QUERY_OPERATORS).then(|| Diagnostic::error(span, message()))
    }

    fn operand_ends(&mut self) {
        self.depth -= self.signs;
        self.signs = 0;
    }

    fn deeper(&mut self, span: Span) -> Option<Diagnostic> {
        self.depth += 1;
        let message =
            || format!("the query is nested deeper than {MAX_QUERY_DEPTH} levels here; use a recording rule");
        (self.depth > MAX_QUERY_DEPTH).then(|| Diagnostic::error(span, message()))
    }

    fn open(&mut self, byte: u8, span: Span) -> Option<Diagnostic> {
        self.open.push((byte, span, self.signs));
        self.signs = 0;
        self.is_behind_operand = false;
        self.deeper(span)
    }

    fn close(&mut self, byte: u8, span: Span) -> Option<Diagnostic> {
        let close = char::from(byte);
        let Some((open, _, signs_before)) = self.open.pop() else {
            let message = format!("unmatched `{close}`; remove it or open a bracket before it");
            return Some(Diagnostic::error(span, message));
        };
        if closer(open) != byte {
            let (open, wanted) = (char::from(open), char::from(closer(open)));
            let message = format!("expected `{wanted}` to close `{open}`, found `{close}`");
            return Some(Diagnostic::error(span, message));
        }
        self.operand_ends();
        self.depth -= 1;
        self.signs = signs_before;
        self.is_behind_operand = true;
        None
    }

    /// The brackets that are still open at the end.
    fn finish(&self) -> Option<Diagnostic> {
        let (open, span, _) = self.open.last()?;
        let open = char::from(*open);
        Some(Diagnostic::error(*span, format!("unclosed `{open}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, wanted: Option<(&str, &str)>) {
        let fault = fault(query);
        let message = fault.as_ref().map(|p| (p.part_of(query), p.message.as_str()));
        match (message, wanted) {
            (None, None) => {}
            (Some((place, message)), Some((at, part))) => {
                assert_eq!(place, at, "{query}: {message}");
                assert!(message.contains(part), "{query}: {message}");
            }
            (message, wanted) => panic!("{query}: {message:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn tells_the_place_of_a_fault() {
        for (query, wanted) in [
            ("up", None),
            ("sum by (a) (rate(x{b=~\"c|d\"}[5m])) / -2", None),
            ("x{a=')'} # it's (", None),
            ("sum(up", Some(("(", "unclosed"))),
            ("up)", Some((")", "unmatched"))),
            ("up{a=\"b\"", Some(("{", "unclosed"))),
            ("x[5m)", Some((")", "expected `]` to close `[`"))),
            ("x{a=\"b}", Some(("\"b}", "unclosed quote"))),
            ("x{a=\"{{ b }}\", c=\"{{\"} + x{a=\"}}\"}", None),
            ("x{{ b", Some(("{", "unclosed"))),
            ("", Some(("", "no query"))),
            ("# only words", Some(("# only words", "no query"))),
        ] {
            check(query, wanted);
        }
    }

    #[test]
    fn counts_what_nests() {
        let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        for (query, place) in [
            (nested("(", ")", 128), None),
            (nested("(", ")", 129), Some("(")),
            (nested("abs(", ")", 129), Some("(")),
            (nested("-", "", 128), None),
            (nested("- ", "", 129), Some("-")),
            (nested("+(", ")", 64), None),
            (nested("-(", ")", 65), Some("-")),
            (format!("({})", vec!["-1"; 100].join(",")), None),
            (format!("1{}", "+1".repeat(256)), None),
            (format!("1{}", "+1".repeat(257)), Some("+")),
            (format!("a{}", " and a".repeat(257)), Some("and")),
            (format!("1{}", "^-1".repeat(257)), Some("^")),
            (format!("({})", vec!["1e-5"; 500].join(",")), None),
            (format!("x{{{}}}", "a=\"b\",".repeat(300)), None),
        ] {
            let fault = fault(&query);
            assert_eq!(fault.as_ref().map(|p| p.part_of(&query)), place, "{query}: {fault:?}");
        }
        assert_eq!(fault(&"x".repeat(MAX_QUERY_BYTES)), None);
        assert!(fault(&"x".repeat(MAX_QUERY_BYTES + 1)).is_some());
    }
}
