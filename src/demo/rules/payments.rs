//! The alerting rules of payments: what its incident sets off.

use super::super::queries::{failing, quantile, waiting};
use super::super::waves::{MINUTE, Story};
use super::{ActiveAlert, DemoGroup, DemoRule};

const RUNBOOK: (&str, &str) = ("runbook_url", "https://runbooks.shop.example/payments#high-error-ratio");
const DASHBOARD: (&str, &str) =
    ("dashboard", "https://grafana.shop.example/d/payments/overview?from=now-1h&to=now");

pub(super) fn group(story: Story, evaluated: f64) -> DemoGroup {
    DemoGroup {
        name: "payments",
        file: "/etc/prometheus/rules/payments.yaml",
        rules: vec![
            high_error_ratio(story, evaluated),
            slow(story, evaluated),
            queue_backlog(story, evaluated),
            memory_grows(story),
            unusual_refunds(evaluated),
            DemoRule::new("PaymentsCardProviderDown", "probe_success{job=\"card-provider\"} == 0", 120.0)
                .labelled(&[("service", "payments"), ("severity", "critical"), ("team", "payments")])
                .annotated(&[("summary", "The card provider does not answer"), RUNBOOK]),
            DemoRule::new(
                "PaymentsNoTraffic",
                "sum(rate(http_requests_total{service=\"payments\"}[5m])) == 0",
                600.0,
            )
            .labelled(&[("service", "payments"), ("severity", "critical"), ("team", "payments")])
            .annotated(&[("summary", "Payments gets no requests at all")]),
        ],
    }
}

fn high_error_ratio(story: Story, evaluated: f64) -> DemoRule {
    let all: f64 = ["500", "502", "503"].iter().map(|code| failing(story, evaluated, code)).sum();
    let zones = [("eu-west-1a", 1.0, 105.0), ("eu-west-1b", 1.31, 90.0), ("eu-west-1c", 0.84, 135.0)];
    DemoRule::new(
        "PaymentsHighErrorRatio",
        "sum by (zone) (rate(http_requests_total{service=\"payments\",code=~\"5..\"}[5m])) \
         / sum by (zone) (rate(http_requests_total{service=\"payments\"}[5m])) > 0.02",
        300.0,
    )
    .labelled(&[("service", "payments"), ("severity", "critical"), ("team", "payments")])
    .annotated(&[
        ("summary", "{{ $value | humanizePercentage }} of payments requests fail in {{ $labels.zone }}"),
        (
            "description",
            "More than 2 % of the requests to payments in {{ $labels.zone }} end with a 5xx code.",
        ),
        RUNBOOK,
        DASHBOARD,
    ])
    .found(zones.map(|(zone, share, delay)| {
        let value = all * share;
        ActiveAlert {
            labels: vec![("zone", zone)],
            annotations: vec![
                ("summary", format!("{:.1} % of payments requests fail in {zone}", value * 100.0)),
                (
                    "description",
                    format!(
                        "More than 2 % of the requests to payments in {zone} end with a 5xx code. \
                         It began with the deploy of 7d6b8f5c6: look there first."
                    ),
                ),
                (RUNBOOK.0, RUNBOOK.1.to_owned()),
                (DASHBOARD.0, DASHBOARD.1.to_owned()),
            ],
            since: story.incident() + delay,
            value,
        }
    }))
}

fn slow(story: Story, evaluated: f64) -> DemoRule {
    let value = quantile(story, evaluated, "0.99");
    DemoRule::new(
        "PaymentsSlow",
        "service:http_request_duration_seconds:quantile{service=\"payments\",quantile=\"0.99\"} > 1",
        600.0,
    )
    .labelled(&[("severity", "warning"), ("team", "payments")])
    .annotated(&[
        ("summary", "One payment in a hundred takes longer than {{ $value | humanizeDuration }}"),
        DASHBOARD,
    ])
    .found([ActiveAlert {
        labels: vec![("quantile", "0.99"), ("service", "payments")],
        annotations: vec![
            ("summary", format!("One payment in a hundred takes longer than {value:.2} s")),
            (DASHBOARD.0, DASHBOARD.1.to_owned()),
        ],
        since: story.incident() + 225.0,
        value,
    }])
}

/// One queue fires; the other is always pending, because it is looked after just in time.
fn queue_backlog(story: Story, evaluated: f64) -> DemoRule {
    let duration = 15.0 * MINUTE;
    let cycle = duration - MINUTE;
    let queues = [
        ("payments.settle", story.incident() + 6.0 * MINUTE),
        ("payments.capture", ((evaluated / cycle).floor() * cycle).max(story.incident())),
    ];
    DemoRule::new(
        "PaymentsQueueBacklog",
        "max by (queue) (queue_messages_ready{queue=~\"payments[.].*\"}) > 50",
        duration,
    )
    .labelled(&[("service", "payments"), ("severity", "warning"), ("team", "payments")])
    .annotated(&[("summary", "{{ $value }} messages wait in {{ $labels.queue }}")])
    .found(queues.map(|(queue, since)| {
        let value = waiting(story, evaluated, queue);
        ActiveAlert {
            labels: vec![("queue", queue)],
            annotations: vec![
                ("summary", format!("{value} messages wait in {queue}")),
                ("runbook_url", "https://runbooks.shop.example/payments#queues".to_owned()),
            ],
            since,
            value,
        }
    }))
}

fn memory_grows(story: Story) -> DemoRule {
    let pods = [("payments-7d6b8f5c6-4mzrp", 0.0), ("payments-7d6b8f5c6-xw2ks", 90.0)];
    DemoRule::new(
        "PaymentsMemoryGrows",
        "deriv(container_memory_working_set_bytes{pod=~\"payments-.*\"}[10m]) > 30000",
        300.0,
    )
    .labelled(&[("namespace", "shop"), ("severity", "info"), ("team", "payments")])
    .annotated(&[("summary", "{{ $labels.pod }} needs ever more memory")])
    .found(pods.map(|(pod, turn)| ActiveAlert {
        labels: vec![("container", "payments"), ("pod", pod), ("service", "payments")],
        annotations: vec![("summary", format!("{pod} needs ever more memory"))],
        since: story.deploy() + turn + 12.0 * MINUTE,
        value: 52_619.377,
    }))
}

/// Always pending: it begins anew before its half hour is over.
fn unusual_refunds(evaluated: f64) -> DemoRule {
    let cycle = 25.0 * MINUTE;
    DemoRule::new("PaymentsUnusualRefunds", "abs(z_score:refunds:rate5m) > 3", 30.0 * MINUTE)
        .labelled(&[("service", "payments"), ("severity", "warning"), ("team", "payments")])
        .annotated(&[("summary", "Refunds are far from what is usual at this hour")])
        .found([ActiveAlert {
            labels: vec![("currency", "EUR")],
            annotations: vec![
                ("summary", "Refunds are far from what is usual at this hour".to_owned()),
                (
                    "description",
                    "Three standard deviations from the same hour of the last four weeks.".to_owned(),
                ),
            ],
            since: (evaluated / cycle).floor() * cycle,
            value: 3.41,
        }])
}
