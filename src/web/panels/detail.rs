//! The details of an alert row: every label and annotation, links, and its rule.

use jiff::Timestamp;
use url::Url;

use super::times::{self, Moment};
use super::{Field, OutLink};
use crate::monitoring::{AlertRow, AlertmanagerStatus};
use crate::page_params::Zone;
use crate::prometheus::{AlertingRule, Float, RuleHealth};
use crate::upstream::SentTime;
use crate::web::links::{new_silence, safe_href};

/// The rule, whatever its alerts do.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    pub query: String,
    pub waits: String,
    pub keeps: Option<String>,
    pub evaluated: Option<Moment>,
    pub health: &'static str,
    pub last_error: Option<String>,
    pub group: String,
}

impl RuleInfo {
    pub fn of(rule: &AlertingRule, now: Timestamp, zone: &Zone) -> Self {
        let health = match rule.health {
            RuleHealth::Ok => "ok",
            RuleHealth::Err => "err",
            RuleHealth::Unknown => "unknown",
        };
        Self {
            query: rule.query.clone(),
            waits: times::seconds(rule.duration),
            keeps: (rule.keep_firing_for > 0.0).then(|| times::seconds(rule.keep_firing_for)),
            evaluated: rule
                .last_evaluation
                .as_ref()
                .and_then(SentTime::at)
                .map(|at| Moment::of(at, now, zone)),
            health,
            last_error: rule.last_error.clone().filter(|e| !e.is_empty()),
            group: rule.group.clone(),
        }
    }
}

/// All of one alert.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Runbook, dashboard, a new silence.
    pub links: Vec<OutLink>,
    pub labels: Vec<(String, String)>,
    /// With its address where it is an http(s) one.
    pub annotations: Vec<Field>,
    pub active_since: Option<Moment>,
    /// As precise as Prometheus sent it.
    pub value: Option<String>,
    pub rule: RuleInfo,
    pub suppressions: Vec<SuppressedBy>,
}

/// Who suppresses an alert, why and until when.
#[derive(Clone, Debug)]
pub struct SuppressedBy {
    /// `Silenced by`
    pub word: &'static str,
    pub by: String,
    pub comment: String,
    pub until: Option<Moment>,
}

impl Detail {
    /// `alertmanager` is the address of its user interface.
    pub fn of(row: &AlertRow, alertmanager: Option<&Url>, now: Timestamp, zone: &Zone) -> Self {
        let alert = row.alert();
        let pairs = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let annotations: Vec<Field> = row.annotations().iter().map(annotation).collect();
        let silence = alertmanager.filter(|_| alert.is_some()).map(|url| {
            // Alertmanager may have more labels than the instance sends.
            let href = row
                .suppression()
                .map_or_else(|| new_silence(url, row.labels()), |held| new_silence(url, &held.labels()));
            OutLink { text: "Silence", href }
        });
        Self {
            links: annotations.iter().filter_map(link).chain(silence).collect(),
            labels: row.labels().iter().map(pairs).collect(),
            active_since: row.active_at().map(|at| Moment::of(at, now, zone)),
            value: row.value().map(|value| Float(value).to_string()),
            rule: RuleInfo::of(row.rule(), now, zone),
            suppressions: row.suppression().map(|held| suppressions(held, now, zone)).unwrap_or_default(),
            annotations,
        }
    }
}

fn suppressions(held: &AlertmanagerStatus, now: Timestamp, zone: &Zone) -> Vec<SuppressedBy> {
    let silenced = held.silences.iter().map(|silence| SuppressedBy {
        word: "Silenced by",
        by: silence.created_by.clone(),
        comment: silence.comment.clone(),
        until: silence.ends.at().map(|at| Moment::of(at, now, zone)),
    });
    let other =
        |word, by: &String| SuppressedBy { word, by: by.clone(), comment: String::new(), until: None };
    let inhibited = held.inhibited_by.iter().map(|by| other("Inhibited by", by));
    let muted = held.muted_by.iter().map(|by| other("Muted during", by));
    silenced.chain(inhibited).chain(muted).collect()
}

fn annotation((name, text): (&str, &str)) -> Field {
    Field { name: name.to_owned(), text: text.to_owned(), href: safe_href(text) }
}

fn link(annotation: &Field) -> Option<OutLink> {
    let text = match annotation.name.as_str() {
        "runbook_url" | "runbook" => "Runbook",
        "dashboard_url" | "dashboard" => "Dashboard",
        _ => return None,
    };
    annotation.href.clone().map(|href| OutLink { text, href })
}
