//! Checks the layout of the code: layers, the modules of outside crates, pairs of files, names. The checks read text, so
//! they find mistakes and prove nothing.

mod imports;
mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The layers from the lowest up. A module may import only from layers below its own.
const FLOORS: [&[&str]; 11] = [
    &["characters", "diagnostic"],
    &["background", "clock", "yaml", "upstream", "metrics"],
    &["promql"],
    &["engine"],
    &["page_params"],
    &["catalog", "prometheus", "alertmanager"],
    &["annotations", "store"],
    &["monitoring"],
    &["chart"],
    &["web", "serving", "check", "demo"],
    &["main", "cli", "app", "config"],
];

/// Imports that the layers would allow and that are forbidden all the same, with the reason.
const FORBIDDEN_IMPORTS: [(&str, &str, &str); 3] = [
    ("annotations", "alertmanager", "annotations are text and its meaning; they send no requests"),
    ("annotations", "prometheus", "annotations are text and its meaning; they send no requests"),
    ("store", "catalog", "the store answers questions and knows no entities"),
];

/// Modules that import only these of ours.
const SPARSE: [(&str, &[&str]); 2] =
    [("demo", &["clock", "engine", "prometheus", "promql", "yaml"]), ("engine", &["clock", "promql"])];

/// The only places that import an outside crate.
const DOORS: [(&str, &[&str]); 18] = [
    ("actix_web", &["web/", "serving/", "app", "demo/", "main.rs"]),
    ("actix_http", &["serving/", "web/kept/"]),
    ("actix_server", &["serving/", "app"]),
    ("socket2", &["serving/"]),
    ("rlimit", &["serving/files.rs"]),
    ("askama", &["web/"]),
    ("charming", &["chart/echarts"]),
    ("moka", &["store/"]),
    ("postcard", &["store/series/bytes"]),
    ("promql_parser", &["promql/"]),
    ("reqwest", &["upstream/"]),
    ("sha2", &["upstream/fingerprint"]),
    ("minijinja", &["annotations/template"]),
    ("granit_parser", &["yaml"]),
    ("prometheus_client", &["metrics"]),
    ("notify", &["catalog/"]),
    ("clap", &["cli/", "main.rs"]),
    ("fast_float2", &["prometheus/"]),
];

const BANNED_NAMES: [&str; 4] = ["utils", "helpers", "common", "misc"];

/// Files should have about 300 lines. More than this fails.
const MOST_LINES: usize = 450;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    let base = root().join(dir);
    let mut found = Vec::new();
    walk(&base, ending, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|p| {
            let name = p.strip_prefix(&base).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&p).unwrap())
        })
        .collect()
}

/// The part of a source file that ships: without its comments and without the tests at its end.
fn shipped(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|f| f.contains(&module))
}

fn check(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

/// Imports of one file that break the rules above.
fn breaches(file: &str, text: &str) -> Vec<String> {
    let own = module_of(file);
    let code = shipped(text);
    let mut faults = Vec::new();
    if Regex::new(r"use crate::\{").unwrap().is_match(&code) {
        faults.push(format!("{file}: a grouped `use crate::{{…}}` hides its floors; one line each"));
    }
    let Some(floor) = floor_of(own) else {
        if own != "lib" {
            faults.push(format!("{file}: module `{own}` stands on no floor"));
        }
        return faults;
    };
    for import in Regex::new(r"\b(?:crate|promenade)::([a-z_]+)").unwrap().captures_iter(&code) {
        let other = &import[1];
        let Some(below) = floor_of(other).filter(|_| other != own) else { continue };
        if below >= floor && floor != FLOORS.len() - 1 {
            faults.push(format!("{file}: {own} imports {other}, which is not below it"));
        }
        for (_, allowed) in
            SPARSE.iter().filter(|(module, allowed)| *module == own && !allowed.contains(&other))
        {
            faults.push(format!("{file}: of ours, {own} imports only {allowed:?}, not {other}"));
        }
        for (_, _, why) in FORBIDDEN_IMPORTS.iter().filter(|s| (s.0, s.1) == (own, other)) {
            faults.push(format!("{file}: {own} must not import {other}: {why}"));
        }
    }
    faults
}

#[test]
fn modules_import_only_from_layers_below() {
    let faults: Vec<String> = files_under("src", "rs").iter().flat_map(|(f, t)| breaches(f, t)).collect();
    check("floors", &faults);
}

#[test]
fn violations_are_detected() {
    for (file, line) in [
        ("prometheus/client.rs", "use crate::catalog::Entity;"),
        ("annotations/spec.rs", "use crate::prometheus::InstanceName;"),
        ("store/mod.rs", "use crate::catalog::Catalog;"),
        ("alertmanager/client.rs", "use crate::prometheus::Labels;"),
        ("prometheus/client.rs", "use crate::alertmanager::Client;"),
        ("chart/plot.rs", "fn x(p: crate::web::PageParams) {}"),
        ("monitoring/mod.rs", "use crate::config::Settings;"),
        ("web/mod.rs", "use crate::{chart, monitoring};"),
        ("demo/mod.rs", "use crate::catalog::Entity;"),
        ("engine/mod.rs", "use crate::diagnostic::Span;"),
        ("stray.rs", "fn nothing() {}"),
    ] {
        assert_eq!(breaches(file, line).len(), 1, "{file}: {line}: {:?}", breaches(file, line));
    }
    assert!(breaches("web/mod.rs", "use crate::chart::Plot;").is_empty());
}

#[test]
fn crates_are_used_only_in_their_modules() {
    let mut faults = Vec::new();
    for (file, text) in files_under("src", "rs") {
        let code = shipped(&text);
        for (outside, doors) in DOORS {
            let named = Regex::new(&format!(r"\b{outside}::")).unwrap();
            if named.is_match(&code) && !doors.iter().any(|d| file.starts_with(d)) {
                faults.push(format!("{file}: `{outside}` enters only by {doors:?}"));
            }
        }
    }
    check("doors", &faults);
}

#[test]
fn each_template_has_a_module_and_each_page_a_template() {
    let shared = ["layout.html", "macros.html"];
    let templates: BTreeSet<String> = files_under("templates", "html").into_iter().map(|(f, _)| f).collect();
    let modules: BTreeSet<String> = files_under("src/web", "rs").into_iter().map(|(f, _)| f).collect();
    let mut faults = Vec::new();
    for template in templates.iter().filter(|t| !shared.contains(&t.as_str())) {
        let module = template.replace(".html", ".rs");
        if !modules.contains(&module) {
            faults.push(format!("templates/{template} has no src/web/{module}"));
        }
    }
    let rendered = Regex::new(r#"template\(\s*path\s*=\s*"([^"]+)""#).unwrap();
    for (file, text) in files_under("src/web", "rs") {
        for path in rendered.captures_iter(&text) {
            let expected = file.replace("/mod.rs", ".rs").replace(".rs", ".html");
            if path[1] != expected && file != "web/page_error.rs" {
                faults.push(format!("src/web/{file} renders {}, not its own {expected}", &path[1]));
            }
        }
    }
    check("template and module pairs", &faults);
}

#[test]
fn templates_contain_no_url_style_or_script() {
    let rules = [
        (r#"(?:href|src|action|hx-get|hx-post)="/"#, "a URL is spelled; links are values"),
        (r#"\sstyle\s*="#, "an inline style, which the policy blocks"),
        (r#"\son[a-z]+\s*="#, "an inline handler, which the policy blocks"),
        (r#"=\{\{"#, "an attribute without quotes"),
        (r#"<script(?:\s[^>]*)?>\s*[^\s<{]"#, "an inline script, which the policy blocks"),
        (r#"hx-on"#, "hx-on needs eval, which the policy blocks"),
    ];
    let mut faults = Vec::new();
    for (file, text) in files_under("templates", "html") {
        for (pattern, why) in rules {
            if let Some(found) = Regex::new(pattern).unwrap().find(&text) {
                faults.push(format!("templates/{file}: {why}: {}", found.as_str().trim()));
            }
        }
    }
    check("templates", &faults);
}

#[test]
fn files_have_meaningful_names_and_limited_length() {
    let mut faults = Vec::new();
    for dir in ["src", "tests"] {
        for (file, text) in files_under(dir, "rs") {
            let stem = Path::new(&file).file_stem().unwrap().to_string_lossy().into_owned();
            let parts = file.split('/').map(|p| p.trim_end_matches(".rs"));
            if parts.clone().any(|p| BANNED_NAMES.contains(&p)) {
                faults.push(format!("{dir}/{file}: `{stem}` says nothing; name it for its noun"));
            }
            let lines = text.lines().count();
            if lines > MOST_LINES {
                faults.push(format!("{dir}/{file}: {lines} lines; what noun is missing?"));
            }
        }
    }
    check("names and sizes", &faults);
}

#[test]
fn every_module_starts_with_its_purpose() {
    let mut faults = Vec::new();
    for (file, text) in files_under("src", "rs") {
        if !text.starts_with("//!") && !text.starts_with("#![doc") {
            faults.push(format!("src/{file} does not open with its duty"));
        }
    }
    check("module docs", &faults);
}

#[test]
fn every_module_is_on_the_map_of_the_architecture_page() {
    let page = fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap();
    let map = page.split("\n## ").find(|part| part.starts_with("The map\n")).unwrap();
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let lost: Vec<String> =
        modules.filter(|name| !map.contains(&format!("[`{name}`]"))).map(str::to_owned).collect();
    check("modules that are not on the map", &lost);
}

#[test]
fn top_level_has_only_the_agreed_files() {
    let agreed = [
        "Cargo.lock",
        "Cargo.toml",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "config",
        "src",
        "static",
        "templates",
        "tests",
    ];
    let mut faults = Vec::new();
    for entry in fs::read_dir(root()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "target" && !agreed.contains(&name.as_str()) {
            faults.push(name);
        }
    }
    check("strangers at the top level", &faults);
}

/// The packages, and where the sources of each are.
const PACKAGES: [(&str, &[&str]); 5] = [
    ("Cargo.toml", &["src", "static", "tests/it", "tests/benches"]),
    ("tests/world/Cargo.toml", &["tests/world"]),
    ("tests/real/Cargo.toml", &["tests/real"]),
    ("tests/browser/Cargo.toml", &["tests/browser"]),
    ("tests/backstage/Cargo.toml", &["tests/backstage"]),
];

fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    let mut names = Vec::new();
    let mut in_dependencies = false;
    for line in text.lines() {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| in_dependencies) {
            names.push(name.to_owned());
        }
    }
    names
}

#[test]
fn every_dependency_is_used_and_listed_in_the_architecture_page() {
    let page = fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap();
    let mut faults = Vec::new();
    for (manifest, folders) in PACKAGES {
        let sources: Vec<_> = folders.iter().flat_map(|folder| files_under(folder, "rs")).collect();
        for name in dependencies(manifest) {
            let own = ["promenade", "world", "browser"].contains(&name.as_str());
            if !own && !page.contains(&format!("| `{name}` |")) {
                faults.push(format!("{manifest}: `{name}` has no line in src/ARCHITECTURE.md"));
            }
            let named = Regex::new(&format!(r"\b{}(::|;|!)", name.replace('-', "_"))).unwrap();
            if !sources.iter().any(|(_, text)| named.is_match(text)) {
                faults.push(format!("{manifest}: `{name}` is used by no source"));
            }
        }
    }
    check("dependencies", &faults);
}
