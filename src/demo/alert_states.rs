//! How the state of an alert follows from its expression over time, by Prometheus' rules.

use crate::prometheus::{AlertState, Labels};

/// When an alert of a rule becomes firing and ends. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct AlertDelays {
    /// `for`.
    pub hold: i64,
    pub keep_firing: i64,
}

/// A time during which an alert had one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateBand {
    /// Pending or firing.
    pub state: AlertState,
    /// Epoch milliseconds.
    pub from: i64,
    /// Exclusive; None while it lasts.
    pub to: Option<i64>,
    /// When the activity that this is a part of began.
    pub active_at: i64,
}

/// One alert: what it is now, and what it was.
#[derive(Clone, Debug, Default)]
pub struct AlertHistory {
    /// Of the newest sample of the expression.
    pub sample_labels: Labels,
    pub value: f64,
    /// Of the activity that lasts; None: it is inactive.
    pub active_at: Option<i64>,
    /// Since when the expression has no result, while the alert is firing.
    absent_since: Option<i64>,
    /// In order.
    pub bands: Vec<StateBand>,
}

impl AlertHistory {
    /// Pending or firing; None while it is inactive.
    pub fn state(&self) -> Option<AlertState> {
        self.active_at?;
        self.bands.last().map(|band| band.state)
    }

    /// Takes one evaluation of the rule: the expression's sample for this alert, if it has one.
    pub fn evaluate(&mut self, at: i64, sample: Option<(f64, &Labels)>, delays: AlertDelays) {
        match (sample, self.active_at) {
            (Some((value, labels)), active_at) => {
                self.value = value;
                if self.sample_labels != *labels {
                    self.sample_labels = labels.clone();
                }
                self.absent_since = None;
                let begins = active_at.unwrap_or(at);
                self.active_at = Some(begins);
                let was_firing = active_at.is_some() && self.state() == Some(AlertState::Firing);
                let is_firing = was_firing || at - begins >= delays.hold;
                self.enter(if is_firing { AlertState::Firing } else { AlertState::Pending }, at, begins);
            }
            (None, Some(_)) => {
                let absent_since = *self.absent_since.get_or_insert(at);
                let is_kept =
                    self.state() == Some(AlertState::Firing) && at - absent_since < delays.keep_firing;
                if !is_kept {
                    self.end(at);
                }
            }
            (None, None) => {}
        }
    }

    fn enter(&mut self, state: AlertState, at: i64, active_at: i64) {
        if let Some(last) = self.bands.last_mut().filter(|band| band.to.is_none()) {
            if last.state == state {
                return;
            }
            last.to = Some(at);
        }
        self.bands.push(StateBand { state, from: at, to: None, active_at });
    }

    fn end(&mut self, at: i64) {
        (self.active_at, self.absent_since) = (None, None);
        if let Some(last) = self.bands.last_mut() {
            last.to = Some(at);
        }
    }

    /// Forgets what ended before. False: nothing is left.
    pub fn forget(&mut self, before: i64) -> bool {
        self.bands.retain(|band| band.to.is_none_or(|to| to >= before));
        !self.bands.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{AlertDelays, AlertHistory};
    use crate::prometheus::{AlertState, Labels};

    /// The states after each evaluation of one a second. `x`: the expression has a value.
    fn states(evaluations: &str, hold: i64, keep_firing: i64) -> String {
        let (mut alert, labels) = (AlertHistory::default(), Labels::default());
        let evaluated = evaluations.chars().zip(0..).map(|(c, second)| {
            let sample = (c == 'x').then_some((1.0, &labels));
            alert.evaluate(second * 1000, sample, AlertDelays { hold, keep_firing });
            match alert.state() {
                Some(AlertState::Firing) => 'F',
                Some(_) => 'p',
                None => '.',
            }
        });
        evaluated.collect()
    }

    #[test]
    fn states_follow_from_for_and_keep_firing_for() {
        let cases = [
            (".xxx..", 0, 0, ".FFF.."),
            ("xxxx.x", 2000, 0, "ppFF.p"),
            ("xx.xxx", 2000, 0, "pp.ppF"),
            ("x....x", 0, 2000, "FFF..F"),
            ("x.x...", 0, 2000, "FFFFF."),
            ("x.xx.", 1000, 9000, "p.pFF"),
        ];
        for (evaluations, hold, keep_firing, expected) in cases {
            assert_eq!(states(evaluations, hold, keep_firing), expected, "{evaluations}");
        }
    }

    #[test]
    fn bands_touch_and_old_ones_are_forgotten() {
        let (mut alert, labels) = (AlertHistory::default(), Labels::default());
        let delays = AlertDelays { hold: 2000, keep_firing: 0 };
        for (at, value) in
            [(0, Some(1.0)), (1000, Some(2.0)), (2000, Some(3.0)), (3000, None), (9000, Some(4.0))]
        {
            alert.evaluate(at, value.map(|value| (value, &labels)), delays);
        }
        let bands: Vec<_> = alert.bands.iter().map(|band| (band.state, band.from, band.to)).collect();
        let (pending, firing) = (AlertState::Pending, AlertState::Firing);
        assert_eq!(bands, [(pending, 0, Some(2000)), (firing, 2000, Some(3000)), (pending, 9000, None)]);
        assert_eq!((alert.active_at, alert.value), (Some(9000), 4.0));
        assert!(alert.forget(2500));
        assert_eq!(alert.bands.len(), 2);
        alert.evaluate(10_000, None, delays);
        assert!(!alert.forget(10_001));
    }
}
