//! A set of values that a label may have.

use super::matcher::Matcher;

/// Which values a label may have in a query's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PossibleValues {
    Any,
    /// One of these, in order, each once. The empty text means that the label may be absent.
    /// Without any, the result is empty.
    OneOf(Vec<Box<str>>),
    /// The result never has the label.
    Absent,
}

impl PossibleValues {
    /// Whether a value that the label may have, or its absence, satisfies the matcher.
    pub fn admits(&self, matcher: &Matcher) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.iter().any(|value| matcher.matches(Some(value))),
            Self::Absent => matcher.matches(None),
        }
    }

    pub(super) fn of(mut values: Vec<Box<str>>) -> Self {
        values.sort_unstable();
        values.dedup();
        match values.as_slice() {
            [only] if only.is_empty() => Self::Absent,
            _ => Self::OneOf(values),
        }
    }

    /// An absent label counts as the empty text, as in Prometheus.
    fn values(self) -> Option<Vec<Box<str>>> {
        match self {
            Self::Any => None,
            Self::OneOf(values) => Some(values),
            Self::Absent => Some(vec![Box::default()]),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self.values(), other.values()) {
            (Some(mut values), Some(others)) => {
                values.extend(others);
                Self::of(values)
            }
            _ => Self::Any,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self.values(), other.values()) {
            (Some(mut values), Some(others)) => {
                values.retain(|value| others.binary_search(value).is_ok());
                Self::of(values)
            }
            (Some(values), None) | (None, Some(values)) => Self::of(values),
            (None, None) => Self::Any,
        }
    }
}
