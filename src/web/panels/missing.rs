//! What stands where an annotation is missing: how to add it, as YAML in the entity's own words.

use askama::Template;

use crate::annotations::{ALERT, RULE};
use crate::catalog::Entity;

#[derive(Template)]
#[template(path = "panels/missing.html")]
pub struct MissingPanel {
    pub name: String,
    pub kind: String,
    /// The annotations, any of which would do.
    pub annotations: Vec<&'static str>,
    pub yaml: Yaml,
}

impl askama::filters::HtmlSafe for MissingPanel {}

/// A document in three parts; the middle is what is to be added.
pub struct Yaml {
    pub before: String,
    pub added: String,
}

/// What a page has nothing to show of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Everything,
    Alerts,
    Graphs,
}

impl MissingPanel {
    pub fn of(entity: &Entity, missing: Missing) -> Self {
        let rule = format!("    {RULE}: {}\n", single_quoted(&query(&entity.name)));
        let alert = format!("    {ALERT}: HighErrorRate,HighLatency\n");
        let (annotations, added) = match missing {
            Missing::Everything => (vec![RULE, ALERT], rule + &alert),
            Missing::Alerts => (vec![ALERT], alert),
            Missing::Graphs => (vec![RULE], rule),
        };
        let before = format!(
            "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n  annotations:\n",
            scalar(&entity.api_version),
            scalar(&entity.kind),
            scalar(&entity.name)
        );
        Self {
            name: entity.display_name().to_owned(),
            kind: entity.kind.clone(),
            annotations,
            yaml: Yaml { before, added },
        }
    }
}

fn query(name: &str) -> String {
    format!("sum by (code) (rate(http_requests_total{{job=\"{name}\"}}[5m]))|code")
}

pub(in crate::web) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Plain where YAML certainly reads it as a text, else quoted.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    let other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !other.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_stays_a_text() {
        for (text, yaml) in [
            ("payments", "payments"),
            ("backstage.io/v1alpha1", "backstage.io/v1alpha1"),
            ("123", "\"123\""),
            ("Yes", "\"Yes\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), yaml);
        }
        assert_eq!(single_quoted("it's"), "'it''s'");
    }
}
