//! What is wrong with one entity's annotations, by themselves and against the configured instances.

use serde::Serialize;

use super::finding::Finding;
use super::{habits, keys};
use crate::annotations::{ALERT, LABELS, MonitoringSpec, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::monitoring::routing::{Reason, Route, choose};
use crate::monitoring::{RoutingInput, RoutingSettings, UnknownInstance};
use crate::problem::{Problem, Severity, Span, nearest};

/// What was found about one entity, and where its questions go.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) led: Option<Led>,
}

/// An entity that asks for something, the instance that answers, and what chose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Led {
    pub entity: String,
    pub instance: String,
    /// The end of a sentence: `chosen by rule 2 of promenade.routing, cells`.
    pub why: String,
}

pub(super) fn judge(entity: &Entity, routing: Option<&RoutingSettings>) -> Judged {
    let mut findings = keys::findings(entity);
    if !keys::has_any(entity) {
        return Judged { findings, led: None };
    }
    let spec = MonitoringSpec::of(entity);
    // Faults of the catalog are told where it was read.
    let told = spec.problems.iter().filter(|told| told.fault_at.is_none());
    findings.extend(told.map(|told| Finding::of_problem(entity, &told.annotation, &told.problem)));
    findings.extend(habits::findings(entity, &spec));
    let mut led = None;
    match routing.map(|routing| route(entity, &spec, routing)) {
        Some(Ok(route)) if wants_answers(entity) => {
            let (instance, why) = (route.instance.to_string(), route.why.to_string());
            led = Some(Led { entity: entity.reference.to_string(), instance, why });
        }
        // Without any instance, that is told once and not here.
        Some(Err(unknown)) if routing.is_some_and(can_lead) => {
            findings.extend(unknown_instance(entity, &unknown));
        }
        _ => {}
    }
    Judged { findings, led }
}

/// Whether there is anything that entities could be led to.
pub(super) fn can_lead(routing: &RoutingSettings) -> bool {
    !routing.known.is_empty() || !routing.rules.is_empty()
}

/// As for a request that says nothing: rules that ask about headers or parameters do not apply.
fn route(
    entity: &Entity,
    spec: &MonitoringSpec,
    routing: &RoutingSettings,
) -> Result<Route, UnknownInstance> {
    choose(routing, entity, spec.service_name.as_deref(), &RoutingInput::default())
}

/// Told to those who have the config at hand, so the reason may be told too.
fn unknown_instance(entity: &Entity, unknown: &UnknownInstance) -> Option<Finding> {
    let known = unknown.known.join(", ");
    let known =
        if known.is_empty() { "none that it may use".to_owned() } else { format!("known are {known}") };
    match &unknown.requested {
        Some(name) => {
            let value = entity.annotation(SERVICE_NAME).unwrap_or_default();
            let told = match &unknown.reason {
                Reason::NotConfigured => format!("no instance has this name; {known}"),
                reason => format!("this leads to no instance: {reason}; {known}"),
            };
            let problem = Problem::error(Span::whole(value).trimmed(value), told);
            let meant = nearest(name, unknown.known.iter().map(String::as_str));
            Some(Finding::of_problem(entity, SERVICE_NAME, &problem).suggesting(meant))
        }
        None if unknown.reason == Reason::Unreadable => None,
        None if wants_answers(entity) => {
            let told = match &unknown.reason {
                Reason::NotConfigured => format!(
                    "the entity names no instance, and there is none without a name; write {SERVICE_NAME}, {known}"
                ),
                reason => format!("the entity is led to no instance: {reason}; {known}"),
            };
            Some(Finding::of_entity(entity, Severity::Error, told))
        }
        None => None,
    }
}

fn wants_answers(entity: &Entity) -> bool {
    [RULE, ALERT, LABELS].iter().any(|key| entity.annotation(key).is_some())
}
