//! YAML within limits of size and depth, with the position of each value.

mod build;
mod file;
mod origins;
mod scalar;

use std::path::Path;
use std::sync::Arc;

pub use build::documents;
pub use file::{io_sentence, read_regular, read_within};
pub use origins::Origins;

use crate::diagnostic::{Diagnostic, Location, Position};

/// The limits of one text. A text beyond them is a fault.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Of the text; what its aliases repeat may come to twice this.
    pub bytes: usize,
    /// The deepest nesting, aliases followed.
    pub depth: usize,
    /// Scalars, lists and mappings of all documents, aliases expanded.
    pub nodes: usize,
}

impl Budget {
    pub const CATALOG: Self = Self { bytes: 8 << 20, depth: 64, nodes: 1_000_000 };
    pub const CONFIG: Self = Self { bytes: 1 << 20, depth: 64, nodes: 100_000 };
}

/// A value and the place where its text begins (inside the quotes, on a block's first line).
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub value: Value,
    pub at: Position,
}

/// A value by YAML 1.2's core schema: `yes`, `no`, `on` and `off` are text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    /// A text and how its bytes lie in the source.
    Text {
        value: String,
        origins: Origins,
    },
    List(Vec<Node>),
    /// In the order of the source. No key occurs twice.
    Map(Vec<Entry>),
}

/// A key, where it begins, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub at: Position,
    pub value: Node,
}

impl Node {
    /// The value under `key` of a mapping; None for anything else.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }

    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { value, .. } => Some(value),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// A text, a number as written, or true or false.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Text { value: text, .. } | Value::Number(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What the value is, for a sentence: `a number`, `a list`.
    pub fn what(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value without positions. A number that JSON cannot hold (`.inf`) becomes its text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(n) => scalar::json_number(n).map_or_else(|| Json::String(n.clone()), Json::Number),
            Value::Text { value, .. } => Json::String(value.clone()),
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect())
            }
        }
    }
}

/// The bytes of a file as text, without a byte-order mark, within the budget.
pub fn decode<'a>(bytes: &'a [u8], file: &Arc<Path>, budget: &Budget) -> Result<&'a str, Diagnostic> {
    if bytes.len() > budget.bytes {
        return Err(Diagnostic::of_file(file, too_large(budget)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            let last_line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
            let column = String::from_utf8_lossy(last_line).chars().count() + 1;
            Err(Diagnostic::at(Location::new(file, Position { line, column }), "the text is not UTF-8"))
        }
    }
}

/// Foreign text for a message: short, without control characters.
pub fn shown(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars().take(80) {
        match c {
            '\'' | '"' => short.push(c),
            _ => short.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(80).is_some() { format!("{short}...") } else { short }
}

fn too_large(budget: &Budget) -> String {
    format!("the text is larger than {} MiB", budget.bytes >> 20)
}

#[cfg(test)]
mod tests;
