//! Annotation keys that are misspelt or of another domain.

use super::{KNOWN, LABELS, PARAMS, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Severity};

/// The part before the slash of a known key, or of a nearly known one.
const DOMAINS: [&str; 4] = ["prometheus.io", "promenade.io", "prometheus", "promenade"];

/// Of which all keys are ours.
const OWN_DOMAIN: &str = "promenade.io/";

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

/// The misspelt annotations of an entity, as warnings: such a key may belong to another tool.
pub fn misspelled(entity: &Entity) -> impl Iterator<Item = Diagnostic> + '_ {
    entity.annotations.iter().filter_map(|(key, written)| {
        let known = nearest_key(key);
        let message = match known {
            Some(_) => "unknown annotation; it looks misspelt".to_owned(),
            None if key.starts_with(OWN_DOMAIN) && !KNOWN.contains(&&**key) => {
                format!("unknown annotation of Promenade; use {PARAMS}")
            }
            None => return None,
        };
        let warning = Diagnostic::new(Severity::Warning, message).of_annotation(key).suggesting(known);
        Some(Diagnostic { location: written.key_place(), ..warning })
    })
}

/// Whether a misspelt key probably means one of `wanted`.
pub(super) fn has_misspelled(entity: &Entity, wanted: &[&str]) -> bool {
    entity.annotations.keys().any(|key| nearest_key(key).is_some_and(|known| wanted.contains(&known)))
}

/// The known key that an unknown one is probably a misspelling of. The whole catalog is read by this, so a key of
/// another tool costs no memory and hardly any time.
pub fn nearest_key(key: &str) -> Option<&'static str> {
    if KNOWN.contains(&key) {
        return None;
    }
    let Some((domain, name)) = key.trim().split_once('/') else {
        // `prometheus.io.rule`, `prometheus.io-rule`
        let near = |known: &&str| known.len().abs_diff(key.len()) <= 1 && distance(&normal(key), known) <= 1;
        return KNOWN.into_iter().find(near);
    };
    if DOMAINS.iter().any(|ours| domain.eq_ignore_ascii_case(ours)) {
        return nearest_name(&normal(domain), &normal(name));
    }
    // The name first: most keys are those of others.
    let known = names().find(|(_, own)| is_alike(own, name)).map(|(known, _)| known)?;
    let domain = normal(domain);
    DOMAINS.iter().any(|ours| distance(&domain, ours) <= 3).then_some(known)
}

/// Of a key in a domain of ours.
fn nearest_name(domain: &str, name: &str) -> Option<&'static str> {
    if KUBERNETES_KEYS.contains(&name) || name.starts_with("scrape-") || name.starts_with("param-") {
        return None;
    }
    let near = names().filter(|(_, own)| distance(name, own) <= 2).map(|(known, _)| known);
    let other_word = || OTHER_WORDS.into_iter().find(|(word, _)| *word == name).map(|(_, key)| key);
    near.min_by_key(|known| distance(&format!("{domain}/{name}"), known)).or_else(other_word)
}

/// The known keys, each with the part behind its slash.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.into_iter().filter_map(|known| Some((known, known.split_once('/')?.1)))
}

/// Lower case and hyphens, as in every known key.
fn normal(text: &str) -> String {
    text.trim().to_lowercase().replace('_', "-")
}

/// Whether `text` is `name` but for the case of letters, and underscores.
fn is_alike(name: &str, text: &str) -> bool {
    let fits = |(own, c): (u8, u8)| own == c.to_ascii_lowercase() || (own == b'-' && c == b'_');
    name.len() == text.len() && name.bytes().zip(text.bytes()).all(fits)
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
