//! PromQL queries, checked before they are sent. Only this module calls the parser, behind a guard of length and depth.

mod duration;
mod forms;
mod functions;
mod grammar;
mod grouping;
mod guard;
mod list;
mod matcher;
mod measured;
mod names;
mod needs;
mod per_instant;
mod plain;
mod possible_values;
mod query_value;
mod quoted;
mod regex;
mod result_labels;
mod scan;
mod selectors;
pub mod split;
mod template;
pub mod tree;
mod walk;

use std::fmt;
use std::sync::Arc;

pub use promql_parser::label::METRIC_NAME;

pub use duration::parse_duration;
pub use guard::{MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_OPERATORS};
pub use list::RegexLimit;
pub use matcher::{MatchOp, Matcher};
pub use measured::{Derivation, MeasuredMetric};
pub use needs::{NeededRange, NeededSamples, QueryNeeds};
pub use possible_values::PossibleValues;
pub use query_value::QueryValue;
pub use quoted::{quote, unquote};
pub use regex::{LabelRewrite, UnreadRewrite};
pub use result_labels::ResultLabels;
pub use template::{Slot, Template};

use self::grammar::{QueryAnalysis, Refusal};
use crate::diagnostic::{Diagnostic, Span};

/// A query that may be sent: within the limits, its brackets and quotes balanced,
/// and either parsed by our grammar or marked as not checked.
/// The text is the author's own, trimmed, never printed anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromQl {
    text: Arc<str>,
    checked: bool,
    /// Derived from the text.
    analysis: Arc<QueryAnalysis>,
}

impl PromQl {
    /// Reads a query. A query with warnings can still be sent. The spans of all problems are byte offsets into `text`.
    /// Regexes inside are left to Prometheus, whose dialect differs from ours.
    pub fn read(text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let place = Span::whole(text).trimmed(text);
        let query = place.of(text);
        if let Some(fault) = guard::fault(query) {
            return (None, vec![fault.shifted(place.start)]);
        }
        let (checked, analysis, problems) = match grammar::analyze(query) {
            Ok(analysis) => (true, analysis, Vec::new()),
            Err(refusal) => (false, QueryAnalysis::default(), vec![unchecked(&refusal, place)]),
        };
        (Some(Self { text: query.into(), checked, analysis: analysis.into() }), problems)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Equal for queries that are the same but for how they are written, for example a query and the rule's
    /// expression as Prometheus prints it. A query that our grammar does not know equals only one with the same
    /// words. Valid in this process only.
    pub fn normal_form(&self) -> NormalForm {
        let known = self.checked.then(|| grammar::normal_hash(&self.text)).flatten();
        known.map_or_else(|| NormalForm::Words(grammar::words_hash(&self.text)), NormalForm::Meaning)
    }

    /// False when our grammar does not know the query (newer PromQL, MetricsQL).
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// The labels of the outermost `by (...)`, in its order; empty without one. Looks through
    /// parentheses, into the first vector of a function call or an operation, and into `topk` and its like.
    pub fn outermost_by(&self) -> Vec<String> {
        self.analysis.outermost_by.clone()
    }

    /// The metrics that the query names, each once, in its order; empty when our grammar does not know the query.
    pub fn metrics(&self) -> &[String] {
        &self.analysis.metrics
    }

    /// The metrics that the query's value derives from, and how. Of several, each describes the value.
    /// Empty when they are unknown.
    pub fn measured(&self) -> &[MeasuredMetric] {
        &self.analysis.measured
    }

    /// What its value is; `Series` when our grammar does not know the query.
    pub fn value(&self) -> QueryValue {
        self.analysis.value
    }

    /// Whether its value at an instant does not depend on the requested time range, and only changes while samples up to
    /// that instant come. False when our grammar does not know the query.
    pub fn is_per_instant(&self) -> bool {
        self.analysis.is_per_instant
    }

    /// What it reads and cannot do without. Empty when our grammar does not know the query.
    pub fn needs(&self) -> QueryNeeds {
        if self.checked { needs::of(&self.text) } else { QueryNeeds::default() }
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let QueryAnalysis { outermost_by, metrics, measured, .. } = &*self.analysis;
        let names = outermost_by.iter().chain(metrics).chain(measured.iter().map(|one| &one.metric));
        self.text.len() + names.map(|name| name.len() + 48).sum::<usize>() + 128
    }
}

/// The remark on a query that our grammar refuses and that is sent all the same.
fn unchecked(refusal: &Refusal, place: Span) -> Diagnostic {
    match refusal {
        Refusal::Unknown(reason) => Diagnostic::info(
            place,
            format!("not checked here: it could not be parsed here ({reason}); sent to Prometheus unchanged"),
        ),
        Refusal::Syntax(reason) => Diagnostic::warning(
            place,
            format!("syntax error: {reason}; Prometheus refuses this; sent unchanged"),
        ),
        Refusal::Types(reason) => Diagnostic::warning(
            place,
            format!("type error: {reason}; Prometheus refuses this, VictoriaMetrics may not; sent unchanged"),
        ),
    }
}

/// A hash of a query that does not depend on how the query is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NormalForm {
    /// Of what it means.
    Meaning(u64),
    /// Of its words: what it means is not known here.
    Words(u64),
}

impl fmt::Display for PromQl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
