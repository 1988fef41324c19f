//! PromQL as text that was looked at: the one door to the parser, guarded by length and depth. No I/O.

mod duration;
mod matcher;
pub mod split;

use std::fmt;
use std::sync::Arc;

pub use duration::{DurationFault, parse_duration};
pub use matcher::{MatchOp, Matcher};

use crate::problem::Problem;

/// The longest query that is looked at or sent, in bytes.
pub const MAX_QUERY_BYTES: usize = 8192;
/// The deepest nesting that is looked at or sent.
pub const MAX_QUERY_DEPTH: usize = 128;

/// A query that may be sent: within the limits, its brackets and quotes balanced,
/// and either parsed by our grammar or marked as not checked.
/// The text is the author's own, trimmed, never printed anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromQl {
    text: Arc<str>,
    checked: bool,
}

impl PromQl {
    /// Reads a query. A warning comes beside a query that can be sent all the same;
    /// the spans of all problems are byte offsets into `text`.
    pub fn read(text: &str) -> (Option<Self>, Vec<Problem>) {
        let _ = text;
        todo!()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// False when our grammar does not know the query (newer PromQL, MetricsQL).
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// The labels of the outermost `by (...)`, in its order; empty without one.
    pub fn outermost_by(&self) -> Vec<String> {
        todo!()
    }
}

impl fmt::Display for PromQl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
