//! The samples of a query at the instants of a window.

use crate::prometheus::{Origin, Window};
use crate::promql::PromQl;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeQuery {
    /// Known queries never wait for equal ad-hoc ones, nor share their failures; the other way round answers are
    /// shared.
    pub origin: Origin,
    pub query: PromQl,
    pub window: Window,
}
