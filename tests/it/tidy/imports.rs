//! Checks the imports inside a layer: the modules of `web` have an order, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{check, files_under, shipped};

/// The modules of `src/web` from the lowest up.
const WEB_ROOMS: [&[&str]; 14] = [
    &["assets", "format", "observe", "row_id", "security"],
    &["params"],
    &["links"],
    &["settings"],
    &["page_error"],
    &["request"],
    &["reply"],
    &["kept"],
    &["panels"],
    &["data"],
    &["proxy"],
    &["pages"],
    &["canonical", "health"],
    &["mod"],
];

/// Imports of a file of `src/web` that break the order.
fn web_breaches(file: &str, text: &str) -> Vec<String> {
    let room = |name: &str| WEB_ROOMS.iter().position(|rooms| rooms.contains(&name));
    let own = file.split('/').next().unwrap().trim_end_matches(".rs");
    let Some(rank) = room(own) else { return vec![format!("web/{file}: `{own}` has no place in the order")] };
    let code = shipped(text);
    let mut faults = Vec::new();
    if Regex::new(r"use crate::web::(\{|[A-Z])").unwrap().is_match(&code) {
        faults.push(format!("web/{file}: imports through the web module; name the room"));
    }
    for import in Regex::new(r"\bcrate::web::([a-z_]+)").unwrap().captures_iter(&code) {
        let other = &import[1];
        if other != own && room(other).is_none_or(|other| other >= rank) {
            faults.push(format!("web/{file}: {own} imports {other}, which is not below it"));
        }
    }
    faults
}

#[test]
fn rooms_of_web_import_only_from_rooms_below() {
    let faults: Vec<String> =
        files_under("src/web", "rs").iter().flat_map(|(file, text)| web_breaches(file, text)).collect();
    check("rooms of web", &faults);
}

#[test]
fn upward_imports_in_web_are_detected() {
    for (file, line) in [
        ("links/mod.rs", "use crate::web::request::View;"),
        ("panels/graph.rs", "use crate::web::pages::Shell;"),
        ("format.rs", "fn f(e: crate::web::page_error::PageError) {}"),
        ("pages/go.rs", "use crate::web::{PageError, PageParams};"),
        ("pages/go.rs", "use crate::web::PageError;"),
        ("stray.rs", ""),
    ] {
        assert_eq!(web_breaches(file, line).len(), 1, "{file}: {line}");
    }
    assert!(web_breaches("pages/go.rs", "use crate::web::links::Link;").is_empty());
}

/// The source files as modules, and the names that each imports.
struct Modules {
    /// `web::request::view` -> the paths of its imports, each from the root of the crate.
    imports: BTreeMap<String, Vec<Vec<String>>>,
}

impl Modules {
    fn of(files: &[(String, String)]) -> Self {
        let imports = files.iter().map(|(file, text)| {
            let module = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
            let paths = paths(&shipped(text)).into_iter().filter_map(|path| absolute(&module, path));
            (module.clone(), paths.collect())
        });
        Self { imports: imports.collect() }
    }

    /// The module that a path ends in. A name that a module itself imports leads to where it comes from.
    fn target(&self, path: &[String], steps: usize) -> Option<String> {
        let ends = (1..=path.len()).rev();
        let end = ends.into_iter().find(|end| self.imports.contains_key(&path[..*end].join("::")))?;
        let module = path[..end].join("::");
        let again = path.get(end).filter(|_| steps > 0).and_then(|name| {
            let mut imported = self.imports[&module].iter().filter(|import| import.last() == Some(name));
            imported.find_map(|import| self.target(import, steps - 1)).filter(|again| *again != module)
        });
        Some(again.unwrap_or(module))
    }

    /// What a module needs of others. A module and those inside it count as one.
    fn needs(&self, module: &str) -> BTreeSet<String> {
        let targets = self.imports[module].iter().filter_map(|path| self.target(path, 4));
        let inside = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}::"));
        targets.filter(|target| !inside(target, module) && !inside(module, target)).collect()
    }

    /// Modules that reach themselves, each with the others of its circle.
    fn circles(&self) -> Vec<String> {
        let needs: BTreeMap<&str, BTreeSet<String>> =
            self.imports.keys().map(|module| (module.as_str(), self.needs(module))).collect();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            needs.keys().map(|module| (*module, reached(&needs, module))).collect();
        let circle = |module: &&str| {
            let others: Vec<&str> =
                reached[*module].iter().filter(|o| reached[**o].contains(*module)).copied().collect();
            (!others.is_empty()).then(|| others.join(", "))
        };
        reached.keys().filter_map(circle).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn reached<'n>(needs: &'n BTreeMap<&str, BTreeSet<String>>, from: &str) -> BTreeSet<&'n str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in &needs[module] {
            if found.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    found
}

/// Every path that `use` names, and those in the code that begin at the crate's root.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for import in Regex::new(r"\buse ([^;]+);").unwrap().captures_iter(code) {
        let flat: String = import[1].split_whitespace().collect::<Vec<_>>().join(" ").replace(" as ", "@");
        expand("", &flat.replace(' ', ""), &mut paths);
    }
    let inline = Regex::new(r"\bcrate(?:::\w+)+").unwrap();
    paths.extend(inline.find_iter(code).map(|path| segments(path.as_str())));
    paths
}

fn segments(path: &str) -> Vec<String> {
    path.split('@').next().unwrap().split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// `a::{b, c::d}` -> `a::b` and `a::c::d`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<Vec<String>>) {
    let (mut depth, mut part) = (0, String::new());
    for c in tree.chars().chain([',']) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c != ',' || depth > 0 {
            part.push(c);
            continue;
        }
        match part.split_once('{') {
            Some((head, tail)) => expand(&format!("{prefix}{head}"), tail.trim_end_matches('}'), paths),
            None => paths.push(segments(&format!("{prefix}{}", part.trim_end_matches("::self")))),
        }
        part.clear();
    }
}

/// A path from the root of the crate. None: it is of another crate.
fn absolute(module: &str, path: Vec<String>) -> Option<Vec<String>> {
    let mut own: Vec<String> = module.split("::").map(str::to_owned).collect();
    match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" => {}
        "super" => {
            let ups = path.iter().take_while(|s| *s == "super").count();
            own.truncate(own.len().saturating_sub(ups));
            return Some(own.into_iter().chain(path.into_iter().skip(ups)).collect());
        }
        // A child, or another crate: the latter leads to no module.
        _ => return Some(own.into_iter().chain(path).collect()),
    }
    Some(own.into_iter().chain(path.into_iter().skip(1)).collect())
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    check("circles of files", &Modules::of(&files_under("src", "rs")).circles());
}

#[test]
fn circles_of_files_are_detected() {
    let circles = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(file, text)| (file.to_string(), text.to_string())).collect();
        Modules::of(&files).circles()
    };
    let facade = ("a/mod.rs", "mod x;\nmod y;\npub use x::X;\nuse y::Y;");
    assert_eq!(
        circles(&[facade, ("a/x.rs", "use super::Y;"), ("a/y.rs", "use crate::a::{X, Z};")]),
        ["a::x, a::y"]
    );
    assert_eq!(circles(&[("b.rs", "fn f(c: crate::c::C) {}"), ("c.rs", "use crate::b;")]), ["b, c"]);
    assert!(circles(&[facade, ("a/x.rs", "use super::Y;"), ("a/y.rs", "use super::Z;")]).is_empty());
}
