//! Errors: one text for the reader, one log line for the operator, and a reply in the requested format.

mod empty;
mod error_text;
mod instances;
mod panics;
mod text;
mod upstream;

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

pub use empty::EmptyText;
pub use error_text::ErrorText;
pub use instances::unknown_name;
pub use panics::catch_panics;
pub use upstream::describe_alertmanager;

use crate::catalog::EntityRef;
use crate::monitoring::{Failure, UnknownInstance};
use crate::web::params::ParamProblem;

/// Why there is no page, or no data form. A failed panel on a working page is a [`Failure`], not a `PageError`.
#[derive(Clone, Debug)]
pub enum PageError {
    /// No page has this path.
    NoSuchPage,
    /// The path names an entity that the catalog does not have.
    NoSuchEntity(EntityRef),
    /// The entity has no graph of that number.
    NoSuchGraph { graphs: usize },
    /// A data form has invalid parameters.
    BadParameters(Vec<ParamProblem>),
    /// Custom queries are off.
    AdHocForbidden,
    /// The address names an unknown instance, or none and there is no default.
    NoSuchInstance(UnknownInstance),
    /// The address has an invalid query. The text is its first problem.
    BrokenQuery(String),
    /// The catalog has not been read yet.
    CatalogNotRead,
    /// A data form whose query failed.
    Failed(Failure),
    /// The page accepts only GET and HEAD.
    MethodNotAllowed,
    /// A fault of the portal. The text is for the operator only.
    Internal(String),
    /// The HTTP library refused the request.
    Refused(StatusCode),
}

impl PageError {
    /// The portal failed to make `part`.
    pub fn internal(part: &str, error: &dyn fmt::Display) -> Self {
        Self::Internal(format!("{part} failed: {error}"))
    }

    pub fn bad_parameter(parameter: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::BadParameters(vec![ParamProblem { parameter: parameter.into(), message: message.into() }])
    }

    pub fn unknown_instance(unknown: UnknownInstance) -> Self {
        Self::Failed(Failure::UnknownInstance(unknown))
    }
}

/// For the operator.
impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchPage => f.write_str("no such page"),
            Self::NoSuchEntity(reference) => write!(f, "no such entity: {reference}"),
            Self::NoSuchGraph { graphs } => write!(f, "no such graph among {graphs}"),
            Self::BadParameters(problems) => {
                let names = problems.iter().map(|problem| &*problem.parameter).collect::<Vec<_>>();
                write!(f, "bad parameters: {}", names.join(", "))
            }
            Self::AdHocForbidden => f.write_str("ad-hoc queries are off"),
            Self::NoSuchInstance(unknown) => write!(f, "no such instance: {:?}", unknown.requested),
            Self::BrokenQuery(problem) => write!(f, "broken query: {problem}"),
            Self::CatalogNotRead => f.write_str("the catalog is not read yet"),
            Self::Failed(failure) => f.write_str(&text::for_operator(failure)),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::Internal(text) => f.write_str(text),
            Self::Refused(status) => write!(f, "refused: {status}"),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.text().status
    }

    /// Without a body: `render` adds one in the requested format.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
