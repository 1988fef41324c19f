//! Annotation keys that look like ours and are not: misspelt, of another domain, or empty.

use super::finding::Finding;
use crate::annotations::{KNOWN, LABELS, PARAMS, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::problem::{Problem, Span};

/// What stands before the slash of a known key, or of one that is nearly known.
const OURS: [&str; 4] = ["prometheus.io", "promenade.io", "prometheus", "promenade"];

/// Keys under `prometheus.io/` that tell Prometheus what to scrape in Kubernetes, and are no mistake.
const OF_KUBERNETES: [&str; 5] = ["scrape", "port", "path", "scheme", "probe"];

/// Words that people write for ours, too far from them to be a slip of the pen.
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

/// Whether the entity says anything that the portal reads.
pub(super) fn has_any(entity: &Entity) -> bool {
    KNOWN.iter().any(|key| entity.annotation(key).is_some()) || entity.annotations.contains_key(LABELS)
}

pub(super) fn findings(entity: &Entity) -> Vec<Finding> {
    entity.annotations.iter().filter_map(|(key, written)| of_key(entity, key, &written.value)).collect()
}

fn of_key(entity: &Entity, key: &str, value: &str) -> Option<Finding> {
    if KNOWN.contains(&key) {
        let told = "the annotation is empty, which counts as missing";
        let problem = Problem::warning(Span::whole(value), told);
        // An empty list of matchers chooses nothing, which is told as the annotation's problem.
        let is_missing = value.is_empty() && key != LABELS;
        return is_missing.then(|| Finding::of_problem(entity, key, &problem));
    }
    let meant = meant(key);
    if meant.is_none() && !key.starts_with("promenade.io/") {
        return None;
    }
    let told = match meant {
        Some(_) => "nothing reads this annotation; it looks like a misspelt one".to_owned(),
        None => format!("there is no such annotation of Promenade; there is {PARAMS}"),
    };
    Some(Finding::of_key(entity, key, told).suggesting(meant))
}

/// The known key that an unknown one is probably meant to be.
fn meant(key: &str) -> Option<&'static str> {
    let lower = key.trim().to_lowercase().replace('_', "-");
    let Some((domain, name)) = lower.split_once('/') else {
        // `prometheus.io.rule`, `prometheus.io-rule`
        return KNOWN.into_iter().find(|known| distance(&lower, known) <= 1);
    };
    let names = KNOWN.into_iter().filter_map(|known| Some((known, known.split_once('/')?.1)));
    if !OURS.contains(&domain) {
        // The name first: most keys are those of others, and comparing is cheap.
        let known = names.filter(|(_, own)| *own == name).map(|(known, _)| known).next()?;
        return OURS.iter().any(|ours| distance(domain, ours) <= 3).then_some(known);
    }
    if OF_KUBERNETES.contains(&name) || name.starts_with("scrape-") || name.starts_with("param-") {
        return None;
    }
    let near = names.filter(|(_, own)| distance(name, own) <= 2).map(|(known, _)| known);
    let other_word = || OTHER_WORDS.into_iter().find(|(word, _)| *word == name).map(|(_, key)| key);
    near.min_by_key(|known| distance(&lower, known)).or_else(other_word)
}

fn distance(a: &str, b: &str) -> usize {
    // Far texts need no exact distance, and a key may be long.
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
            assert_eq!(meant(key), expected, "{key}");
        }
    }
}
