//! A builder of catalog entities, as YAML documents.
//!
//! ```ignore
//! let payments = Entity::component("payments").alert("all").alert_labels("team=x").spec("owner", "team-a");
//! let world = World::of(&catalog([payments, Entity::new("System", "shop")])).await;
//! ```

use std::fmt::{self, Display, Formatter};

use serde_json::json;

#[derive(Clone, Debug)]
pub struct Entity {
    kind: String,
    name: String,
    metadata: Vec<(String, String)>,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    spec: Vec<(String, String)>,
}

impl Entity {
    pub fn new(kind: &str, name: &str) -> Self {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let [metadata, labels, annotations, spec] = [const { Vec::new() }; 4];
        Self { kind, name, metadata, labels, annotations, spec }
    }

    pub fn component(name: &str) -> Self {
        Self::new("Component", name)
    }

    /// A field of `metadata`, such as `title`.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A label of the entity itself.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// `prometheus.io/rule`: graphs.
    pub fn rule(self, value: &str) -> Self {
        self.annotation("prometheus.io/rule", value)
    }

    /// `prometheus.io/alert`
    pub fn alert(self, value: &str) -> Self {
        self.annotation("prometheus.io/alert", value)
    }

    /// `prometheus.io/labels`: matchers of alerts.
    pub fn alert_labels(self, value: &str) -> Self {
        self.annotation("prometheus.io/labels", value)
    }

    pub fn spec(mut self, key: &str, value: &str) -> Self {
        self.spec.push((key.to_owned(), value.to_owned()));
        self
    }
}

/// Every string is quoted as in JSON, which is YAML too.
impl Display for Entity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { kind, name, metadata, labels, annotations, spec } = self;
        writeln!(
            f,
            "apiVersion: backstage.io/v1alpha1
kind: {kind}
metadata:
  name: {}",
            json!(name)
        )?;
        lines(f, "  ", metadata)?;
        section(f, "  labels", labels)?;
        section(f, "  annotations", annotations)?;
        section(f, "spec", spec)
    }
}

/// A mapping below a key; nothing if it is empty.
fn section(f: &mut Formatter<'_>, key: &str, pairs: &[(String, String)]) -> fmt::Result {
    if pairs.is_empty() {
        return Ok(());
    }
    writeln!(f, "{key}:")?;
    lines(f, if key.starts_with(' ') { "    " } else { "  " }, pairs)
}

fn lines(f: &mut Formatter<'_>, indent: &str, pairs: &[(String, String)]) -> fmt::Result {
    pairs.iter().try_for_each(|(key, value)| writeln!(f, "{indent}{key}: {}", json!(value)))
}

/// All entities in one YAML file.
pub fn catalog(entities: impl IntoIterator<Item = Entity>) -> String {
    entities.into_iter().map(|entity| format!("---\n{entity}")).collect()
}
