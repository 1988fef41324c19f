//! Backstage's variables that override keys of the files: `APP_CONFIG_app_title='"Shop"'`.
//!
//! They mean what they mean to Backstage: `_` separates the keys of a path, case matters, an empty variable does not
//! count, and a value is JSON or else text, in which nothing is substituted.

use serde_json::Value as Json;

use super::sources::Sources;
use crate::diagnostic::{Diagnostic, DiagnosticSubject, Location, Position, Severity};
use crate::yaml::{Entry, Node, Origins, Value};

const PREFIX: &str = "APP_CONFIG_";
/// The keys that the portal reads. Variables of others are faults to Backstage alone.
const READ: [&str; 5] = ["app", "catalog", "prometheus", "promenade", "proxy"];

/// All variables of the process, in the order of the environment.
pub fn variables_of_process() -> Vec<(String, String)> {
    let lossy = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    };
    std::env::vars_os().map(lossy).collect()
}

/// What the variables set, as one tree. A variable with a fault sets nothing.
pub(super) fn read(sources: &mut Sources<'_>, variables: &[(String, String)]) -> Option<Node> {
    let mut root: Option<Node> = None;
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX).filter(|_| !value.is_empty()) else { continue };
        let path: Vec<&str> = key.split('_').collect();
        let is_read = path.first().is_some_and(|first| first.is_empty() || READ.contains(first));
        if !is_read {
            continue;
        }
        let at = sources.add_variable(name);
        let root = root.get_or_insert_with(|| empty(at));
        if let Err(message) = node_of_text(value, at, &path).and_then(|node| set(root, &path, node)) {
            let key = if path.contains(&"") { key.to_owned() } else { path.join(".") };
            sources.faults.borrow_mut().push(Diagnostic {
                subject: DiagnosticSubject::Config(key),
                location: Some(Location::of_file(name)),
                ..Diagnostic::new(Severity::Error, message)
            });
        }
    }
    root
}

fn node_of_text(text: &str, at: Position, path: &[&str]) -> Result<Node, String> {
    if !path.iter().all(|part| is_key(part)) {
        return Err(
            "the variable's name is not a path of keys: letters and digits, separated by single `_`".into()
        );
    }
    match serde_json::from_str(text) {
        Ok(Json::Null) => Err("a variable cannot set a key to null".to_owned()),
        Ok(value) => Ok(node(value, at)),
        Err(_) => Ok(node(Json::String(text.to_owned()), at)),
    }
}

/// Letters, digits, and `-` or `:` inside.
fn is_key(part: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.split(['-', ':']).all(is_word)
}

/// Every part of a value is at the place of its variable.
fn node(value: Json, at: Position) -> Node {
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::String(value) => Value::Text { value, origins: Origins::whole(at) },
        Json::Array(items) => Value::List(items.into_iter().map(|item| node(item, at)).collect()),
        Json::Object(entries) => Value::Map(
            entries.into_iter().map(|(key, value)| Entry { key, at, value: node(value, at) }).collect(),
        ),
    };
    Node { value, at }
}

fn empty(at: Position) -> Node {
    Node { value: Value::Map(Vec::new()), at }
}

/// A value may be put into a mapping of an earlier variable, but replaces nothing.
fn set(into: &mut Node, path: &[&str], value: Node) -> Result<(), String> {
    let at = value.at;
    if into.is_null() {
        *into = empty(at);
    }
    let Value::Map(entries) = &mut into.value else {
        return Err("another variable sets a key above this one to a value that is not a mapping".to_owned());
    };
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let place = entries.iter().position(|entry| entry.key == *first);
    if place.is_some() && rest.is_empty() {
        return Err("another variable sets this key, or keys below it, already".to_owned());
    }
    match place.and_then(|place| entries.get_mut(place)) {
        Some(entry) => set(&mut entry.value, rest, value),
        None => {
            let value = match rest {
                [] => value,
                _ => {
                    let mut inner = empty(at);
                    set(&mut inner, rest, value)?;
                    inner
                }
            };
            entries.push(Entry { key: (*first).to_owned(), at, value });
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as JSON, or the faults: a key and its message each.
    fn check(variables: &[(&str, &str)], expected: Result<Json, &[(&str, &str)]>) {
        let all: Vec<_> = variables
            .iter()
            .map(|(name, value)| (format!("APP_CONFIG_{name}"), (*value).to_owned()))
            .collect();
        let mut sources = Sources::new(&|_| None);
        let tree = read(&mut sources, &all).map_or(Json::Null, |root| root.to_json());
        let faults = sources.faults.into_inner();
        match expected {
            Ok(json) => assert_eq!((tree, faults), (json, Vec::new()), "{variables:?}"),
            Err(expected) => {
                let found: Vec<_> = faults
                    .iter()
                    .map(|fault| (fault.config_key().unwrap(), fault.message.as_str()))
                    .collect();
                assert_eq!(found.len(), expected.len(), "{variables:?}: {found:?}");
                for ((key, message), (wanted, part)) in found.iter().zip(expected) {
                    assert!(key == wanted && message.contains(part), "{variables:?}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn variables_mean_what_they_mean_to_backstage() {
        use serde_json::json;
        check(&[], Ok(Json::Null));
        check(&[("other_foo", "null"), ("other__x", "1"), ("Promenade_listen", "x")], Ok(Json::Null));
        check(
            &[("app_title", "\"bar\""), ("app_a", "1"), ("app_b", "false"), ("app_c", "abc"), ("app_d", "")],
            Ok(json!({"app": {"title": "bar", "a": 1, "b": false, "c": "abc"}})),
        );
        for text in ["hello", "\"hello", "{", "}", "${HOME}", " x", "01", "True", "yes"] {
            check(&[("app_title", text)], Ok(json!({"app": {"title": text}})));
        }
        check(&[("app_title", "\"42\""), ("app_n", " 42 ")], Ok(json!({"app": {"title": "42", "n": 42}})));
        check(
            &[("proxy_endpoints", r#"{"/prometheus/api": {"target": "http://p", "headers": {"X": "1"}}}"#)],
            Ok(
                json!({"proxy": {"endpoints": {"/prometheus/api": {"target": "http://p", "headers": {"X": "1"}}}}}),
            ),
        );
        check(
            &[("catalog_locations", r#"[123, "abc", {}]"#)],
            Ok(json!({"catalog": {"locations": [123, "abc", {}]}})),
        );
        check(
            &[("promenade_instances_my-prom_timeout", "5s")],
            Ok(json!({"promenade": {"instances": {"my-prom": {"timeout": "5s"}}}})),
        );
        // A later variable may add to an object, as in Backstage.
        check(
            &[("app", r#"{"title": "a", "x": null}"#), ("app_baseUrl", "b"), ("app_x_y", "1")],
            Ok(json!({"app": {"title": "a", "baseUrl": "b", "x": {"y": 1}}})),
        );
    }

    #[test]
    fn what_backstage_refuses_is_a_fault() {
        for name in [
            "_app",
            "",
            "app_",
            "app__x",
            "app_0",
            "app_ti/tle",
            "app_ti tle",
            "app_(x)_y",
            "app_-x",
            "app_x-",
        ] {
            let key =
                if name.split('_').any(str::is_empty) { name.to_owned() } else { name.replace('_', ".") };
            check(&[(name, "0")], Err(&[(&key, "not a path of keys")]));
        }
        check(&[("app_title", "null")], Err(&[("app.title", "cannot set a key to null")]));
        check(&[("app_title", "1"), ("app_title_x", "2")], Err(&[("app.title.x", "not a mapping")]));
        check(&[("app_list", "[]"), ("app_list_x", "2")], Err(&[("app.list.x", "not a mapping")]));
        check(&[("app_title_x", "1"), ("app_title", "2")], Err(&[("app.title", "already")]));
        check(&[("app_title_x", "1"), ("app", "{}")], Err(&[("app", "already")]));
        check(&[("app", r#"{"title": 1}"#), ("app_title", "2")], Err(&[("app.title", "already")]));
    }
}
