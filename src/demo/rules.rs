//! The alerting rules of the demo, from the rule files under `config/demo/rules`.

use super::alert_states::AlertDelays;
use super::document;
use super::templates::AnnotationTemplate;
use crate::prometheus::Labels;
use crate::promql::tree::QueryTree;
use crate::promql::{METRIC_NAME, parse_duration};
use crate::yaml::Node;

/// The rule files, by their names on the disk of a Prometheus.
pub const FILES: [(&str, &str); 5] = [
    ("/etc/prometheus/rules/payments.yaml", include_str!("../../config/demo/rules/payments.yaml")),
    ("/etc/prometheus/rules/checkout.yaml", include_str!("../../config/demo/rules/checkout.yaml")),
    ("/etc/prometheus/rules/search.yaml", include_str!("../../config/demo/rules/search.yaml")),
    ("/etc/prometheus/rules/platform.yaml", include_str!("../../config/demo/rules/platform.yaml")),
    ("/etc/prometheus/rules/shop.yaml", include_str!("../../config/demo/rules/shop.yaml")),
];

/// A group of rules that are evaluated at the same instants.
#[derive(Debug)]
pub struct DemoGroup {
    pub name: String,
    pub file: String,
    /// Milliseconds between two evaluations.
    pub interval: i64,
    pub rules: Vec<DemoRule>,
}

#[derive(Debug)]
pub struct DemoRule {
    pub name: String,
    pub query: String,
    /// The query, read once for all evaluations.
    pub tree: QueryTree,
    pub delays: AlertDelays,
    pub labels: Labels,
    /// As written.
    pub annotations: Labels,
    pub templates: Vec<(String, AnnotationTemplate)>,
}

/// Every group of some rule files.
pub fn read(files: &[(&str, &str)]) -> Result<Vec<DemoGroup>, String> {
    let mut groups = Vec::new();
    for (file, text) in files {
        read_file(file, text, &mut groups).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(groups)
}

fn read_file(file: &str, text: &str, groups: &mut Vec<DemoGroup>) -> Result<(), String> {
    for group in list(&document(file, text)?, "groups")? {
        let interval = duration(group, "interval")?;
        if interval == 0 {
            return Err("a group needs an `interval`".to_owned());
        }
        groups.push(DemoGroup {
            name: text_of(group, "name")?,
            file: file.to_owned(),
            interval,
            rules: list(group, "rules")?.iter().map(DemoRule::read).collect::<Result<_, _>>()?,
        });
    }
    Ok(())
}

impl DemoRule {
    fn read(node: &Node) -> Result<Self, String> {
        let name = text_of(node, "alert")?;
        let (labels, annotations) = (pairs(node, "labels")?, pairs(node, "annotations")?);
        if let Some((label, _)) = labels.iter().find(|(_, value)| value.contains("{{")) {
            return Err(format!("{name}: the demo fills no template in the label {label}"));
        }
        let templates = annotations.iter().map(|(name, text)| {
            AnnotationTemplate::read(text).map(|template| ((*name).to_owned(), template))
        });
        let query = text_of(node, "expr")?;
        Ok(Self {
            tree: QueryTree::read(&query).map_err(|error| format!("{name}: {error:?}"))?,
            templates: templates.collect::<Result<_, _>>().map_err(|error| format!("{name}: {error}"))?,
            query,
            delays: AlertDelays {
                hold: duration(node, "for")?,
                keep_firing: duration(node, "keep_firing_for")?,
            },
            labels: labels.into_iter().collect(),
            annotations: annotations.into_iter().collect(),
            name,
        })
    }

    /// The labels of the alert for a sample of the expression's result.
    pub fn alert_labels(&self, sample: &Labels) -> Labels {
        let own = sample.iter().filter(|(name, _)| *name != METRIC_NAME && self.labels.get(name).is_none());
        // An empty value of the rule's takes the label away.
        let added = self.labels.iter().filter(|(_, value)| !value.is_empty());
        own.chain(added).chain([("alertname", self.name.as_str())]).collect()
    }
}

fn list<'n>(node: &'n Node, key: &str) -> Result<&'n [Node], String> {
    node.get(key).and_then(Node::as_list).ok_or_else(|| format!("`{key}` is not a list"))
}

fn text_of(node: &Node, key: &str) -> Result<String, String> {
    node.get(key).and_then(Node::as_text).map(str::to_owned).ok_or_else(|| format!("`{key}` is not text"))
}

/// A duration in milliseconds; zero if the key is absent.
fn duration(node: &Node, key: &str) -> Result<i64, String> {
    if node.get(key).is_none() {
        return Ok(0);
    }
    let duration = parse_duration(&text_of(node, key)?).ok();
    let ms = duration.and_then(|duration| i64::try_from(duration.as_millis()).ok());
    ms.ok_or_else(|| format!("`{key}` is not a duration"))
}

/// The entries of a mapping of texts; empty if the key is absent.
fn pairs<'n>(node: &'n Node, key: &str) -> Result<Vec<(&'n str, &'n str)>, String> {
    let Some(mapping) = node.get(key) else { return Ok(Vec::new()) };
    let not_texts = || format!("`{key}` is not a mapping of texts");
    let entries = mapping.as_map().ok_or_else(not_texts)?;
    entries
        .iter()
        .map(|entry| Ok((entry.key.as_str(), entry.value.as_text().ok_or_else(not_texts)?)))
        .collect()
}

#[cfg(test)]
mod tests;
