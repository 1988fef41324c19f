//! Reads the answer to `/rules?type=alert`.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::envelope::{Opened, WireFault, open, warned};
use super::parts::WirePart;
use super::remarks::Remarks;
use crate::prometheus::numbers::number;
use crate::prometheus::{Alert, AlertState, AlertingRule, RuleGroup, RuleHealth, Rules};
use crate::upstream::SentTime;

mod faults;
mod raw;

use faults::Faults;
use raw::{RawAlert, RawGroup, RawRule, RawText, Row, Rows, RulesData};

/// The most groups, rules and alerts of one answer that are read: in memory each takes up to a hundred times its
/// shortest text.
pub const MOST_ROWS: usize = 200_000;
/// The longest token that is sent back, in bytes.
const LONGEST_TOKEN: usize = 4 << 10;

/// One answer, which may be one of several.
#[derive(Debug, Default)]
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

/// Reads all alerting rules, in the order of the answer, and skips recording rules. Unreadable groups, rules, alerts
/// and fields are counted; the others are kept.
///
/// `date`: the instance's own time.
pub fn read_rules(body: &[u8], date: Option<Timestamp>) -> Result<RulesPage, WireFault> {
    // Every group, rule and alert begins with a brace, or with a bracket where its fields are written as a list. So
    // an answer has no more of them than it has of these.
    let most = |sign: u8| body.iter().filter(|byte| **byte == sign).count() <= MOST_ROWS;
    let is_small = most(b'{') && most(b'[');
    let sound = is_small.then(|| read::<true>(body, date).ok()).flatten();
    sound.map_or_else(|| read::<false>(body, date), Ok)
}

/// `WHOLE`: fails also when a part is unreadable.
fn read<const WHOLE: bool>(body: &[u8], date: Option<Timestamp>) -> Result<RulesPage, WireFault> {
    let Opened { data, mut warnings, infos } = open::<RulesData<'_, WHOLE>>(body)?;
    warnings.add_all(warned(data.is_partial, data.warnings));
    let bytes = body.len();
    let mut page = RulesPage { warnings, infos, bytes, ..RulesPage::default() };
    page.rules.date = date;
    let groups = page.take_rows(data.groups);
    page.groups = groups.len();
    for group in groups {
        match group.read() {
            Some(group) => page.add_group(group),
            None => page.faults.groups += 1,
        }
    }
    page.next = match data.group_next_token {
        Some(WirePart::Read(token)) if token.len() <= LONGEST_TOKEN => Some(token).filter(|t| !t.is_empty()),
        Some(_) => {
            page.faults.lost_page = true;
            None
        }
        None => None,
    };
    Ok(page)
}

impl RulesPage {
    /// A list's rows, as far as there is room for them.
    fn take_rows<'a, T, const WHOLE: bool>(&mut self, list: Rows<'a, T, WHOLE>) -> Vec<Row<'a, T, WHOLE>> {
        let mut rows = list.first;
        let room = MOST_ROWS.saturating_sub(self.rows);
        self.faults.beyond += list.more + rows.len().saturating_sub(room);
        rows.truncate(room);
        self.rows += rows.len();
        rows
    }

    fn add_group<const WHOLE: bool>(&mut self, raw: RawGroup<'_, WHOLE>) {
        let name = self.faults.part(raw.name);
        self.faults.fields += usize::from(name.is_none());
        let first = self.rules.rules.len();
        let mut group = RuleGroup {
            name: name.unwrap_or_default(),
            file: self.faults.part(raw.file).unwrap_or_default(),
            interval: self.faults.part(raw.interval).unwrap_or(0.0),
            limit: self.faults.part(raw.limit).unwrap_or(0),
            evaluation_time: self.faults.part(raw.evaluation_time).unwrap_or(0.0),
            last_evaluation: self.time(raw.last_evaluation),
            rules: first..first,
        };
        for rule in self.take_rows(raw.rules) {
            match rule.read() {
                Some(rule) if self.is_alerting(&rule) => self.add_rule(rule, &group),
                Some(_) => {}
                None => self.faults.rules += 1,
            }
        }
        group.rules = first..self.rules.rules.len();
        self.rules.groups.push(group);
    }

    /// Counts a rule that is neither alerting nor recording.
    fn is_alerting<const WHOLE: bool>(&mut self, rule: &RawRule<'_, WHOLE>) -> bool {
        let word = match &rule.kind {
            Some(WirePart::Read(word)) if word.eq_ignore_ascii_case("alerting") => return true,
            Some(WirePart::Read(word)) if word.eq_ignore_ascii_case("recording") => return false,
            Some(WirePart::Read(word)) if !word.is_empty() => Some(word.as_str()),
            Some(WirePart::Broken) => None,
            _ if rule.has_alerts() => return true,
            _ => None,
        };
        self.faults.unknown_type(word);
        false
    }

    fn add_rule<const WHOLE: bool>(&mut self, raw: RawRule<'_, WHOLE>, group: &RuleGroup) {
        let Some(WirePart::Read(name)) = raw.name else {
            self.faults.rules += 1;
            return;
        };
        let alerts = self.faults.part(raw.alerts).unwrap_or_default();
        let alerts = self.take_rows(alerts).into_iter().filter_map(|alert| self.alert(alert)).collect();
        let is_never = matches!(&raw.last_evaluation, Some(WirePart::Read(RawText(time))) if is_never(time));
        // An unreadable time is a time all the same.
        let is_broken = matches!(&raw.last_evaluation, Some(WirePart::Broken));
        let of_group = group.last_evaluation.clone().filter(|_| !is_never && !is_broken);
        let own_evaluation = self.time(raw.last_evaluation);
        let faults = &mut self.faults;
        let health_word = faults.part(raw.health).map(|word| word.to_ascii_lowercase());
        let last_error = faults.part(raw.last_error).filter(|e| !e.is_empty());
        let is_evaluated = own_evaluation.is_some() || of_group.is_some() || is_broken;
        // Prometheus before 3 sends inactive for a rule before its first evaluation, whose state is unknown.
        let is_new = health_word.as_deref() == Some("unknown") && own_evaluation.is_none();
        let state = state(faults.part(raw.state));
        self.rules.rules.push(AlertingRule {
            group: group.name.clone(),
            file: group.file.clone(),
            interval: group.interval,
            name,
            query: faults.part(raw.query).unwrap_or_default(),
            duration: faults.part(raw.duration).unwrap_or(0.0),
            keep_firing_for: faults.part(raw.keep_firing_for).unwrap_or(0.0),
            labels: faults.part(raw.labels).unwrap_or_default(),
            annotations: faults.part(raw.annotations).unwrap_or_default(),
            state: if is_new && state == AlertState::Inactive { AlertState::Unknown } else { state },
            health: health(health_word.as_deref(), last_error.is_some(), is_evaluated),
            last_error,
            evaluation_time: faults.part(raw.evaluation_time).unwrap_or(0.0),
            last_evaluation: own_evaluation.or(of_group),
            alerts,
        });
    }

    fn alert<'a, const WHOLE: bool>(&mut self, raw: Row<'a, RawAlert<'a, WHOLE>, WHOLE>) -> Option<Alert> {
        // Every alert carries its name: one without it has lost labels.
        let is_named =
            |alert: &RawAlert<'_, WHOLE>| alert.labels.get("alertname").is_some_and(|name| !name.is_empty());
        let Some(raw) = raw.read().filter(is_named) else {
            self.faults.alerts += 1;
            return None;
        };
        Some(Alert {
            labels: raw.labels,
            active_at: self.time(raw.active_at),
            value: raw.value.and_then(|value| self.value(value)),
            annotations: self.faults.part(raw.annotations).unwrap_or_default(),
            state: state(self.faults.part(raw.state)),
        })
    }

    /// None for an empty text too.
    fn value(&mut self, raw: &RawValue) -> Option<f64> {
        let json = raw.get();
        let (value, is_empty) = if json.starts_with('"') {
            let text: Cow<'_, str> = serde_json::from_str(json).unwrap_or_default();
            (number(text.as_bytes()), text.is_empty())
        } else {
            // A number beyond all floats is none.
            (number(json.as_bytes()).filter(|value| value.is_finite()), false)
        };
        self.faults.fields += usize::from(value.is_none() && !is_empty);
        value
    }

    /// None for never.
    fn time<const WHOLE: bool>(&mut self, raw: Option<WirePart<RawText<'_>, WHOLE>>) -> Option<SentTime> {
        let RawText(text) = self.faults.part(raw).filter(|RawText(t)| !t.is_empty() && !is_never(t))?;
        let time = SentTime::of(text.into_owned());
        self.rules.latest = self.rules.latest.max(time.at());
        Some(time)
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

fn state(word: Option<RawText<'_>>) -> AlertState {
    let states = [AlertState::Firing, AlertState::Pending, AlertState::Inactive];
    let is_meant = |state: &AlertState| {
        word.as_ref().is_some_and(|RawText(word)| word.eq_ignore_ascii_case(state.as_str()))
    };
    states.into_iter().find(is_meant).unwrap_or(AlertState::Unknown)
}

/// Go's zero time, the year 1, means never.
fn is_never(time: &str) -> bool {
    time.starts_with("0001-")
}

#[cfg(test)]
mod tests;
