//! A measured thing as a sum of waves, by the numbers of a file: a gauge has its level, a counter its integral.

use serde::Deserialize;

use super::figures::trouble;
use super::integrals::{EDGE, bumps_until, drift, pulses_until, traffic_until, trouble_until};
use super::waves::{MINUTE, Story, bumps, jitter, ramp, traffic};

/// The numbers of a sum. All are zero if the file does not have them.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    pub base: f64,
    /// At the busiest time.
    pub traffic: f64,
    /// What the incident of payments adds; of a counter also times how busy people are.
    pub trouble: f64,
    pub bump: Option<Bump>,
    pub pulse: Option<Pulse>,
    /// As a share.
    pub noise: f64,
    pub seed: u64,
}

/// Something that happens once in a while, at any time of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bump {
    height: f64,
    /// In minutes.
    every: f64,
}

/// Something that comes and goes. Times are minutes, `from` since the start of the demo.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pulse {
    height: f64,
    from: f64,
    every: f64,
    lasts: f64,
}

impl Pulse {
    /// 0 to 1.
    fn level(&self, story: Story, t: f64) -> f64 {
        let within = (t - story.began() - self.from * MINUTE).rem_euclid(self.every * MINUTE);
        ramp(within, 0.0, EDGE) - ramp(within, self.lasts * MINUTE, EDGE)
    }

    fn integral(&self, story: Story, t: f64) -> f64 {
        let from = story.began() + self.from * MINUTE;
        pulses_until(t, from, self.every * MINUTE, self.lasts * MINUTE)
    }
}

impl Terms {
    /// What a gauge has at a time in epoch seconds.
    pub fn level(&self, story: Story, t: f64) -> f64 {
        let bump = self.bump.as_ref().map_or(0.0, |b| b.height * bumps(t, b.every * MINUTE, self.seed));
        let pulse = self.pulse.as_ref().map_or(0.0, |pulse| pulse.height * pulse.level(story, t));
        let trouble = if self.trouble == 0.0 { 0.0 } else { self.trouble * trouble(story, t) };
        let level = self.base + self.traffic * traffic(t) + trouble + bump + pulse;
        level * (1.0 + self.noise * jitter(t, self.seed))
    }

    /// What a counter has counted until a time in epoch seconds, but for a constant.
    pub fn integral(&self, story: Story, t: f64) -> f64 {
        let bump = self.bump.as_ref().map_or(0.0, |b| b.height * bumps_until(t, b.every * MINUTE, self.seed));
        let pulse = self.pulse.as_ref().map_or(0.0, |pulse| pulse.height * pulse.integral(story, t));
        let trouble = if self.trouble == 0.0 { 0.0 } else { self.trouble * trouble_until(story, t) };
        let sum = self.base * t + self.traffic * traffic_until(t) + trouble + bump + pulse;
        let steady = self.base + self.traffic * traffic(t);
        if self.noise == 0.0 { sum } else { sum + self.noise * steady * drift(t, self.seed) }
    }

    /// The part of it that one of several targets has; noise differs.
    pub fn share(&self, share: f64, seed: u64) -> Self {
        let mut part = self.clone();
        part.base *= share;
        part.traffic *= share;
        part.trouble *= share;
        part.seed = part.seed.wrapping_add(seed);
        if let Some(bump) = &mut part.bump {
            bump.height *= share;
        }
        if let Some(pulse) = &mut part.pulse {
            pulse.height *= share;
        }
        part
    }
}
