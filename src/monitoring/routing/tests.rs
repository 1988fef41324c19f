//! Tables of who is chosen where, and why.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::catalog::{EntityRef, Relation};

pub fn entity() -> Entity {
    let reference = EntityRef::new("Component", "default", "Payments").unwrap();
    let spec = json!({
        "lifecycle": "production",
        "deployed": {"cell": 7, "regions": ["eu", "us"], "live": true}, "a.b": {"c": "dotted"},
    });
    Entity {
        labels: [("example.com/cell", "eu-1")].into_iter().collect(),
        annotations: [("example.com/tier", "Gold".to_owned())].into_iter().collect(),
        spec: spec.into(),
        relations: vec![
            related("dependsOn", "component:ledger"),
            related("dependsOn", "resource:infra/db"),
            related("ownedBy", "group:Payments-Team"),
            related("partOf", "system:shop"),
        ],
        ..Entity::new(reference, "Component", "backstage.io/v1alpha1", "Payments".to_owned())
    }
}

fn related(kind: &str, target: &str) -> Relation {
    Relation { kind: kind.into(), target: EntityRef::parse(target).unwrap() }
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::read(text, Case::Ignored).unwrap()).collect()
}

fn when(field: RoutingField, accepted: &[&str]) -> Conditions {
    Conditions { entity: vec![Condition { field, accepted: patterns(accepted) }], ..Conditions::default() }
}

fn rule(name: &str, when: Conditions, target: RuleTarget) -> Rule {
    Rule { name: name.to_owned(), when, target }
}

fn to(name: &str) -> RuleTarget {
    RuleTarget::Instance(InstanceName::new(name))
}

fn target(api: &str, hosts: &[&str]) -> RuleTarget {
    RuleTarget::Target(Box::new(TargetRule {
        api: UrlTemplate::read(api).unwrap(),
        allowed_hosts: hosts.iter().map(|h| HostPattern::read(h, "https").unwrap()).collect(),
        headers: Vec::new(),
        secure: true,
        ui_url: Some(UrlTemplate::read("https://{{ serviceName }}.ui.example/").unwrap()),
        scrape_interval: Duration::from_secs(15),
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        severities: Arc::default(),
    }))
}

fn settings(rules: Vec<Rule>) -> RoutingSettings {
    let known = ["default", "prod", "secret"].map(InstanceName::new).into();
    let nobody = Conditions {
        entity: vec![Condition { field: RoutingField::Kind, accepted: patterns(&["system"]) }],
        ..Conditions::default()
    };
    let allowed = [(InstanceName::new("secret"), vec![nobody])].into();
    RoutingSettings { rules, known, allowed }
}

/// Where the entity is chosen, and why; or what it asked for in vain.
fn chosen(rules: Vec<Rule>, service_name: Option<&str>, input: &RoutingInput) -> String {
    match choose(&settings(rules), &entity(), service_name, input) {
        Ok(route) => format!("{}: {}", route.instance, route.why),
        Err(unknown) => {
            assert_eq!(unknown.known, ["default", "prod"], "a denied instance is not listed");
            format!("no {}", unknown.requested.as_deref().unwrap_or("default"))
        }
    }
}

#[test]
fn without_rules_the_name_is_exact_or_nothing() {
    let named = ": named by the annotation prometheus.io/service-name";
    for (service_name, wanted) in [
        (None, "default: no instance is named".to_owned()),
        (Some("prod"), format!("prod{named}")),
        (Some("default"), format!("default{named}")),
        (Some("Prod"), "no Prod".to_owned()),
        (Some(""), "no ".to_owned()),
        (Some("secret"), "no secret".to_owned()),
        (Some("https://evil.example/"), "no https://evil.example/".to_owned()),
    ] {
        assert_eq!(chosen(Vec::new(), service_name, &RoutingInput::default()), wanted);
    }
}

#[test]
fn without_instances_the_list_of_known_ones_is_empty() {
    let none = RoutingSettings::default();
    let unknown = choose(&none, &entity(), None, &RoutingInput::default()).unwrap_err();
    assert_eq!((unknown.requested, unknown.known.len()), (None, 0));
}

#[test]
fn a_denied_instance_is_an_unknown_one() {
    let settings = settings(Vec::new());
    let ask = |name| choose(&settings, &entity(), Some(name), &RoutingInput::default()).unwrap_err();
    let (denied, unknown) = (ask("secret"), ask("secre7"));
    assert_eq!(denied.known, unknown.known);
    assert_eq!(denied.reason, Reason::Denied { instance: InstanceName::new("secret") });
    assert_eq!(unknown.reason, Reason::NotConfigured);
    let system = Entity { reference: EntityRef::new("system", "default", "x").unwrap(), ..entity() };
    assert!(choose(&settings, &system, Some("secret"), &RoutingInput::default()).is_ok());
    assert!(settings.open(Some("secret")).is_err() && settings.open(Some("prod")).is_ok());
    assert_eq!(settings.open(None).unwrap().as_str(), "default");
}

#[test]
fn conditions_can_name_every_field() {
    let relation = |word: &str| RoutingField::Relation(RelationWord::find(word).unwrap());
    for (field, yes, no) in [
        (RoutingField::Kind, "component", "api"),
        (RoutingField::Kind, "COMPONENT", "comp"),
        (RoutingField::Namespace, "default", "def"),
        (RoutingField::Name, "payments", "payment"),
        (RoutingField::Name, "pay*", "pay"),
        (RoutingField::Label("example.com/cell".to_owned()), "EU-?", "eu"),
        (RoutingField::Label("example.com/cell".to_owned()), "*", "x"),
        (RoutingField::Annotation("example.com/tier".to_owned()), "/gold|silver/", "bronze"),
        (RoutingField::Spec("lifecycle".to_owned()), "production", "experimental"),
        (RoutingField::Spec("deployed.cell".to_owned()), "7", "8"),
        (RoutingField::Spec("deployed.regions".to_owned()), "us", "eu,us"),
        (RoutingField::Spec("deployed.live".to_owned()), "true", "false"),
        (RoutingField::Spec("a.b.c".to_owned()), "dotted", "x"),
        (relation("owner"), "group:default/payments-team", "payments-team"),
        (relation("partOf"), "system:default/shop", "shop"),
        (relation("dependsOn"), "resource:infra/*", "resource:db"),
        (relation("dependsOn"), "component:default/ledger", "shop"),
        (relation("system"), "system:default/shop", "component:default/ledger"),
    ] {
        let holds = |accepted| when(field.clone(), &[accepted]).hold(&entity(), &RoutingInput::default());
        assert!(holds(yes), "{field:?} {yes}");
        assert!(!holds(no), "{field:?} {no}");
    }
    for missing in ["deployed", "deployed.nothing", "nothing.at.all", ""] {
        assert!(
            !when(RoutingField::Spec(missing.to_owned()), &["*"]).hold(&entity(), &RoutingInput::default())
        );
    }
    assert!(!when(relation("domain"), &["*"]).hold(&entity(), &RoutingInput::default()));
    assert!(!when(RoutingField::Label("no".to_owned()), &["*"]).hold(&entity(), &RoutingInput::default()));
}

#[test]
fn references_in_rules_may_be_short() {
    let owner = RelationWord::owner();
    for yes in
        ["payments-team", "Group:payments-team", "group:default/payments-team", "pay*", "/.*:default/.*/"]
    {
        let accepted = vec![owner.pattern(yes).unwrap()];
        assert!(Condition { field: RoutingField::Relation(owner), accepted }.holds(&entity()), "{yes}");
    }
    for no in ["user:payments-team", "infra/payments-team", "user:*"] {
        let accepted = vec![owner.pattern(no).unwrap()];
        assert!(!Condition { field: RoutingField::Relation(owner), accepted }.holds(&entity()), "{no}");
    }
    for bad in ["", "a b", "a/b/c", "group:", "/(/"] {
        assert!(owner.pattern(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_first_rule_that_applies_decides() {
    let api = || when(RoutingField::Kind, &["api"]);
    let component = || when(RoutingField::Kind, &["api", "component"]);
    let rules = || {
        vec![
            rule("rule-1", api(), to("default")),
            rule("cells", component(), to("prod")),
            rule("rule-3", component(), to("default")),
        ]
    };
    let input = RoutingInput::default();
    assert_eq!(chosen(rules(), None, &input), "prod: chosen by rule 2 of promenade.routing, cells");
    assert_eq!(
        chosen(rules().split_off(2), Some("prod"), &input),
        "default: chosen by rule 1 of promenade.routing, rule-3"
    );
    assert_eq!(
        chosen(vec![rule("rule-1", component(), to("prod"))], Some("x"), &input),
        "prod: chosen by rule 1 of promenade.routing"
    );
    // A rule that leads to what the entity is denied is no way around, and the next one does not step in.
    assert_eq!(
        chosen(
            vec![rule("a", component(), to("secret")), rule("b", component(), to("prod"))],
            Some("prod"),
            &input
        ),
        "no default"
    );
    let all = vec![rule("all", Conditions::default(), to("prod"))];
    assert!(chosen(all, None, &input).starts_with("prod"));
}

#[test]
fn rules_read_the_headers_and_parameters_that_they_name() {
    let mut when = Conditions::default();
    when.headers.push(("x-cell".to_owned(), patterns(&["a", "b-*"])));
    when.parameters.push(("region".to_owned(), patterns(&["eu"])));
    let rules = || vec![rule("r", when.clone(), to("prod"))];
    let check = |header: Option<&str>, parameter: Option<&str>, wanted: &str| {
        let mut input = RoutingInput::default();
        let owned = |name: &str, value: Option<&str>| value.map(|value| (name.to_owned(), value.to_owned()));
        input.headers.extend(owned("x-cell", header));
        input.parameters.extend(owned("region", parameter));
        assert!(chosen(rules(), None, &input).starts_with(wanted), "{input:?}");
    };
    check(Some("a"), Some("eu"), "prod");
    check(Some("b-1"), Some("eu"), "prod");
    check(Some("c"), Some("eu"), "default");
    check(None, Some("eu"), "default");
    check(Some("a"), None, "default");
    check(Some("a"), Some("us"), "default");
    let settings = settings(rules());
    assert_eq!(settings.headers().into_iter().collect::<Vec<_>>(), ["x-cell"]);
    assert_eq!(settings.parameters().into_iter().collect::<Vec<_>>(), ["region"]);
}

#[test]
fn a_target_is_built_within_its_hosts_only() {
    let cells = |api: &str, hosts: &[&str]| vec![rule("cells", Conditions::default(), target(api, hosts))];
    let input = RoutingInput::default();
    let wide = "https://{{ serviceName }}.prometheus.example/api/v1/";
    let check = |rules: Vec<Rule>, service_name: Option<&str>, wanted: &str| {
        let chosen = chosen(rules, service_name, &input);
        assert_eq!(chosen.split(": ").next(), Some(wanted), "{service_name:?}");
    };
    check(cells(wide, &["*.prometheus.example"]), Some("eu"), "cells/eu.prometheus.example");
    check(cells(wide, &["a.prometheus.example"]), Some("eu"), "no eu");
    check(cells(wide, &["*.prometheus.example:8443"]), Some("eu"), "no eu");
    check(cells(wide, &["*.prometheus.example"]), None, "no default");
    for hostile in ["evil.com/", "a@b", "..", "x#", "\u{e9}", "EU", &"x".repeat(64), "evil.com:80"] {
        check(cells(wide, &["*.prometheus.example", "evil.com"]), Some(hostile), &format!("no {hostile}"));
    }
    let path = "https://mimir.example:8443/{{ serviceName }}/api/v1";
    check(cells(path, &["mimir.example:8443"]), Some("eu"), "cells/mimir.example:8443/eu/api/v1");
    check(cells(path, &["mimir.example:8443"]), Some("a/b"), "no a/b");
    let label = "https://{{ metadata.labels.example.com/cell }}.p.example/";
    check(cells(label, &["*.p.example"]), Some("prod"), "cells/eu-1.p.example");
    check(cells("https://{{ spec.cell }}.p.example/", &["*.p.example"]), Some("prod"), "no default");
}

#[test]
fn two_targets_share_a_name_only_when_they_are_one_address() {
    let path = "https://mimir.example/{{ serviceName }}/api/v1/";
    let settings = settings(vec![rule("m", Conditions::default(), target(path, &["mimir.example"]))]);
    let names = ["a", "b", "A", "a.b", "a-b"].map(|name| {
        let route = choose(&settings, &entity(), Some(name), &RoutingInput::default()).unwrap();
        let target = route.target.unwrap();
        assert!(target.api.as_str().ends_with("/api/v1/"), "{target:?}");
        route.instance
    });
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}
