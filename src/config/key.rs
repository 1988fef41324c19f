//! Reads typed values from the config's tree, and collects every fault with its key path.

use std::path::Path;

use super::sources::{Sources, directive};
use super::substitution::{Substituted, read_directive, substitute};
use crate::diagnostic::{Diagnostic, DiagnosticSubject, Location, Position, Severity, nearest};
use crate::yaml::{self, Node, Value};

/// A key of the config, with its value if it has one.
#[derive(Clone)]
pub(super) struct ConfigKey<'a> {
    sources: &'a Sources<'a>,
    node: Option<&'a Node>,
    /// The positions of key and value; for a missing key, those of the nearest key above it that is there.
    key_at: Option<Position>,
    value_at: Option<Position>,
    pub(super) path: String,
}

impl<'a> ConfigKey<'a> {
    /// The config as a whole.
    pub(super) fn root(sources: &'a Sources<'a>, node: Option<&'a Node>) -> Self {
        Self { sources, node, key_at: None, value_at: node.map(|node| node.at), path: String::new() }
    }

    /// The value under a key; nothing when this is not a mapping.
    pub(super) fn get(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let Some(entry) = self.node.and_then(|node| node.entry(key)) else {
            return Self { node: None, path, ..self.clone() };
        };
        let node = Some(&entry.value).filter(|node| !self.sources.is_unwritten(node));
        let value_at = Some(entry.value.at);
        Self { sources: self.sources, node, key_at: Some(entry.at), value_at, path }
    }

    /// The key under this one is a variable with an empty default, and so counts as not written.
    pub(super) fn is_emptied(&self, key: &str) -> bool {
        let entry = self.node.and_then(|node| node.entry(key));
        entry.is_some_and(|entry| self.sources.is_unwritten(&entry.value))
    }

    /// The key is there, with or without a value. Not so with a variable that has an empty default.
    pub(super) fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// The key has a value, which is not null.
    pub(super) fn is_present(&self) -> bool {
        self.node.is_some_and(|n| !n.is_null())
    }

    /// The key, with a fault if it has no value.
    pub(super) fn required(self, message: &str) -> Self {
        if !self.is_present() {
            self.fault(message);
        }
        self
    }

    pub(super) fn is_map(&self) -> bool {
        self.node.is_some_and(|n| n.as_map().is_some() && directive(n).is_none())
    }

    pub(super) fn is_list(&self) -> bool {
        self.node.is_some_and(|n| n.as_list().is_some())
    }

    /// Where the value is written.
    pub(super) fn location(&self) -> Option<Location> {
        self.sources.location(self.node?.at)
    }

    /// Relative paths in the value begin here.
    pub(super) fn directory(&self) -> Option<&'a Path> {
        Some(self.sources.directory(self.node?.at))
    }

    pub(super) fn fault(&self, message: impl Into<String>) {
        self.push_fault(message.into(), self.value_at);
    }

    /// A fault of the key itself, whatever its value.
    fn fault_of_key(&self, message: impl Into<String>) {
        self.push_fault(message.into(), self.key_at.or(self.value_at));
    }

    fn push_fault(&self, message: String, at: Option<Position>) {
        let fault = Diagnostic {
            subject: DiagnosticSubject::Config(self.path.clone()),
            location: at.and_then(|at| self.sources.location(at)),
            ..Diagnostic::new(Severity::Error, message)
        };
        let mut faults = self.sources.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The keys of a mapping; none, and a fault, when it is something else.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        match self.node.map(|n| &n.value) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Map(entries)) if self.is_map() => {
                entries.iter().map(|entry| (entry.key.as_str(), self.get(&entry.key))).collect()
            }
            Some(_) => {
                self.wrong("a mapping");
                Vec::new()
            }
        }
    }

    /// The items of a list; none, and a fault, when it is something else.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.node.map(|n| &n.value) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(items)) => {
                let item = |(i, node)| Self {
                    path: format!("{}[{i}]", self.path),
                    ..Self::root(self.sources, Some(node))
                };
                let written = items.iter().enumerate().filter(|(_, node)| !self.sources.is_unwritten(node));
                written.map(item).collect()
            }
            Some(_) => {
                self.wrong("a list");
                Vec::new()
            }
        }
    }

    /// The scalar's text with everything substituted. None when there is none, or it is at fault.
    pub(super) fn text(&self) -> Option<Substituted> {
        let node = self.node?;
        let plain = |value: String| Ok(Some(Substituted { value, foreign: false }));
        let env = self.sources.env;
        let substituted = match (&node.value, directive(node)) {
            (Value::Null, _) => return None,
            _ if self.sources.is_variable(node.at) => {
                let value = node.scalar_text();
                if value.is_none() {
                    self.wrong("text");
                }
                return value.map(|value| Substituted { value, foreign: true });
            }
            (Value::Bool(flag), _) => plain(flag.to_string()),
            (Value::Number(number), _) => plain(number.clone()),
            (Value::Text { value, .. }, _) => substitute(value, env),
            (Value::Map(_), Some((name, _))) => match self.sources.failed_include(node) {
                Some(message) => Err(message.to_owned()),
                None => read_directive(node, name, self.sources.directory(node.at), env),
            },
            (Value::List(_) | Value::Map(_), _) => {
                self.wrong("text");
                return None;
            }
        };
        substituted.unwrap_or_else(|message| {
            self.fault(message);
            None
        })
    }

    /// The text through `read`, whose error ends the sentence "the value ...".
    pub(super) fn parse<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text()?;
        match read(text.value.trim()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(format!("{} {message}", shown(&text)));
                None
            }
        }
    }

    /// The text for a message; nothing of it when it came from elsewhere.
    pub(super) fn shown(&self) -> String {
        self.text().map_or_else(|| "the value".to_owned(), |text| shown(&text))
    }

    /// The text is as it is written in a config file.
    pub(super) fn is_literal(&self) -> bool {
        self.text().is_some_and(|text| !text.foreign)
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.parse(|text| text.parse().map_err(|_| "is neither true nor false".to_owned()))
    }

    /// A fault for each key that is none of `known`. `later` are keys that are promised and not yet there.
    pub(super) fn only(&self, known: &[&str], later: &[&str]) {
        for (key, value) in self.entries() {
            if later.contains(&key) {
                value.fault_of_key("this version of Promenade does not support the key yet");
            } else if !known.contains(&key) {
                value.fault_of_key(format!("unknown key{}", suggestion(key, known)));
            }
        }
    }

    fn wrong(&self, wanted: &str) {
        let Some(node) = self.node else { return };
        match (self.sources.failed_include(node), directive(node)) {
            (Some(message), _) => self.fault(message),
            (None, Some(_)) => self.fault(format!("must be {wanted}, not a reference such as `$env`")),
            (None, None) => self.fault(format!("must be {wanted}, not {}", node.what())),
        }
    }
}

/// A text for a message; nothing of it when it came from elsewhere.
fn shown(text: &Substituted) -> String {
    if text.foreign {
        return "the value (not shown: it is substituted)".to_owned();
    }
    // The text before the @ of an address is probably a password.
    if text.value.contains('@') {
        return "the value (not shown: it may hold a password)".to_owned();
    }
    format!("`{}`", yaml::shown(&text.value))
}

/// The end of a sentence: the known word that is close, else all of them.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; use {}", known.join(", ")),
    }
}
