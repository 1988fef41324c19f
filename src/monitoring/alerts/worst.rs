//! The worst alerts of an entity: by them lists are in order.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::AlertRow;
use crate::prometheus::{AlertState, SeverityRank};

/// The worst of some active alerts that are not suppressed. The least is the worst: those that fire, then by severity, by
/// how many, and by the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorstAlerts {
    /// Firing or pending.
    pub state: AlertState,
    pub severity: SeverityRank,
    /// How many have that severity.
    pub count: Reverse<u32>,
    /// How many are in that state.
    pub all: Reverse<u32>,
    /// When the newest of that severity became active.
    pub newest: Reverse<Option<Timestamp>>,
}

impl WorstAlerts {
    /// None: all are suppressed, or none is active.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r AlertRow>) -> Option<Self> {
        let mut worst = None;
        rows.into_iter().for_each(|row| Self::add(&mut worst, row));
        worst
    }

    /// Of these and one more.
    pub fn add(worst: &mut Option<Self>, row: &AlertRow) {
        let state = row.state();
        if row.is_suppressed() || !matches!(state, AlertState::Firing | AlertState::Pending) {
            return;
        }
        let one = Self {
            state,
            severity: row.severity_rank(),
            count: Reverse(1),
            all: Reverse(1),
            newest: Reverse(row.active_at()),
        };
        let Some(worst) = worst.as_mut().filter(|worst| worst.state <= state) else {
            *worst = Some(one);
            return;
        };
        if worst.state < state {
            return;
        }
        let all = Reverse(worst.all.0.saturating_add(1));
        if one.severity < worst.severity {
            *worst = one;
        } else if one.severity == worst.severity {
            worst.count.0 = worst.count.0.saturating_add(1);
            worst.newest = worst.newest.min(one.newest);
        }
        worst.all = all;
    }
}
