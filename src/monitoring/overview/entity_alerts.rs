//! The alerts of one entity, as the overview counts them.

use jiff::{SignedDuration, Timestamp};

use crate::monitoring::{Doubt, Evidence, Verdict, WorstAlerts};
use crate::prometheus::AlertState;

/// An entity's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EntityAlerts {
    /// It selects none.
    #[default]
    None,
    /// Its instance has not answered recently, or is not configured.
    Unknown,
    Known {
        evidence: Evidence,
        worst_alerts: Option<WorstAlerts>,
        /// The time of the answer.
        as_of: Timestamp,
        is_stale: bool,
    },
}

/// Older counts say too little about now.
pub(super) const OLDEST: SignedDuration = SignedDuration::from_mins(15);

impl EntityAlerts {
    /// Its states as bits. An entity is inactive when everything is known and nothing is active. One that selects no
    /// rule has no state.
    pub(super) fn marks(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unknown => bit(AlertState::Unknown),
            Self::Known { evidence, .. } => {
                let active = [
                    (evidence.counts.firing, AlertState::Firing),
                    (evidence.counts.pending, AlertState::Pending),
                    (evidence.unknown(), AlertState::Unknown),
                ];
                let marks =
                    active.iter().filter(|(n, _)| *n > 0).fold(0, |all, (_, state)| all | bit(*state));
                if evidence.verdict() == Verdict::Quiet { bit(AlertState::Inactive) } else { marks }
            }
        }
    }

    /// The time of the answer, if it is stale.
    pub fn not_since(&self) -> Option<Timestamp> {
        match self {
            Self::Known { as_of, is_stale, .. } => is_stale.then_some(*as_of),
            Self::None | Self::Unknown => None,
        }
    }

    /// What is left of it when the answer is no longer the newest one.
    pub(super) fn old(self, now: Timestamp) -> Self {
        match self {
            Self::Known { as_of, .. } if now.duration_since(as_of) >= OLDEST => Self::Unknown,
            Self::Known { mut evidence, worst_alerts, as_of, .. } => {
                evidence.doubts.add(Doubt::Stale);
                Self::Known { evidence, worst_alerts, as_of, is_stale: true }
            }
            other => other,
        }
    }

    /// Its alerts that fire, or that are pending where none fires; None where there are none of both.
    pub fn worst_alerts(&self) -> Option<&WorstAlerts> {
        match self {
            Self::Known { worst_alerts, .. } => worst_alerts.as_ref(),
            Self::None | Self::Unknown => None,
        }
    }

    /// The least is the worst: firing, pending, unknown, inactive, without alerts; active ones by their worst alerts.
    fn order(&self) -> (u32, Option<&WorstAlerts>) {
        // The lowest bit is the worst state; an entity without alerts has none of the eight.
        (self.marks().trailing_zeros(), self.worst_alerts())
    }

    /// The place of each in their order, the worst first; equal ones have the same.
    pub(super) fn ranks(all: &[Self]) -> Vec<u32> {
        let mut ordered: Vec<_> = all.iter().map(Self::order).zip(0usize..).collect();
        ordered.sort_unstable();
        let mut ranks = vec![0; all.len()];
        for (rank, equal) in (0u32..).zip(ordered.chunk_by(|(one, _), (other, _)| one == other)) {
            for (_, place) in equal {
                ranks.get_mut(*place).into_iter().for_each(|slot| *slot = rank);
            }
        }
        ranks
    }

    /// The worst of its states; None without alerts.
    pub fn worst(&self) -> Option<AlertState> {
        BY_BIT.into_iter().find(|state| self.marks() & bit(*state) != 0)
    }
}

/// The states by their bits, worst first.
const BY_BIT: [AlertState; 4] =
    [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];

/// The bit of a state in [`Overview::marks`](super::Overview::marks).
pub const fn bit(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 1,
        AlertState::Pending => 1 << 1,
        AlertState::Error | AlertState::Unknown => 1 << 2,
        AlertState::Inactive => 1 << 3,
    }
}
