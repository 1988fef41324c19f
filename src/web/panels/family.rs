//! Rows of one rule as the table shows them: a head with a count, and its siblings under it.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use url::Url;

use super::cells::{Cell, Shows, all_pairs, extra, shared_extra};
use super::controls::Control;
use super::detail::Detail;
use super::{Setting, cut, times};
use crate::annotations::Unit;
use crate::chart::format;
use crate::monitoring::{AlertRow, Held};
use crate::prometheus::AlertState;
use crate::web::RowId;
use crate::web::api::alerts::AlertForm;

/// Longer texts are cut in a line; the opened row has them whole.
const LONGEST_CELL: usize = 160;
/// How many labels a line shows.
const MOST_LABELS: usize = 4;
/// A family of up to this many siblings stands open.
const OPEN_UP_TO: usize = 5;
/// How many siblings a family shows before it offers a page of its own.
const MOST_SIBLINGS: usize = 20;

/// One line of the table, and what it opens to.
#[derive(Clone, Debug)]
pub struct Line {
    /// Stable while rule and labels are.
    pub id: String,
    pub state: AlertState,
    pub name: String,
    pub summary: String,
    pub severity: Option<String>,
    pub labels: Vec<(String, String)>,
    /// Empty where the table has no such column.
    pub annotations: Vec<(String, String)>,
    pub value: String,
    pub since: String,
    pub extra: Vec<Cell>,
    pub detail: Detail,
    /// The page with this row opened.
    pub link: String,
    /// The graph of its expression.
    pub graph: String,
    /// `silenced`, `inhibited` or `muted`.
    pub held: Option<&'static str>,
    /// The address leads to this row.
    pub marked: bool,
    /// What a page that frames this one is told when the row is opened.
    pub told: Option<String>,
}

/// What stands for all siblings.
#[derive(Clone, Debug)]
pub struct Head {
    pub id: String,
    pub state: AlertState,
    /// Why not one of the siblings is sent on.
    pub held: Option<&'static str>,
    pub name: String,
    /// `3 firing, 2 pending`
    pub count: String,
    pub summary: String,
    pub severity: Option<String>,
    /// The labels that the siblings differ by.
    pub differs_by: String,
    pub since: String,
    pub extra: Vec<Cell>,
    pub open: bool,
}

#[derive(Clone, Debug)]
pub enum Family {
    One(Box<Line>),
    Many { head: Box<Head>, lines: Vec<Line>, beyond: usize, all: Control },
}

/// Writes rows as lines; knows what they all share, which tells nothing apart.
pub struct Writer<'a> {
    setting: Setting<'a>,
    /// Where people open the Alertmanager.
    alertmanager: Option<&'a Url>,
    shared: HashSet<(&'a str, &'a str)>,
    used: HashSet<RowId>,
}

impl<'a> Writer<'a> {
    pub fn new(rows: &'a [AlertRow], setting: Setting<'a>, alertmanager: Option<&'a Url>) -> Self {
        Self {
            setting,
            alertmanager,
            shared: if rows.len() > 1 { shared(rows) } else { HashSet::new() },
            used: HashSet::new(),
        }
    }

    /// A row on its own.
    pub fn one(&mut self, row: &AlertRow) -> Family {
        let own = &row.rule().labels;
        let telling = |(name, value): &(&str, &str)| {
            !matches!(*name, "alertname" | "severity")
                && own.get(name) != Some(value)
                && !self.shared.contains(&(*name, *value))
        };
        let labels = few(row.labels().iter().filter(telling));
        Family::One(Box::new(self.line(row, labels)))
    }

    /// Rows of one rule, of which `first` is one. `alone`: the page has no other; `whole`: no sibling is left out;
    /// `all`: where every one of them stands otherwise.
    pub fn many(
        &mut self,
        first: &AlertRow,
        rows: &[AlertRow],
        (alone, whole): (bool, bool),
        all: Control,
    ) -> Family {
        if rows.len() < 2 {
            return self.one(first);
        }
        let differing = differing(rows);
        let most = if whole { rows.len() } else { MOST_SIBLINGS };
        let marked = self.setting.params().table.alert;
        // The row that the address leads to is never left out.
        let listed = |(place, row): &(usize, &AlertRow)| *place < most || marked == Some(RowId::of(row));
        let lines: Vec<Line> = rows
            .iter()
            .enumerate()
            .filter(listed)
            .map(|(_, row)| row)
            .map(|row| {
                let labels = few(row.labels().iter().filter(|(name, _)| differing.contains(name)));
                self.line(row, labels)
            })
            .collect();
        let open = alone || rows.len() <= OPEN_UP_TO || lines.iter().any(|line| line.marked);
        let head = Head::of(first, rows, &differing, &self.setting, open);
        Family::Many { head: Box::new(head), beyond: rows.len() - lines.len(), lines, all }
    }

    fn line(&mut self, row: &AlertRow, labels: Vec<(String, String)>) -> Line {
        let tells_parent = self.setting.tells_parent;
        let params = self.setting.params();
        let (now, zone) = (params.period.now, &params.zone);
        let columns = &params.table.columns;
        let shows = Shows::of(columns);
        let alert = row.alert();
        let id = self.id(row);
        let since = alert.and_then(|a| a.active_at.as_deref()).and_then(|at| times::since(at, now));
        Line {
            id: format!("alert-{id}"),
            state: row.state(),
            name: cut(&row.rule().name, LONGEST_CELL),
            summary: cut(summary(row), LONGEST_CELL),
            severity: row.severity().map(|s| cut(s, 24)),
            labels: if shows.all_labels { all_pairs(row.labels()) } else { labels },
            annotations: if shows.annotations { all_pairs(row.annotations()) } else { Vec::new() },
            value: alert.and_then(|a| a.value).map(short).unwrap_or_default(),
            since: since.unwrap_or_default(),
            extra: extra(&columns.extra, row),
            detail: Detail::of(row, self.alertmanager, now, zone),
            held: held(row),
            link: self.setting.links.alert(self.setting.source, id, row.is_active()).to_string(),
            graph: self.setting.alert_graph(id).to_string(),
            marked: params.table.alert == Some(id),
            told: if tells_parent { serde_json::to_string(&AlertForm::of(row)).ok() } else { None },
        }
    }

    /// Two alerts that cannot be told apart still get two ids.
    fn id(&mut self, row: &AlertRow) -> RowId {
        let mut id = RowId::of(row);
        while !self.used.insert(id) {
            id = id.next();
        }
        id
    }
}

impl Head {
    fn of(
        first: &AlertRow,
        rows: &[AlertRow],
        differing: &BTreeSet<&str>,
        setting: &Setting<'_>,
        open: bool,
    ) -> Self {
        let rule = first.rule();
        let params = setting.params();
        let now = params.period.now;
        let oldest = rows.iter().filter_map(|r| r.alert()?.active_at.as_deref()?.parse().ok()).min();
        let same_summary = rows.iter().all(|r| summary(r) == summary(first));
        let example = summary(first);
        let summary = match (same_summary, example) {
            (true, text) => text.to_owned(),
            (false, "") => String::new(),
            (false, text) => format!("e.g. {text}"),
        };
        Self {
            id: format!("rule-{:016x}", hash_of_rule(first)),
            state: rows.iter().map(AlertRow::state).min().unwrap_or(AlertState::Unknown),
            held: held(first).filter(|_| rows.iter().all(|row| held(row).is_some())),
            name: cut(&rule.name, LONGEST_CELL),
            count: count(rows),
            summary: cut(&summary, LONGEST_CELL),
            severity: first
                .severity()
                .filter(|s| rows.iter().all(|r| r.severity() == Some(s)))
                .map(|s| cut(s, 24)),
            differs_by: cut(&differing.iter().copied().collect::<Vec<_>>().join(", "), LONGEST_CELL),
            since: oldest
                .map(|at: jiff::Timestamp| times::span(now.as_second() - at.as_second()))
                .unwrap_or_default(),
            extra: shared_extra(&params.table.columns.extra, rows),
            open,
        }
    }
}

fn held(row: &AlertRow) -> Option<&'static str> {
    row.held().and_then(Held::word)
}

fn count(rows: &[AlertRow]) -> String {
    let part = |n: usize, word: &str| (n > 0).then(|| format!("{n} {word}"));
    let parts = AlertState::ALL.into_iter().filter_map(|state| {
        let n = rows.iter().filter(|r| r.state() == state && held(r).is_none()).count();
        part(n, state.as_str())
    });
    let kinds = ["silenced", "inhibited", "muted"].into_iter();
    let others = kinds.filter_map(|kind| part(rows.iter().filter(|r| held(r) == Some(kind)).count(), kind));
    parts.chain(others).collect::<Vec<_>>().join(", ")
}

fn summary(row: &AlertRow) -> &str {
    let annotations = row.annotations();
    ["summary", "message", "description"].into_iter().find_map(|n| annotations.get(n)).unwrap_or_default()
}

fn short(value: f64) -> String {
    format::number(value, &Unit::None)
}

fn few<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> Vec<(String, String)> {
    labels.take(MOST_LABELS).map(|(n, v)| (cut(n, 40), cut(v, 60))).collect()
}

/// The labels that all rows carry with one value.
fn shared(rows: &[AlertRow]) -> HashSet<(&str, &str)> {
    let mut rows = rows.iter().map(AlertRow::labels);
    let mut shared: HashSet<(&str, &str)> = rows.next().map(|l| l.iter().collect()).unwrap_or_default();
    for labels in rows {
        shared.retain(|(name, value)| labels.get(name) == Some(value));
    }
    shared
}

/// The names of labels that not all rows carry with one value.
fn differing(rows: &[AlertRow]) -> BTreeSet<&str> {
    let shared = shared(rows);
    let all = rows.iter().flat_map(|r| r.labels().iter());
    all.filter(|pair| !shared.contains(pair)).map(|(name, _)| name).collect()
}

fn hash_of_rule(row: &AlertRow) -> u64 {
    let rule = row.rule();
    let mut hasher = DefaultHasher::new();
    (&rule.file, &rule.group, &rule.name, &rule.query, &rule.labels).hash(&mut hasher);
    hasher.finish()
}
