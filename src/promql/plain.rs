//! Rewrites a query for the parser, which must not see regexes, raw strings and some durations.

use promql_parser::label::{MatchOp as ParsedOp, Matcher as ParsedMatcher};

use super::matcher::MatchOp;
use super::names::NameFinder;
use super::quoted::{quote, unquote};
use super::scan::{Kind, Scan};

/// Marks the text of a regex in a plain form.
pub(super) const REGEX_MARK: &str = "\u{1}";

/// Whether a text in the query could pass for a marked regex.
pub(super) fn is_doubtful(query: &str) -> bool {
    [REGEX_MARK, "\\x", "\\u", "\\U", "\\0"].iter().any(|odd| query.contains(odd))
}

/// What takes the place of a quoted regex where its text does not count.
pub(super) fn dropped(quoted: &str) -> String {
    // The parser refuses a selector of only regexes that match the empty text too. These obviously do.
    let is_empty = matches!(quoted.trim_matches(['"', '\'', '`']), "" | ".*");
    if is_empty { "\"\"" } else { "\"x\"" }.to_owned()
}

/// The regex as a text behind [`REGEX_MARK`], which plain matchers hardly have.
pub(super) fn marked(quoted: &str) -> String {
    let regex = unquote(quoted).map_or_else(String::new, |(regex, _)| regex);
    quote(&format!("{REGEX_MARK}{regex}"))
}

/// The operator and the value of a matcher, as its author wrote them: the parser has seen a marked text for a regex.
pub(super) fn as_written(matcher: &ParsedMatcher) -> (MatchOp, &str) {
    match (&matcher.op, matcher.value.strip_prefix(REGEX_MARK)) {
        (ParsedOp::Equal, None) => (MatchOp::Equal, &matcher.value),
        (ParsedOp::Equal, Some(regex)) => (MatchOp::Regex, regex),
        (_, None) => (MatchOp::NotEqual, &matcher.value),
        (_, Some(regex)) => (MatchOp::NotRegex, regex),
    }
}

/// The query in a form that the parser can take, or why it has none. Each regex becomes a plain text (`regex` writes
/// it): the parser would compile it, at a cost that the author of the query decides. Raw strings become quoted ones:
/// the parser takes their backslashes for escapes. Names that look like keywords are marked.
pub(super) fn plain_form(query: &str, regex: fn(&str) -> String) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(query.len());
    let mut in_braces = false;
    // The last word that is not blank, and whether a duration may follow: behind `[`, `[5m:` or `offset`.
    let mut last = (Kind::Blank, "");
    let mut duration_place = false;
    let mut names = NameFinder::default();
    for (kind, span) in Scan::finished(query).words() {
        let word = span.of(query);
        match (kind, word) {
            (Kind::Quoted, _) if in_braces && matches!(last.1, "=~" | "!~") => plain.push_str(&regex(word)),
            (Kind::Quoted, raw) if raw.starts_with('`') => plain.push_str(&quote(raw.trim_matches('`'))),
            (Kind::Operator, "=~") if in_braces => plain.push('='),
            (Kind::Operator, "!~") if in_braces => plain.push_str("!="),
            // The parser panics on it.
            (Kind::Word, number) if duration_place && is_out_of_range(number) => {
                return Err("a duration in it is out of range");
            }
            (Kind::Word, or) if in_braces && last.0 == Kind::Quoted && or.eq_ignore_ascii_case("or") => {
                return Err("Prometheus has no or between label matchers");
            }
            (Kind::Word, name) => plain.push_str(names.written(name).as_deref().unwrap_or(name)),
            _ => plain.push_str(word),
        }
        if kind == Kind::Blank {
            continue;
        }
        names.step(kind, word);
        (in_braces, duration_place) = match kind {
            Kind::Open(open) => (open == b'{', open == b'['),
            Kind::Close(_) => (false, false),
            Kind::Word => (in_braces, word.eq_ignore_ascii_case("offset")),
            Kind::Sign => (in_braces, duration_place),
            _ => (in_braces, word == ":"),
        };
        last = (kind, word);
    }
    Ok(plain)
}

fn is_out_of_range(word: &str) -> bool {
    word.parse::<f64>().is_ok_and(|seconds| !(0.0..=1e12).contains(&seconds))
}
