//! Errors: worded once for the reader, told once to the operator, answered in the form that was asked for.

mod instances;
mod nothing;
mod render;
mod told;

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

pub use instances::unknown_name;
pub use nothing::{Nothing, tell_nothing};
pub use render::{catch_panics, render};
pub use told::{Told, alertmanager_says, tell};

use super::params::ParamProblem;
use crate::catalog::EntityRef;
use crate::monitoring::{Failure, UnknownInstance};

/// Why there is no page, or no data form. A panel that fails on a page that stands is no such error.
#[derive(Clone, Debug)]
pub enum PageError {
    /// No page has this path.
    NoSuchPage,
    /// The path names an entity as it could be, but the catalog has none of that name.
    NoSuchEntity(EntityRef),
    /// The entity has no graph of that number.
    NoSuchGraph { graphs: usize },
    /// A data form was asked with parameters that cannot be used.
    BadParameters(Vec<ParamProblem>),
    /// The reader may not ask what no annotation names.
    AdHocForbidden,
    /// The address names an instance that cannot be asked, or none and there is none without a name.
    NoSuchInstance(UnknownInstance),
    /// The query of the address is not one that may be sent. The text is its first problem.
    BrokenQuery(String),
    /// The catalog was not read yet, so nobody knows which entities there are.
    CatalogNotRead,
    /// A data form whose question failed.
    Failed(Failure),
    /// The page can be read, and nothing else.
    MethodNotAllowed,
    /// Our own fault. The text is for the operator only.
    Internal(String),
    /// What the HTTP library itself refuses.
    Refused(StatusCode),
}

impl PageError {
    /// Our own fault in making `part`.
    pub fn internal(part: &str, error: &dyn fmt::Display) -> Self {
        Self::Internal(format!("{part} failed: {error}"))
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
                let names = problems.iter().map(|problem| problem.parameter).collect::<Vec<_>>();
                write!(f, "bad parameters: {}", names.join(", "))
            }
            Self::AdHocForbidden => f.write_str("ad-hoc queries are off"),
            Self::NoSuchInstance(unknown) => write!(f, "no such instance: {:?}", unknown.asked),
            Self::BrokenQuery(problem) => write!(f, "broken query: {problem}"),
            Self::CatalogNotRead => f.write_str("the catalog is not read yet"),
            Self::Failed(failure) => f.write_str(&told::for_operator(failure)),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::Internal(text) => f.write_str(text),
            Self::Refused(status) => write!(f, "refused: {status}"),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.told().status
    }

    /// Without a body: `render` adds the one that was asked for.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
