//! The gauges of the shop that are more than a sum of waves. Times are epoch seconds.

use serde::Deserialize;

use super::waves::{DAY, HOUR, MINUTE, ORIGIN, Story, bumps, jitter, noise, ramp, sawtooth, traffic, wave};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
/// Of the database's disk.
const DISK: f64 = 900.0 * GIB;

/// How the values of a gauge follow from the time.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Latency,
    MemoryBeforeDeploy,
    MemorySinceDeploy,
    Waiting,
    Probe,
    /// Whether a target that sometimes does not answer does.
    BadlyScraped,
    Documents,
    Committed,
    Cached,
    DatabaseSize,
    IdleInTransaction,
    DiskLeft,
    /// A moment, `size` hours after the demo began.
    Moment,
    /// The last three o'clock in the morning.
    LastNight,
}

/// What a figure depends on besides the time.
pub struct FigureOf {
    pub figure: Figure,
    /// The label that tells its series apart: a quantile, a queue, a shard.
    pub which: String,
    pub size: f64,
    pub seed: u64,
}

impl Figure {
    /// No sample is before the one time or after the other.
    pub fn between(self, story: Story, size: f64) -> (f64, f64) {
        match self {
            Self::MemoryBeforeDeploy => (ORIGIN, story.deploy() + size),
            Self::MemorySinceDeploy => (story.deploy() + size, f64::INFINITY),
            _ => (ORIGIN, f64::INFINITY),
        }
    }
}

impl FigureOf {
    /// None where there is no sample.
    pub fn at(&self, story: Story, t: f64) -> Option<f64> {
        let Self { figure, which, size, seed } = self;
        let (size, seed) = (*size, *seed);
        Some(match figure {
            Figure::Latency => latency(story, t, which),
            Figure::MemoryBeforeDeploy => memory_before_deploy(story, t, size, seed)?,
            Figure::MemorySinceDeploy => memory_since_deploy(story, t, size, seed)?,
            Figure::Waiting => waiting(story, t, which),
            Figure::Probe => probe(t, which),
            Figure::BadlyScraped => f64::from(u8::from(answers(story, t))),
            Figure::Documents => documents(story, t, which, seed)?,
            Figure::Committed => committed(story, t),
            Figure::Cached => cached(t, size, seed),
            Figure::DatabaseSize => database_size(t, which),
            Figure::IdleInTransaction => idle_in_transaction(t),
            Figure::DiskLeft => (DISK * (1.0 - disk_fill(story, t) / 100.0)).round(),
            Figure::Moment => story.began() + size * HOUR,
            Figure::LastNight => (t / DAY - 0.125).floor() * DAY + 3.0 * HOUR,
        })
    }
}

/// How bad the incident of payments is, 0 before it and around 1 since.
pub fn trouble(story: Story, t: f64) -> f64 {
    ramp(t, story.incident(), 6.0 * MINUTE) * (0.82 + 0.18 * noise(t, 7.0 * MINUTE, 41))
}

/// A quantile of payments' latency, in seconds.
fn latency(story: Story, t: f64, quantile: &str) -> f64 {
    let busy = traffic(t);
    let slow = trouble(story, t);
    match quantile {
        "0.5" => 0.046 + 0.018 * busy + 0.021 * slow + 0.004 * jitter(t, 21),
        "0.9" => 0.121 + 0.074 * busy + 0.33 * slow + 0.014 * jitter(t, 22),
        _ => 0.288 + 0.19 * busy + 1.4 * slow + 0.05 * jitter(t, 23) + 0.3 * bumps(t, 5.0 * HOUR, 12),
    }
}

/// The memory of a pod of payments' old version, which ends `turn` seconds after the deploy.
fn memory_before_deploy(story: Story, t: f64, turn: f64, seed: u64) -> Option<f64> {
    let collected = sawtooth(t, 26.0 * MINUTE, turn / 97.0);
    (t < story.deploy() + turn)
        .then(|| ((310.0 + 28.0 * collected + 40.0 * traffic(t) + 3.0 * jitter(t, seed)) * MIB).round())
}

/// The memory of a pod of payments' new version, which begins `turn` seconds after the deploy.
fn memory_since_deploy(story: Story, t: f64, turn: f64, seed: u64) -> Option<f64> {
    let age = t - story.deploy() - turn;
    let warm = 300.0 * (1.0 - (-age / (4.0 * MINUTE)).exp());
    // It leaks until the kernel ends it, about every three hours.
    let leaked = 560.0 * sawtooth(age, 3.1 * HOUR, 0.0);
    (age >= 0.0).then(|| ((90.0 + warm + leaked + 3.0 * jitter(t, seed)) * MIB).round())
}

/// Messages that wait in a queue of payments: whole numbers.
fn waiting(story: Story, t: f64, queue: &str) -> f64 {
    let late = (t - story.incident()).max(0.0);
    let waiting = match queue {
        // Grows with the incident, and is drained by hand every ninety minutes.
        "payments.settle" => {
            14.0 + 9.0 * jitter(t, 51) + 0.3 * (late % (90.0 * MINUTE)) * (1.0 + 0.05 * jitter(t, 55))
        }
        // Drained more often than the alert needs to fire.
        "payments.capture" => {
            let drained = late % (14.0 * MINUTE) < 2.0 * MINUTE;
            6.0 + 5.0 * jitter(t, 52) + if drained { 0.0 } else { 90.0 * trouble(story, t) }
        }
        _ => 3.0 + 3.0 * jitter(t, 53) + 24.0 * bumps(t, 3.0 * HOUR, 54),
    };
    waiting.max(0.0).round()
}

/// 1 while a probe of payments succeeds; 0 for a while every day.
fn probe(t: f64, from: &str) -> f64 {
    let is_down = match from {
        "eu-west" => bumps(t, DAY, 61) > 0.97,
        "us-east" => wave(t, 7.0 * HOUR, 0.1) > 0.995,
        _ => false,
    };
    f64::from(u8::from(!is_down))
}

/// Whether the third instance of search answers: it does not for nine minutes of every forty, last some time before
/// the demo began.
fn answers(story: Story, t: f64) -> bool {
    sawtooth(t - story.began(), 40.0 * MINUTE, 0.55) <= 0.775
}

/// Products in a shard of the index. The third shard is scraped badly.
fn documents(story: Story, t: f64, shard: &str, seed: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let spread = seed as f64 * 911.0;
    let added = 5200.0 * sawtooth(t, DAY, 0.2) + 320.0 * wave(t, 3.0 * HOUR, 0.3);
    (shard != "2" || answers(story, t))
        .then(|| (1_204_000.0 + spread + added + 40.0 * jitter(t, seed)).round())
}

/// When the index was last written: every eighty minutes, fifty-five minutes before the demo began for one.
fn committed(story: Story, t: f64) -> f64 {
    let (first, period) = (story.began() - 55.0 * MINUTE, 80.0 * MINUTE);
    first + ((t - first) / period).floor() * period
}

/// Entries of a cache of recommendations with room for `size`.
fn cached(t: f64, size: f64, seed: u64) -> f64 {
    (size * (0.55 + 0.45 * sawtooth(t, 6.0 * HOUR, 0.01)) * (1.0 + 0.01 * jitter(t, seed))).round()
}

/// Bytes of the database of orders. Rows are archived at night, and the archive never shrinks.
fn database_size(t: f64, database: &str) -> f64 {
    let size = match database {
        "orders" => 742.0 + 9.0 * sawtooth(t, DAY, -3.0 / 24.0),
        _ => 2310.0 + ((t / DAY - 3.0 / 24.0).floor() % 200.0) * 1.1,
    };
    (size * GIB).round()
}

/// Connections to the database that are idle in a transaction.
fn idle_in_transaction(t: f64) -> f64 {
    (1.5 + 1.5 * jitter(t, 347) + 18.0 * bumps(t, 4.0 * HOUR, 348)).round()
}

/// How full the database's disk is, in percent: full in a few days, if nobody looks.
fn disk_fill(story: Story, t: f64) -> f64 {
    86.0 + 7.0 * sawtooth(t - story.began(), 9.0 * DAY, 0.7) + 0.8 * sawtooth(t, DAY, -3.0 / 24.0)
}
