//! Annotation keys that are misspelt, of another domain, or without a value.

use super::finding::Finding;
use crate::annotations::{KNOWN, LABELS, PARAMS, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span};

/// The part before the slash of a known key, or of a nearly known one.
const DOMAINS: [&str; 4] = ["prometheus.io", "promenade.io", "prometheus", "promenade"];

/// Keys under `prometheus.io/` that tell Prometheus what to scrape in Kubernetes.
const KUBERNETES_KEYS: [&str; 5] = ["scrape", "port", "path", "scheme", "probe"];

/// Other words for the known keys, too different to be a misspelling.
const OTHER_WORDS: [(&str, &str); 9] = [
    ("instance", SERVICE_NAME),
    ("instance-name", SERVICE_NAME),
    ("service", SERVICE_NAME),
    ("query", RULE),
    ("queries", RULE),
    ("graph", RULE),
    ("graphs", RULE),
    ("matchers", LABELS),
    ("selector", LABELS),
];

/// Whether the entity has any annotation that the portal reads.
pub(super) fn has_any(entity: &Entity) -> bool {
    KNOWN.iter().any(|key| entity.annotation(key).is_some()) || entity.annotations.contains_key(LABELS)
}

pub(super) fn findings(entity: &Entity) -> Vec<Finding> {
    entity.annotations.iter().filter_map(|(key, written)| of_key(entity, key, &written.value)).collect()
}

fn of_key(entity: &Entity, key: &str, value: &str) -> Option<Finding> {
    if KNOWN.contains(&key) {
        let warning =
            Diagnostic::warning(Span::whole(value), "the annotation is empty, which counts as missing");
        // An empty list of matchers is a problem of the annotation itself.
        let is_missing = value.is_empty() && key != LABELS;
        return is_missing.then(|| Finding::of_value(entity, key, warning));
    }
    let known = nearest_key(key);
    if known.is_none() && !key.starts_with("promenade.io/") {
        return None;
    }
    let message = match known {
        Some(_) => "unknown annotation; it looks misspelt".to_owned(),
        None => format!("unknown annotation of Promenade; use {PARAMS}"),
    };
    Some(Finding::of_key(entity, key, message).suggesting(known))
}

/// The known key that an unknown one is probably a misspelling of.
fn nearest_key(key: &str) -> Option<&'static str> {
    let lower = key.trim().to_lowercase().replace('_', "-");
    let Some((domain, name)) = lower.split_once('/') else {
        // `prometheus.io.rule`, `prometheus.io-rule`
        return KNOWN.into_iter().find(|known| distance(&lower, known) <= 1);
    };
    let names = KNOWN.into_iter().filter_map(|known| Some((known, known.split_once('/')?.1)));
    if !DOMAINS.contains(&domain) {
        // The name first: most keys are those of others, and comparing is cheap.
        let known = names.filter(|(_, own)| *own == name).map(|(known, _)| known).next()?;
        return DOMAINS.iter().any(|ours| distance(domain, ours) <= 3).then_some(known);
    }
    if KUBERNETES_KEYS.contains(&name) || name.starts_with("scrape-") || name.starts_with("param-") {
        return None;
    }
    let near = names.filter(|(_, own)| distance(name, own) <= 2).map(|(known, _)| known);
    let other_word = || OTHER_WORDS.into_iter().find(|(word, _)| *word == name).map(|(_, key)| key);
    near.min_by_key(|known| distance(&lower, known)).or_else(other_word)
}

fn distance(a: &str, b: &str) -> usize {
    // A key may be long, and distant texts need no exact distance.
    if a.len().abs_diff(b.len()) > 4 { usize::MAX } else { strsim::damerau_levenshtein(a, b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::ALERT;

    #[test]
    fn slips_are_recognised_and_other_keys_let_be() {
        for (key, expected) in [
            ("prometheus.io/rules", Some(RULE)),
            ("prometheus.io/Rule", Some(RULE)),
            ("prometheus.io/alerts", Some(ALERT)),
            ("prometheus.io/alret", Some(ALERT)),
            ("prometheus.io/label", Some(LABELS)),
            ("prometheus.io/service_name", Some(SERVICE_NAME)),
            ("prometheus.io/servicename", Some(SERVICE_NAME)),
            ("prometheus.io/instance", Some(SERVICE_NAME)),
            ("prometheus.io/query", Some(RULE)),
            ("prometheus.io/params", Some(PARAMS)),
            ("promenade.io/rule", Some(RULE)),
            ("promenade.io/parms", Some(PARAMS)),
            ("promethues.io/rule", Some(RULE)),
            ("prometheus.com/alert", Some(ALERT)),
            ("prometheus/alert", Some(ALERT)),
            ("prometheus.io-rule", Some(RULE)),
            ("promenade.io/colour", None),
            ("prometheus.io/scrape", None),
            ("prometheus.io/port", None),
            ("prometheus.io/path", None),
            ("prometheus.io/scrape_interval", None),
            ("prometheus.io/something-else", None),
            ("backstage.io/rule", None),
            ("grafana/alert-label-selector", None),
            ("github.com/project-slug", None),
            ("opsgenie.com/alert", None),
            ("rule", None),
        ] {
            assert_eq!(nearest_key(key), expected, "{key}");
        }
    }
}
