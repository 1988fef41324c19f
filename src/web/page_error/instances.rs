//! The words for an instance's name that leads nowhere.

use actix_web::http::StatusCode;

use super::Told;
use crate::annotations::SERVICE_NAME;
use crate::catalog::Entity;
use crate::monitoring::UnknownInstance;
use crate::monitoring::routing::Reason;
use crate::problem::{Located, Problem, Span};

/// The names that may be chosen instead.
fn known(unknown: &UnknownInstance) -> String {
    match unknown.known.as_slice() {
        [] => "No instance is configured for it.".to_owned(),
        names => format!("Configured are: {}.", names.join(", ")),
    }
}

/// An instance's name that leads nowhere, as a problem of the annotation that has it. None: no annotation names one.
pub fn unknown_name(entity: &Entity, unknown: &UnknownInstance) -> Option<Located> {
    let (asked, value) = (unknown.asked.as_ref()?, entity.annotation(SERVICE_NAME)?);
    let told = format!("no Prometheus instance is called \"{asked}\". {}", known(unknown));
    let problem = Problem::error(Span::whole(value).trimmed(value), told.trim_end_matches('.'));
    Some(Located { annotation: SERVICE_NAME.to_owned(), problem, fault_at: None })
}

/// Of an address, where [`unknown_instance`] tells of an entity.
pub(super) fn no_such_instance(unknown: &UnknownInstance) -> Told {
    let known = known(unknown);
    let (title, explanation) = match &unknown.asked {
        Some(asked) => (
            format!("No Prometheus instance is called \"{asked}\""),
            format!("The address names an instance that is not configured. {known}"),
        ),
        None => (
            "No default Prometheus instance".to_owned(),
            format!("The address names no instance, and there is none without a name. {known}"),
        ),
    };
    Told::new(StatusCode::NOT_FOUND, "unknown_instance", &title, &explanation, "Choose another instance.")
}

pub(super) fn unknown_instance(unknown: &UnknownInstance) -> Told {
    let known = known(unknown);
    let (title, explanation) = match &unknown.asked {
        None if unknown.reason == Reason::Unreadable => (
            "The name of the Prometheus instance cannot be read".to_owned(),
            format!("The annotation prometheus.io/service-name is no text in the catalog. {known}"),
        ),
        Some(asked) => (
            format!("No Prometheus instance is called \"{asked}\""),
            format!(
                "The annotation prometheus.io/service-name names an instance that is not configured. {known}"
            ),
        ),
        None => (
            "No Prometheus instance for this entity".to_owned(),
            format!("The portal's configuration leads the entity to no instance. {known}"),
        ),
    };
    let advice = "Mend the annotation prometheus.io/service-name, or have the instance configured.";
    Told::new(StatusCode::NOT_FOUND, "unknown_instance", &title, &explanation, advice)
}
