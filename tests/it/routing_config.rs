//! `promenade.routing` and `allowedEntities`: the settings that they become, and each mistake.

use std::fs;
use std::path::Path;

use promenade::config::Settings;
use promenade::diagnostic::Diagnostic;
use promenade::monitoring::routing::RuleTarget;
use tempfile::TempDir;

const PROXY: &str =
    "proxy: {'/prometheus/api': 'http://p/api/v1/', '/prometheus-prod/api': 'http://q/api/v1/'}\n";
const TARGET: &str = "target: 'https://{{ serviceName }}.p.example/api/v1/', allowedHosts: '*.p.example'";

fn load(text: &str) -> Result<Settings, Vec<Diagnostic>> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("app-config.yaml");
    fs::write(&path, format!("{PROXY}{text}")).unwrap();
    let env = |name: &str| (name == "SECRET").then(|| "canary-71c4".to_owned());
    Settings::load(&[path], None, &env)
}

/// The rule has exactly this fault: the key below `promenade.routing[0]`, and a part of its sentence.
fn check_rule(rule: &str, key: &str, part: &str) {
    check(&format!("promenade: {{routing: [{{{rule}}}]}}"), &format!("promenade.routing[0]{key}"), part);
}

fn check(text: &str, key: &str, part: &str) {
    let faults = load(text).err().unwrap_or_else(|| panic!("no fault in {text}"));
    let messages: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1, "{text}: {messages:#?}");
    assert_eq!(faults[0].config_key(), Some(key), "{text}: {messages:#?}");
    assert!(faults[0].message.contains(part), "{messages:#?} lacks {part:?}");
    assert!(faults[0].position().is_some() && !messages.join("").contains("canary"), "{messages:#?}");
}

#[test]
fn documented_routing_rules_load() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/app-config.yaml");
    let text = fs::read_to_string(shipped).unwrap();
    let (_, documented) = text.split_once("  # routing:\n").expect("the rules are documented");
    let lines = documented.lines().take_while(|line| line.starts_with("  #"));
    let rules: String = lines.map(|line| format!("  {}\n", &line[3..])).collect();
    let (_, selectors) = text.split_once("      # allowedEntities:\n").expect("the selectors are documented");
    let lines = selectors.lines().take_while(|line| line.starts_with("      #"));
    let selectors: String = lines.map(|line| format!("        {}\n", &line[7..])).collect();
    let written = format!(
        "promenade:\n  instances:\n    prod:\n      allowedEntities:\n{selectors}  routing:\n{rules}"
    );
    let settings = load(&written).unwrap_or_else(|faults| panic!("{faults:#?}\n{written}"));
    let routing = settings.routing;
    let names: Vec<&str> = routing.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["sandboxes", "cells"]);
    assert_eq!(routing.rules[0].when.entity.len(), 8);
    assert_eq!(routing.headers().into_iter().collect::<Vec<_>>(), ["x-stage"]);
    assert_eq!(routing.parameters().into_iter().collect::<Vec<_>>(), ["stage"]);
    let RuleTarget::Target(target) = &routing.rules[1].target else { panic!("{:?}", routing.rules[1]) };
    assert_eq!(target.headers.len(), 1);
    assert_eq!(routing.allowed.len(), 1);
    assert_eq!(routing.known.len(), 2);
}

#[test]
fn short_routing_rule_loads() {
    let settings = load(
        "promenade: {routing: [{instance: prod}, {when: {spec: {type: service, deep: {er: [a, b]}}}, instance: default}, \
         {target: 'http://127.0.0.1:9/{{ kind }}/', allowedHosts: '127.0.0.1:9', headers: {X: '${SECRET}'}}]}",
    )
    .unwrap();
    let names: Vec<&str> = settings.routing.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["rule-1", "rule-2", "rule-3"]);
    assert_eq!(settings.routing.rules[1].when.entity.len(), 2);
    assert!(!format!("{settings:?}").contains("canary"));
}

#[test]
fn mistakes_in_routing_rules_are_reported() {
    for (rule, key, part) in [
        ("", "", "needs an `instance` or a `target`"),
        ("instance: pord", ".instance", "did you mean `prod`?"),
        ("instance: ''", ".instance", "is not an instance"),
        ("instance: prod, target: x", ".target", "not both"),
        ("instance: prod, secure: false", ".secure", "belongs to a `target`"),
        ("instance: prod, wen: {}", ".wen", "did you mean `when`?"),
        ("instance: prod, name: 'a b'", ".name", "not a valid rule name"),
        ("instance: prod, name: a/b", ".name", "not a valid rule name"),
        ("instance: prod, when: [a]", ".when", "not a list"),
        ("instance: prod, when: {kin: a}", ".when.kin", "did you mean `kind`?"),
        ("instance: prod, when: {kind: }", ".when.kind", "is empty"),
        ("instance: prod, when: {kind: []}", ".when.kind", "is empty"),
        ("instance: prod, when: {kind: ['']}", ".when.kind[0]", "is empty"),
        ("instance: prod, when: {name: '/(/'}", ".when.name", "no regex"),
        ("instance: prod, when: {name: {a: b}}", ".when.name", "not a mapping"),
        ("instance: prod, when: {labels: a}", ".when.labels", "not text"),
        ("instance: prod, when: {spec: a}", ".when.spec", "not text"),
        ("instance: prod, when: {spec.: a}", ".when.spec.", "unknown condition"),
        ("instance: prod, when: {relations: {ownr: a}}", ".when.relations.ownr", "did you mean `owner`?"),
        ("instance: prod, when: {relations: {owner: a b}}", ".when.relations.owner", "no reference"),
        ("instance: prod, when: {header: {'a b': x}}", ".when.header.a b", "not a header name"),
        ("target: 'https://{{ serviceName }}.p.example/'", ".allowedHosts", "needs `allowedHosts`"),
        ("target: 'https://{{ nothing }}.p/', allowedHosts: '*.p'", ".target", "has no value for `nothing`"),
        ("target: 'https://{{ serviceName .p/', allowedHosts: '*.p'", ".target", "without its `}}`"),
        ("target: 'ftp://{{ kind }}.p/', allowedHosts: '*.p'", ".target", "no http or https"),
        ("target: 'https://p/?{{ kind }}', allowedHosts: p", ".target", "no http or https"),
        ("target: 'https://p:{{ kind }}/', allowedHosts: p", ".target", "no http or https"),
        ("target: 'https://p/{{ kind }}', allowedHosts: q", ".allowedHosts", "none of these hosts allows"),
        ("target: 'https://p:1/{{ kind }}', allowedHosts: p", ".allowedHosts", "none of these hosts allows"),
        (
            "target: 'https://{{ kind }}.p/', allowedHosts: '*.q'",
            ".allowedHosts",
            "none of these hosts allows",
        ),
        ("target: 'https://{{ kind }}.p/', allowedHosts: '*'", ".allowedHosts", "first label"),
        (
            "target: 'https://{{ kind }}.p/', allowedHosts: ['*.p', 'https://p']",
            ".allowedHosts[1]",
            "is no host",
        ),
        ("target: 'https://${SECRET}{{ }}.p/', allowedHosts: '*.p'", ".target", "not shown"),
        (&format!("{TARGET}, uiUrl: 'javascript:{{{{ kind }}}}'"), ".uiUrl", "has no scheme"),
        (&format!("{TARGET}, headers: {{Host: x}}"), ".headers.Host", "cannot be set"),
        (&format!("{TARGET}, maxConcurrent: 0"), ".maxConcurrent", "between 1 and 256"),
    ] {
        check_rule(rule, key, part);
    }
    check("promenade: {routing: {instance: prod}}", "promenade.routing", "must be a list");
    check("promenade: {routing: [prod]}", "promenade.routing[0]", "must be a mapping");
    check(
        "promenade: {routing: [{instance: prod}, {name: rule-1, instance: prod}]}",
        "promenade.routing[1].name",
        "same name",
    );
    let named = "prometheus: {instances: [{name: cells/a.example, proxyPath: /prometheus/api}]}\n";
    let rule = format!("{named}promenade: {{routing: [{{name: cells, {TARGET}}}]}}");
    check(&rule, "promenade.routing[0].name", "begins with this rule's name");
}

#[test]
fn no_rule_names_a_parameter_that_the_script_sets() {
    let all = "drawn, since, folded, from, to, range, page, series, hide, notify, alert";
    for name in all.split(", ") {
        let rule = format!("instance: prod, when: {{parameter: {{stage: x, {name}: y}}}}");
        check_rule(&rule, &format!(".when.parameter.{name}"), all);
    }
}

#[test]
fn mistakes_in_selectors_are_reported() {
    for (selectors, key, part) in [
        ("[]", "", "no page could use"),
        ("{kind: a}", "", "must be a list, not a mapping"),
        ("[{}]", "[0]", "selects every entity"),
        ("[a]", "[0]", "not text"),
        ("[~]", "[0]", "is empty"),
        ("[{kinds: a}]", "[0].kinds", "did you mean `kind`?"),
        ("[{owner: 'a b'}]", "[0].owner", "no reference"),
        ("[{namespace: []}]", "[0].namespace", "is empty"),
    ] {
        let key = format!("promenade.instances.prod.allowedEntities{key}");
        check(&format!("promenade: {{instances: {{prod: {{allowedEntities: {selectors}}}}}}}"), &key, part);
    }
}
