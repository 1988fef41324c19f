//! Which instance answers for an entity, why that one, and why none does. Decides without I/O.

mod condition;
mod field;
mod host;
mod pattern;
mod relation;
mod rule;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use condition::{Condition, Conditions, RoutingInput};
pub use field::RoutingField;
pub use host::HostPattern;
pub use pattern::{Case, Pattern};
pub use relation::{RELATIONS, RelationWord};
pub use rule::{Rule, RuleTarget, TargetRule};
pub use template::UrlTemplate;

use crate::annotations::SERVICE_NAME;
use crate::catalog::Entity;
use crate::prometheus::{InstanceName, InstanceSettings};

/// The rules, the instances that can be chosen by name, and who may.
#[derive(Clone, Debug, Default)]
pub struct RoutingSettings {
    /// In their order: the first that applies decides.
    pub rules: Vec<Rule>,
    /// Every configured instance.
    pub known: BTreeSet<InstanceName>,
    /// `promenade.instances.<name>.allowedEntities`: an instance that is not here is open to all.
    pub allowed: BTreeMap<InstanceName, Vec<Conditions>>,
}

/// The instance of an entity.
#[derive(Clone, Debug)]
pub struct Route {
    pub instance: InstanceName,
    pub why: Why,
    /// The target that a rule built; None: a configured instance.
    pub target: Option<Box<InstanceSettings>>,
}

/// What chose an instance. `Display` words it for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    Rule {
        /// From 1.
        number: usize,
        name: String,
    },
    ServiceName,
    /// An address that names no entity names the instance.
    Address,
    /// Nothing chose, so it is the unnamed one.
    Default,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { number, name } if *name == nameless(*number) => {
                write!(f, "chosen by rule {number} of promenade.routing")
            }
            Self::Rule { number, name } => {
                write!(f, "chosen by rule {number} of promenade.routing, {name}")
            }
            Self::ServiceName => f.write_str("named by the annotation prometheus.io/service-name"),
            Self::Address => f.write_str("named by the address"),
            Self::Default => f.write_str("no instance is named"),
        }
    }
}

/// The name of the n-th rule, from 1, where it has none of its own.
pub fn nameless(number: usize) -> String {
    format!("rule-{number}")
}

/// No instance for an entity. Readers see the same text for every reason: it must not reveal whether an instance is
/// forbidden or does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstance {
    /// The service-name that names no instance. None: no name is requested.
    pub requested: Option<String>,
    /// Every instance that the entity can name, to mend the annotation; may be empty.
    pub known: Vec<String>,
    pub reason: Reason,
}

/// Why there is no instance. For the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    NotConfigured,
    /// The service-name cannot be read, and no other instance takes its place.
    Unreadable,
    /// The instance's allowedEntities do not have the entity.
    Denied {
        instance: InstanceName,
    },
    /// The rule's target cannot be built, or must not be requested.
    NoTarget {
        rule: String,
        why: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured => f.write_str("it is not configured"),
            Self::Unreadable => f.write_str("the annotation prometheus.io/service-name is no text"),
            Self::Denied { instance } => write!(f, "allowedEntities of {instance} do not have the entity"),
            Self::NoTarget { rule, why } => write!(f, "{rule} leads to no target: {why}"),
        }
    }
}

/// The instance that answers for an entity: that of the first rule that applies, else the one that its
/// service-name is, letter for letter, else the unnamed one.
pub fn choose(
    settings: &RoutingSettings,
    entity: &Entity,
    service_name: Option<&str>,
    input: &RoutingInput,
) -> Result<Route, UnknownInstance> {
    let unknown = |requested, reason| Err(settings.unknown(entity, requested, reason));
    let is_unreadable = entity.has_lost_by_itself(SERVICE_NAME);
    let Some((number, rule)) = (1..).zip(&settings.rules).find(|(_, rule)| rule.when.hold(entity, input))
    else {
        return match service_name {
            _ if is_unreadable => unknown(None, Reason::Unreadable),
            Some(name) => settings.named(entity, name, service_name, Why::ServiceName),
            None => settings.named(entity, InstanceName::DEFAULT, None, Why::Default),
        };
    };
    let why = Why::Rule { number, name: rule.name.clone() };
    let target_rule = match &rule.target {
        RuleTarget::Instance(name) => return settings.named(entity, name.as_str(), None, why),
        RuleTarget::Target(target_rule) => target_rule,
    };
    if is_unreadable && target_rule.has_service_name() {
        return unknown(None, Reason::Unreadable);
    }
    match target_rule.resolve(&rule.name, entity, service_name) {
        Ok(target) => Ok(Route { instance: target.name.clone(), why, target: Some(Box::new(target)) }),
        Err(why) => {
            let requested = service_name.filter(|_| target_rule.has_service_name());
            unknown(requested, Reason::NoTarget { rule: rule.name.clone(), why })
        }
    }
}

impl RoutingSettings {
    /// The configured instance of that name, if the entity may use it.
    fn named(
        &self,
        entity: &Entity,
        name: &str,
        requested: Option<&str>,
        why: Why,
    ) -> Result<Route, UnknownInstance> {
        let reason = match self.known.iter().find(|known| known.as_str() == name) {
            None => Reason::NotConfigured,
            Some(instance) if !self.allows(instance, entity) => Reason::Denied { instance: instance.clone() },
            Some(instance) => return Ok(Route { instance: instance.clone(), why, target: None }),
        };
        Err(self.unknown(entity, requested, reason))
    }

    fn unknown(&self, entity: &Entity, requested: Option<&str>, reason: Reason) -> UnknownInstance {
        let known = self.known.iter().filter(|name| self.allows(name, entity));
        let known = known.map(ToString::to_string).collect();
        UnknownInstance { requested: requested.map(str::to_owned), known, reason }
    }

    fn allows(&self, instance: &InstanceName, entity: &Entity) -> bool {
        self.allowed.get(instance).is_none_or(|selectors| selectors.iter().any(|s| s.select(entity)))
    }

    /// The instance of that name for an address without an entity: only one that is open to all.
    pub fn open(&self, service_name: Option<&str>) -> Result<&InstanceName, UnknownInstance> {
        let open = || self.known.iter().filter(|name| !self.allowed.contains_key(name));
        let wanted = service_name.unwrap_or(InstanceName::DEFAULT);
        open().find(|name| name.as_str() == wanted).ok_or_else(|| UnknownInstance {
            requested: service_name.map(str::to_owned),
            known: open().map(ToString::to_string).collect(),
            reason: Reason::NotConfigured,
        })
    }

    /// The rules that build targets, by name.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &TargetRule)> {
        self.rules.iter().filter_map(|rule| match &rule.target {
            RuleTarget::Target(target) => Some((rule.name.as_str(), target.as_ref())),
            RuleTarget::Instance(_) => None,
        })
    }

    /// Every header that a rule names, in lower case, each once.
    pub fn headers(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|rule| &rule.when.headers).map(|(name, _)| name.as_str()).collect()
    }

    /// Every query parameter that a rule names, each once.
    pub fn parameters(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|rule| &rule.when.parameters).map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests;
