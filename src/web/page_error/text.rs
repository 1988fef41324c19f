//! Every error as text for readers, with its status and the kind that scripts see.

use actix_web::http::StatusCode;

use super::instances::{no_such_instance, unknown_instance};
use super::upstream::prometheus;
use super::{ErrorText, PageError};
use crate::monitoring::Failure;
use crate::upstream::ErrorKind;
use crate::web::params::ParamProblem;

/// The kind of a fault of the portal itself, which the contract's table does not list.
const INTERNAL: &str = "internal";
const BAD_PARAMETER: &str = "bad_parameter";

impl ErrorText {
    /// The text of a failed panel. The operator's log already has a line for the instance's failure, so a reader
    /// adds none.
    pub fn of(failure: &Failure) -> Self {
        tracing::debug!(fault = %for_operator(failure), "a panel failed");
        failure_text(failure)
    }

    /// A query of an annotation that was not sent, for that reason.
    pub fn of_broken_query(reason: &str) -> Self {
        let text = failure_text(&Failure::BrokenQuery);
        Self { explanation: format!("{} {reason}.", text.explanation), ..text }
    }
}

pub(super) fn for_operator(failure: &Failure) -> String {
    match failure {
        Failure::Prometheus(error) => error.to_string(),
        Failure::UnknownInstance(unknown) => match &unknown.requested {
            Some(name) => format!("unknown instance {name:?}: {}", unknown.reason),
            None => format!("no instance for the entity: {}", unknown.reason),
        },
        Failure::BrokenQuery => "the annotation's query is invalid".to_owned(),
        Failure::NoAnnotation => "no annotation".to_owned(),
        Failure::InTheFuture => "the range is in the future".to_owned(),
        Failure::Late => "Prometheus did not answer in time".to_owned(),
    }
}

impl PageError {
    pub fn text(&self) -> ErrorText {
        match self {
            Self::NoSuchPage => not_found(
                "Page not found",
                "There is no page at this address.",
                "Check the address, or find the entity in the catalog.",
            ),
            Self::NoSuchEntity(reference) => not_found(
                "Entity not found",
                format!("The catalog has no entity {reference}."),
                "It may be new, renamed or removed, or its file may have an error: see the status page.",
            ),
            Self::NoSuchGraph { graphs } => no_such_graph(*graphs),
            Self::BadParameters(problems) => bad_parameters(problems),
            Self::AdHocForbidden => ad_hoc_forbidden(),
            Self::NoSuchInstance(unknown) => no_such_instance(unknown),
            Self::BrokenQuery(problem) => {
                invalid_query(format!("This query was not sent: {problem}."), "Fix the query and try again.")
            }
            Self::CatalogNotRead => catalog_not_read(),
            Self::Failed(failure) => failure_text(failure),
            Self::MethodNotAllowed => ErrorText::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                "This page accepts only GET and HEAD.",
                "",
            ),
            Self::Internal(_) => internal(),
            Self::Refused(status) => ErrorText::new(
                *status,
                if status.is_server_error() { INTERNAL } else { "bad_request" },
                status.canonical_reason().unwrap_or("Bad request"),
                "The portal cannot process this request.",
                "",
            ),
        }
    }
}

fn not_found(title: &str, explanation: impl Into<String>, advice: &str) -> ErrorText {
    ErrorText::new(StatusCode::NOT_FOUND, "not_found", title, explanation, advice)
}

fn bad_parameters(problems: &[ParamProblem]) -> ErrorText {
    let each = problems.iter().map(|problem| format!("{}: {}", problem.parameter, problem.message));
    let all = each.collect::<Vec<_>>().join("; ");
    let title = "Invalid parameter in the address";
    ErrorText::new(StatusCode::BAD_REQUEST, BAD_PARAMETER, title, format!("{all}."), "")
}

fn internal() -> ErrorText {
    ErrorText::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        INTERNAL,
        "Internal error",
        "The portal failed. Its log has the details under this request's id.",
        "Try again. If it fails again, contact the portal's operators.",
    )
}

fn catalog_not_read() -> ErrorText {
    ErrorText::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "catalog_not_read",
        "The catalog is still loading",
        "The portal does not know its entities yet.",
        "Try again in a moment.",
    )
}

fn ad_hoc_forbidden() -> ErrorText {
    ErrorText::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "Custom queries are off",
        "This portal runs only the queries of entity annotations.",
        "An entity's page has its graphs and alerts. The portal's operators can allow custom queries with \
         promenade.adHocQueries.",
    )
}

fn no_such_graph(graphs: usize) -> ErrorText {
    let explanation = match graphs {
        0 => "The entity has no graphs.".to_owned(),
        1 => "The entity has one graph.".to_owned(),
        several => format!("The entity has {several} graphs, numbered from 1."),
    };
    not_found("Graph not found", explanation, "The annotation prometheus.io/rule lists them.")
}

fn invalid_query(explanation: String, advice: &str) -> ErrorText {
    let kind = ErrorKind::BadQuery.as_str();
    ErrorText::new(StatusCode::UNPROCESSABLE_ENTITY, kind, "Invalid query", explanation, advice)
}

fn failure_text(failure: &Failure) -> ErrorText {
    match failure {
        Failure::Prometheus(error) => prometheus(error),
        Failure::UnknownInstance(unknown) => unknown_instance(unknown),
        Failure::BrokenQuery => invalid_query(
            "The query in the annotation prometheus.io/rule is invalid, so it was not sent.".to_owned(),
            "Fix the annotation in the catalog file.",
        ),
        Failure::NoAnnotation => ErrorText::new(
            StatusCode::NOT_FOUND,
            "no_annotation",
            "No monitoring set up yet",
            "The entity has no annotation for this.",
            "Add it to the catalog file.",
        ),
        Failure::InTheFuture => ErrorText::new(
            StatusCode::BAD_REQUEST,
            BAD_PARAMETER,
            "This range is in the future",
            "Prometheus has no data for it yet.",
            "Choose an earlier start.",
        ),
        Failure::Late => ErrorText::new(
            StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Timeout.as_str(),
            "Prometheus did not answer in time",
            "Prometheus is slow, so the page stopped waiting.",
            "Reload the page.",
        ),
    }
}
