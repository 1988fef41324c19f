//! The rows of one rule in the alert table: a head with a count, and a row for each alert below it.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use url::Url;

use super::alert_details::RowDetails;
use super::cells::{ExtraCell, LabelPair, all_pairs, extra, shared_extra};
use super::prose::{ProsePart, cut_prose, label_parts, prose};
use super::siblings::{Differences, OwnLabel};
use super::{AlertJson, PanelContext, cut, times};
use crate::annotations::Unit;
use crate::chart::format;
use crate::monitoring::{AlertRow, AlertTable, AlertmanagerStatus};
use crate::prometheus::{AlertState, InstanceName, Labels, RowId};
use crate::web::links::{Link, NavLink};

/// Longer texts are cut in a row; its details have them whole.
const MAX_CELL: usize = 160;
const MAX_HINT: usize = 400;
const MAX_SEVERITY: usize = 24;
/// A row shows this many labels.
const MAX_LABELS: usize = 4;
/// A rule with up to this many rows is open.
const MAX_OPEN: usize = 5;
/// A rule shows at most this many rows before it links to all.
pub const MAX_ROWS: usize = 20;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct RowView {
    pub row: AlertRow,
    pub id: RowId,
    /// How long its alert has been active.
    pub since: String,
    /// The labels of its cell.
    pub labels: Vec<LabelPair>,
    /// In place of the name of its rule, where that stands in the head above.
    pub own: Vec<OwnLabel>,
    pub extra: Vec<ExtraCell>,
    /// The page with this row open.
    pub link: Link,
    /// Where its details are fetched when the reader opens it.
    pub source: Link,
    /// Of a row that the address opens.
    pub details: Option<RowDetails>,
    /// The address links to this row.
    pub marked: bool,
    /// The message for a page that frames this one, sent when the row opens.
    pub message: Option<String>,
}

impl RowView {
    pub fn name(&self) -> String {
        cut(&self.row.rule().name, MAX_CELL)
    }

    /// What it is among the rows of its rule, or of the table.
    pub fn full_name(&self) -> String {
        let own = |label: &OwnLabel| format!(" {}={}{}", label.name, label.common, label.own);
        let label = |(name, _): &LabelPair| Some(format!(" {name}={}", self.row.labels().get(name)?));
        let differences = self.own.iter().map(own).chain(self.labels.iter().filter_map(label));
        cut(&std::iter::once(self.name()).chain(differences).collect::<String>(), MAX_HINT)
    }

    /// What a row may have to cut.
    pub fn hint(&self) -> String {
        let text = format!("{}\n{}", self.full_name(), summary(&self.row));
        cut(text.trim_end(), MAX_HINT)
    }

    pub fn summary(&self) -> Vec<ProsePart> {
        cut_prose(prose(&self.row, summary(&self.row)), MAX_CELL)
    }

    pub fn severity(&self) -> Option<String> {
        self.row.severity().map(|value| severity(&self.row, value))
    }

    pub fn value(&self) -> String {
        self.row.value().map(|value| format::number(value, &Unit::None)).unwrap_or_default()
    }

    pub fn suppressed(&self) -> Option<&'static str> {
        suppressed(&self.row)
    }
}

/// The head of several rows of one rule.
#[derive(Clone, Debug)]
pub struct RuleHead {
    pub id: String,
    pub state: AlertState,
    /// Where every row is suppressed, how the first is.
    pub suppressed: Option<&'static str>,
    pub name: String,
    /// `3 firing, 2 pending`
    pub count: String,
    pub summary: Vec<ProsePart>,
    pub severity: Option<String>,
    /// The labels that the rows differ by.
    pub differs_by: String,
    pub since: String,
    pub extra: Vec<ExtraCell>,
    pub open: bool,
}

/// The rows of one rule, or one row alone.
#[derive(Clone, Debug)]
pub struct RuleRows {
    /// None for a row alone.
    pub head: Option<RuleHead>,
    pub rows: Vec<RowView>,
    /// How many more rows there are, and a link to all.
    pub more: Option<NavLink>,
}

impl From<RowView> for RuleRows {
    fn from(row: RowView) -> Self {
        Self { head: None, rows: vec![row], more: None }
    }
}

/// Builds the views of rows.
pub struct RowBuilder<'a> {
    context: PanelContext<'a>,
    /// The address of Alertmanager's user interface.
    alertmanager: Option<&'a Url>,
    /// The labels that the table's rows differ by; None where there is only one row.
    differing: Option<Vec<&'a str>>,
    /// The rows that the address opens; it links to the first.
    opened: &'a [RowId],
    /// The rows link to `/go`, on this instance.
    go: Option<&'a InstanceName>,
    /// Alerts have been active up to then.
    now: Timestamp,
}

impl<'a> RowBuilder<'a> {
    /// For the rows of a table.
    pub fn new(context: &PanelContext<'a>, table: &'a AlertTable) -> Self {
        let differing =
            (table.rows.len() > 1).then(|| table.differing().iter().map(String::as_str).collect());
        let now = now(context.params().period.now, table.as_of);
        let opened = &context.links.params.table.opened;
        Self { context: *context, alertmanager: table.silences.ui_url(), differing, opened, go: None, now }
    }

    /// For some rows of a table alone, on an instance.
    pub fn of_rows(
        rows: &[&'a AlertRow],
        instance: &'a InstanceName,
        context: PanelContext<'a>,
        table: &'a AlertTable,
    ) -> Self {
        let differing = (rows.len() > 1).then(|| differing(rows));
        Self { differing, go: Some(instance), ..Self::new(&context, table) }
    }

    /// A row alone, with the labels that its rule and the other rows do not have.
    pub fn row(&self, row: &AlertRow) -> RowView {
        let (rule, severity) = (&row.rule().labels, row.severities().label());
        let is_own = |(name, value): &(&str, &str)| {
            *name != "alertname"
                && *name != severity
                && rule.get(name) != Some(value)
                && self.differing.as_ref().is_none_or(|differing| differing.binary_search(name).is_ok())
        };
        let labels = few(row, row.labels().iter().filter(is_own));
        self.view(row, labels, Vec::new())
    }

    /// Several rows of one rule, `first` among them. Shows at most `most` of them; `is_only`: the page has no other
    /// rule; `all` links to all of them.
    pub fn rule(
        &self,
        first: &AlertRow,
        rows: &[&AlertRow],
        is_only: bool,
        most: usize,
        all: impl FnOnce(String) -> NavLink,
    ) -> RuleRows {
        if rows.len() < 2 {
            return self.row(first).into();
        }
        let differing = differing(rows);
        let labels: Vec<&Labels> = rows.iter().map(|row| row.labels()).collect();
        let differences = Differences::of(&labels, &differing);
        // An opened row is never left out.
        let is_opened = |row: &AlertRow| !self.opened.is_empty() && self.opened.contains(&row.id());
        let shown = rows.iter().enumerate().filter(|(place, row)| *place < most || is_opened(row));
        let views: Vec<RowView> =
            shown.map(|(_, row)| self.view(row, Vec::new(), differences.in_row(row.labels()))).collect();
        let is_open = is_only || rows.len() <= MAX_OPEN || views.iter().any(|row| row.details.is_some());
        let beyond = rows.len() - views.len();
        RuleRows {
            head: Some(RuleHead::of(first, rows, &differing, &self.context, self.now, is_open)),
            rows: views,
            more: (beyond > 0).then(|| all(format!("{beyond} more: show all"))),
        }
    }

    fn view(&self, row: &AlertRow, labels: Vec<LabelPair>, own: Vec<OwnLabel>) -> RowView {
        let table = &self.context.params().table;
        let id = row.id();
        let is_framed = self.context.tells_parent;
        RowView {
            id,
            labels: if table.columns.has_all_labels() { all_pairs(row) } else { labels },
            own,
            extra: extra(&table.columns.extra, row),
            source: self.context.alert_details(id),
            details: self
                .opened
                .contains(&id)
                .then(|| RowDetails::of(&self.context, row, self.go, self.alertmanager)),
            link: self.context.row(row, self.go),
            marked: self.opened.first() == Some(&id),
            message: is_framed.then(|| serde_json::to_string(&AlertJson::of(row)).ok()).flatten(),
            since: row.active_at().map(|at| times::since(at, self.now)).unwrap_or_default(),
            row: row.clone(),
        }
    }
}

/// The time up to which alerts have been active: that of the page, which is up to a tick old, or of a newer answer.
fn now(page: Timestamp, answer: Timestamp) -> Timestamp {
    page.max(answer)
}

impl RuleHead {
    fn of(
        first: &AlertRow,
        rows: &[&AlertRow],
        differing: &[&str],
        context: &PanelContext<'_>,
        now: Timestamp,
        open: bool,
    ) -> Self {
        let params = context.params();
        let oldest = rows.iter().filter_map(|row| row.active_at()).min();
        let example = summary(first);
        let is_shared = rows.iter().all(|row| summary(row) == example) || example.is_empty();
        let for_example = (!is_shared).then(|| ProsePart::Text("e.g. ".to_owned()));
        let summary = for_example.into_iter().chain(prose(first, example)).collect();
        Self {
            id: format!("rule-{:016x}", hash_of_rule(first)),
            state: rows.iter().map(|row| row.state()).min().unwrap_or(AlertState::Unknown),
            suppressed: suppressed(first).filter(|_| rows.iter().all(|row| suppressed(row).is_some())),
            name: cut(&first.rule().name, MAX_CELL),
            count: count(rows),
            summary: cut_prose(summary, MAX_CELL),
            severity: first
                .severity()
                .filter(|s| rows.iter().all(|r| r.severity() == Some(s)))
                .map(|s| severity(first, s)),
            differs_by: cut(&differing.join(", "), MAX_CELL),
            since: oldest.map(|at| times::since(at, now)).unwrap_or_default(),
            extra: shared_extra(&params.table.columns.extra, first, rows),
            open,
        }
    }
}

fn suppressed(row: &AlertRow) -> Option<&'static str> {
    row.suppression().and_then(AlertmanagerStatus::word)
}

fn count(rows: &[&AlertRow]) -> String {
    let part = |n: usize, word: &str| (n > 0).then(|| format!("{n} {word}"));
    let parts = AlertState::ALL.into_iter().filter_map(|state| {
        let n = rows.iter().filter(|r| r.state() == state && suppressed(r).is_none()).count();
        part(n, state.as_str())
    });
    let kinds = ["silenced", "inhibited", "muted"].into_iter();
    let others =
        kinds.filter_map(|kind| part(rows.iter().filter(|r| suppressed(r) == Some(kind)).count(), kind));
    parts.chain(others).collect::<Vec<_>>().join(", ")
}

fn summary(row: &AlertRow) -> &str {
    let annotations = row.annotations();
    ["summary", "message", "description"].into_iter().find_map(|n| annotations.get(n)).unwrap_or_default()
}

/// A rule's own severity may be a template, of which a part says nothing: the details have it whole.
fn severity(row: &AlertRow, value: &str) -> String {
    let is_template = row.alert().is_none() && value.contains("{{");
    if is_template { "template".to_owned() } else { cut(value, MAX_SEVERITY) }
}

fn few<'l>(row: &AlertRow, labels: impl Iterator<Item = (&'l str, &'l str)>) -> Vec<LabelPair> {
    let labels = labels.take(MAX_LABELS);
    labels.map(|(name, value)| (cut(name, 40), cut_prose(label_parts(row, value), 60))).collect()
}

fn differing<'r>(rows: &[&'r AlertRow]) -> Vec<&'r str> {
    Labels::differing(rows.iter().map(|row| row.labels()))
}

fn hash_of_rule(row: &AlertRow) -> u64 {
    let rule = row.rule();
    let mut hasher = DefaultHasher::new();
    (&rule.file, &rule.group, &rule.name, &rule.query, &rule.labels).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_is_younger_than_the_tick_has_its_age() {
        let at = |second| Timestamp::from_second(second).unwrap();
        // The tick began at 60, the alert at 70, and the answer came at 73.
        assert_eq!(times::since(at(70), now(at(60), at(73))), "3s");
        // An older answer is as old as the page says.
        assert_eq!(times::since(at(10), now(at(60), at(30))), "50s");
    }
}
