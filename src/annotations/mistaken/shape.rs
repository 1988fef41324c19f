//! How names of alerts look, where a query was expected.

/// Words of PromQL and MetricsQL between two operands.
const OPERATORS: [&str; 17] = [
    "and",
    "or",
    "unless",
    "atan2",
    "by",
    "without",
    "on",
    "ignoring",
    "offset",
    "bool",
    "default",
    "if",
    "ifnot",
    "limit",
    "smoothed",
    "anchored",
    "keep_metric_names",
];

/// Parts of the names of rule files, and of the namespaces that they are in.
const FILES: [&str; 11] = [
    "default",
    "monitoring",
    "observability",
    "prometheus",
    "alerting",
    "alerts",
    "rules",
    "configmap",
    "secret",
    "prometheusrule",
    "prometheusrules",
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

/// `rules/till.yaml`
pub(super) fn is_file(text: &str) -> bool {
    [".yaml", ".yml", ".rules", ".json"].iter().any(|end| text.ends_with(end)) && !text.contains(['(', '{'])
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

/// `High Error Rate (payments)`, `SLO: error budget burn`, `[prod] Payments down`
pub(super) fn is_title(text: &str) -> bool {
    // A function of MetricsQL is written small.
    let is_large = text.trim_start_matches(['[', '(']).starts_with(|c: char| c.is_uppercase());
    let has_words = text.split_whitespace().take_while(|word| !word.starts_with('(')).count() > 1;
    let words = text.replace(['(', ')', '[', ']'], " ");
    let words = words.split_whitespace().map(|word| word.trim_end_matches([':', '.', '!', '?']));
    let is_closed = |word: &str| !word.contains('(') || word.starts_with('(');
    // `dashboard: abc`
    let is_keyed = !is_large && text.split(' ').next().is_some_and(|word| word.ends_with(':'));
    text.contains(' ')
        && !is_keyed
        && (is_large || text.starts_with('[') || has_words)
        && text.split_whitespace().all(is_closed)
        && is_words(&words.collect::<Vec<_>>().join(" "))
}

/// `monitoring/payments-rules`: metrics are written with underscores.
pub(super) fn is_path(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let is_file = |part: &str| part.contains('-') || FILES.contains(&part);
    text.contains('/') && text.split('/').all(word) && text.split('/').any(is_file)
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
