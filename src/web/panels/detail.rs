//! What an opened alert row says: every label and annotation, links, and the truth about its rule.

use jiff::Timestamp;
use url::Url;

use super::times::{self, Moment};
use crate::monitoring::{AlertRow, Held};
use crate::page_params::Zone;
use crate::prometheus::{AlertingRule, RuleHealth};
use crate::web::links::{new_silence, safe_href};

/// An annotation, with its address when it is an http(s) one.
#[derive(Clone, Debug)]
pub struct Note {
    pub name: String,
    pub text: String,
    pub href: Option<String>,
}

/// A link that is offered as a button: the runbook, the dashboard.
#[derive(Clone, Debug)]
pub struct Button {
    pub word: &'static str,
    pub href: String,
}

/// What is true of the rule, whatever its alerts do.
#[derive(Clone, Debug)]
pub struct RuleFacts {
    pub query: String,
    pub waits: String,
    pub keeps: Option<String>,
    pub evaluated: Option<Moment>,
    pub health: &'static str,
    pub last_error: Option<String>,
    pub group: String,
}

impl RuleFacts {
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
            evaluated: rule.last_evaluation.as_deref().and_then(|t| Moment::read(t, now, zone)),
            health,
            last_error: rule.last_error.clone().filter(|e| !e.is_empty()),
            group: rule.group.clone(),
        }
    }
}

/// All of one alert.
#[derive(Clone, Debug)]
pub struct Detail {
    pub buttons: Vec<Button>,
    pub labels: Vec<(String, String)>,
    pub notes: Vec<Note>,
    pub active_since: Option<Moment>,
    /// As precise as Prometheus told it.
    pub value: Option<String>,
    pub rule: RuleFacts,
    /// Who holds it back, why and until when.
    pub held: Vec<Holding>,
    /// Alertmanager's form for a new silence.
    pub silence: Option<String>,
}

/// One reason why an alert is not sent on.
#[derive(Clone, Debug)]
pub struct Holding {
    /// `Silenced by`
    pub word: &'static str,
    pub by: String,
    pub comment: String,
    pub until: Option<Moment>,
}

impl Detail {
    /// `alertmanager` is where people open it.
    pub fn of(row: &AlertRow, alertmanager: Option<&Url>, now: Timestamp, zone: &Zone) -> Self {
        let alert = row.alert();
        let pairs = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let notes: Vec<Note> = row.annotations().iter().map(|(name, text)| note(name, text)).collect();
        Self {
            buttons: notes.iter().filter_map(button).collect(),
            labels: row.labels().iter().map(pairs).collect(),
            active_since: alert
                .and_then(|a| a.active_at.as_deref())
                .and_then(|at| Moment::read(at, now, zone)),
            value: alert.and_then(|a| a.value).map(exact),
            rule: RuleFacts::of(row.rule(), now, zone),
            held: row.held().map(|held| holdings(held, now, zone)).unwrap_or_default(),
            silence: alertmanager.filter(|_| alert.is_some()).map(|url| {
                // Alertmanager may have more labels than the instance tells.
                row.held()
                    .map_or_else(|| new_silence(url, row.labels()), |held| new_silence(url, &held.labels()))
            }),
            notes,
        }
    }
}

fn holdings(held: &Held, now: Timestamp, zone: &Zone) -> Vec<Holding> {
    let silenced = held.silences.iter().map(|silence| Holding {
        word: "Silenced by",
        by: silence.created_by.clone(),
        comment: silence.comment.clone(),
        until: Moment::read(&silence.ends_at, now, zone),
    });
    let other = |word, by: &String| Holding { word, by: by.clone(), comment: String::new(), until: None };
    let inhibited = held.inhibited_by.iter().map(|by| other("Inhibited by", by));
    let muted = held.muted_by.iter().map(|by| other("Muted during", by));
    silenced.chain(inhibited).chain(muted).collect()
}

/// A number in full, in Prometheus' words for what is none.
pub fn exact(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

fn note(name: &str, text: &str) -> Note {
    Note { name: name.to_owned(), text: text.to_owned(), href: safe_href(text) }
}

fn button(note: &Note) -> Option<Button> {
    let word = match note.name.as_str() {
        "runbook_url" | "runbook" => "Runbook",
        "dashboard_url" | "dashboard" => "Dashboard",
        _ => return None,
    };
    note.href.clone().map(|href| Button { word, href })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_have_prometheus_words() {
        for (value, text) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (2_379_244_622.0, "2379244622"),
            (0.1, "0.1"),
        ] {
            assert_eq!(exact(value), text);
        }
    }
}
