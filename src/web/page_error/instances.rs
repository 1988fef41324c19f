//! Text for an unknown or missing Prometheus instance.

use actix_web::http::StatusCode;

use super::ErrorText;
use crate::annotations::SERVICE_NAME;
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span};
use crate::monitoring::UnknownInstance;
use crate::monitoring::routing::Reason;

/// The names to choose from instead.
fn known(unknown: &UnknownInstance) -> String {
    match unknown.known.as_slice() {
        [] => "No instance is available.".to_owned(),
        names => format!("Available instances: {}.", names.join(", ")),
    }
}

fn title(name: &str) -> String {
    format!("Unknown Prometheus instance \"{name}\"")
}

fn not_found(title: String, explanation: &str, unknown: &UnknownInstance, advice: &str) -> ErrorText {
    let explanation = format!("{explanation} {}", known(unknown));
    ErrorText::new(StatusCode::NOT_FOUND, "unknown_instance", title, explanation, advice)
}

/// An unknown instance as a problem of the annotation that names it. None: no annotation names one.
pub fn unknown_name(entity: &Entity, unknown: &UnknownInstance) -> Option<Diagnostic> {
    let (name, value) = (unknown.requested.as_ref()?, entity.annotation(SERVICE_NAME)?);
    let message = format!("unknown Prometheus instance \"{name}\". {}", known(unknown));
    let problem = Diagnostic::error(Span::whole(value).trimmed(value), message.trim_end_matches('.'));
    Some(problem.of_annotation(SERVICE_NAME))
}

/// For an address; [`unknown_instance`] is for an entity.
pub(super) fn no_such_instance(unknown: &UnknownInstance) -> ErrorText {
    let (title, explanation) = match &unknown.requested {
        Some(name) => (title(name), "The address names an instance that is not configured."),
        None => (
            "No default Prometheus instance".to_owned(),
            "The address names no instance, and there is no default.",
        ),
    };
    not_found(title, explanation, unknown, "Choose another instance.")
}

pub(super) fn unknown_instance(unknown: &UnknownInstance) -> ErrorText {
    let (title, explanation) = match &unknown.requested {
        None if unknown.reason == Reason::Unreadable => (
            "Invalid name of the Prometheus instance".to_owned(),
            "The value of the annotation prometheus.io/service-name is not a string.",
        ),
        Some(name) => (
            title(name),
            "The annotation prometheus.io/service-name names an instance that is not configured.",
        ),
        None => (
            "No Prometheus instance for this entity".to_owned(),
            "The portal's configuration gives this entity no instance.",
        ),
    };
    let advice =
        "Fix the annotation prometheus.io/service-name, or ask the portal's operators to add the instance.";
    not_found(title, explanation, unknown, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::Failure;
    use crate::prometheus::InstanceName;

    #[test]
    fn an_unknown_instance_names_the_known_ones() {
        let check = |requested: Option<&str>, known: &[&str], expected: &str| {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            let reason = Reason::Denied { instance: InstanceName::new("hidden") };
            let unknown = UnknownInstance { requested: requested.map(str::to_owned), known, reason };
            let message = ErrorText::of(&Failure::UnknownInstance(unknown)).message();
            assert!(message.contains(expected) && !message.contains("hidden"), "{message}");
        };
        check(Some("stage"), &["default", "prod"], "instance \"stage\"");
        check(Some("stage"), &["default", "prod"], "default, prod");
        check(None, &["prod"], "no instance. Available instances: prod.");
        check(None, &[], "No instance is available.");
    }
}
