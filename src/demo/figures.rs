//! The figures of the shop as functions of time, for series and alerts alike. Times are epoch seconds.

use super::waves::{DAY, HOUR, MINUTE, Story, bumps, jitter, noise, ramp, sawtooth, traffic, wave};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;
/// How often checkout becomes slow.
const SLOW_CYCLE: f64 = 20.0 * MINUTE;

/// How bad the incident of payments is, 0 before it and around 1 since.
fn trouble(story: Story, t: f64) -> f64 {
    ramp(t, story.incident(), 6.0 * MINUTE) * (0.82 + 0.18 * noise(t, 7.0 * MINUTE, 41))
}

/// Requests to charge a card, a second.
pub fn charges(story: Story, t: f64) -> f64 {
    let retries = 1.0 + 0.35 * trouble(story, t);
    traffic(t) * 182.0 * retries * (1.0 + 0.05 * jitter(t, 1))
}

/// Requests to capture a payment, a second.
pub fn captures(story: Story, t: f64) -> f64 {
    traffic(t) * 141.0 * (1.0 - 0.22 * trouble(story, t)) * (1.0 + 0.05 * jitter(t, 2))
}

/// The share of payments' requests that fail with a code.
pub fn failing(story: Story, t: f64, code: &str) -> f64 {
    let calm = |seed| 0.0009 * (1.0 + 0.6 * jitter(t, seed));
    match code {
        "503" => calm(11) + 0.047 * trouble(story, t) + 0.012 * bumps(t, 5.0 * HOUR, 12),
        "502" => calm(13) * 0.6 + 0.011 * trouble(story, t) * (1.0 + 0.3 * jitter(t, 14)),
        _ => calm(15) * 1.2 + 0.004 * bumps(t, 3.0 * HOUR, 16),
    }
}

/// A quantile of payments' latency, in seconds.
pub fn latency(story: Story, t: f64, quantile: &str) -> f64 {
    let busy = traffic(t);
    let slow = trouble(story, t);
    match quantile {
        "0.5" => 0.046 + 0.018 * busy + 0.021 * slow + 0.004 * jitter(t, 21),
        "0.9" => 0.121 + 0.074 * busy + 0.33 * slow + 0.014 * jitter(t, 22),
        _ => 0.288 + 0.19 * busy + 1.12 * slow + 0.05 * jitter(t, 23) + 0.3 * bumps(t, 5.0 * HOUR, 12),
    }
}

/// The memory of a pod of payments' old version, which ends `turn` seconds after the deploy.
pub fn memory_before_deploy(story: Story, t: f64, turn: f64, seed: u64) -> Option<f64> {
    let collected = sawtooth(t, 26.0 * MINUTE, turn / 97.0);
    (t < story.deploy() + turn)
        .then(|| (310.0 + 95.0 * collected + 40.0 * traffic(t) + 6.0 * jitter(t, seed)) * MIB)
}

/// The memory of a pod of payments' new version, which begins `turn` seconds after the deploy.
pub fn memory_since_deploy(story: Story, t: f64, turn: f64, seed: u64) -> Option<f64> {
    let age = t - story.deploy() - turn;
    let warm = 300.0 * (1.0 - (-age / (4.0 * MINUTE)).exp());
    // It leaks until the kernel ends it, about every three hours.
    let leaked = 560.0 * sawtooth(age, 3.1 * HOUR, 0.0);
    (age >= 0.0).then(|| (90.0 + warm + leaked + 9.0 * jitter(t, seed)) * MIB)
}

/// Messages that wait in a queue of payments: whole numbers.
pub fn waiting(story: Story, t: f64, queue: &str) -> f64 {
    let late = (t - story.incident()).max(0.0);
    let waiting = match queue {
        // Grows with the incident, and is drained by hand every ninety minutes.
        "payments.settle" => {
            14.0 + 9.0 * jitter(t, 51) + 0.3 * (late % (90.0 * MINUTE)) * (1.0 + 0.05 * jitter(t, 55))
        }
        "payments.capture" => 6.0 + 5.0 * jitter(t, 52) + 90.0 * trouble(story, t),
        _ => 3.0 + 3.0 * jitter(t, 53) + 240.0 * bumps(t, 3.0 * HOUR, 54),
    };
    waiting.max(0.0).round()
}

/// 1 while a probe of payments succeeds; 0 for a while every day.
pub fn probe(t: f64, from: &str) -> f64 {
    let is_down = match from {
        "eu-west" => bumps(t, DAY, 61) > 0.97,
        _ => wave(t, 7.0 * HOUR, 0.1) > 0.995,
    };
    if is_down { 0.0 } else { 1.0 }
}

/// When checkout last became slow, if it is slow at that time: ten minutes of every twenty.
pub fn slow_since(t: f64) -> Option<f64> {
    (sawtooth(t, SLOW_CYCLE, 0.0) < 0.5).then(|| (t / SLOW_CYCLE).floor() * SLOW_CYCLE)
}

/// The 95th percentile of checkout's latency in its slow zone, in seconds.
pub fn slow_zone(t: f64) -> f64 {
    let slow = slow_since(t).map_or(0.0, |since| ramp(t, since, 60.0) - ramp(t, since + 540.0, 60.0));
    0.34 + 0.12 * traffic(t) + 0.03 * jitter(t, 104) + 0.62 * slow
}

/// Products in a shard of the index. The third shard is scraped badly: nine minutes of every forty are missing.
pub fn documents(t: f64, shard: &str, seed: u64) -> Option<f64> {
    let is_missing = shard == "2" && sawtooth(t, 40.0 * MINUTE, 0.4) > 0.775;
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let spread = seed as f64 * 911.0;
    let added = 5200.0 * sawtooth(t, DAY, 0.2) + 320.0 * wave(t, 3.0 * HOUR, 0.3);
    (!is_missing).then(|| (1_204_000.0 + spread + added + 40.0 * jitter(t, seed)).round())
}

/// Orders whose payment was refused, a minute.
pub fn refused_orders(t: f64) -> f64 {
    traffic(t) * (4.0 + 0.8 * jitter(t, 153)) + 9.0 * bumps(t, 5.0 * HOUR, 12)
}

/// Entries of a cache of recommendations with room for `size`.
pub fn cached(t: f64, size: f64, seed: u64) -> f64 {
    (size * (0.55 + 0.45 * sawtooth(t, 6.0 * HOUR, 0.01)) * (1.0 + 0.01 * jitter(t, seed))).round()
}

/// Bytes of the database of orders. Rows are archived at night, and the archive never shrinks.
pub fn database_size(t: f64, database: &str) -> f64 {
    let size = match database {
        "orders" => 742.0 + 9.0 * sawtooth(t, DAY, -3.0 / 24.0),
        _ => 2310.0 + ((t / DAY - 3.0 / 24.0).floor() % 200.0) * 1.1,
    };
    (size * GIB).round()
}

/// Connections to the database that are idle in a transaction.
pub fn idle_in_transaction(t: f64) -> f64 {
    (1.5 + 1.5 * jitter(t, 347) + 18.0 * bumps(t, 4.0 * HOUR, 348)).round()
}

/// The share of reads that the database serves from memory.
pub fn buffer_hits(t: f64, seed: u64) -> f64 {
    let calm = 0.9915 + 0.003 * wave(t, 5.0 * HOUR, 0.2) + 0.002 * jitter(t, seed);
    (calm - 0.05 * bumps(t, DAY, seed)).min(1.0)
}

/// Bytes written to a disk of the database, a second: a checkpoint every ten minutes, by size of traffic.
pub fn written(t: f64, size: f64, seed: u64) -> f64 {
    let checkpoint = (-sawtooth(t, 10.0 * MINUTE, 0.0) * 4.0).exp();
    size * (0.3 + traffic(t)) * (0.5 + 2.0 * checkpoint) * (1.0 + 0.1 * jitter(t, seed)) * MIB
}

/// How full the database's disk is, in percent: full in a few days, if nobody looks.
pub fn disk_fill(t: f64) -> f64 {
    86.0 + 7.0 * sawtooth(t, 9.0 * DAY, 0.3) + 0.8 * sawtooth(t, DAY, -3.0 / 24.0)
}
