//! `promenade.routing` and `allowedEntities`: which entities use which instance, and which may.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::headers;
use super::instances::{NamedInstance, literal_names, max_concurrent, scrape_interval, timeout};
use crate::config::key::{ConfigKey, suggestion};
use crate::monitoring::RoutingSettings;
use crate::monitoring::routing::{
    Case, Condition, Conditions, HostPattern, Pattern, RELATIONS, RelationWord, RoutingField, Rule,
    RuleTarget, TargetRule, UrlTemplate, nameless,
};
use crate::prometheus::{InstanceName, Severities};
use crate::web::params::SET_BY_SCRIPT;

const RULE_KEYS: [&str; 4] = ["name", "when", "instance", "target"];
/// The keys of a rule that are about targets only.
const TARGET_KEYS: [&str; 7] =
    ["allowedHosts", "headers", "secure", "uiUrl", "scrapeInterval", "maxConcurrent", "timeout"];
const CONDITIONS: [&str; 9] =
    ["kind", "namespace", "name", "labels", "annotations", "spec", "relations", "header", "parameter"];
/// The longest name of a rule, in characters.
const MAX_NAME: usize = 63;

/// `named` are all instances, those included whose own settings are at fault.
pub(super) fn read(
    promenade: &ConfigKey<'_>,
    named: &[NamedInstance<'_>],
    severities: &Arc<Severities>,
) -> RoutingSettings {
    let mut rules: Vec<Rule> = Vec::new();
    for (number, item) in (1..).zip(promenade.get("routing").items()) {
        item.only(&[&RULE_KEYS[..], &TARGET_KEYS].concat(), &[]);
        if !item.is_map() {
            item.entries();
            continue;
        }
        let name = rule_name(&item, number, &rules, named);
        let when = conditions(&item.get("when"));
        if let Some(target) = target(&item, named, severities) {
            rules.push(Rule { name, when, target });
        }
    }
    let own = promenade.get("instances");
    let mut allowed = BTreeMap::new();
    for one in named {
        let instance = own.get(&one.name);
        let key = instance.get("allowedEntities");
        if key.is_present() {
            allowed.insert(InstanceName::new(&one.name), selectors(&key));
        } else if instance.is_emptied("allowedEntities") {
            key.fault("has no value; remove it to allow all entities");
        }
    }
    let known = named.iter().map(|one| InstanceName::new(&one.name)).collect();
    RoutingSettings { rules, known, allowed }
}

/// Distinct from those before it. A target's name begins with that of its rule, so no instance's may.
fn rule_name(item: &ConfigKey<'_>, number: usize, before: &[Rule], named: &[NamedInstance<'_>]) -> String {
    let key = item.get("name");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let read = key.parse(|text| match text.len() {
        1..=MAX_NAME if text.chars().all(plain) => Ok(text.to_owned()),
        _ => Err(format!(
            "is not a valid rule name: at most {MAX_NAME} letters, digits, dashes, dots and underscores"
        )),
    });
    let name = read.unwrap_or_else(|| nameless(number));
    if before.iter().any(|rule| rule.name == name) {
        key.fault("another rule has the same name");
    }
    if named.iter().any(|one| one.name.strip_prefix(&name).is_some_and(|rest| rest.starts_with('/'))) {
        key.fault("the name of an instance begins with this rule's name and a slash");
    }
    name
}

fn target(
    item: &ConfigKey<'_>,
    named: &[NamedInstance<'_>],
    severities: &Arc<Severities>,
) -> Option<RuleTarget> {
    let (instance, target) = (item.get("instance"), item.get("target"));
    match (instance.is_present(), target.is_present()) {
        (false, false) => {
            item.fault("a rule needs an `instance` or a `target`");
            None
        }
        (true, true) => {
            target.fault("a rule has an `instance` or a `target`, not both");
            None
        }
        (false, true) => {
            let rule = target_rule(item, &target, severities.clone());
            rule.map(|rule| RuleTarget::Target(Box::new(rule)))
        }
        (true, false) => {
            for key in TARGET_KEYS.map(|key| item.get(key)).iter().filter(|key| key.is_present()) {
                key.fault("belongs to a `target`; an instance has its own");
            }
            let name = instance.parse(|text| match named.iter().any(|one| one.name == text) {
                true => Ok(InstanceName::new(text)),
                false => Err(format!("is not an instance{}", suggestion(text, &literal_names(named)))),
            });
            name.map(RuleTarget::Instance)
        }
    }
}

fn target_rule(
    item: &ConfigKey<'_>,
    target: &ConfigKey<'_>,
    severities: Arc<Severities>,
) -> Option<TargetRule> {
    let (scrape_interval, timeout) = (scrape_interval(item), timeout(item));
    let max_concurrent = max_concurrent(item);
    let headers = headers::read(&item.get("headers"));
    let secure = item.get("secure").flag().unwrap_or(true);
    let ui_url = item.get("uiUrl").parse(UrlTemplate::read);
    let api = target.parse(UrlTemplate::read)?;
    let allowed_hosts = allowed_hosts(&item.get("allowedHosts"), &api);
    Some(TargetRule {
        api,
        allowed_hosts,
        headers,
        secure,
        ui_url,
        scrape_interval,
        max_concurrent,
        timeout,
        severities,
    })
}

fn allowed_hosts(key: &ConfigKey<'_>, api: &UrlTemplate) -> Vec<HostPattern> {
    if !key.is_present() {
        key.fault("a target needs `allowedHosts`, such as `['*.prometheus.example']`");
        return Vec::new();
    }
    let sample = api.sample();
    let items = one_or_more(key);
    let read = items.iter().filter_map(|item| item.parse(|text| HostPattern::read(text, sample.scheme())));
    let hosts: Vec<HostPattern> = read.collect();
    let may_be_exact = api.has_places_in_host() && hosts.iter().any(HostPattern::is_exact);
    if hosts.len() == items.len() && !may_be_exact && !hosts.iter().any(|host| host.allows(sample)) {
        key.fault("none of these hosts allows the target's URL; include the port if the target has one");
    }
    hosts
}

fn conditions(when: &ConfigKey<'_>) -> Conditions {
    let mut found = Conditions::default();
    for (key, value) in when.entries() {
        let entity = &mut found.entity;
        match key {
            "kind" => entity.extend(condition(RoutingField::Kind, &value)),
            "namespace" => entity.extend(condition(RoutingField::Namespace, &value)),
            "name" => entity.extend(condition(RoutingField::Name, &value)),
            "labels" => entity.extend(of_keys(&value, RoutingField::Label)),
            "annotations" => entity.extend(of_keys(&value, RoutingField::Annotation)),
            "spec" => of_spec("", &value, entity),
            "relations" => entity.extend(relations(&value)),
            "header" => found.headers.extend(headers_of(&value)),
            "parameter" => found.parameters.extend(parameters_of(&value)),
            _ => match key.strip_prefix("spec.").filter(|path| !path.is_empty()) {
                Some(path) => of_spec(path, &value, entity),
                None => value.fault(format!("unknown condition{}", suggestion(key, &CONDITIONS))),
            },
        }
    }
    found
}

fn condition(field: RoutingField, value: &ConfigKey<'_>) -> Option<Condition> {
    let accepted = patterns(value, |text| Pattern::read(text, Case::Ignored));
    (!accepted.is_empty()).then_some(Condition { field, accepted })
}

fn of_keys(map: &ConfigKey<'_>, field: fn(String) -> RoutingField) -> Vec<Condition> {
    map.entries().into_iter().filter_map(|(key, value)| condition(field(key.to_owned()), &value)).collect()
}

/// A mapping goes further down; anything else is what the path must have.
fn of_spec(path: &str, value: &ConfigKey<'_>, found: &mut Vec<Condition>) {
    if !path.is_empty() && !value.is_map() {
        found.extend(condition(RoutingField::Spec(path.to_owned()), value));
        return;
    }
    for (key, value) in value.entries() {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        of_spec(&path, &value, found);
    }
}

fn relations(map: &ConfigKey<'_>) -> Vec<Condition> {
    let words = RELATIONS.each_ref().map(|relation| relation.word);
    let mut found = Vec::new();
    for (key, value) in map.entries() {
        let Some(relation) = RelationWord::find(key) else {
            value.fault(format!("unknown relation{}", suggestion(key, &words)));
            continue;
        };
        let accepted = patterns(&value, |text| relation.pattern(text));
        found.push(Condition { field: RoutingField::Relation(relation), accepted });
    }
    found
}

fn headers_of(map: &ConfigKey<'_>) -> Vec<(String, Vec<Pattern>)> {
    let mut found = Vec::new();
    for (name, value) in map.entries() {
        if !headers::is_name(name) {
            value.fault("is not a header name");
            continue;
        }
        found.push((name.to_ascii_lowercase(), counting(&value)));
    }
    found
}

fn parameters_of(map: &ConfigKey<'_>) -> Vec<(String, Vec<Pattern>)> {
    let mut found = Vec::new();
    for (name, value) in map.entries() {
        if SET_BY_SCRIPT.contains(&name) {
            let all = SET_BY_SCRIPT.join(", ");
            value.fault(format!(
                "cannot be used: the portal's own script sets it in addresses, as it does {all}"
            ));
            continue;
        }
        found.push((name.to_owned(), counting(&value)));
    }
    found
}

fn counting(value: &ConfigKey<'_>) -> Vec<Pattern> {
    patterns(value, |text| Pattern::read(text, Case::Counts))
}

/// One text, or a list of which one must match.
fn patterns(value: &ConfigKey<'_>, read: impl Fn(&str) -> Result<Pattern, String>) -> Vec<Pattern> {
    let items = one_or_more(value);
    if items.is_empty() {
        value.fault("is empty; write a text or a list of texts");
    }
    items.iter().filter_map(|item| item.parse(&read)).collect()
}

fn one_or_more<'a>(value: &ConfigKey<'a>) -> Vec<ConfigKey<'a>> {
    match value.is_list() {
        true => value.items(),
        false if value.is_present() => vec![value.clone()],
        false => Vec::new(),
    }
}

/// `allowedEntities`: a list of selectors, each of which must ask for something.
fn selectors(key: &ConfigKey<'_>) -> Vec<Conditions> {
    let items = key.items();
    if items.is_empty() && key.is_list() {
        key.fault("selects no entity, so no page could use the instance");
    }
    items.iter().map(selector).collect()
}

fn selector(item: &ConfigKey<'_>) -> Conditions {
    let mut found = Vec::new();
    item.only(&["kind", "namespace", "owner"], &[]);
    if item.is_map() && item.entries().is_empty() {
        item.fault("selects every entity; remove allowedEntities to allow all");
    } else if !item.is_map() && !item.is_present() {
        item.fault("is empty; write a selector with kind, namespace or owner");
    }
    for (key, value) in item.entries() {
        let owner = RelationWord::owner();
        found.extend(match key {
            "kind" => condition(RoutingField::Kind, &value),
            "namespace" => condition(RoutingField::Namespace, &value),
            "owner" => {
                let accepted = patterns(&value, |text| owner.pattern(text));
                Some(Condition { field: RoutingField::Relation(owner), accepted })
            }
            _ => None,
        });
    }
    Conditions { entity: found, ..Conditions::default() }
}
