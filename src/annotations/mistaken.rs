//! Values of `prometheus.io/rule` that are not queries: a rule file, or the name of an alert.

use crate::diagnostic::{Diagnostic, Span};
use crate::promql::PromQl;

/// Keys at the beginning of a line that only a rule file has.
const OF_RULE_FILES: [&str; 4] = ["groups:", "alert:", "record:", "expr:"];
/// Names of alerts from a rule file that the message repeats.
const MOST_NAMES: usize = 5;

/// The problem of an annotation that is a rule file, or a part of one.
pub(super) fn rule_file(value: &str) -> Option<Diagnostic> {
    let first = value.lines().find(|line| !is_blank(line))?;
    let key = |line: &str| line.trim_start().trim_start_matches('-').trim_start().to_owned();
    let is_rule = |line: &str| OF_RULE_FILES.iter().any(|word| key(line).starts_with(word));
    let is_file = is_rule(first) || (key(first).starts_with("name:") && value.lines().any(is_rule));
    if !is_file {
        return None;
    }
    let names =
        value.lines().filter_map(|line| key(line).strip_prefix("alert:").map(|name| name.trim().to_owned()));
    let names: Vec<String> = names.filter(|name| !name.is_empty()).take(MOST_NAMES).collect();
    let examples = if names.is_empty() { String::new() } else { format!(", such as {}", names.join(",")) };
    let start = value.find(first).unwrap_or_default();
    let place = Span::new(start, start + first.len()).trimmed(value);
    let message = format!(
        "this is a rule file for Prometheus; write queries here, and names of alerts in the annotation \
         prometheus.io/alert{examples}"
    );
    Some(Diagnostic::error(place, message))
}

/// The problem of an entry, read as `query`, that looks like the name of an alert.
pub(super) fn alert_name(query: &PromQl, place: Span) -> Option<Diagnostic> {
    let text = query.as_str();
    let problem = if !query.is_checked() && is_words(text) {
        "not a PromQL query"
    } else if is_dashed(text) {
        "this subtracts metrics"
    } else if is_camel(text) {
        "this looks like the name of an alert"
    } else {
        return None;
    };
    let message = format!("{problem}; for an alert, write the annotation prometheus.io/alert: {text}");
    Some(Diagnostic::warning(place, message))
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// `Till is slow`
fn is_words(text: &str) -> bool {
    let word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
    text.contains(' ') && text.split_whitespace().all(word)
}

/// `till-high-latency`
fn is_dashed(text: &str) -> bool {
    let word = |word: &str| {
        word.len() > 1
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    text.contains('-') && text.split('-').all(word)
}

/// `DiskWillFill`: metrics are written small, with underscores.
fn is_camel(text: &str) -> bool {
    text.len() > 3
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().any(|c| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rules_is_called_that_with_its_alerts() {
        for text in [
            "- alert: TillErrors\n  expr: rate(x[5m]) > 1\n  labels:\n    severity: page\n- alert: TillDown\n  expr: up == 0\n",
            "# rules\ngroups:\n- name: till\n  rules:\n  - alert: TillErrors\n    expr: up == 0\n  - alert: TillDown\n",
            "- name: till\n  rules:\n  - alert: TillErrors\n  - alert: TillDown\n",
            "alert: TillErrors\nexpr: up\n---\nalert: TillDown",
        ] {
            let message = rule_file(text).unwrap();
            assert!(
                message.is_error()
                    && message.message.ends_with("prometheus.io/alert, such as TillErrors,TillDown"),
                "{message:?}"
            );
            assert!(
                !message.part_of(text).is_empty() && !message.part_of(text).contains('\n'),
                "{message:?}"
            );
        }
        assert!(rule_file("- record: a:b\n  expr: sum(b)").unwrap().message.ends_with("prometheus.io/alert"));
        for text in ["", "up", "up,\n  job:up:sum|job", "-up", "alert", "- up", "sum(alert:rate)"] {
            assert_eq!(rule_file(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_of_an_alert_is_called_that() {
        let is_error = |text: &str| {
            let query = PromQl::read(text).0;
            query.and_then(|query| alert_name(&query, Span::whole(text))).map(|problem| problem.is_error())
        };
        for (text, wanted) in [
            ("till-high-latency-alerts", Some(false)),
            ("DiskWillFill", Some(false)),
            ("Watchdog", Some(false)),
            ("Till is slow", Some(false)),
            ("up", None),
            ("up - down", None),
            ("a_b-c_d", None),
            ("a-1", None),
            ("ALERTS", None),
            ("memUsage", None),
            ("rate(x[5m])", None),
            ("x{", None),
        ] {
            assert_eq!(is_error(text), wanted, "{text}");
        }
    }
}
