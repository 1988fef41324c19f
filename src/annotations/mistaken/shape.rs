//! How names of alerts look, where a query was expected.

/// Words of PromQL and MetricsQL between two operands.
const OPERATORS: [&str; 16] = [
    "and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "offset", "bool", "default", "if",
    "ifnot", "limit", "smoothed", "anchored",
];

/// Whether a query is rather the name of an alert: metrics are written small, with underscores.
pub(super) fn is_alert(text: &str) -> bool {
    let ends = ["_alert", "_alerts"].iter().any(|end| text.ends_with(end));
    // `alertmanager_alerts` is a metric.
    let is_cased = ends && is_name(text) && text.contains(|c: char| c.is_ascii_uppercase());
    is_dashed(text) || is_camel(text) || is_words(text) || is_cased
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `Payments*`, `***-availability`
pub(super) fn is_glob(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "*_-.".contains(c))
        && text.chars().any(char::is_alphabetic)
}

/// `Till is slow`
pub(super) fn is_words(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
            && !OPERATORS.iter().any(|operator| word.eq_ignore_ascii_case(operator))
    };
    text.contains(' ') && text.split_whitespace().all(word)
}

/// `till-high-latency`
pub(super) fn is_dashed(text: &str) -> bool {
    let word = |word: &str| {
        word.len() > 1
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    text.contains('-') && text.split('-').all(word)
}

/// `DiskWillFill`: metrics are written small, with underscores.
pub(super) fn is_camel(text: &str) -> bool {
    text.len() > 3
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().any(|c| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}
