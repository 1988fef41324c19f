//! The gateway and the database of orders: many series, bytes, percent, an answer with infos.

use super::super::waves::{DAY, HOUR, MINUTE, Story, bumps, jitter, sawtooth, traffic, wave};
use super::{DemoQuery, DemoSeries};

const GIB: f64 = 1_073_741_824.0;

pub const QUERIES: &[DemoQuery] = &[
    DemoQuery::new("sum by (upstream) (rate(gateway_requests_total[5m]))", upstreams),
    DemoQuery::new(
        "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{job=\"gateway\",mode=\"idle\"}[5m])))",
        cpu,
    ),
    DemoQuery {
        query: "rate(gateway_open_connections[5m])",
        series: connection_churn,
        infos: &[
            "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \
                  \"gateway_open_connections\" (1:6)",
        ],
    },
    DemoQuery::new("pg_database_size_bytes{datname=~\"orders.*\"}", database_size),
    DemoQuery::new("sum by (state) (pg_stat_activity_count{datname=\"orders\"})", connections),
    DemoQuery::new(
        "sum by (instance) (rate(pg_stat_database_blks_hit{datname=\"orders\"}[5m])) / sum by (instance) \
         (rate(pg_stat_database_blks_hit{datname=\"orders\"}[5m]) \
         + rate(pg_stat_database_blks_read{datname=\"orders\"}[5m]))",
        buffer_hits,
    ),
    DemoQuery::new("rate(node_disk_written_bytes_total{instance=\"db-1:9100\"}[5m])", written),
    DemoQuery::new(
        "100 * (1 - node_filesystem_avail_bytes{mountpoint=\"/var/lib/postgresql\"} \
         / node_filesystem_size_bytes{mountpoint=\"/var/lib/postgresql\"})",
        disk_used,
    ),
];

pub const UPSTREAMS: [&str; 24] = [
    "accounts",
    "addresses",
    "ads",
    "basket",
    "billing",
    "catalog",
    "checkout",
    "coupons",
    "delivery",
    "feedback",
    "fraud",
    "images",
    "inventory",
    "loyalty",
    "media",
    "newsletter",
    "orders",
    "payments",
    "prices",
    "recommendations",
    "returns",
    "search",
    "stores",
    "warehouse",
];

fn upstreams(_: Story) -> Vec<DemoSeries> {
    (0_u32..)
        .zip(UPSTREAMS)
        .map(|(i, upstream)| {
            let size = 620.0 / f64::from(1 + (i * 7) % 24);
            DemoSeries::new([("upstream", upstream)], move |t| {
                size * traffic(t) * (1.0 + 0.12 * jitter(t, 200 + 3 * u64::from(i)))
            })
        })
        .collect()
}

fn cpu(_: Story) -> Vec<DemoSeries> {
    [("gw-1:9100", 301), ("gw-2:9100", 304), ("gw-3:9100", 307), ("gw-4:9100", 310)]
        .map(|(instance, seed)| {
            DemoSeries::new([("instance", instance)], move |t| {
                (9.0 + 52.0 * traffic(t) + 6.0 * jitter(t, seed)).clamp(0.0, 100.0)
            })
        })
        .into()
}

fn connection_churn(_: Story) -> Vec<DemoSeries> {
    [("gw-1:8080", 321), ("gw-2:8080", 324)]
        .map(|(instance, seed)| {
            DemoSeries::new([("instance", instance), ("job", "gateway")], move |t| {
                (3.0 + 4.0 * traffic(t) + 2.5 * jitter(t, seed)).max(0.0)
            })
        })
        .into()
}

fn database_size(_: Story) -> Vec<DemoSeries> {
    [("orders", 742.0, 9.0), ("orders_archive", 2310.0, 0.0)]
        .map(|(datname, size, shrinks)| {
            let labels =
                [("__name__", "pg_database_size_bytes"), ("datname", datname), ("instance", "db-1:9187")];
            DemoSeries::new(labels, move |t| {
                // Rows are archived at night, and the archive never shrinks.
                let today = shrinks * sawtooth(t, DAY, -3.0 / 24.0);
                let archived =
                    if shrinks > 0.0 { 0.0 } else { ((t / DAY - 3.0 / 24.0).floor() % 200.0) * 1.1 };
                ((size + today + archived) * GIB).round()
            })
        })
        .into()
}

fn connections(_: Story) -> Vec<DemoSeries> {
    vec![
        DemoSeries::new([("state", "active")], |t| (4.0 + 31.0 * traffic(t) + 4.0 * jitter(t, 341)).round()),
        DemoSeries::new([("state", "idle")], |t| (58.0 - 22.0 * traffic(t) + 4.0 * jitter(t, 344)).round()),
        DemoSeries::new([("state", "idle in transaction")], |t| {
            (1.5 + 1.5 * jitter(t, 347) + 18.0 * bumps(t, 4.0 * HOUR, 348)).round()
        }),
    ]
}

fn buffer_hits(_: Story) -> Vec<DemoSeries> {
    [("db-1:9187", 361), ("db-2:9187", 364)]
        .map(|(instance, seed)| {
            DemoSeries::new([("instance", instance)], move |t| {
                (0.9915 + 0.003 * wave(t, 5.0 * HOUR, 0.2) + 0.002 * jitter(t, seed)
                    - 0.05 * bumps(t, DAY, seed))
                .min(1.0)
            })
        })
        .into()
}

/// A checkpoint every ten minutes, by size of traffic.
fn written(_: Story) -> Vec<DemoSeries> {
    [("nvme0n1", 21.0, 381), ("nvme1n1", 3.0, 384)]
        .map(|(device, size, seed)| {
            let labels = [("device", device), ("instance", "db-1:9100"), ("job", "node")];
            DemoSeries::new(labels, move |t| {
                let checkpoint = (-sawtooth(t, 10.0 * MINUTE, 0.0) * 4.0).exp();
                let rate =
                    size * (0.3 + traffic(t)) * (0.5 + 2.0 * checkpoint) * (1.0 + 0.1 * jitter(t, seed));
                rate * 1_048_576.0
            })
        })
        .into()
}

/// In percent: full in a few days, if nobody looks.
pub fn disk_fill(t: f64) -> f64 {
    86.0 + 7.0 * sawtooth(t, 9.0 * DAY, 0.3) + 0.8 * sawtooth(t, DAY, -3.0 / 24.0)
}

fn disk_used(_: Story) -> Vec<DemoSeries> {
    let labels =
        [("device", "/dev/nvme0n1p1"), ("instance", "db-1:9100"), ("mountpoint", "/var/lib/postgresql")];
    vec![DemoSeries::new(labels, disk_fill)]
}
