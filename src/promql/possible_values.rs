//! A set of values that a label may have.

use super::matcher::Matcher;

/// Which values a label may have in a query's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PossibleValues {
    Any,
    /// One of these, in order, each once. The empty text means that the label may be absent, as in Prometheus.
    /// Without any, the result is empty.
    OneOf(Vec<Box<str>>),
}

impl PossibleValues {
    /// The result never has the label.
    pub(super) fn absent() -> Self {
        Self::OneOf(vec![Box::default()])
    }

    pub(super) fn of(mut values: Vec<Box<str>>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self::OneOf(values)
    }

    /// Whether a value that the label may have, or its absence, satisfies the matcher.
    pub fn admits(&self, matcher: &Matcher) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.iter().any(|value| matcher.matches(Some(value))),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mut values), Self::OneOf(others)) => {
                values.extend(others);
                Self::of(values)
            }
            _ => Self::Any,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mut values), Self::OneOf(others)) => {
                values.retain(|value| others.binary_search(value).is_ok());
                Self::OneOf(values)
            }
            (values, Self::Any) | (Self::Any, values) => values,
        }
    }
}
