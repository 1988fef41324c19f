//! What the waves add up to over time: a counter is the integral of its rate. Each is a closed form, so a counter costs
//! the same at any time. None ever falls.

use std::sync::LazyLock;

use super::waves::{DAY, MINUTE, Story, middle_of_bump, noise, ramp, traffic};

const WEEK: f64 = 7.0 * DAY;
/// How long the incident takes to become as bad as it gets.
const ONSET: f64 = 6.0 * MINUTE;
/// A pulse rises and falls within so many seconds.
pub const EDGE: f64 = 60.0;

/// The integral of traffic from the start of a week, at every full minute of it.
static TRAFFIC_OF_A_WEEK: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut sum = 0.0;
    let minutes = (0..=10_080).map(|minute| {
        let so_far = sum;
        sum += traffic((f64::from(minute) + 0.5) * MINUTE) * MINUTE;
        so_far
    });
    minutes.collect()
});

/// The integral of [`traffic`] since the epoch. Traffic repeats itself every week.
pub fn traffic_until(t: f64) -> f64 {
    let weeks = (t / WEEK).floor();
    let minutes = (t - weeks * WEEK) / MINUTE;
    let at = |minute: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a minute of a week")]
        let known = TRAFFIC_OF_A_WEEK.get(minute as usize).or(TRAFFIC_OF_A_WEEK.last());
        known.copied().unwrap_or_default()
    };
    let (before, after) = (at(minutes.floor()), at(minutes.floor() + 1.0));
    weeks * at(10_080.0) + before + (after - before) * minutes.fract()
}

/// The integral of [`ramp`].
pub fn ramp_until(t: f64, at: f64, over: f64) -> f64 {
    let x = ((t - at) / over).clamp(0.0, 1.0);
    over * (x.powi(3) - 0.5 * x.powi(4)) + (t - at - over).max(0.0)
}

/// The integral of what the incident adds to the traffic of payments.
pub fn trouble_until(story: Story, t: f64) -> f64 {
    let (begins, complete) = (story.incident(), story.incident() + ONSET);
    if t <= begins {
        return 0.0;
    }
    let onset = traffic(begins) * ramp_until(t.min(complete), begins, ONSET);
    let since = if t > complete { traffic_until(t) - traffic_until(complete) } else { 0.0 };
    onset + since + 0.1 * traffic(t) * ramp(t, begins, ONSET) * (drift(t, 41) - drift(begins, 41))
}

/// The integral of a bump in each `every` seconds.
pub fn bumps_until(t: f64, every: f64, seed: u64) -> f64 {
    let bucket = (t / every).floor();
    let begins = middle_of_bump(bucket, every, seed) - 0.1 * every;
    // Bumps of height 1 and of the length of the ramp.
    (bucket + ramp(t, begins, 0.2 * every)) * 0.2 * every / 1.5
}

/// The integral of a pulse that begins at `from` and every `every` seconds, and lasts for `lasts`.
pub fn pulses_until(t: f64, from: f64, every: f64, lasts: f64) -> f64 {
    let pulses = ((t - from) / every).floor();
    let within = t - from - pulses * every;
    pulses * lasts + ramp_until(within, 0.0, EDGE) - ramp_until(within, lasts, EDGE)
}

/// The integral of noise. It never grows faster than 2.4 a second.
pub fn drift(t: f64, seed: u64) -> f64 {
    let of = |period: f64, seed| 0.8 * period * noise(t, period, seed);
    0.6 * of(1200.0, seed) + 0.4 * of(400.0, seed + 1)
}

#[cfg(test)]
mod tests {
    use super::{bumps_until, drift, pulses_until, ramp_until, traffic_until, trouble_until};
    use crate::demo::waves::{DAY, Story, ramp, traffic};

    const NOW: f64 = 1_795_400_000.0;

    /// Compares an integral's growth within a minute with the sum of what it is the integral of.
    fn check(what: &str, integral: impl Fn(f64) -> f64, level: impl Fn(f64) -> f64, tolerance: f64) {
        for step in 0..2_000 {
            let t = NOW - 2.0 * DAY + f64::from(step) * 97.0;
            let sum: f64 = (0..60).map(|second| level(t + f64::from(second) + 0.5)).sum();
            let grown = integral(t + 60.0) - integral(t);
            assert!((grown - sum).abs() <= tolerance, "{what} at {t}: {grown}, not {sum}");
        }
    }

    #[test]
    fn integrals_grow_by_what_they_are_the_integral_of() {
        check("traffic", traffic_until, traffic, 0.02);
        check("ramp", |t| ramp_until(t, NOW - DAY, 600.0), |t| ramp(t, NOW - DAY, 600.0), 0.02);
        let pulse = |t: f64| {
            let within = (t - NOW).rem_euclid(1200.0);
            ramp(within, 0.0, 60.0) - ramp(within, 480.0, 60.0)
        };
        check("pulse", |t| pulses_until(t, NOW, 1200.0, 480.0), pulse, 0.02);
        let story = Story::beginning(NOW);
        let trouble = |t: f64| traffic(t) * ramp(t, story.incident(), 360.0);
        check("trouble", |t| trouble_until(story, t), trouble, 18.0);
        let bumps = (bumps_until(NOW + DAY, 3600.0, 7) - bumps_until(NOW, 3600.0, 7)) / 24.0;
        assert!((bumps - 480.0).abs() < 25.0, "{bumps}");
        check("noise", |t| drift(t, 3), |_| 0.0, 2.4 * 60.0);
    }
}
