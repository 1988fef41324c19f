//! Variables of Grafana in a query: `$job`, `${job}`, `[[job]]`, `$__rate_interval`.

use crate::diagnostic::Span;

/// The first variable of Grafana in a query. The groups of a `label_replace` are none.
pub(super) fn variable(query: &str) -> Option<Span> {
    let has_groups = query.contains("label_replace");
    let dollar = query.match_indices('$').find_map(|(at, _)| {
        let rest = query.get(at + 1..)?;
        let (name, length) = match rest.strip_prefix('{') {
            Some(inside) => inside.split_once('}').map(|(name, _)| (name, name.len() + 2))?,
            None => (rest, word(rest)),
        };
        let is_own = name.starts_with("__") || !has_groups;
        (is_own && word(name) > 0 && (rest.starts_with('{') || length > 0))
            .then(|| Span::new(at, at + 1 + length))
    });
    let bracketed = query.find("[[").and_then(|at| {
        let (name, _) = query.get(at + 2..)?.split_once("]]")?;
        (word(name) == name.len() && !name.is_empty()).then(|| Span::new(at, at + name.len() + 4))
    });
    dollar.or(bracketed)
}

/// The length of the name that a text begins with.
fn word(text: &str) -> usize {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins { text.bytes().take_while(|b| is_name(b)).count() } else { 0 }
}
