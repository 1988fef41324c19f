//! The instants that a range query asks for, by Prometheus' rules and with its messages.

use jiff::Timestamp;

use crate::promql::parse_duration;

/// Prometheus' limit of steps in one range.
const MAX_STEPS: i64 = 11_000;
/// In milliseconds; far beyond any calendar, and safe to add to.
const FARTHEST: f64 = 1e15;

/// `start`, `start + step`, ... up to `end`, in epoch milliseconds; `start <= end`, `step > 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    start: i64,
    end: i64,
    step: i64,
}

impl Steps {
    /// The error is Prometheus' sentence.
    pub fn read(start: &str, end: &str, step: &str) -> Result<Self, String> {
        let instant = |name: &str, text: &str| {
            instant(text).ok_or_else(|| {
                format!("invalid parameter {name:?}: cannot parse {text:?} to a valid timestamp")
            })
        };
        let (start, end) = (instant("start", start)?, instant("end", end)?);
        if end < start {
            return Err("invalid parameter \"end\": end timestamp must not be before start time".to_owned());
        }
        let step = duration(step).ok_or_else(|| {
            format!("invalid parameter \"step\": cannot parse {step:?} to a valid duration")
        })?;
        if step <= 0 {
            return Err("invalid parameter \"step\": zero or negative query resolution step widths \
                        are not accepted. Try a positive integer"
                .to_owned());
        }
        if (end - start) / step > MAX_STEPS {
            return Err("exceeded maximum resolution of 11,000 points per timeseries. \
                        Try decreasing the query resolution (?step=XX)"
                .to_owned());
        }
        Ok(Self { start, end, step })
    }

    /// Every instant, in epoch milliseconds.
    pub fn instants(self) -> impl Iterator<Item = i64> {
        std::iter::successors(Some(self.start), move |at| at.checked_add(self.step))
            .take_while(move |at| *at <= self.end)
    }
}

/// Epoch seconds or RFC 3339, as epoch milliseconds.
fn instant(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    }
}

/// Seconds, or `1h30m`, as milliseconds.
fn duration(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => i64::try_from(parse_duration(text).ok()?.as_millis()).ok(),
    }
}

fn milliseconds(seconds: f64) -> Option<i64> {
    let all = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within bounds")]
    (all.abs() <= FARTHEST).then_some(all as i64)
}

#[cfg(test)]
mod tests {
    use super::Steps;

    #[test]
    fn reads_what_prometheus_reads() {
        let same = [
            ("1800000000", "1800000060", "30"),
            ("1800000000.000", "1800000060.0", "30s"),
            ("2027-01-15T08:00:00Z", "2027-01-15T09:01:00+01:00", "0m30s"),
        ];
        for (start, end, step) in same {
            let steps = Steps::read(start, end, step).expect("steps");
            let instants: Vec<i64> = steps.instants().collect();
            assert_eq!(instants, [1_800_000_000_000, 1_800_000_030_000, 1_800_000_060_000], "{start}");
        }
        let most = Steps::read("0", "11000", "1").expect("the most that Prometheus gives");
        assert_eq!(most.instants().count(), 11_001);
    }

    #[test]
    fn refuses_with_the_messages_of_prometheus() {
        let cases = [
            ("", "1", "1", "invalid parameter \"start\": cannot parse \"\" to a valid timestamp"),
            ("1", "NaN", "1", "invalid parameter \"end\": cannot parse \"NaN\" to a valid timestamp"),
            ("1", "1e300", "1", "invalid parameter \"end\": cannot parse \"1e300\" to a valid timestamp"),
            ("2", "1", "1", "invalid parameter \"end\": end timestamp must not be before start time"),
            ("1", "2", "", "invalid parameter \"step\": cannot parse \"\" to a valid duration"),
            ("1", "2", "5x", "invalid parameter \"step\": cannot parse \"5x\" to a valid duration"),
            ("1", "2", "99999999999999999999y", "invalid parameter \"step\": cannot parse"),
            ("1", "2", "0", "invalid parameter \"step\": zero or negative query resolution"),
            ("1", "2", "-1", "invalid parameter \"step\": zero or negative query resolution"),
            ("0", "11001", "1", "exceeded maximum resolution of 11,000 points per timeseries."),
        ];
        for (start, end, step, message) in cases {
            let error = Steps::read(start, end, step).expect_err("a refusal");
            assert!(error.starts_with(message), "{start} {end} {step}: {error}");
        }
    }
}
