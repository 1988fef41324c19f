//! The state of alerts as it follows from what is known of them. Every format of an answer prints it.

use std::fmt::{self, Debug};

use crate::prometheus::AlertState;

/// The state of everything that an entity or an address chooses, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// At least one alert fires and is not held back, whatever else is missing.
    Firing,
    Pending,
    /// Nothing is known to fire, and something is missing.
    Unknown,
    /// Nothing fires, and every piece of evidence is there.
    Quiet,
    /// No rule is chosen, and that is known.
    None,
}

impl Verdict {
    /// The word of the data forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Quiet => "quiet",
            Self::None => "none",
        }
    }
}

/// A piece of evidence that is missing. Each keeps an answer from being complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Doubt {
    /// The newest attempt failed; this is an older answer.
    Stale = 1,
    /// The instance has not answered at all.
    NoAnswer = 1 << 1,
    /// The instance warned: parts of its answer are missing.
    Warned = 1 << 2,
    /// A name is chosen that no rule has.
    MissingRule = 1 << 3,
    /// A rule that may be chosen cannot be evaluated.
    FailingRule = 1 << 4,
    /// A rule that may be chosen was never evaluated.
    UnevaluatedRule = 1 << 5,
    /// A rule that may be chosen was last evaluated too long ago, or at a time that cannot be right.
    LateRule = 1 << 6,
    /// A rule that may be chosen calls itself firing or pending and lists no such alert.
    UnlistedAlert = 1 << 7,
    /// An alert, or a rule that may be chosen, is in a state that has no known name.
    UnknownState = 1 << 8,
    /// A part of the selector cannot be read.
    BrokenSelector = 1 << 9,
    /// Something fires, and what Alertmanager holds back is not known, or only as it was.
    UnsureSilences = 1 << 10,
    /// Nothing is chosen, and a matcher has a value that hardly any alert has.
    MistakenMatcher = 1 << 11,
}

/// All kinds of [`Doubt`].
pub const EVERY_DOUBT: [Doubt; 12] = [
    Doubt::Stale,
    Doubt::NoAnswer,
    Doubt::Warned,
    Doubt::MissingRule,
    Doubt::FailingRule,
    Doubt::UnevaluatedRule,
    Doubt::LateRule,
    Doubt::UnlistedAlert,
    Doubt::UnknownState,
    Doubt::BrokenSelector,
    Doubt::UnsureSilences,
    Doubt::MistakenMatcher,
];

/// A set of doubts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Doubts(u16);

impl Doubts {
    pub fn add(&mut self, doubt: Doubt) {
        self.0 |= doubt as u16;
    }

    pub fn add_if(&mut self, holds: bool, doubt: Doubt) {
        if holds {
            self.add(doubt);
        }
    }

    fn remove(&mut self, doubt: Doubt) {
        self.0 &= !(doubt as u16);
    }

    pub fn add_all(&mut self, others: Self) {
        self.0 |= others.0;
    }

    pub fn has(self, doubt: Doubt) -> bool {
        self.0 & doubt as u16 != 0
    }

    pub fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        EVERY_DOUBT.into_iter().filter(move |doubt| self.has(*doubt))
    }
}

impl Debug for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Doubt> for Doubts {
    fn from_iter<I: IntoIterator<Item = Doubt>>(doubts: I) -> Self {
        let mut all = Self::default();
        doubts.into_iter().for_each(|doubt| all.add(doubt));
        all
    }
}

/// How many rows are in each state, inactive ones included whether shown or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateCounts {
    /// Without those that Alertmanager suppresses.
    pub firing: usize,
    pub pending: usize,
    pub error: usize,
    pub unknown: usize,
    pub inactive: usize,
    /// Firing and suppressed, each counted once: as silenced, else as inhibited, else as muted.
    pub silenced: usize,
    pub inhibited: usize,
    pub muted: usize,
}

impl StateCounts {
    /// One more in this state.
    pub fn count(&mut self, state: AlertState) {
        *match state {
            AlertState::Firing => &mut self.firing,
            AlertState::Pending => &mut self.pending,
            AlertState::Error => &mut self.error,
            AlertState::Unknown => &mut self.unknown,
            AlertState::Inactive => &mut self.inactive,
        } += 1;
    }

    pub fn suppressed(self) -> usize {
        self.silenced + self.inhibited + self.muted
    }

    /// The word of each kind of suppression, and how many there are; none of zero.
    pub fn suppressed_parts(self) -> impl Iterator<Item = (&'static str, usize)> {
        let all = [("silenced", self.silenced), ("inhibited", self.inhibited), ("muted", self.muted)];
        all.into_iter().filter(|(_, n)| *n > 0)
    }
}

/// What is known of the alerts that an entity or an address chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Evidence {
    pub counts: StateCounts,
    /// Whether any rule may give such alerts.
    pub has_rules: bool,
    pub doubts: Doubts,
}

impl Evidence {
    /// Nothing is known.
    pub fn none() -> Self {
        Self { doubts: Doubts::from_iter([Doubt::NoAnswer]), ..Self::default() }
    }

    /// Whether every piece of evidence is there.
    pub fn is_complete(&self) -> bool {
        self.doubts.is_empty()
    }

    /// How many are unknown where a form shows only four states. Rules in error count as unknown; missing information
    /// counts as at least one.
    pub fn unknown(&self) -> usize {
        let StateCounts { firing, error, unknown, .. } = self.counts;
        let mut doubts = self.doubts;
        if firing > 0 {
            // What is not known to be held back is counted as firing.
            doubts.remove(Doubt::UnsureSilences);
        }
        (error + unknown).max(usize::from(!doubts.is_empty()))
    }

    /// Firing before pending before unknown before quiet.
    pub fn verdict(&self) -> Verdict {
        let StateCounts { firing, pending, error, unknown, .. } = self.counts;
        if firing > 0 {
            Verdict::Firing
        } else if pending > 0 {
            Verdict::Pending
        } else if !self.is_complete() || error > 0 || unknown > 0 {
            Verdict::Unknown
        } else if self.has_rules {
            Verdict::Quiet
        } else {
            Verdict::None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn evidence(counts: [usize; 5], silenced: usize, has_rules: bool, doubts: &[Doubt]) -> Evidence {
        let [firing, pending, error, unknown, inactive] = counts;
        let counts =
            StateCounts { firing, pending, error, unknown, inactive, silenced, ..StateCounts::default() };
        Evidence { counts, has_rules, doubts: doubts.iter().copied().collect() }
    }

    #[test]
    fn the_table_of_verdicts() {
        for (counts, silenced, has_rules, doubts, verdict) in [
            ([0, 0, 0, 0, 0], 0, false, &[][..], Verdict::None),
            ([0, 0, 0, 0, 0], 0, true, &[], Verdict::Quiet),
            ([0, 0, 0, 0, 3], 0, true, &[], Verdict::Quiet),
            ([0, 0, 0, 0, 0], 2, true, &[], Verdict::Quiet),
            ([0, 0, 0, 0, 0], 2, true, &[Doubt::UnsureSilences], Verdict::Unknown),
            ([0, 0, 0, 1, 3], 0, true, &[], Verdict::Unknown),
            ([0, 0, 1, 0, 3], 0, true, &[], Verdict::Unknown),
            ([0, 1, 1, 1, 3], 0, true, &EVERY_DOUBT, Verdict::Pending),
            ([1, 1, 1, 1, 3], 0, true, &EVERY_DOUBT, Verdict::Firing),
            ([1, 0, 0, 0, 0], 0, true, &[Doubt::Stale], Verdict::Firing),
            ([0, 1, 0, 0, 0], 1, true, &[], Verdict::Pending),
        ] {
            let known = evidence(counts, silenced, has_rules, doubts);
            assert_eq!(known.verdict(), verdict, "{known:?}");
        }
        for doubt in EVERY_DOUBT {
            for has_rules in [false, true] {
                let known = evidence([0, 0, 0, 0, 1], 0, has_rules, &[doubt]);
                assert_eq!((known.verdict(), known.is_complete()), (Verdict::Unknown, false), "{known:?}");
            }
        }
        assert_eq!(Evidence::none().verdict(), Verdict::Unknown);
    }

    fn any_evidence() -> impl Strategy<Value = Evidence> {
        let doubts = prop::sample::subsequence(EVERY_DOUBT.to_vec(), 0..=EVERY_DOUBT.len());
        (prop::array::uniform5(0usize..3), 0usize..2, any::<bool>(), doubts)
            .prop_map(|(counts, silenced, has_rules, doubts)| evidence(counts, silenced, has_rules, &doubts))
    }

    proptest! {
        #[test]
        fn quiet_needs_every_piece_of_evidence(known in any_evidence(), missing in prop::sample::select(&EVERY_DOUBT[..])) {
            let mut less = known;
            less.doubts.add(missing);
            prop_assert!(!matches!(less.verdict(), Verdict::Quiet | Verdict::None));
            prop_assert!(known.verdict() != Verdict::Quiet || known.is_complete());
        }

        #[test]
        fn doubt_never_takes_firing_away(known in any_evidence(), doubt in prop::sample::select(&EVERY_DOUBT[..])) {
            let mut less = known;
            less.doubts.add(doubt);
            if matches!(known.verdict(), Verdict::Firing | Verdict::Pending) {
                prop_assert_eq!(less.verdict(), known.verdict());
            } else {
                prop_assert_eq!(less.verdict(), Verdict::Unknown);
            }
        }
    }
}
