//! Whether an instance's clock agrees with the portal's.

use jiff::{SignedDuration, Timestamp};

use crate::prometheus::{InstanceName, Rules};

/// Clocks that are kept by NTP agree far better; what an answer takes on its way is less too.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);

/// How far an instance's times are from the portal's clock. Positive: the instance is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skew {
    /// By the `Date` of its answer.
    Clock(SignedDuration),
    /// An alert became active, or a rule was evaluated, so much later than now.
    Times(SignedDuration),
}

impl Skew {
    /// None: the clocks agree as far as is known. `as_of`: the portal's clock when the answer came.
    pub fn of(rules: &Rules, as_of: Timestamp) -> Option<Self> {
        let times = rules.latest.map(|at| at.duration_since(as_of)).filter(|by| *by > TOLERATED);
        Self::of_date(rules.date, as_of).or(times.map(Self::Times))
    }

    /// Of an answer whose times say nothing of the instance's clock.
    pub fn of_date(date: Option<Timestamp>, as_of: Timestamp) -> Option<Self> {
        let by = date?.duration_since(as_of);
        (by.abs() > TOLERATED).then_some(Self::Clock(by))
    }

    /// It leaves an answer complete, but its times are not to be trusted.
    pub fn sentence(self, instance: &InstanceName) -> String {
        let span = |by: SignedDuration| format!("{:#}", SignedDuration::from_secs(by.as_secs()).abs());
        match self {
            Self::Clock(by) => {
                let way = if by.is_negative() { "behind" } else { "ahead of" };
                format!("The clock of {instance} is {} {way} the portal's.", span(by))
            }
            Self::Times(by) => {
                let by = span(by);
                format!(
                    "{instance} gives times that are {by} in the future: its clock or the portal's is wrong."
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clocks_that_differ_by_more_than_a_minute_count() {
        use Skew::{Clock, Times};
        let now = 1_800_000_000;
        let secs = SignedDuration::from_secs;
        for (date, latest, skew) in [
            (None, None, None),
            (Some(0), Some(-30), None),
            (Some(60), Some(60), None),
            (Some(-60), None, None),
            (Some(61), Some(0), Some(Clock(secs(61)))),
            (Some(-61), Some(-3_600), Some(Clock(secs(-61)))),
            (Some(-3_600), Some(3_600), Some(Clock(secs(-3_600)))),
            (Some(0), Some(61), Some(Times(secs(61)))),
            (None, Some(3_600), Some(Times(secs(3_600)))),
            (None, Some(-86_400), None),
        ] {
            let at = |by: Option<i64>| by.map(|by| Timestamp::from_second(now + by).unwrap());
            let rules = Rules { date: at(date), latest: at(latest), ..Rules::default() };
            let as_of = Timestamp::from_second(now).unwrap();
            assert_eq!(Skew::of(&rules, as_of), skew, "{date:?} {latest:?}");
        }
        let instance = InstanceName::new("main");
        let sentence = Clock(secs(-7_205)).sentence(&instance);
        assert_eq!(sentence, "The clock of main is 2h 5s behind the portal's.");
        let ends = Rules { date: Some(Timestamp::MIN), latest: Some(Timestamp::MAX), ..Rules::default() };
        assert!(matches!(Skew::of(&ends, Timestamp::MAX), Some(Clock(by)) if by.is_negative()));
    }
}
