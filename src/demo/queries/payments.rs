//! Payments, the show piece: a deploy, and the incident that followed it.

use super::super::waves::{DAY, HOUR, MINUTE, Story, bumps, jitter, noise, ramp, sawtooth, traffic, wave};
use super::{DemoQuery, DemoSeries};

const MIB: f64 = 1_048_576.0;

pub const QUERIES: &[DemoQuery] = &[
    DemoQuery::new("sum by (handler) (rate(http_requests_total{service=\"payments\"}[5m]))", requests),
    DemoQuery::new(
        "sum by (code) (rate(http_requests_total{service=\"payments\",code=~\"5..\"}[5m])) \
         / on () group_left () sum(rate(http_requests_total{service=\"payments\"}[5m]))",
        error_ratio,
    ),
    DemoQuery::new("service:http_request_duration_seconds:quantile{service=\"payments\"}", latency),
    DemoQuery::new("container_memory_working_set_bytes{namespace=\"shop\",pod=~\"payments-.*\"}", memory),
    DemoQuery::new("max by (queue) (queue_messages_ready{queue=~\"payments[.].*\"})", queues),
    DemoQuery::new("sum(rate(http_requests_total{service=\"payments\",handler=\"/charge\"}[5m]))", charges),
    DemoQuery::new("probe_success{job=\"blackbox\",target=\"https://api.shop.example/payments\"}", probe),
];

/// How bad the incident is, 0 before it and around 1 since.
fn trouble(story: Story, t: f64) -> f64 {
    ramp(t, story.incident(), 6.0 * MINUTE) * (0.82 + 0.18 * noise(t, 7.0 * MINUTE, 41))
}

fn charge_rate(story: Story, t: f64) -> f64 {
    let retries = 1.0 + 0.35 * trouble(story, t);
    traffic(t) * 182.0 * retries * (1.0 + 0.05 * jitter(t, 1))
}

fn requests(story: Story) -> Vec<DemoSeries> {
    vec![
        DemoSeries::new([("handler", "/charge")], move |t| charge_rate(story, t)),
        DemoSeries::new([("handler", "/capture")], move |t| {
            traffic(t) * 141.0 * (1.0 - 0.22 * trouble(story, t)) * (1.0 + 0.05 * jitter(t, 2))
        }),
        DemoSeries::new([("handler", "/status")], |t| 64.0 + traffic(t) * 38.0 + 3.0 * jitter(t, 3)),
        DemoSeries::new([("handler", "/refund")], |t| traffic(t) * 17.0 * (1.0 + 0.15 * jitter(t, 4))),
        DemoSeries::new([("handler", "/webhooks")], |t| 6.0 + 34.0 * bumps(t, 2.0 * HOUR, 5) + jitter(t, 6)),
    ]
}

/// The share of requests that fail, by code; also what the alerts of payments are about.
pub fn failing(story: Story, t: f64, code: &str) -> f64 {
    let calm = |seed| 0.0009 * (1.0 + 0.6 * jitter(t, seed));
    match code {
        "503" => calm(11) + 0.047 * trouble(story, t) + 0.012 * bumps(t, 5.0 * HOUR, 12),
        "502" => calm(13) * 0.6 + 0.011 * trouble(story, t) * (1.0 + 0.3 * jitter(t, 14)),
        _ => calm(15) * 1.2 + 0.004 * bumps(t, 3.0 * HOUR, 16),
    }
}

fn error_ratio(story: Story) -> Vec<DemoSeries> {
    ["500", "502", "503"]
        .map(|code| DemoSeries::new([("code", code)], move |t| failing(story, t, code)))
        .into()
}

/// In seconds.
pub fn quantile(story: Story, t: f64, q: &str) -> f64 {
    let busy = traffic(t);
    let slow = trouble(story, t);
    match q {
        "0.5" => 0.046 + 0.018 * busy + 0.021 * slow + 0.004 * jitter(t, 21),
        "0.9" => 0.121 + 0.074 * busy + 0.33 * slow + 0.014 * jitter(t, 22),
        _ => 0.288 + 0.19 * busy + 1.12 * slow + 0.05 * jitter(t, 23) + 0.3 * bumps(t, 5.0 * HOUR, 12),
    }
}

fn latency(story: Story) -> Vec<DemoSeries> {
    ["0.5", "0.9", "0.99"]
        .map(|q| {
            let labels = [
                ("__name__", "service:http_request_duration_seconds:quantile"),
                ("quantile", q),
                ("service", "payments"),
            ];
            DemoSeries::new(labels, move |t| quantile(story, t, q))
        })
        .into()
}

/// The pods of the old version end with the deploy; those of the new one begin then, and leak.
fn memory(story: Story) -> Vec<DemoSeries> {
    let pod = |name| {
        [
            ("__name__", "container_memory_working_set_bytes"),
            ("container", "payments"),
            ("namespace", "shop"),
            ("pod", name),
        ]
    };
    let old = [
        ("payments-5f7c9d4b8-2kqzn", 30.0, 31),
        ("payments-5f7c9d4b8-h8x4w", 75.0, 32),
        ("payments-5f7c9d4b8-vv9lt", 120.0, 33),
    ];
    let new = [
        ("payments-7d6b8f5c6-4mzrp", 0.0, 34),
        ("payments-7d6b8f5c6-9tjhc", 45.0, 35),
        ("payments-7d6b8f5c6-xw2ks", 90.0, 36),
    ];
    let old = old.map(|(name, turn, seed)| {
        DemoSeries::with_gaps(pod(name), move |t| {
            let collected = sawtooth(t, 26.0 * MINUTE, turn / 97.0);
            (t < story.deploy() + turn)
                .then(|| (310.0 + 95.0 * collected + 40.0 * traffic(t) + 6.0 * jitter(t, seed)) * MIB)
        })
    });
    let new = new.map(|(name, turn, seed)| {
        DemoSeries::with_gaps(pod(name), move |t| {
            let age = t - story.deploy() - turn;
            let warm = 300.0 * (1.0 - (-age / (4.0 * MINUTE)).exp());
            // It leaks until the kernel ends it, about every three hours.
            let leaked = 560.0 * sawtooth(age, 3.1 * HOUR, 0.0);
            (age >= 0.0).then(|| (90.0 + warm + leaked + 9.0 * jitter(t, seed)) * MIB)
        })
    });
    old.into_iter().chain(new).collect()
}

/// Messages that wait: whole numbers.
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

fn queues(story: Story) -> Vec<DemoSeries> {
    ["payments.capture", "payments.notify", "payments.settle"]
        .map(|queue| DemoSeries::new([("queue", queue)], move |t| waiting(story, t, queue)))
        .into()
}

fn charges(story: Story) -> Vec<DemoSeries> {
    vec![DemoSeries::new([], move |t| charge_rate(story, t))]
}

/// 1 while the probe succeeds; two vantage points, one of which fails for a while every day.
fn probe(_: Story) -> Vec<DemoSeries> {
    ["eu-west", "us-east"]
        .map(|from| {
            let labels = [
                ("__name__", "probe_success"),
                ("from", from),
                ("job", "blackbox"),
                ("target", "https://api.shop.example/payments"),
            ];
            DemoSeries::new(labels, move |t| {
                let down = if from == "eu-west" {
                    bumps(t, DAY, 61) > 0.97
                } else {
                    wave(t, 7.0 * HOUR, 0.1) > 0.995
                };
                if down { 0.0 } else { 1.0 }
            })
        })
        .into()
}
