//! What a rule requires of an entity and of a request before it applies.

use std::collections::BTreeMap;

use super::field::RoutingField;
use super::pattern::Pattern;
use crate::catalog::Entity;

/// Everything that must hold for a rule to apply. Without conditions it always does.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub entity: Vec<Condition>,
    /// By the header's name in lower case.
    pub headers: Vec<(String, Vec<Pattern>)>,
    /// By the query parameter's name.
    pub parameters: Vec<(String, Vec<Pattern>)>,
}

/// One field of an entity, and the patterns. One value must match one of them.
#[derive(Clone, Debug)]
pub struct Condition {
    pub field: RoutingField,
    pub accepted: Vec<Pattern>,
}

impl Condition {
    pub(super) fn holds(&self, entity: &Entity) -> bool {
        let values = self.field.values(entity);
        values.iter().any(|text| self.accepted.iter().any(|pattern| pattern.matches(text)))
    }
}

/// The headers and query parameters of a request that rules name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingInput {
    /// By name in lower case. A header that occurs twice is ambiguous and left out.
    pub headers: BTreeMap<String, String>,
    /// Without those that occur twice.
    pub parameters: BTreeMap<String, String>,
}

impl Conditions {
    /// Whether all conditions hold for any request.
    pub fn select(&self, entity: &Entity) -> bool {
        self.hold(entity, &RoutingInput::default())
    }

    pub fn hold(&self, entity: &Entity, input: &RoutingInput) -> bool {
        let accepted = |given: &BTreeMap<String, String>, (name, patterns): &(String, Vec<Pattern>)| {
            given.get(name).is_some_and(|value| patterns.iter().any(|pattern| pattern.matches(value)))
        };
        self.entity.iter().all(|condition| condition.holds(entity))
            && self.headers.iter().all(|header| accepted(&input.headers, header))
            && self.parameters.iter().all(|parameter| accepted(&input.parameters, parameter))
    }
}
