//! The closed-form functions of time that the demo's figures are made of. Times are epoch seconds.

use std::f64::consts::TAU;

pub const MINUTE: f64 = 60.0;
pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 86_400.0;
/// 2020-01-01: no sample is older, and counters begin here.
pub const ORIGIN: f64 = 1_577_836_800.0;

/// When things happen in the demo. Fixed when the demo starts, so that a sample stays what it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Story {
    began: f64,
}

impl Story {
    /// Rounded down to the minute.
    pub fn beginning(at: f64) -> Self {
        Self { began: (at / MINUTE).floor() * MINUTE }
    }

    pub fn began(self) -> f64 {
        self.began
    }

    /// Since then the new version of payments runs.
    pub fn deploy(self) -> f64 {
        self.began - 43.0 * MINUTE
    }

    /// Since then payments fails more often than it should.
    pub fn incident(self) -> f64 {
        self.began - 40.0 * MINUTE
    }
}

/// How busy people are, 0.25 to 1: few by night, two humps by day, less on Saturday and Sunday.
pub fn traffic(t: f64) -> f64 {
    let hour = t.rem_euclid(DAY) / HOUR;
    let from = |peak: f64| (hour - peak + 12.0).rem_euclid(24.0) - 12.0;
    let hump = |peak: f64, width: f64| (-(from(peak) / width).powi(2)).exp();
    let day = (hump(11.0, 3.2) + 0.85 * hump(19.0, 2.8)).min(1.0);
    // The epoch began on a Thursday.
    let weekday = (t / DAY + 3.0).rem_euclid(7.0);
    let weekend = ramp(weekday, 4.9, 0.2) - ramp(weekday, 6.9, 0.2);
    0.25 + 0.75 * day * (1.0 - 0.35 * weekend)
}

/// A sine of the given period, -1 to 1.
pub fn wave(t: f64, period: f64, phase: f64) -> f64 {
    (TAU * (t / period + phase)).sin()
}

/// Rises from 0 to 1 in every period, then falls at once.
pub fn sawtooth(t: f64, period: f64, phase: f64) -> f64 {
    (t / period + phase).rem_euclid(1.0)
}

/// 0 before `at`, then smoothly up to 1 within `over` seconds.
pub fn ramp(t: f64, at: f64, over: f64) -> f64 {
    let x = ((t - at) / over).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Smooth noise, -1 to 1, that changes its mind once in `period` seconds.
pub fn noise(t: f64, period: f64, seed: u64) -> f64 {
    let x = t / period;
    let (left, right) = (die(x.floor(), seed), die(x.floor() + 1.0, seed));
    let mix = ramp(x - x.floor(), 0.0, 1.0);
    2.0 * (left + (right - left) * mix) - 1.0
}

/// Noise of a measured thing: slow, quick and jittery at once, -1 to 1.
pub fn jitter(t: f64, seed: u64) -> f64 {
    0.5 * noise(t, 1200.0, seed) + 0.3 * noise(t, 180.0, seed + 1) + 0.2 * noise(t, 30.0, seed + 2)
}

/// One short bump, 0 to 1, somewhere in each `every` seconds; it lasts about a tenth of that.
pub fn bumps(t: f64, every: f64, seed: u64) -> f64 {
    let bucket = (t / every).floor();
    let middle = middle_of_bump(bucket, every, seed);
    (-((t - middle) / (every * 0.04)).powi(2)).exp()
}

/// The middle of the bump in the `bucket`th time of length `every`.
pub fn middle_of_bump(bucket: f64, every: f64, seed: u64) -> f64 {
    (bucket + 0.2 + 0.6 * die(bucket, seed)) * every
}

/// A number from 0 to below 1 for each whole number and seed (splitmix64).
fn die(bucket: f64, seed: u64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and any bits will do")]
    let bits = (bucket as i64).cast_unsigned();
    let mut z =
        bits.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    f64::from(u32::try_from(z >> 32).unwrap_or(0)) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::{DAY, Story, bumps, jitter, noise, ramp, sawtooth, traffic};

    #[test]
    fn stay_in_their_bounds_at_any_time() {
        for t in [-1e15, -1.0, 0.0, 0.5, 1_800_000_000.0, 1_800_000_007.3, 1e15] {
            for seed in 0..20 {
                assert!(noise(t, 60.0, seed).abs() <= 1.0, "noise at {t}");
                assert!(jitter(t, seed).abs() <= 1.0, "jitter at {t}");
                assert!((0.0..=1.0).contains(&bumps(t, 3600.0, seed)), "bumps at {t}");
            }
            assert!((0.0..=1.0).contains(&sawtooth(t, 3600.0, 0.3)), "sawtooth at {t}");
            assert!((0.2..=1.0).contains(&traffic(t)), "traffic at {t}: {}", traffic(t));
        }
    }

    #[test]
    fn have_no_cliffs() {
        let start = 1_800_000_000.0;
        for minute in 0..10_080 {
            let t = start + f64::from(minute) * 60.0;
            assert!((traffic(t) - traffic(t + 60.0)).abs() < 0.02, "traffic jumps at {t}");
            assert!((noise(t, 600.0, 7) - noise(t + 1.0, 600.0, 7)).abs() < 0.02, "noise jumps at {t}");
        }
        assert!((ramp(5.0, 0.0, 5.0) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_story_is_the_same_all_minute_long() {
        assert_eq!(Story::beginning(1_800_000_001.0), Story::beginning(1_800_000_059.9));
        assert!(Story::beginning(DAY).incident() > Story::beginning(DAY).deploy());
    }
}
