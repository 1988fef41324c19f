//! Why a query has no value. What Prometheus refuses too is refused in its words.

use thiserror::Error;

use super::labels::EngineLabels;
use crate::promql::tree::UnreadQuery;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// Prometheus answers `bad_data`. The reason is a sentence.
    #[error("{0}")]
    Invalid(String),
    /// Prometheus answers `bad_data`, of the range and not of the query.
    #[error(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution \
         (?step=XX)"
    )]
    TooManySteps,
    /// A part of PromQL that Prometheus may know, by its name.
    #[error("this evaluator does not know {0}")]
    Unknown(String),
    /// Prometheus answers `execution`.
    #[error("{0}")]
    Execution(String),
    /// The query needs too much work or memory here.
    #[error("{0}")]
    TooLarge(String),
}

impl From<UnreadQuery> for EngineError {
    fn from(unread: UnreadQuery) -> Self {
        match unread {
            UnreadQuery::Invalid(reason) => Self::Invalid(reason),
            UnreadQuery::Unknown(name) => Self::Unknown(name),
        }
    }
}

impl EngineError {
    pub(super) fn too_much_work() -> Self {
        Self::TooLarge("the query needs too many samples; use a shorter range or a longer step".to_owned())
    }

    pub(super) fn wrong_type(wanted: &str) -> Self {
        Self::Invalid(format!("expected type {wanted}"))
    }

    /// The query of a range.
    pub(super) fn not_a_graph(of_type: &str) -> Self {
        Self::Invalid(format!(
            "invalid expression type {of_type:?} for range query, must be Scalar or instant Vector"
        ))
    }

    pub(super) fn same_labels() -> Self {
        Self::Execution("vector cannot contain metrics with the same labelset".to_owned())
    }

    /// Two series of the side that may have only one for each match.
    pub(super) fn many_to_many(
        group: &EngineLabels,
        side: &str,
        one: &EngineLabels,
        other: &EngineLabels,
    ) -> Self {
        Self::Execution(format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
             [{one}, {other}];many-to-many matching not allowed: matching labels must be unique on one side"
        ))
    }

    pub(super) fn many_to_one() -> Self {
        Self::Execution(
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                .to_owned(),
        )
    }

    pub(super) fn ambiguous_group() -> Self {
        Self::Execution("multiple matches for labels: grouping labels must ensure unique matches".to_owned())
    }

    pub(super) fn invalid_label(name: &str) -> Self {
        Self::Execution(format!("invalid label name {}", crate::promql::quote(name)))
    }

    pub(super) fn in_function(what: &str, function: &str, value: &str) -> Self {
        Self::Execution(format!("invalid {what} in {function}(): {value}"))
    }

    pub(super) fn not_a_count(value: &str) -> Self {
        Self::Execution(format!("Scalar value {value} overflows int64"))
    }
}
