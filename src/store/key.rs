//! What makes two questions the same.

use crate::prometheus::{InstanceName, Window};
use crate::promql::PromQl;

/// Whose eyes ask. In every key, so that answers for different eyes can never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody sees the whole instance.
    Whole,
}

/// A range query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub instance: InstanceName,
    pub scope: Scope,
    pub query: PromQl,
    pub window: Window,
}

/// All alerting rules of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RulesQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
}

/// Questions that differ only in when they were asked: the same query over a window of the same length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    instance: InstanceName,
    scope: Scope,
    query: PromQl,
    step_ms: i64,
    points: usize,
}

impl Family {
    pub fn of(question: &Question) -> Self {
        Self {
            instance: question.instance.clone(),
            scope: question.scope,
            query: question.query.clone(),
            step_ms: question.window.step_ms(),
            points: question.window.len(),
        }
    }
}
