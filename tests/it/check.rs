//! `promenade check`: its findings, their positions, and its exit status.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use world::program::program;

mod online;

struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", self.stdout, self.stderr))
    }

    fn findings(&self) -> Vec<Value> {
        self.json()["findings"].as_array().unwrap().clone()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the check in a directory.
fn check(directory: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(program());
    command.arg("check").args(arguments).current_dir(directory).env_remove("RUST_LOG").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let status = output.status.code().unwrap();
    Ended { status, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A new directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn component(name: &str, annotations: &str) -> String {
    let head = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n";
    format!("{head}  name: {name}\n  annotations:\n    {annotations}\n")
}

/// The text of the file at the position of a finding; one character if the finding has no end.
fn pointed_at(directory: &Path, finding: &Value) -> String {
    let number = |key: &str| finding[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let Some((line, column)) = number("line").zip(number("column")) else { return String::new() };
    let text = fs::read_to_string(directory.join(finding["file"].as_str().unwrap())).unwrap();
    let line: Vec<char> = text.lines().nth(line - 1).unwrap().chars().collect();
    let end = match number("endLine") {
        Some(end) if Some(end) == number("line") => number("endColumn").unwrap() - 1,
        Some(_) => line.len(),
        None => column,
    };
    line[column - 1..end].iter().collect()
}

/// Line, column, the text there, the entity, the annotation or key, and a part of the message.
type Expected = (u64, u64, &'static str, &'static str, &'static str, &'static str);

const IN_CONFIG: [Expected; 3] = [
    (11, 15, ".", "", "catalog.locations", "no file matches"),
    (13, 3, "l", "", "promenade.lisen", "did you mean `listen`"),
    (15, 12, "a", "", "promenade.defaults.range", "not a duration"),
];

const IN_SHAPES: [Expected; 13] = [
    (2, 1, "a", "", "", "no `metadata.name`"),
    (7, 1, "a", "", "", "no `kind`"),
    (14, 9, "h", "", "", "no entity reference"),
    (23, 5, "p", "", "", "duplicate key `prometheus.io/rule`"),
    (30, 27, ":", "", "", "mapping values"),
    (37, 26, "4", "component:default/numbers", "prometheus.io/alert", "is a number"),
    (38, 33, "t", "component:default/numbers", "prometheus.io/service-name", "is true or false"),
    (44, 1, "a", "component:default/misplaced", "", "`annotations` is not read"),
    (47, 10, "g", "component:default/misplaced", "", "`spec.owner`"),
    (50, 7, "7", "component:default/misplaced", "", "`spec.dependsOn` is a number"),
    (52, 1, "a", "component:default/numbers", "", "is already defined"),
    (57, 1, "-", "", "", "is a list"),
    (62, 16, ".", "location:default/elsewhere", "", "no file matches"),
];

const RULE: &str = "prometheus.io/rule";
const ALERT: &str = "prometheus.io/alert";
const LABELS: &str = "prometheus.io/labels";
const QUERIES: &str = "component:default/queries";
const FOLDED: &str = "component:default/folded";
const QUOTED: &str = "component:default/quoted";
const KEYS: &str = "component:default/keys";

const IN_ANNOTATIONS: [Expected; 17] = [
    (9, 10, "(", QUERIES, RULE, "unclosed"),
    (10, 27, "tpye", QUERIES, RULE, "unknown option"),
    (10, 37, "colour", QUERIES, RULE, "unknown option"),
    (11, 31, "pods", QUERIES, RULE, "groups by pod, zone"),
    (23, 16, ")", FOLDED, RULE, "to close `[`"),
    (24, 32, "bars", FOLDED, RULE, "none of line, area and stat"),
    (25, 33, r#"\"not"#, FOLDED, ALERT, "unclosed quote"),
    (26, 15, "all", FOLDED, ALERT, "only as the first"),
    (33, 41, "rats(x[5m])", QUOTED, RULE, "could not be parsed here"),
    (33, 63, "%2C", QUOTED, RULE, "turned `%2C` into `,`"),
    (34, 38, r#"\"warn(ing\""#, QUOTED, LABELS, "invalid regex"),
    (34, 52, "team", QUOTED, LABELS, "expected an operator"),
    (34, 63, "eu-.*", QUOTED, LABELS, "letter for letter"),
    (35, 33, "stagin", QUOTED, "prometheus.io/service-name", "unknown instance"),
    (42, 5, "prometheus.io/rules", KEYS, "prometheus.io/rules", "misspelt"),
    (43, 31, "all", KEYS, ALERT, "only as the first"),
    (44, 5, "promethues.io/labels", KEYS, "promethues.io/labels", "misspelt"),
];

#[test]
fn check_finds_exactly_the_thirty_three_mistakes_at_their_positions() {
    let directory = root().join("tests/fixtures/mistakes");
    let ended = check(&directory, &["--config", "app-config.yaml", "--format", "json"]);
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    assert_eq!(ended.stderr, "");
    for (file, expected) in [
        ("app-config.yaml", &IN_CONFIG[..]),
        ("catalog/annotations.yaml", &IN_ANNOTATIONS),
        ("catalog/shapes.yaml", &IN_SHAPES),
    ] {
        let found = ended.findings();
        let found: Vec<&Value> = found.iter().filter(|f| f["file"] == file).collect();
        assert_eq!(found.len(), expected.len(), "{file}: {found:#?}");
        for (finding, (line, column, pointed, entity, about, part)) in found.into_iter().zip(expected) {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            assert_eq!((&finding["line"], &finding["column"]), (&json!(line), &json!(column)), "{finding:#}");
            assert_eq!(pointed_at(&directory, finding), *pointed, "{finding:#}");
            assert_eq!(text("entity"), *entity, "{finding:#}");
            assert_eq!(format!("{}{}", text("annotation"), text("key")), *about, "{finding:#}");
            assert!(text("message").contains(part), "{finding:#}");
        }
    }
    let suggested: Vec<Value> = ended.findings().iter().map(|f| f["suggestion"].clone()).collect();
    for suggestion in ["pod", ",", "zone=~\"eu-.*\"", "staging", RULE, LABELS] {
        assert!(suggested.contains(&json!(suggestion)), "{suggestion} in {suggested:?}");
    }
    let summary =
        json!({"errors": 22, "warnings": 10, "infos": 1, "files": 2, "entities": 8, "online": false});
    assert_eq!(ended.json()["summary"], summary);
}

#[test]
fn check_finds_nothing_in_the_sample_catalogs() {
    let root = root();
    for (directory, arguments) in [
        ("", &[][..]),
        ("", &["config/catalog"]),
        ("", &["config/catalog/*.yaml"]),
        ("config/catalog", &["org.yaml", "prometheus.yaml"]),
        ("tests/fixtures/create-app", &["--config", "app-config.yaml"]),
    ] {
        let ended = check(&root.join(directory), arguments);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stdout.starts_with("no problems in "), "{}", ended.stdout);
    }
}

#[test]
fn check_finds_only_the_deliberate_mistakes_of_the_demo() {
    let config = "proxy:\n  /prometheus/api: http://127.0.0.1:9/api/v1/\n  \
                  /prometheus-warehouse/api: http://127.0.0.1:9/api/v1/\n";
    let directory = directory(&[("app-config.yaml", config)]);
    let catalog = root().join("config/demo/catalog.yaml");
    let arguments = ["--config", "app-config.yaml", "--format", "json", catalog.to_str().unwrap()];
    let ended = check(directory.path(), &arguments);
    let found = ended.findings();
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|f| (f["entity"].as_str().unwrap(), f["annotation"].as_str().unwrap_or_default()))
        .collect();
    let expected = [
        ("component:default/recommendations", RULE),
        ("component:default/recommendations", LABELS),
        ("component:default/legacy-billing", "prometheus.io/service-name"),
    ];
    assert_eq!(found, expected, "{}", ended.stdout);
}

#[test]
fn check_json_has_the_documented_form() {
    let broken = component("shop", "prometheus.io/alert: 'A,\"B'");
    let directory = directory(&[("a.yaml", &broken)]);
    let ended = check(directory.path(), &["a.yaml", "--format", "json"]);
    let expected = json!({
        "findings": [{
            "severity": "error", "message": "unclosed quote",
            "file": "a.yaml", "line": 6, "column": 29, "endLine": 6, "endColumn": 31,
            "entity": "component:default/shop", "annotation": ALERT, "key": null, "suggestion": null
        }],
        "instances": [],
        "failures": [],
        "summary": {"errors": 1, "warnings": 0, "infos": 0, "files": 1, "entities": 1, "online": false}
    });
    assert_eq!(ended.json(), expected);
}

#[test]
fn check_text_shows_the_line_with_a_caret() {
    let broken = component("shop", "prometheus.io/rules: up\n    prometheus.io/alert: 'A, \"B'");
    let directory = directory(&[("a.yaml", &broken)]);
    let ended = check(directory.path(), &["a.yaml"]);
    let expected = "a.yaml:6:5: warning: unknown annotation; it looks misspelt\n  \
                    in component:default/shop, prometheus.io/rules\n  \
                    |\n\
                    6 |     prometheus.io/rules: up\n  \
                    |     ^^^^^^^^^^^^^^^^^^^\n  \
                    = did you mean `prometheus.io/rule`?\n\n\
                    a.yaml:7:30: error: unclosed quote\n  \
                    in component:default/shop, prometheus.io/alert\n  \
                    |\n\
                    7 |     prometheus.io/alert: 'A, \"B'\n  \
                    |                              ^^\n\n\
                    1 error and 1 warning in 1 entity of 1 file\n";
    assert_eq!(ended.stdout, expected);
}

#[test]
fn check_reports_the_routing_rule_and_target_of_each_entity() {
    let config = "proxy:\n  /prometheus/api: http://127.0.0.1:9/api/v1/\n  \
                  /prometheus-prod/api: http://127.0.0.1:9/api/v1/\npromenade:\n  instances:\n    prod:\n      \
                  allowedEntities: [{namespace: pay}]\n  routing:\n    \
                  - {name: cells, when: {name: c}, target: 'https://{{ serviceName }}.example/api/v1/', \
                  allowedHosts: '*.example'}\n    - {when: {name: d}, instance: prod}\n";
    let named =
        |service: &str| format!("prometheus.io/service-name: {service}\n    prometheus.io/alert: all");
    let catalog = [
        component("a", &named("prod")).replace("name: a", "name: a\n  namespace: pay"),
        component("b", &named("prod")),
        component("c", &named("eu")),
        component("d", "prometheus.io/alert: all"),
        component("e", "prometheus.io/alert: all"),
        component("f", "backstage.io/other: x"),
    ];
    let directory = directory(&[("app-config.yaml", config), ("a.yaml", &catalog.join("---\n"))]);
    let ended = check(directory.path(), &["--config", "app-config.yaml", "--format", "json", "a.yaml"]);
    let routed = json!([
        {"entity": "component:pay/a", "instance": "prod", "why": "named by the annotation prometheus.io/service-name"},
        {"entity": "component:default/c", "instance": "cells/eu.example", "why": "chosen by rule 1 of promenade.routing, cells"},
        {"entity": "component:default/e", "instance": "default", "why": "no instance is named"}
    ]);
    assert_eq!(ended.json()["instances"], routed, "{}", ended.stdout);
    let found = ended.findings();
    let [denied, led_away] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((&denied["line"], pointed_at(directory.path(), denied).as_str()), (&json!(15), "prod"));
    assert!(denied["message"].as_str().unwrap().contains("allowedEntities of prod"), "{denied}");
    assert_eq!((&led_away["entity"], &led_away["line"]), (&json!("component:default/d"), &json!(26)));
    let ended = check(directory.path(), &["--config", "app-config.yaml", "a.yaml"]);
    let message = "1 entity uses cells/eu.example: chosen by rule 1 of promenade.routing, cells\n";
    assert!(ended.stdout.contains(message), "{}", ended.stdout);
}

const CONFIG: &str = "proxy:\n  /prometheus/api: http://127.0.0.1:9/api/v1/\n";

#[test]
fn check_exit_status_distinguishes_clean_mistakes_and_failure() {
    let (good, bad) =
        (component("good", "prometheus.io/rule: up"), component("bad", "prometheus.io/rule: up("));
    let doubtful = component("doubtful", "prometheus.io/rules: up");
    let newer = component("newer", "prometheus.io/rule: 'x </ 1, rate(y[5m] anchored), till default 0'");
    let directory = directory(&[
        ("app-config.yaml", CONFIG),
        ("wrong.yaml", "promenade: {listen: nowhere}\n"),
        ("torn.yaml", "proxy: [\n"),
        ("lost.yaml", "catalog: {locations: [{type: file, target: x.yaml}]}\n"),
        ("good.yaml", &good),
        ("sub/[odd] name/bad.yml", &bad),
        ("doubtful.yaml", &doubtful),
        ("newer.yaml", &newer),
        ("typed.yaml", &component("typed", "prometheus.io/rule: 'rate(up)'")),
        ("params.yaml", &component("params", "promenade.io/params: 'step=1m&stepp=2m'")),
        ("empty/readme.txt", ""),
    ]);
    for (arguments, status, expected) in [
        (&["good.yaml"][..], 0, "no problems in 1 entity of 1 file"),
        (&["./good.yaml", "good.yaml"], 0, "1 entity of 1 file"),
        (&["--config", "app-config.yaml"], 0, "0 entities"),
        (&["--config", "app-config.yaml", "good.yaml"], 0, "1 entity"),
        (&["sub"], 1, "bad.yml:6:27: error"),
        (&["sub/[odd] name"], 1, "bad.yml:6:27: error"),
        (&["sub/**/*.yml", "good.yaml"], 1, "1 error in 2 entities of 2 files"),
        (&["doubtful.yaml"], 1, "1 warning in"),
        (&["newer.yaml"], 0, "newer.yaml:6:26: info: not checked here: "),
        (&["newer.yaml"], 0, "no problems in 1 entity of 1 file; 3 infos"),
        (&["newer.yaml", "doubtful.yaml"], 1, "1 warning in 2 entities of 2 files; 3 infos"),
        (
            &["typed.yaml"],
            1,
            "warning: type error: expected type matrix in call to function 'rate', got vector",
        ),
        (&["params.yaml"], 1, "params.yaml:6:35: "),
        (&["doubtful.yaml", "--allow-warnings"], 0, "1 warning in"),
        (&["sub", "--allow-warnings"], 1, "1 error in"),
        (&["--config", "wrong.yaml", "good.yaml"], 1, "promenade.listen"),
        (&["--config", "torn.yaml", "good.yaml"], 1, "torn.yaml:"),
        (&["--config", "lost.yaml"], 1, "lost.yaml:1:44: error: catalog.locations: no file matches"),
        (&["--config", "lost.yaml", "good.yaml"], 1, "no Prometheus instance is configured"),
        (&[], 2, "there is no config here"),
        (&["nowhere.yaml"], 2, "no file to check: nowhere.yaml"),
        (&["nowhere/*.yaml", "good.yaml"], 2, "no file to check: nowhere/*.yaml"),
        (
            &["nowhere.yaml", "good.yaml"],
            2,
            "the check is incomplete (1 failure): no problems in 1 entity of 1 file",
        ),
        (&["empty"], 2, "no file to check: empty"),
        (&["--config", "none.yaml", "good.yaml"], 2, "none.yaml: does not exist"),
        (&["--config", "torn.yaml"], 2, "keep its catalog from being looked at"),
        (&["--online", "good.yaml"], 2, "no instance can be asked"),
        (&["--format", "xml"], 2, "xml"),
    ] {
        let ended = check(directory.path(), arguments);
        let message = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.status, status, "{arguments:?}: {message}");
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
}

#[test]
fn check_shows_no_secret_of_the_config() {
    let config = "proxy:\n  /prometheus/api:\n    target: http://127.0.0.1:9/api/v1/\n    headers:\n      \
                  Authorization: \"Bearer hunter2\\n\"\n      Host: hunter2\n";
    let directory = directory(&[("app-config.yaml", config)]);
    for format in ["text", "json"] {
        let ended = check(directory.path(), &["--config", "app-config.yaml", "--format", format]);
        assert_eq!(ended.status, 1, "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("headers.Authorization"), "{}", ended.stdout);
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("hunter2"), "{}", ended.stdout);
    }
}
