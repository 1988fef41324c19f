//! The demo's rules in every state, as a Prometheus has evaluated them.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::document;
use super::figures::{disk_fill, failing, latency, slow_since, slow_zone, waiting};
use super::waves::{DAY, HOUR, MINUTE, Story};
use crate::prometheus::{Alert, AlertState, AlertingRule, RuleGroup, RuleHealth, Rules, SentTime};
use crate::promql::parse_duration;
use crate::yaml::Node;

/// The rule files, by their names on the disk of a Prometheus.
const FILES: [(&str, &str); 5] = [
    ("/etc/prometheus/rules/payments.yaml", include_str!("../../config/demo/rules/payments.yaml")),
    ("/etc/prometheus/rules/checkout.yaml", include_str!("../../config/demo/rules/checkout.yaml")),
    ("/etc/prometheus/rules/search.yaml", include_str!("../../config/demo/rules/search.yaml")),
    ("/etc/prometheus/rules/platform.yaml", include_str!("../../config/demo/rules/platform.yaml")),
    ("/etc/prometheus/rules/shop.yaml", include_str!("../../config/demo/rules/shop.yaml")),
];

/// What the rules find.
const ALERTS: (&str, &str) = ("demo/alerts.yaml", include_str!("../../config/demo/alerts.yaml"));

/// How often every group is evaluated, in seconds.
const INTERVAL: f64 = 15.0;

/// The rules before their first evaluation. Each has all alerts that it can find, with placeholders in their
/// annotations.
pub fn read() -> Result<Rules, String> {
    let found = document(ALERTS.0, ALERTS.1)?;
    let mut all = Rules::default();
    for (file, text) in FILES {
        read_file(&mut all, file, text, &found).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(all)
}

fn read_file(all: &mut Rules, file: &str, text: &str, found: &Node) -> Result<(), String> {
    let document = document(file, text)?;
    for group in list(&document, "groups")? {
        let (first, name) = (all.rules.len(), text_of(group, "name")?);
        for node in list(group, "rules")? {
            all.rules.push(rule(file, &name, node, found)?);
        }
        all.groups.push(RuleGroup {
            name,
            file: file.to_owned(),
            interval: INTERVAL,
            limit: 0,
            evaluation_time: 0.002_417_3,
            last_evaluation: None,
            rules: first..all.rules.len(),
        });
    }
    Ok(())
}

/// A rule of a group, with the alerts that `found` has for it.
fn rule(file: &str, group: &str, node: &Node, found: &Node) -> Result<AlertingRule, String> {
    let name = text_of(node, "alert")?;
    let labels = pairs(node, "labels")?;
    let alert = |alert: &Node| {
        let own = pairs(alert, "labels")?;
        Ok(Alert {
            labels: labels.iter().copied().chain(own).chain([("alertname", &*name)]).collect(),
            annotations: pairs(alert, "annotations")?.into_iter().collect(),
            state: AlertState::Pending,
            active_at: None,
            value: None,
        })
    };
    let alerts = if found.get(&name).is_some() { list(found, &name)? } else { &[] };
    Ok(AlertingRule {
        alerts: alerts.iter().map(alert).collect::<Result<_, String>>()?,
        group: group.to_owned(),
        file: file.to_owned(),
        interval: INTERVAL,
        query: text_of(node, "expr")?,
        duration: seconds(node, "for")?,
        keep_firing_for: seconds(node, "keep_firing_for")?,
        labels: labels.iter().copied().collect(),
        annotations: pairs(node, "annotations")?.into_iter().collect(),
        state: AlertState::Unknown,
        health: RuleHealth::Unknown,
        last_error: None,
        evaluation_time: 0.0,
        last_evaluation: None,
        name,
    })
}

fn list<'n>(node: &'n Node, key: &str) -> Result<&'n [Node], String> {
    node.get(key).and_then(Node::as_list).ok_or_else(|| format!("`{key}` is not a list"))
}

fn text_of(node: &Node, key: &str) -> Result<String, String> {
    node.get(key).and_then(Node::as_text).map(str::to_owned).ok_or_else(|| format!("`{key}` is not text"))
}

/// A duration in seconds; zero if the key is absent.
fn seconds(node: &Node, key: &str) -> Result<f64, String> {
    if node.get(key).is_none() {
        return Ok(0.0);
    }
    let duration = parse_duration(&text_of(node, key)?);
    duration.map(|duration| duration.as_secs_f64()).map_err(|_| format!("`{key}` is not a duration"))
}

/// The entries of a mapping of texts; empty if the key is absent.
fn pairs<'n>(node: &'n Node, key: &str) -> Result<Vec<(&'n str, &'n str)>, String> {
    let Some(mapping) = node.get(key) else { return Ok(Vec::new()) };
    let not_texts = || format!("`{key}` is not a mapping of texts");
    let entries = mapping.as_map().ok_or_else(not_texts)?;
    entries
        .iter()
        .map(|entry| Ok((entry.key.as_str(), entry.value.as_text().ok_or_else(not_texts)?)))
        .collect()
}

/// Every group of `rules`, as last evaluated at that time (epoch seconds).
pub fn evaluated(rules: &Rules, story: Story, now: f64) -> Rules {
    let at = (now / INTERVAL).floor() * INTERVAL;
    let mut all = Rules { ids: OnceLock::new(), ..rules.clone() };
    for group in &mut all.groups {
        group.last_evaluation = Some(instant(at));
    }
    for rule in all.rules.iter_mut().filter(|rule| rule.name != "OrdersDbBackupMissing") {
        evaluate(rule, story, at);
    }
    all
}

fn evaluate(rule: &mut AlertingRule, story: Story, at: f64) {
    let found = (0..).zip(std::mem::take(&mut rule.alerts));
    rule.alerts = found
        .filter_map(|(i, alert)| {
            Some(active(alert, &AlertActivity::of(&rule.name, i, story, at)?, rule.duration, at))
        })
        .collect();
    rule.state = rule.alerts.iter().map(|alert| alert.state).min().unwrap_or(AlertState::Inactive);
    rule.evaluation_time = 0.000_412_6;
    rule.last_evaluation = Some(instant(at));
    rule.health = RuleHealth::Ok;
    if rule.name == "OrdersDbReplicationLag" {
        rule.health = RuleHealth::Err;
        rule.last_error = Some(
            "found duplicate series for the match group {instance=\"db-2:9187\"} on the right hand-side of the \
             operation: [{__name__=\"pg_role\", instance=\"db-2:9187\", role=\"replica\"}, \
             {__name__=\"pg_role\", instance=\"db-2:9187\", role=\"standby\"}];\
             many-to-many matching not allowed: matching labels must be unique on one side"
                .to_owned(),
        );
    }
}

/// The alert as it is at a time, with its annotations filled in.
fn active(alert: Alert, activity: &AlertActivity, duration: f64, at: f64) -> Alert {
    let AlertActivity { since, value } = *activity;
    let values = [
        ("{value}", value.to_string()),
        ("{value:1}", format!("{value:.1}")),
        ("{value:2}", format!("{value:.2}")),
        ("{percent}", format!("{:.1}", value * 100.0)),
        ("{days}", (value / DAY).to_string()),
    ];
    let fill = |text: &str| {
        let text = values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        alert.labels.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    };
    Alert {
        annotations: alert.annotations.iter().map(|(name, text)| (name, fill(text))).collect(),
        state: if at - since >= duration { AlertState::Firing } else { AlertState::Pending },
        active_at: Some(instant(since)),
        value: Some(value),
        labels: alert.labels,
    }
}

/// What the story makes of an alert.
struct AlertActivity {
    /// Epoch seconds.
    since: f64,
    value: f64,
}

impl AlertActivity {
    /// Of the rule's `i`th alert, from 0. None while the alert is not active.
    fn of(rule: &str, i: usize, story: Story, at: f64) -> Option<Self> {
        let (deploy, incident) = (story.deploy(), story.incident());
        // The newest beginning of a period. An alert whose period is shorter than its rule's `for` is always pending.
        let newest = |period: f64| (at / period).floor() * period;
        let newest_disk = ((at - 2.0 * HOUR) / (9.0 * DAY)).floor() * 9.0 * DAY + 0.25 * HOUR;
        let (since, value) = match (rule, i) {
            ("PaymentsHighErrorRatio", _) => {
                let all: f64 = ["500", "502", "503"].map(|code| failing(story, at, code)).iter().sum();
                let (delay, share) = [(105.0, 1.0), (90.0, 1.31), (135.0, 0.84)].get(i)?;
                (incident + delay, all * share)
            }
            ("PaymentsSlow", _) => (incident + 225.0, latency(story, at, "0.99")),
            ("PaymentsQueueBacklog", 0) => (incident + 6.0 * MINUTE, waiting(story, at, "payments.settle")),
            ("PaymentsQueueBacklog", _) => {
                (newest(14.0 * MINUTE).max(incident), waiting(story, at, "payments.capture"))
            }
            ("PaymentsMemoryGrows", _) => (deploy + [0.0, 90.0].get(i)? + 12.0 * MINUTE, 52_619.377),
            ("PaymentsUnusualRefunds", _) => (newest(25.0 * MINUTE), 3.41),
            ("CheckoutSlow", _) => (slow_since(at)?, slow_zone(at)),
            ("CheckoutStrangeClients", _) => {
                (deploy - [0.0, 7.0, 31.0, 66.0].get(i)? * MINUTE, 0.733_333_333_333_333_3)
            }
            ("SearchIndexStale", _) => (newest(50.0 * MINUTE), 1800.0 + at % (50.0 * MINUTE)),
            ("SearchHitRatioUndefined", _) => (incident - 3.0 * DAY, f64::NAN),
            ("GatewayUpstreamRetries", _) => {
                let i = u32::try_from(i).ok()?;
                let long_ago = deploy - f64::from((i * 37) % 211) * MINUTE;
                let since = if i % 5 == 3 { newest(29.0 * MINUTE) } else { long_ago };
                (since, 0.021 + f64::from((i * 7) % 24) / 400.0)
            }
            ("GatewayCertificateExpires", 0) => (deploy - 5.0 * DAY, 9.0 * DAY),
            ("GatewayCertificateExpires", _) => (deploy - 8.0 * DAY, 6.0 * DAY),
            ("OrdersDbDiskFills", _) => (newest_disk, disk_fill(at)),
            ("ShopOrdersDrop", _) => (newest(18.0 * MINUTE), 0.779),
            ("RecommendationsStale", _) => (deploy - 5.0 * HOUR, DAY + 6.0 * HOUR),
            _ => return None,
        };
        Some(Self { since, value })
    }
}

fn instant(seconds: f64) -> SentTime {
    #[expect(clippy::cast_possible_truncation, reason = "a time of today in milliseconds fits")]
    let ms = (seconds * 1000.0) as i64;
    SentTime::of(Timestamp::from_millisecond(ms).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests;
