//! README and the pages under `config/`: their links, their length, and the YAML in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use tempfile::TempDir;
use world::program::program;

const MAX_README_LINES: usize = 200;
/// The instances that the pages' examples refer to.
const INSTANCES: &str = "proxy: {endpoints: {'/prometheus/api': 'http://prometheus:9090/api/v1/', \
                         '/prometheus-prod/api': 'http://prod:9090/api/v1/'}}\n";
/// An entity for the config of a page.
const ENTITY: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payments, \
                      annotations: {prometheus.io/alert: all}}\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// README and every page under `config/`, by path.
fn pages() -> Vec<String> {
    let names = fs::read_dir(root().join("config")).unwrap().flatten().map(|entry| entry.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".md"));
    let mut pages: Vec<String> = names.map(|name| format!("config/{name}")).collect();
    pages.sort();
    pages.insert(0, "README.md".to_owned());
    pages
}

/// The targets of a page's links and images, without those that lead out of the repository.
fn links(page: &str) -> Vec<String> {
    let pattern = Regex::new(r#"\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)""#).unwrap();
    let text = read(page);
    let targets = pattern.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(2)));
    targets
        .map(|target| target.as_str().to_owned())
        .filter(|target| !target.starts_with("https://"))
        .collect()
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let anchor = |line: &str| {
        line.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>()
    };
    headings.map(anchor).map(|text| text.replace(' ', "-")).collect()
}

/// The blocks of a page's code in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let pattern = Regex::new(&format!(r"(?s)```{language}\n(.*?)```")).unwrap();
    pattern.captures_iter(&read(page)).map(|found| found[1].to_owned()).collect()
}

#[test]
fn readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= MAX_README_LINES, "README.md has {lines} lines");
}

#[test]
fn readme_links_every_page() {
    let linked = links("README.md");
    for page in pages().into_iter().skip(1) {
        assert!(linked.contains(&page), "README.md does not link {page}");
    }
}

#[test]
fn links_lead_to_files_and_headings() {
    for page in pages() {
        for link in links(&page) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = root().join(&page).parent().unwrap().to_owned();
            let target = if path.is_empty() { root().join(&page) } else { folder.join(path) };
            assert!(target.exists(), "{page} links {link}, which does not exist");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(anchors(&text).contains(anchor), "{page} links {link}, which has no such heading");
            }
        }
    }
}

/// Runs `promenade check` in a directory; its report.
fn check(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program());
    command.arg("check").args(arguments).current_dir(directory).stdin(Stdio::null());
    for variable in ["STAGING_CREDENTIALS", "BACKSTAGE_TOKEN", "PROMENADE_TOKEN"] {
        command.env(variable, "secret");
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code(), text)
}

/// Config of Promenade and of Backstage (Promenade reads both), entities, and the step of a CI job: the check finds
/// nothing.
#[test]
fn yaml_of_the_pages_passes_the_check() {
    let (mut configs, mut entities, mut steps) = (0, 0, 0);
    for page in pages() {
        for text in blocks(&page, "yaml").iter().flat_map(|block| block.split("\n---\n")) {
            let directory = TempDir::new().unwrap();
            let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
            fs::create_dir(directory.path().join("catalog")).unwrap();
            write("base.yaml", INSTANCES);
            write("app-config.yaml", INSTANCES);
            write("catalog/entity.yaml", ENTITY);
            let all = ["--config", "base.yaml", "--config", "app-config.yaml", "catalog/entity.yaml"];
            let (status, report) = if let Some(step) = text.strip_prefix("- run: promenade check ") {
                steps += 1;
                check(
                    directory.path(),
                    &step.split_whitespace().map(|word| word.trim_matches('\'')).collect::<Vec<_>>(),
                )
            } else if text.contains("\nkind: ") {
                entities += 1;
                write("catalog/entity.yaml", text);
                check(directory.path(), &all)
            } else {
                configs += 1;
                write("app-config.yaml", text);
                // The entities where the config itself looks for them.
                check(directory.path(), if text.contains("locations:") { &all[..4] } else { &all })
            };
            assert_eq!(status, Some(0), "{page}:\n{text}\n{report}");
            assert!(report.starts_with("no problems in 1 entity of 1 file\n"), "{page}:\n{text}\n{report}");
        }
    }
    assert!(configs >= 8 && entities > 0 && steps > 0, "{configs} {entities} {steps}");
}

#[test]
fn commands_of_readme_are_the_agreed_two() {
    let commands = blocks("README.md", "sh").concat();
    for command in ["cargo run --release -- demo ", "./tests/run "] {
        assert!(commands.lines().any(|line| line.starts_with(command)), "README.md has no `{command}`");
    }
}

/// The names in quotes between two texts of a file.
fn quoted_names(file: &str, (from, to): (&str, &str)) -> BTreeSet<String> {
    let text = read(file);
    let list = text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).unwrap().0;
    let quoted = Regex::new("[`'\"]([^`'\"]+)[`'\"]").unwrap();
    quoted.captures_iter(list).map(|found| found[1].to_owned()).collect()
}

#[test]
fn fonts_of_the_look_are_the_same_in_portal_package_and_page() {
    let portal = quoted_names("static/js/look.js", ("const FONTS = [", "]"));
    assert!(portal.len() > 5, "{portal:?}");
    assert_eq!(quoted_names("config/backstage/promenade/src/look.ts", ("const FONTS = [", "]")), portal);
    assert_eq!(quoted_names("config/embedding.md", ("| `font` | ", "Optional")), portal);
}

/// Backstage checks the types of these files, and lints and builds them.
#[test]
fn lines_for_backstage_are_those_of_the_tested_apps() {
    let files = ["app/src/EntityPage.tsx", "app-next/src/features.ts", "backend/src/index.ts"];
    let code = files.map(|file| read(&format!("tests/backstage/packages/{file}"))).concat();
    let tested: BTreeSet<&str> = code.lines().map(str::trim).collect();
    let page = ["ts", "tsx"].map(|language| blocks("config/embedding.md", language).concat()).concat();
    let lines: Vec<&str> = page.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 15, "{lines:?}");
    for line in lines.iter().filter(|line| !line.starts_with("//")) {
        assert!(tested.contains(line), "no app of tests/backstage contains `{line}`");
    }
}
