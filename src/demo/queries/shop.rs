//! Checkout, search and the shop as a whole: hostile labels, gaps, NaN, infinities, an empty answer.

use super::super::waves::{DAY, HOUR, MINUTE, Story, bumps, jitter, ramp, sawtooth, traffic, wave};
use super::{DemoQuery, DemoSeries};

pub const QUERIES: &[DemoQuery] = &[
    DemoQuery::new("sum by (route) (rate(http_requests_total{service=\"checkout\"}[5m]))", routes),
    DemoQuery::new(
        "histogram_quantile(0.95, sum by (le, zone) \
         (rate(http_request_duration_seconds_bucket{service=\"checkout\"}[5m])))",
        slowness,
    ),
    DemoQuery::new("sum by (client) (rate(checkout_sessions_total[5m]))", clients),
    DemoQuery::new("search_index_documents{index=\"products\"}", documents),
    DemoQuery::new(
        "sum by (tenant) (rate(search_hits_total[5m])) / sum by (tenant) (rate(search_queries_total[5m]))",
        hits,
    ),
    DemoQuery::new("sum(rate(search_reindex_errors_total[5m]))", nothing),
    DemoQuery::new("sum by (outcome) (rate(shop_orders_total[15m])) * 60", orders),
    DemoQuery::new("recommendations_cache_entries{service=\"recommendations\"}", cached_lists),
];

/// How much of every twenty minutes checkout is slow.
const SLOW_CYCLE: f64 = 20.0 * MINUTE;

/// When checkout last became slow, if it is slow at that time: ten minutes of every twenty.
pub fn slow_since(t: f64) -> Option<f64> {
    (sawtooth(t, SLOW_CYCLE, 0.0) < 0.5).then(|| (t / SLOW_CYCLE).floor() * SLOW_CYCLE)
}

/// In seconds.
pub fn p95(t: f64, zone: &str) -> f64 {
    let slow = slow_since(t).map_or(0.0, |since| ramp(t, since, 60.0) - ramp(t, since + 540.0, 60.0));
    match zone {
        "eu-west-1a" => 0.31 + 0.12 * traffic(t) + 0.03 * jitter(t, 101),
        "eu-west-1b" => 0.34 + 0.12 * traffic(t) + 0.03 * jitter(t, 104) + 0.62 * slow,
        _ => 0.29 + 0.1 * traffic(t) + 0.03 * jitter(t, 107),
    }
}

fn slowness(_: Story) -> Vec<DemoSeries> {
    ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
        .map(|zone| DemoSeries::new([("zone", zone)], move |t| p95(t, zone)))
        .into()
}

fn routes(_: Story) -> Vec<DemoSeries> {
    [("/cart", 96.0, 111), ("/cart/{id}/address", 31.0, 112), ("/käufe/{id}", 12.0, 113), ("/pay", 24.0, 114)]
        .map(|(route, rate, seed)| {
            DemoSeries::new([("route", route)], move |t| rate * traffic(t) * (1.0 + 0.07 * jitter(t, seed)))
        })
        .into()
}

/// Labels as the world writes them: markup, quotes, other scripts, an empty one.
fn clients(_: Story) -> Vec<DemoSeries> {
    let client = |name, rate: f64, seed| {
        DemoSeries::new([("client", name)], move |t| rate * traffic(t) * (1.0 + 0.2 * jitter(t, seed)))
    };
    let mut all = vec![
        client("<b>bold</b>", 2.1, 121),
        client("</script><script>alert(1)</script>", 1.2, 122),
        client("a \"quoted\\name\", {with=\"braces\"}", 3.4, 123),
        client("שלום", 4.0, 124),
        client("ios", 14.2, 125),
        client("web", 21.7, 126),
        client("東京の店 🛒", 6.3, 127),
    ];
    all.push(DemoSeries::new([], |t| 0.4 + 0.1 * jitter(t, 128)));
    all
}

/// The third shard is scraped badly: nine minutes of every forty are missing.
fn documents(_: Story) -> Vec<DemoSeries> {
    [("0", 131), ("1", 132), ("2", 133)]
        .map(|(shard, seed)| {
            let labels = [("__name__", "search_index_documents"), ("index", "products"), ("shard", shard)];
            DemoSeries::with_gaps(labels, move |t| {
                let missing = shard == "2" && sawtooth(t, 40.0 * MINUTE, 0.4) > 0.775;
                #[expect(clippy::cast_precision_loss, reason = "a small number")]
                let spread = seed as f64 * 911.0;
                let added = 5200.0 * sawtooth(t, DAY, 0.2) + 320.0 * wave(t, 3.0 * HOUR, 0.3);
                (!missing).then(|| (1_204_000.0 + spread + added + 40.0 * jitter(t, seed)).round())
            })
        })
        .into()
}

/// A ratio whose divisor is sometimes zero: NaN where both are, an infinity where only it is.
fn hits(_: Story) -> Vec<DemoSeries> {
    vec![
        DemoSeries::new([("tenant", "fashion")], |t| 0.91 + 0.04 * jitter(t, 141)),
        DemoSeries::new([("tenant", "garden")], |t| {
            if sawtooth(t, 90.0 * MINUTE, 0.1) > 0.72 { f64::NAN } else { 0.62 + 0.08 * jitter(t, 142) }
        }),
        DemoSeries::new([("tenant", "toys")], |t| {
            if sawtooth(t, 50.0 * MINUTE, 0.6) > 0.96 { f64::INFINITY } else { 0.78 + 0.05 * jitter(t, 143) }
        }),
        DemoSeries::new([("tenant", "vouchers")], |_| f64::NAN),
    ]
}

fn nothing(_: Story) -> Vec<DemoSeries> {
    Vec::new()
}

fn orders(_: Story) -> Vec<DemoSeries> {
    vec![
        DemoSeries::new([("outcome", "abandoned")], |t| traffic(t) * 41.0 * (1.0 + 0.06 * jitter(t, 151))),
        DemoSeries::new([("outcome", "paid")], |t| traffic(t) * 118.0 * (1.0 + 0.05 * jitter(t, 152))),
        DemoSeries::new([("outcome", "refused")], |t| {
            traffic(t) * (4.0 + 0.8 * jitter(t, 153)) + 9.0 * bumps(t, 5.0 * HOUR, 12)
        }),
    ]
}

fn cached_lists(_: Story) -> Vec<DemoSeries> {
    [("bestsellers", 161, 48_000.0), ("similar", 162, 131_000.0)]
        .map(|(cache, seed, size)| {
            let labels = [
                ("__name__", "recommendations_cache_entries"),
                ("cache", cache),
                ("service", "recommendations"),
            ];
            DemoSeries::new(labels, move |t| {
                (size * (0.55 + 0.45 * sawtooth(t, 6.0 * HOUR, 0.01)) * (1.0 + 0.01 * jitter(t, seed)))
                    .round()
            })
        })
        .into()
}
