//! README and the pages under `config/`: their links, their length, and the YAML in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use promenade::config::Settings;
use regex::Regex;
use tempfile::TempDir;

const MAX_README_LINES: usize = 200;
/// The instance that a page's config may refer to.
const INSTANCE: &str = "proxy: {'/prometheus/api': 'http://prometheus:9090/api/v1/'}\n";

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

/// Config of Promenade and of Backstage: Promenade reads both.
#[test]
fn yaml_of_the_pages_loads_as_config() {
    let mut loaded = 0;
    for page in pages() {
        for text in blocks(&page, "yaml").iter().flat_map(|block| block.split("\n---\n")) {
            // A step of a CI job, and an entity.
            if text.starts_with("- ") || text.contains("\nkind: ") {
                continue;
            }
            let directory = TempDir::new().unwrap();
            let files = [("base.yaml", INSTANCE), ("app-config.yaml", text)].map(|(name, text)| {
                let file = directory.path().join(name);
                fs::write(&file, text).unwrap();
                file
            });
            let variable = |_: &str| Some("secret".to_owned());
            if let Err(faults) = Settings::load(&files, None, &variable) {
                panic!("{page}: {faults:#?}\n{text}");
            }
            loaded += 1;
        }
    }
    assert!(loaded >= 8, "{loaded} blocks");
}

#[test]
fn commands_of_readme_are_the_agreed_two() {
    let commands = blocks("README.md", "sh").concat();
    for command in ["cargo run --release -- demo ", "./tests/run "] {
        assert!(commands.lines().any(|line| line.starts_with(command)), "README.md has no `{command}`");
    }
}
