//! What makes two questions the same.

use super::flight::Asked;
use crate::prometheus::{InstanceName, Origin, Window};
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
    /// Questions of known origin never wait for equal ones that are ad hoc, nor share their failures;
    /// the other way round answers are shared. One that is ad hoc ends when nobody waits for it any more.
    pub origin: Origin,
    pub query: PromQl,
    pub window: Window,
}

/// An instant query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
    pub origin: Origin,
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

/// All alerting rules of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RulesQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
}

/// Questions that differ only in when, or by whom, they were asked: the same query over a window of the same length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    instance: InstanceName,
    scope: Scope,
    pub(super) query: PromQl,
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

impl Asked for Question {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        self.origin
    }
}

impl Asked for InstantQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        self.origin
    }
}

impl Asked for RulesQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        Origin::Known
    }
}
