//! What is wrong with one entity's annotations, by themselves and against the configured instances.

use super::finding::Finding;
use super::migration;
use super::report::{Report, RoutedEntity};
use crate::annotations::{ALERT, KNOWN, LABELS, MonitoringSpec, RULE, SERVICE_NAME, misspelled};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Severity, Span, nearest};
use crate::monitoring::routing::{Reason, Route, choose};
use crate::monitoring::{RoutingInput, RoutingSettings, UnknownInstance};

/// Adds what is wrong with one entity, and the instance that its queries go to.
pub(super) fn check_entity(entity: &Entity, routing: Option<&RoutingSettings>, report: &mut Report) {
    let findings = &mut report.findings;
    findings.extend(misspelled(entity).map(|problem| Finding::of_key(entity, problem)));
    findings.extend(migration::empty(entity));
    if !has_any(entity) {
        return;
    }
    let spec = MonitoringSpec::of(entity);
    // One without a span is about a key, above, or a fault of the catalog, which the catalog's source reports.
    let problems = spec.problems.iter().filter(|problem| problem.span.is_some());
    findings.extend(
        problems
            .filter_map(|problem| Some(Finding::of_value(entity, problem.annotation()?, problem.clone()))),
    );
    findings.extend(migration::findings(entity, &spec));
    match routing.map(|routing| route(entity, &spec, routing)) {
        Some(Ok(route)) if has_monitoring(entity) => {
            let (instance, why) = (route.instance.to_string(), route.why.to_string());
            report.instances.push(RoutedEntity { entity: entity.reference.to_string(), instance, why });
        }
        // A config without any instance is one finding, not one for each entity.
        Some(Err(unknown)) if routing.is_some_and(has_routes) => {
            findings.extend(unknown_instance(entity, &unknown));
        }
        _ => {}
    }
}

/// Whether the entity has any annotation that the portal reads.
fn has_any(entity: &Entity) -> bool {
    KNOWN.iter().any(|key| entity.annotation(key).is_some()) || entity.annotations.contains_key(LABELS)
}

/// Whether entities can have an instance at all.
pub(super) fn has_routes(routing: &RoutingSettings) -> bool {
    !routing.known.is_empty() || !routing.rules.is_empty()
}

/// As for a request without headers and parameters: rules that need them do not apply.
fn route(
    entity: &Entity,
    spec: &MonitoringSpec,
    routing: &RoutingSettings,
) -> Result<Route, UnknownInstance> {
    choose(routing, entity, spec.service_name.as_deref(), &RoutingInput::default())
}

/// The reason is part of the message: the reader of a report has the config.
fn unknown_instance(entity: &Entity, unknown: &UnknownInstance) -> Option<Finding> {
    let known = unknown.known.join(", ");
    let known = if known.is_empty() { "it may use none".to_owned() } else { format!("use {known}") };
    match &unknown.requested {
        Some(name) => {
            let value = entity.annotation(SERVICE_NAME).unwrap_or_default();
            let message = match &unknown.reason {
                Reason::NotConfigured => format!("unknown instance; {known}"),
                reason => format!("this names no instance: {reason}; {known}"),
            };
            let near = nearest(name, unknown.known.iter().map(String::as_str));
            let error = Diagnostic::error(Span::whole(value).trimmed(value), message).suggesting(near);
            Some(Finding::of_value(entity, SERVICE_NAME, error))
        }
        None if unknown.reason == Reason::Unreadable => None,
        None if has_monitoring(entity) => {
            let message = match &unknown.reason {
                Reason::NotConfigured => {
                    format!(
                        "the entity names no instance, and there is no default one; write {SERVICE_NAME}, {known}"
                    )
                }
                reason => format!("the entity has no instance: {reason}; {known}"),
            };
            Some(Finding::of_entity(entity, Diagnostic::new(Severity::Error, message)))
        }
        None => None,
    }
}

fn has_monitoring(entity: &Entity) -> bool {
    [RULE, ALERT, LABELS].iter().any(|key| entity.annotation(key).is_some())
}
