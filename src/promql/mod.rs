//! PromQL as text that was looked at: the one door to the parser, guarded by length and depth. No I/O.

mod duration;
mod functions;
mod grammar;
mod guard;
mod list;
mod matcher;
mod measured;
mod normal;
mod quoted;
mod reach;
mod regex;
mod scan;
mod shape;
pub mod split;
mod template;
mod words;

use std::fmt;
use std::sync::Arc;

pub use duration::parse_duration;
pub use guard::{MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_OPERATORS};
pub use matcher::{MatchOp, Matcher, RegexLimit};
pub use measured::{Made, Measured};
pub use quoted::{quote, unquote};
pub use reach::{Reach, ResultLabels, reach};
pub use template::{Slot, Template};

use self::grammar::Known;
use crate::diagnostic::{Diagnostic, Span};

/// A query that may be sent: within the limits, its brackets and quotes balanced,
/// and either parsed by our grammar or marked as not checked.
/// The text is the author's own, trimmed, never printed anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromQl {
    text: Arc<str>,
    checked: bool,
    /// Follows from the text.
    known: Arc<Known>,
}

impl PromQl {
    /// Reads a query. A warning comes beside a query that can be sent all the same;
    /// the spans of all problems are byte offsets into `text`.
    /// Regexes inside are left to Prometheus, whose dialect differs from ours.
    pub fn read(text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let place = Span::whole(text).trimmed(text);
        let query = place.of(text);
        if let Some(fault) = guard::fault(query) {
            return (None, vec![fault.shifted(place.start)]);
        }
        let (checked, known, problems) = match grammar::judge(query) {
            Ok(known) => (true, known, Vec::new()),
            Err(reason) => {
                let told = format!(
                    "not checked here, because our PromQL grammar does not know it ({reason}); it is sent as written"
                );
                (false, Known::default(), vec![Diagnostic::warning(place, told)])
            }
        };
        (Some(Self { text: query.into(), checked, known: known.into() }), problems)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Equal for queries that are the same but for how they are written: as Prometheus prints a rule's
    /// expression, too. None when our grammar does not know the query. Means nothing to another process.
    pub fn normal_form(&self) -> Option<NormalForm> {
        self.checked.then(|| grammar::normal_form(&self.text)).flatten()
    }

    /// False when our grammar does not know the query (newer PromQL, MetricsQL).
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// The labels of the outermost `by (...)`, in its order; empty without one. Looks through
    /// parentheses, into the first vector of a function call or an operation, and into `topk` and its like.
    pub fn outermost_by(&self) -> Vec<String> {
        self.known.outermost_by.clone()
    }

    /// The metrics that the query names, each once, in its order; empty when our grammar does not know the query.
    pub fn metrics(&self) -> &[String] {
        &self.known.metrics
    }

    /// What the query's value is made of; where there are several, the value is of what all of them are.
    /// Empty: it cannot be told.
    pub fn measured(&self) -> &[Measured] {
        &self.known.measured
    }
}

impl PromQl {
    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let Known { outermost_by, metrics, measured } = &*self.known;
        let names = outermost_by.iter().chain(metrics).chain(measured.iter().map(|one| &one.metric));
        self.text.len() + names.map(|name| name.len() + 48).sum::<usize>() + 128
    }
}

/// What is left of a query without the freedom to write it in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NormalForm(u64);

impl fmt::Display for PromQl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
