//! What editors, chats and web pages make of a query.

use crate::characters::{TYPOGRAPHIC_QUOTES, is_invisible};
use crate::promql::split::outside_strings;

const ESCAPES: [(&str, &str); 6] =
    [("&gt;", ">"), ("&lt;", "<"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"), ("&nbsp;", "a blank")];

/// Signs that no grammar of queries has, and those that were meant.
const FOREIGN: [(&str, &str); 21] = [
    ("≥", ">="),
    ("⩾", ">="),
    ("≤", "<="),
    ("⩽", "<="),
    ("≠", "!="),
    ("×", "*"),
    ("·", "*"),
    ("∗", "*"),
    ("÷", "/"),
    ("∕", "/"),
    ("–", "-"),
    ("—", "-"),
    ("−", "-"),
    ("‑", "-"),
    ("｜", "|"),
    ("，", ","),
    ("；", ";"),
    ("（", "("),
    ("）", ")"),
    ("＝", "="),
    ("：", ":"),
];

/// The problem of a sign outside the strings of a query.
pub(super) fn foreign_sign(query: &str) -> Option<String> {
    if let Some((escape, sign)) = ESCAPES.iter().find(|(escape, _)| query.contains(escape)) {
        return Some(format!("{escape} is an escape of HTML; write {sign}"));
    }
    let outside = outside_strings(query);
    if outside.contains(TYPOGRAPHIC_QUOTES) {
        return Some("typographic quotes; use straight ones: \"".to_owned());
    }
    // Prometheus takes a non-breaking space for no blank.
    if let Some(sign) = query.chars().find(|c| *c == '\u{a0}' || is_invisible(*c)) {
        return Some(format!("invisible character (U+{:04X}); remove it", u32::from(sign)));
    }
    let (foreign, sign) = FOREIGN.iter().find(|(foreign, _)| outside.contains(foreign))?;
    Some(format!("PromQL has no sign {foreign}; write {sign}"))
}
