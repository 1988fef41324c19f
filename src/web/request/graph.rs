//! One graph of a view: its number in a path, and what the address changes of it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::annotations::GraphSpec;
use crate::diagnostic::Severity;
use crate::prometheus::Origin;
use crate::web::page_error::PageError;

/// A graph as the address has it.
pub struct GraphRequest {
    pub spec: GraphSpec,
    /// Ad hoc if the query is the address's, not an annotation's.
    pub origin: Origin,
}

impl GraphRequest {
    /// Refuses a query of the address that cannot be sent. The panel says so of an annotation's.
    pub fn readable(&self) -> Result<(), PageError> {
        if self.spec.query.is_some() || self.origin == Origin::Known {
            return Ok(());
        }
        let fault = self.spec.problems.iter().find(|problem| problem.severity == Severity::Error);
        Err(PageError::BrokenQuery(fault.map(|fault| fault.message.clone()).unwrap_or_default()))
    }
}

/// The number of a graph in a path, from 1. An entity may have fewer graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphNumber(pub usize);

impl FromRequest for GraphNumber {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    /// A path without a number shows one graph.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("n").unwrap_or("1");
        // `+1` and `01` would be second names of a page.
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        let number = plain.then(|| text.parse().ok()).flatten();
        ready(number.map(Self).ok_or(PageError::NoSuchPage))
    }
}
