//! What makes two questions the same.

use super::flight::Asked;
use crate::prometheus::{Instance, InstanceName, Origin, Window};
use crate::promql::PromQl;

/// Whose eyes ask. In every key, so that answers for different eyes can never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody sees the whole instance.
    Whole,
}

/// A range query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeQuery {
    /// Questions of known origin never wait for equal ones that are ad hoc, nor share their failures;
    /// the other way round answers are shared. One that is ad hoc ends when nobody waits for it any more.
    pub origin: Origin,
    pub query: PromQl,
    pub window: Window,
}

/// An instant query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuery {
    pub origin: Origin,
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub instance: InstanceName,
    pub scope: Scope,
    pub query: RangeQuery,
}

impl Question {
    pub fn as_known(&self) -> Self {
        let mut known = self.clone();
        known.query.origin = Origin::Known;
        known
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
    pub query: InstantQuery,
}

/// All alerting rules of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RulesQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
}

impl RulesQuestion {
    pub fn of(instance: &Instance, scope: Scope) -> Self {
        Self { instance: instance.name().clone(), scope }
    }
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
            query: question.query.query.clone(),
            step_ms: question.query.window.step_ms(),
            points: question.query.window.len(),
        }
    }
}

impl Asked for Question {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        self.query.origin
    }
}

impl Asked for InstantQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        self.query.origin
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
