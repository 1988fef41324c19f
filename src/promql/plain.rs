//! Rewrites a query for the parser, which must not see regexes, raw strings and some durations.

use super::quoted::{quote, unquote};
use super::words::{Kind, words};

/// Marks the text of a regex in a plain form.
pub(super) const REGEX_MARK: &str = "\u{1}";

/// What becomes of regexes, which the parser must not see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Regexes {
    /// All become one text.
    Dropped,
    /// Each becomes its text behind [`REGEX_MARK`], which plain matchers hardly have.
    Marked,
}

/// The query in a form that the parser can take, or why it has none. Regexes become plain texts: the parser would
/// compile each, at a cost that the author of the query decides. Raw strings become quoted ones: the parser takes
/// their backslashes for escapes.
pub(super) fn plain_form(query: &str, regexes: Regexes) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(query.len());
    let mut in_braces = false;
    // The last piece that is not blank, and whether a duration may follow: behind `[`, `[5m:` or `offset`.
    let mut last = (Kind::Blank, "");
    let mut duration_place = false;
    for (kind, span) in words(query) {
        let word = span.of(query);
        match (kind, word) {
            (Kind::Quoted, _) if regexes == Regexes::Marked && in_braces && matches!(last.1, "=~" | "!~") => {
                let regex = unquote(word).map_or_else(String::new, |(regex, _)| regex);
                plain.push_str(&quote(&format!("{REGEX_MARK}{regex}")));
            }
            (Kind::Quoted, _) if in_braces && matches!(last.1, "=~" | "!~") => {
                plain.push_str(if obviously_empty(word) { "\"\"" } else { "\"x\"" });
            }
            (Kind::Quoted, raw) if raw.starts_with('`') => plain.push_str(&quote(raw.trim_matches('`'))),
            (Kind::Operator, "=~") if in_braces => plain.push('='),
            (Kind::Operator, "!~") if in_braces => plain.push_str("!="),
            (Kind::Word, number) if duration_place && is_out_of_range(number) => {
                // The parser panics on it.
                return Err("a duration in it is out of range");
            }
            (Kind::Word, or) if in_braces && last.0 == Kind::Quoted && or.eq_ignore_ascii_case("or") => {
                return Err("Prometheus has no or between label matchers");
            }
            _ => plain.push_str(word),
        }
        if kind == Kind::Blank {
            continue;
        }
        match kind {
            Kind::Open(open) => in_braces = open == b'{',
            Kind::Close(_) => in_braces = false,
            _ => {}
        }
        duration_place = match kind {
            Kind::Open(open) => open == b'[',
            Kind::Word => word.eq_ignore_ascii_case("offset"),
            Kind::Sign => duration_place,
            _ => word == ":",
        };
        last = (kind, word);
    }
    Ok(plain)
}

/// Whether a quoted regex obviously matches the empty text too; the parser refuses a selector of only such.
fn obviously_empty(quoted: &str) -> bool {
    matches!(quoted.trim_matches(['"', '\'', '`']), "" | ".*")
}

fn is_out_of_range(word: &str) -> bool {
    word.parse::<f64>().is_ok_and(|seconds| !(0.0..=1e12).contains(&seconds))
}
