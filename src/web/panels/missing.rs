//! In place of a missing annotation: YAML to add, with the entity's own names.

use askama::Template;

use crate::annotations::{ALERT, RULE};
use crate::catalog::Entity;

#[derive(Template)]
#[template(path = "panels/missing.html")]
pub struct MissingPanel<'a> {
    pub entity: &'a Entity,
    /// Any of these annotations would do.
    pub annotations: &'static [&'static str],
}

impl askama::filters::HtmlSafe for MissingPanel<'_> {}

impl MissingPanel<'_> {
    /// Whether the entity has none at all.
    fn is_whole(&self) -> bool {
        self.annotations.contains(&RULE) && self.annotations.contains(&ALERT)
    }

    /// What is to be added.
    fn added(&self) -> String {
        let line = |annotation: &&str| match *annotation {
            RULE => Some(format!("    {RULE}: {}\n", single_quoted(&query(&self.entity.name)))),
            ALERT => Some(format!("    {ALERT}: HighErrorRate,HighLatency\n")),
            // Together with names it would have another meaning.
            _ => None,
        };
        self.annotations.iter().filter_map(line).collect()
    }

    /// What stands before the n-th of them, from 0.
    fn joint(&self, at: usize) -> &'static str {
        match at {
            0 => "",
            _ if at + 1 == self.annotations.len() => " or ",
            _ => ", ",
        }
    }
}

fn query(name: &str) -> String {
    format!("sum by (code) (rate(http_requests_total{{job=\"{name}\"}}[5m]))|code")
}

pub(in crate::web) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Plain where YAML surely reads a string, else quoted.
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
