//! Reads typed values out of the raw tree, collecting every fault by its key path.

use std::cell::RefCell;

use super::ConfigFault;
use super::raw::{RawNode, RawValue};
use super::substitution::{Substituted, Substitution};
use crate::problem::nearest;
use crate::yaml::{self, Position};

/// The faults of one load, and how texts are substituted.
pub(super) struct Reading<'a> {
    substitution: &'a Substitution<'a>,
    faults: RefCell<Vec<ConfigFault>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(substitution: &'a Substitution<'a>) -> Self {
        Self { substitution, faults: RefCell::default() }
    }

    pub(super) fn root(&'a self, node: Option<&'a RawNode>) -> Reader<'a> {
        Reader { reading: self, node, above: node, path: String::new() }
    }

    pub(super) fn into_faults(self) -> Vec<ConfigFault> {
        self.faults.into_inner()
    }
}

/// A key's place in the config, with its value if it has one.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    reading: &'a Reading<'a>,
    node: Option<&'a RawNode>,
    /// Where a missing key is told: the value that should hold it.
    above: Option<&'a RawNode>,
    pub(super) path: String,
}

impl<'a> Reader<'a> {
    /// The value under a key; nothing when this is no mapping.
    pub(super) fn get(&self, key: &str) -> Reader<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let node = self.node.and_then(|n| n.get(key));
        Reader { reading: self.reading, node, above: node.or(self.node).or(self.above), path }
    }

    /// The key has a value, which is not null.
    pub(super) fn is_present(&self) -> bool {
        self.node.is_some_and(|n| !matches!(n.value, RawValue::Null))
    }

    pub(super) fn is_map(&self) -> bool {
        self.node.is_some_and(|n| matches!(n.value, RawValue::Map(_)) && n.directive().is_none())
    }

    pub(super) fn is_list(&self) -> bool {
        self.node.is_some_and(|n| matches!(n.value, RawValue::List(_)))
    }

    pub(super) fn node(&self) -> Option<&'a RawNode> {
        self.node
    }

    pub(super) fn fault(&self, message: impl Into<String>) {
        self.tell(message.into(), self.above.map(|n| n.origin.at));
    }

    /// A fault of the key itself, whatever its value.
    fn fault_of_key(&self, message: impl Into<String>) {
        self.tell(message.into(), self.above.map(|n| n.origin.key_at.unwrap_or(n.origin.at)));
    }

    fn tell(&self, message: String, at: Option<Position>) {
        let fault = ConfigFault {
            key: self.path.clone(),
            message,
            file: self.above.map(|n| n.origin.file.as_ref().clone()),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
        };
        let mut faults = self.reading.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The keys of a mapping; none, and a fault, when it is something else.
    pub(super) fn entries(&self) -> Vec<(&'a str, Reader<'a>)> {
        match self.node.map(|n| &n.value) {
            None | Some(RawValue::Null) => Vec::new(),
            Some(RawValue::Map(entries)) if self.is_map() => {
                entries.iter().map(|(key, _)| (key.as_str(), self.get(key))).collect()
            }
            Some(_) => {
                self.wrong("a mapping");
                Vec::new()
            }
        }
    }

    /// The items of a list; none, and a fault, when it is something else.
    pub(super) fn items(&self) -> Vec<Reader<'a>> {
        match self.node.map(|n| &n.value) {
            None | Some(RawValue::Null) => Vec::new(),
            Some(RawValue::List(items)) => {
                let item = |(i, node)| Reader {
                    reading: self.reading,
                    node: Some(node),
                    above: Some(node),
                    path: format!("{}[{i}]", self.path),
                };
                items.iter().enumerate().map(item).collect()
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
        let substituted = match (&node.value, node.directive()) {
            (RawValue::Null, _) => return None,
            (RawValue::Bool(flag), _) => plain(flag.to_string()),
            (RawValue::Number(number), _) => plain(number.clone()),
            (RawValue::Text(text), _) => self.reading.substitution.text(text),
            (RawValue::Broken(message), _) => Err(message.clone()),
            (RawValue::Map(_), Some((name, argument))) => {
                self.reading.substitution.directive(node, name, argument)
            }
            (RawValue::List(_) | RawValue::Map(_), _) => {
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
                value.fault_of_key(format!("there is no such key{}", suggestion(key, known)));
            }
        }
    }

    fn wrong(&self, wanted: &str) {
        let Some(node) = self.node else { return };
        if let RawValue::Broken(message) = &node.value {
            return self.fault(message.clone());
        }
        let what = match &node.value {
            RawValue::Null | RawValue::Broken(_) => "nothing",
            RawValue::Bool(_) => "true or false",
            RawValue::Number(_) => "a number",
            RawValue::Text(_) => "text",
            RawValue::List(_) => "a list",
            RawValue::Map(_) if node.directive().is_some() => "a reference, such as `$env`",
            RawValue::Map(_) => "a mapping",
        };
        self.fault(format!("is {what}, where {wanted} is needed"));
    }
}

/// A text for a message; nothing of it when it came from elsewhere.
fn shown(text: &Substituted) -> String {
    if text.foreign {
        return "the value (not shown: it is substituted)".to_owned();
    }
    // What stands before an address' @ is a password, as likely as not.
    if text.value.contains('@') {
        return "the value (not shown: it may hold a password)".to_owned();
    }
    format!("`{}`", yaml::shown(&text.value))
}

/// `: did you mean ...?` when a known word is close.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!(": did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!(": known are {}", known.join(", ")),
    }
}
