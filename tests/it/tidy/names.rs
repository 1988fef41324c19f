//! Checks names: no two types share one, and no name is a word with too many meanings.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{check, files_under, module_of, shipped};

/// Words that stood for several things each. Addresses, keys and texts keep them (`landed=`).
const BANNED: [&str; 17] = [
    "told", "asked", "meant", "led", "landed", "lone", "ways", "asides", "holdings", "flight", "scene",
    "facts", "judge", "settle", "settled", "stranger", "farewell",
];

/// Code without its texts and its comments.
fn code(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let raw = Regex::new(r##"(?s)r#".*?"#"##).unwrap().replace_all(&lines.join("\n"), "\"\"").into_owned();
    Regex::new(r#"(?s)"(?:\\.|[^"\\])*""#).unwrap().replace_all(&raw, "\"\"").into_owned()
}

/// The code of a template, without the text around it.
fn template_code(text: &str) -> String {
    let tags = Regex::new(r"(?s)\{\{.*?\}\}|\{%.*?%\}").unwrap();
    tags.find_iter(text).map(|tag| code(tag.as_str())).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_name_is_a_word_of_many_meanings() {
    let banned = Regex::new(&format!(r"(?i)\b({})\b", BANNED.join("|"))).unwrap();
    let rust = ["src", "tests"].iter().flat_map(|dir| {
        files_under(dir, "rs").into_iter().map(move |(file, text)| (format!("{dir}/{file}"), code(&text)))
    });
    let templates = files_under("templates", "html")
        .into_iter()
        .map(|(file, text)| (format!("templates/{file}"), template_code(&text)));
    let mut faults = Vec::new();
    for (file, code) in rust.chain(templates) {
        let found: BTreeSet<&str> = banned.find_iter(&code).map(|m| m.as_str()).collect();
        if !found.is_empty() {
            faults.push(format!("{file}: {found:?}"));
        }
    }
    check("words of many meanings", &faults);
}

/// The files that define each type.
fn types(files: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let defined = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|union) (\w+)").unwrap();
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, code) in files {
        for name in defined.captures_iter(code) {
            types.entry(name[1].to_owned()).or_default().push(file.clone());
        }
    }
    types
}

/// Where a type is used by its bare name outside the modules of the library that define it; None if it is not used there.
fn bare_uses(name: &str, defining: &[String], files: &[(String, String)]) -> Option<Vec<String>> {
    let used = Regex::new(&format!(r"(\w+::)?\b{name}\b")).unwrap();
    let homes: Vec<&str> = defining.iter().map(|file| module_of(file)).collect();
    let is_home = |file: &str| homes.iter().filter(|home| **home == module_of(file)).count() == 1;
    let mut bare = Vec::new();
    let mut is_used = false;
    for (file, code) in files.iter().filter(|(file, _)| !defining.contains(file) && !is_home(file)) {
        for line in code.lines().filter(|line| !line.trim_start().starts_with("pub use ")) {
            for found in used.captures_iter(line) {
                is_used = true;
                if found.get(1).is_none() || line.trim_start().starts_with("use ") {
                    bare.push(file.clone());
                }
            }
        }
    }
    bare.dedup();
    is_used.then_some(bare)
}

#[test]
fn a_type_has_a_name_of_its_own_or_is_named_with_its_module() {
    let files: Vec<_> =
        files_under("src", "rs").into_iter().map(|(file, text)| (file, code(&shipped(&text)))).collect();
    let mut faults = Vec::new();
    for (name, defining) in types(&files).iter().filter(|(_, defining)| defining.len() > 1) {
        match bare_uses(name, defining, &files) {
            Some(bare) if bare.is_empty() => {}
            bare => faults.push(format!("{name} in {defining:?}, bare in {:?}", bare.unwrap_or_default())),
        }
    }
    check("types of one name", &faults);
}

#[test]
fn a_planted_double_is_caught() {
    let files = |user: &str| -> Vec<(String, String)> {
        let define = "pub struct Client;";
        [("a/client.rs", define), ("b/client.rs", define), ("c.rs", user)]
            .map(|(file, code)| (file.to_owned(), code.to_owned()))
            .to_vec()
    };
    for (user, is_double) in [
        ("fn f(a: a::Client, b: b::Client) {}", false),
        ("pub use client::Client;\nfn f(a: a::Client) {}", false),
        ("use crate::a::Client;\nfn f(b: b::Client) {}", true),
        ("use crate::a::{Client, Other};", true),
        ("", true),
    ] {
        let files = files(user);
        let types = types(&files);
        let bare = bare_uses("Client", &types["Client"], &files);
        assert_eq!(bare.is_none_or(|bare| !bare.is_empty()), is_double, "{user}");
    }
}
