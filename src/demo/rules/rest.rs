//! The rules of everybody else: one that flips, hostile labels, a failed rule, one that never ran, many siblings.

use super::super::queries::{UPSTREAMS, disk_fill, p95, slow_since};
use super::super::waves::{DAY, HOUR, MINUTE, Story};
use super::{ActiveAlert, DemoGroup, DemoRule, Pairs};
use crate::prometheus::RuleHealth;

const PLATFORM: Pairs = &[("service", "gateway"), ("severity", "info"), ("team", "platform")];

pub(super) fn groups(story: Story, evaluated: f64) -> Vec<DemoGroup> {
    let group = |name, file, rules| DemoGroup { name, file, rules };
    vec![
        group(
            "checkout",
            "/etc/prometheus/rules/checkout.yaml",
            vec![
                checkout_slow(evaluated),
                strange_clients(story),
                DemoRule::new("CheckoutCartsEmpty", "sum(rate(checkout_sessions_total[5m])) < 1", 900.0)
                    .labelled(&[("service", "checkout"), ("severity", "warning"), ("team", "shop")])
                    .annotated(&[("summary", "Nobody fills a cart")]),
            ],
        ),
        group("search", "/etc/prometheus/rules/search.yaml", search(story, evaluated)),
        group("gateway", "/etc/prometheus/rules/platform.yaml", gateway(story, evaluated)),
        group("orders-db", "/etc/prometheus/rules/platform.yaml", orders_db(evaluated)),
        group("shop", "/etc/prometheus/rules/shop.yaml", shop(story, evaluated)),
    ]
}

/// Flips about every ten minutes: pending for two, firing for eight, then gone for ten.
fn checkout_slow(evaluated: f64) -> DemoRule {
    let zone = "eu-west-1b";
    let value = p95(evaluated, zone);
    DemoRule::new(
        "CheckoutSlow",
        "histogram_quantile(0.95, sum by (le, zone) \
         (rate(http_request_duration_seconds_bucket{service=\"checkout\"}[5m]))) > 0.7",
        120.0,
    )
    .labelled(&[("service", "checkout"), ("severity", "warning"), ("team", "shop")])
    .annotated(&[("summary", "Checkout is slow in {{ $labels.zone }}")])
    .found(slow_since(evaluated).map(|since| ActiveAlert {
        labels: vec![("zone", zone)],
        annotations: vec![
            ("summary", format!("Checkout is slow in {zone}: one request in twenty takes over {value:.2} s")),
            ("runbook_url", "https://runbooks.shop.example/checkout/slow".to_owned()),
        ],
        since,
        value,
    }))
}

/// What labels and annotations may hold when nobody looks: markup, quotes, other scripts, a script link.
fn strange_clients(story: Story) -> DemoRule {
    let clients = [
        ("<b>bold</b>", 0.0, "javascript:alert(1)"),
        (
            "</script><script>alert(1)</script>",
            7.0,
            "https://runbooks.shop.example/checkout?client=<b>&x=\"y\"",
        ),
        ("a \"quoted\\name\", {with=\"braces\"}", 31.0, "see the wiki, page 12"),
        ("東京の店 🛒 Zażółć שלום", 66.0, "https://runbooks.shop.example/東京"),
    ];
    DemoRule::new("CheckoutStrangeClients", "sum by (client) (rate(checkout_refused_total[5m])) > 0", 60.0)
        .labelled(&[("service", "checkout"), ("severity", "info"), ("team", "shop")])
        .annotated(&[("summary", "Client {{ $labels.client }} sends what nobody understands")])
        .found(clients.map(|(client, minutes, runbook)| ActiveAlert {
            labels: vec![("client", client)],
            annotations: vec![
                ("summary", format!("Client {client} sends what nobody understands")),
                ("description", "<img src=x onerror=alert(1)> & friends\nsecond line".to_owned()),
                ("runbook_url", runbook.to_owned()),
            ],
            since: story.deploy() - minutes * MINUTE,
            value: 0.733_333_333_333_333_3,
        }))
}

fn search(story: Story, evaluated: f64) -> Vec<DemoRule> {
    let cycle = 50.0 * MINUTE;
    vec![
        DemoRule::new("SearchIndexStale", "time() - search_index_last_commit_seconds > 1800", HOUR)
            .labelled(&[("service", "search"), ("severity", "warning"), ("team", "shop")])
            .annotated(&[("summary", "The index of products was not written for half an hour")])
            .found([ActiveAlert {
                labels: vec![("index", "products")],
                annotations: vec![(
                    "summary",
                    "The index of products was not written for half an hour".to_owned(),
                )],
                since: (evaluated / cycle).floor() * cycle,
                value: 1800.0 + evaluated % cycle,
            }]),
        DemoRule::new("SearchHitRatioUndefined", "search:hit_ratio != search:hit_ratio", 300.0)
            .labelled(&[("service", "search"), ("severity", "info"), ("team", "shop")])
            .annotated(&[("summary", "Nobody searches in {{ $labels.tenant }}")])
            .found([ActiveAlert {
                labels: vec![("tenant", "vouchers")],
                annotations: vec![("summary", "Nobody searches in vouchers".to_owned())],
                since: story.incident() - 3.0 * DAY,
                value: f64::NAN,
            }]),
        DemoRule::new("SearchDown", "up{job=\"search\"} == 0", 120.0)
            .labelled(&[("service", "search"), ("severity", "critical"), ("team", "shop")])
            .annotated(&[("summary", "{{ $labels.instance }} cannot be scraped")]),
    ]
}

/// Twenty-four siblings of one rule, some of them pending, and two certificates.
fn gateway(story: Story, evaluated: f64) -> Vec<DemoRule> {
    let duration = 30.0 * MINUTE;
    let retries = (0_u32..).zip(UPSTREAMS).map(|(i, upstream)| {
        let cycle = duration - MINUTE;
        let newest = (evaluated / cycle).floor() * cycle;
        let since = if i % 5 == 3 { newest } else { story.deploy() - f64::from((i * 37) % 211) * MINUTE };
        let value = 0.021 + f64::from((i * 7) % 24) / 400.0;
        ActiveAlert {
            labels: vec![("upstream", upstream)],
            annotations: vec![(
                "summary",
                format!("{:.1} % of the requests to {upstream} are retried", value * 100.0),
            )],
            since,
            value,
        }
    });
    let certificates = [("*.shop.example", 9), ("api.shop.example", 6)].map(|(name, days)| ActiveAlert {
        labels: vec![("certificate", name)],
        annotations: vec![
            ("summary", format!("The certificate of {name} expires in {days} days")),
            ("runbook_url", "https://runbooks.shop.example/certificates".to_owned()),
        ],
        since: story.deploy() - f64::from(14 - days) * DAY,
        value: f64::from(days) * DAY,
    });
    vec![
        DemoRule::new("GatewayUpstreamRetries", "gateway:retries:ratio5m > 0.02", duration)
            .labelled(PLATFORM)
            .annotated(&[(
                "summary",
                "{{ $value | humanizePercentage }} of the requests to {{ $labels.upstream }} are retried",
            )])
            .found(retries),
        DemoRule::new(
            "GatewayCertificateExpires",
            "certificate_not_after_seconds - time() < 14 * 86400",
            HOUR,
        )
        .labelled(&[("service", "gateway"), ("severity", "warning"), ("team", "platform")])
        .annotated(&[("summary", "The certificate of {{ $labels.certificate }} expires soon")])
        .found(certificates),
        DemoRule::new("GatewayHighCpu", "instance:node_cpu:ratio{job=\"gateway\"} > 0.9", 600.0)
            .labelled(&[("service", "gateway"), ("severity", "warning"), ("team", "platform")])
            .annotated(&[("summary", "{{ $labels.instance }} has no processor time left")]),
    ]
}

fn orders_db(evaluated: f64) -> Vec<DemoRule> {
    let value = disk_fill(evaluated);
    let mut disk = DemoRule::new(
        "OrdersDbDiskFills",
        "100 * (1 - node_filesystem_avail_bytes{mountpoint=\"/var/lib/postgresql\"} \
         / node_filesystem_size_bytes{mountpoint=\"/var/lib/postgresql\"}) > 85",
        HOUR,
    )
    .labelled(&[("service", "orders-db"), ("severity", "warning"), ("team", "platform")])
    .annotated(&[("summary", "The disk of {{ $labels.instance }} is {{ $value }} % full")])
    .found([ActiveAlert {
        labels: vec![("instance", "db-1:9100"), ("mountpoint", "/var/lib/postgresql")],
        annotations: vec![
            ("summary", format!("The disk of db-1 is {value:.1} % full")),
            ("runbook_url", "https://runbooks.shop.example/orders-db#disk".to_owned()),
            ("dashboard", "https://grafana.shop.example/d/postgres".to_owned()),
        ],
        since: ((evaluated - 2.0 * HOUR) / (9.0 * DAY)).floor() * 9.0 * DAY + 0.25 * HOUR,
        value,
    }]);
    disk.keep_firing_for = 15.0 * MINUTE;
    let mut lag = DemoRule::new(
        "OrdersDbReplicationLag",
        "pg_replication_lag_seconds * on (instance) group_left (role) pg_role > 30",
        300.0,
    )
    .labelled(&[("service", "orders-db"), ("severity", "critical"), ("team", "platform")])
    .annotated(&[("summary", "The replica is {{ $value | humanizeDuration }} behind")]);
    lag.health = RuleHealth::Err;
    lag.last_error = Some(
        "found duplicate series for the match group {instance=\"db-2:9187\"} on the right hand-side of the operation: \
         [{__name__=\"pg_role\", instance=\"db-2:9187\", role=\"replica\"}, \
         {__name__=\"pg_role\", instance=\"db-2:9187\", role=\"standby\"}];\
         many-to-many matching not allowed: matching labels must be unique on one side",
    );
    let mut backup =
        DemoRule::new("OrdersDbBackupMissing", "time() - pg_backup_last_success_seconds > 93600", HOUR)
            .labelled(&[("service", "orders-db"), ("severity", "critical"), ("team", "platform")])
            .annotated(&[("summary", "No backup of orders since yesterday")]);
    backup.health = RuleHealth::Unknown;
    vec![disk, lag, backup]
}

fn shop(story: Story, evaluated: f64) -> Vec<DemoRule> {
    let cycle = 18.0 * MINUTE;
    vec![
        DemoRule::new(
            "ShopOrdersDrop",
            "shop:orders:rate15m < 0.8 * shop:orders:rate15m offset 1w",
            20.0 * MINUTE,
        )
        .labelled(&[("severity", "critical"), ("system", "shop"), ("team", "shop")])
        .annotated(&[("summary", "Fewer orders than a week ago")])
        .found([ActiveAlert {
            labels: vec![("country", "DE")],
            annotations: vec![
                ("summary", "A fifth fewer orders than a week ago in DE".to_owned()),
                ("dashboard_url", "https://grafana.shop.example/d/orders".to_owned()),
            ],
            since: (evaluated / cycle).floor() * cycle,
            value: 0.779,
        }]),
        DemoRule::new("RecommendationsStale", "time() - recommendations_trained_seconds > 86400", 600.0)
            .labelled(&[("service", "recommendations"), ("severity", "warning"), ("team", "shop")])
            .annotated(&[("summary", "The model is older than a day")])
            .found([ActiveAlert {
                labels: vec![("model", "similar")],
                annotations: vec![("summary", "The model similar is older than a day".to_owned())],
                since: story.deploy() - 5.0 * HOUR,
                value: DAY + 6.0 * HOUR,
            }]),
    ]
}
