//! Reads the answer to `/rules?type=alert`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Opened, WireFault, open, warned};
use super::labels::StrictLabels;
use super::parts::{Bounded, Lenient, given, list};
use super::remarks::Remarks;
use super::samples::number;
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules};
use crate::upstream::SentTime;

mod faults;

pub use faults::Faults;

/// The most groups, rules and alerts of one answer that are read: in memory each takes up to a hundred times its
/// shortest text.
pub const MOST_ROWS: usize = 200_000;
/// The longest token that is sent back, in bytes.
const LONGEST_TOKEN: usize = 4 << 10;

/// Rows, each read on its own.
type Rows<'a> = Bounded<&'a RawValue>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesData<'a> {
    #[serde(borrow, deserialize_with = "list")]
    groups: Rows<'a>,
    group_next_token: Option<Lenient<String>>,
    #[serde(default)]
    warnings: Remarks,
    #[serde(borrow)]
    is_partial: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawGroup<'a> {
    name: Option<Lenient<String>>,
    file: Option<Lenient<String>>,
    interval: Option<Lenient<f64>>,
    limit: Option<Lenient<i64>>,
    evaluation_time: Option<Lenient<f64>>,
    last_evaluation: Option<Lenient<String>>,
    #[serde(borrow, deserialize_with = "list")]
    rules: Rows<'a>,
}

/// Prometheus always sends all of it; others (vmalert, Thanos, Mimir) leave parts out, or write them as null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRule<'a> {
    #[serde(rename = "type")]
    kind: Option<Lenient<String>>,
    name: Option<Lenient<String>>,
    query: Option<Lenient<String>>,
    duration: Option<Lenient<f64>>,
    keep_firing_for: Option<Lenient<f64>>,
    labels: Option<Lenient<StrictLabels>>,
    annotations: Option<Lenient<StrictLabels>>,
    state: Option<Lenient<String>>,
    health: Option<Lenient<String>>,
    last_error: Option<Lenient<String>>,
    evaluation_time: Option<Lenient<f64>>,
    last_evaluation: Option<Lenient<String>>,
    #[serde(borrow, default, deserialize_with = "given")]
    alerts: Option<Lenient<Option<Rows<'a>>>>,
}

impl RawRule<'_> {
    /// Whether it has a field that only alerting rules have.
    fn has_alerts(&self) -> bool {
        self.state.is_some()
            || self.alerts.is_some()
            || self.duration.is_some()
            || self.keep_firing_for.is_some()
            || self.annotations.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAlert {
    /// Required: without its labels an alert belongs to no entity.
    labels: StrictLabels,
    annotations: Option<Lenient<StrictLabels>>,
    state: Option<Lenient<String>>,
    active_at: Option<Lenient<String>>,
    value: Option<Lenient<RawNumber>>,
}

/// A text in Prometheus, a number elsewhere.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawNumber {
    Number(f64),
    Text(String),
}

/// One answer, which may be one of several.
#[derive(Debug)]
pub struct RulesPage {
    /// Without `warnings` and `infos`.
    pub rules: Rules,
    pub warnings: Remarks,
    pub infos: Remarks,
    /// What is unreadable, not yet as warnings.
    pub faults: Faults,
    /// The token of the next page; None for the last one.
    pub next: Option<String>,
    /// How many groups it has, those that cannot be read included.
    pub groups: usize,
    /// How many groups, rules and alerts it has, of all kinds.
    pub rows: usize,
    /// The size of its text.
    pub bytes: usize,
}

/// Reads all alerting rules, in the order of the answer, and skips recording rules. Unreadable groups, rules, alerts and
/// fields are counted; the others are kept.
///
/// `date`: the instance's own time.
pub fn read_rules(body: &[u8], date: Option<Timestamp>) -> Result<RulesPage, WireFault> {
    let Opened { data, mut warnings, infos } = open::<RulesData<'_>>(body)?;
    warnings.add_all(warned(data.is_partial, data.warnings));
    let mut reader = RulesReader::default();
    let groups = reader.rows(data.groups);
    for group in &groups {
        match serde_json::from_str(group.get()) {
            Ok(group) => reader.group(group),
            Err(_) => reader.faults.groups += 1,
        }
    }
    let next = match data.group_next_token {
        Some(Lenient::Read(token)) if token.len() <= LONGEST_TOKEN => Some(token).filter(|t| !t.is_empty()),
        Some(_) => {
            reader.faults.lost_page = true;
            None
        }
        None => None,
    };
    let (groups, rows, bytes) = (groups.len(), reader.count, body.len());
    let RulesReader { rules, groups: read_groups, latest, faults, .. } = reader;
    let rules = Rules { rules, groups: read_groups, date, latest, ..Rules::default() };
    Ok(RulesPage { rules, warnings, infos, faults, next, groups, rows, bytes })
}

/// What is read so far, and what is unreadable.
#[derive(Default)]
struct RulesReader {
    rules: Vec<AlertingRule>,
    groups: Vec<RuleGroup>,
    latest: Option<Timestamp>,
    count: usize,
    faults: Faults,
}

impl RulesReader {
    /// A list's rows, as far as there is room for them.
    fn rows<'a>(&mut self, list: Rows<'a>) -> Vec<&'a RawValue> {
        let mut rows = list.first;
        let room = MOST_ROWS.saturating_sub(self.count);
        self.faults.beyond += list.more + rows.len().saturating_sub(room);
        rows.truncate(room);
        self.count += rows.len();
        rows
    }

    fn group(&mut self, raw: RawGroup<'_>) {
        let name = self.faults.part(raw.name);
        self.faults.fields += usize::from(name.is_none());
        let (name, file) = (name.unwrap_or_default(), self.faults.part(raw.file).unwrap_or_default());
        let first = self.rules.len();
        let mut group = RuleGroup {
            name,
            file,
            interval: self.faults.part(raw.interval).unwrap_or(0.0),
            limit: self.faults.part(raw.limit).unwrap_or(0),
            evaluation_time: self.faults.part(raw.evaluation_time).unwrap_or(0.0),
            last_evaluation: self.time(raw.last_evaluation),
            rules: first..first,
        };
        for rule in self.rows(raw.rules) {
            match serde_json::from_str(rule.get()) {
                Ok(rule) => self.rule(rule, &group),
                Err(_) => self.faults.rules += 1,
            }
        }
        group.rules = first..self.rules.len();
        self.groups.push(group);
    }

    fn rule(&mut self, raw: RawRule<'_>, group: &RuleGroup) {
        match RuleKind::of(&raw) {
            RuleKind::Alerting => {}
            RuleKind::Recording => return,
            RuleKind::Unknown(word) => return self.faults.unknown_type(word),
        }
        let Some(Lenient::Read(name)) = raw.name else {
            self.faults.rules += 1;
            return;
        };
        let alerts = self.faults.part(raw.alerts).flatten().unwrap_or_default();
        let alerts = self.rows(alerts).into_iter().filter_map(|alert| self.alert(alert)).collect();
        let never = matches!(&raw.last_evaluation, Some(Lenient::Read(time)) if is_never(time));
        // An unreadable time is a time all the same.
        let is_broken = matches!(&raw.last_evaluation, Some(Lenient::Broken));
        let of_group = group.last_evaluation.clone().filter(|_| !never && !is_broken);
        let last_evaluation = self.time(raw.last_evaluation);
        let faults = &mut self.faults;
        let health_word = faults.part(raw.health).map(|word| word.to_ascii_lowercase());
        let last_error = faults.part(raw.last_error).filter(|e| !e.is_empty());
        let is_evaluated = last_evaluation.is_some() || of_group.is_some() || is_broken;
        let health = health(health_word.as_deref(), last_error.is_some(), is_evaluated);
        // Prometheus before 3 sends inactive for a rule before its first evaluation, whose state is unknown.
        let is_new = health_word.as_deref() == Some("unknown") && last_evaluation.is_none();
        let state = match state(faults.part(raw.state).as_deref()) {
            AlertState::Inactive if is_new => AlertState::Unknown,
            state => state,
        };
        self.rules.push(AlertingRule {
            group: group.name.clone(),
            file: group.file.clone(),
            interval: group.interval,
            name,
            query: faults.part(raw.query).unwrap_or_default(),
            duration: faults.part(raw.duration).unwrap_or(0.0),
            keep_firing_for: faults.part(raw.keep_firing_for).unwrap_or(0.0),
            labels: labels(faults.part(raw.labels)),
            annotations: labels(faults.part(raw.annotations)),
            state,
            health,
            last_error,
            evaluation_time: faults.part(raw.evaluation_time).unwrap_or(0.0),
            last_evaluation: last_evaluation.or(of_group),
            alerts,
        });
    }

    fn alert(&mut self, raw: &RawValue) -> Option<Alert> {
        let read = serde_json::from_str::<RawAlert>(raw.get()).ok();
        // Every alert carries its name: one without it has lost labels.
        let named = |alert: &RawAlert| alert.labels.0.get("alertname").is_some_and(|name| !name.is_empty());
        let Some(raw) = read.filter(named) else {
            self.faults.alerts += 1;
            return None;
        };
        let active_at = self.time(raw.active_at);
        let faults = &mut self.faults;
        let value = match faults.part(raw.value) {
            Some(RawNumber::Text(text)) => {
                let value = number(text.as_bytes());
                faults.fields += usize::from(value.is_none() && !text.is_empty());
                value
            }
            Some(RawNumber::Number(value)) => Some(value),
            None => None,
        };
        Some(Alert {
            labels: raw.labels.0,
            annotations: labels(faults.part(raw.annotations)),
            state: state(faults.part(raw.state).as_deref()),
            active_at,
            value,
        })
    }

    /// None for never.
    fn time(&mut self, raw: Option<Lenient<String>>) -> Option<SentTime> {
        let text = self.faults.part(raw).filter(|t| !t.is_empty() && !is_never(t))?;
        let time = SentTime::of(text);
        self.latest = self.latest.max(time.at());
        Some(time)
    }
}

enum RuleKind<'a> {
    Alerting,
    Recording,
    /// With its word, if it is one.
    Unknown(Option<&'a str>),
}

impl<'a> RuleKind<'a> {
    fn of(rule: &'a RawRule<'_>) -> Self {
        match &rule.kind {
            Some(Lenient::Read(word)) if word.eq_ignore_ascii_case("alerting") => Self::Alerting,
            Some(Lenient::Read(word)) if word.eq_ignore_ascii_case("recording") => Self::Recording,
            Some(Lenient::Read(word)) if !word.is_empty() => Self::Unknown(Some(word)),
            Some(Lenient::Broken) => Self::Unknown(None),
            _ if rule.has_alerts() => Self::Alerting,
            _ => Self::Unknown(None),
        }
    }
}

fn health(word: Option<&str>, has_error: bool, is_evaluated: bool) -> RuleHealth {
    match word {
        Some("ok") if has_error => RuleHealth::Err,
        // vmalert sends ok even before the first evaluation.
        Some("ok") if is_evaluated => RuleHealth::Ok,
        Some("err") => RuleHealth::Err,
        _ => RuleHealth::Unknown,
    }
}

fn state(word: Option<&str>) -> AlertState {
    match word.map(str::to_ascii_lowercase).as_deref() {
        Some("firing") => AlertState::Firing,
        Some("pending") => AlertState::Pending,
        Some("inactive") => AlertState::Inactive,
        _ => AlertState::Unknown,
    }
}

fn labels(raw: Option<StrictLabels>) -> Labels {
    raw.map(|StrictLabels(labels)| labels).unwrap_or_default()
}

/// Go's zero time, the year 1, means never.
fn is_never(time: &str) -> bool {
    time.starts_with("0001-")
}

#[cfg(test)]
mod tests;
