//! Rules as rows of the alert table: chosen, filtered, in a total order.

mod could_match;
mod doubtful;
mod kept;
pub(super) mod order;
mod row;
mod tally;
mod worst;

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

pub use could_match::PossibleAlerts;
pub use doubtful::DoubtfulRule;
pub use kept::{KeptTables, TABLE_LIFETIME, TableSource};
pub use row::AlertRow;
pub use tally::Tally;
pub use worst::WorstAlerts;

use jiff::Timestamp;

use super::silences::Silences;
use super::skew::Skew;
use super::verdict::{Doubt, Evidence, StateCounts};
use crate::annotations::{AlertNames, AlertSpec, Matchers};
use crate::diagnostic::nearest;
use crate::prometheus::{AlertingRule, InstanceName, Labels, RowId, Rules};
use crate::promql::Matcher;
use crate::store::Answer;
use crate::upstream::UpstreamError;

/// A name is compared with all rules, so only the first of many that match none are.
const MOST_SIMILAR: usize = 5;

#[derive(Clone, Debug)]
pub struct AlertTable {
    pub instance: InstanceName,
    pub as_of: Timestamp,
    /// Why this is not the newest state.
    pub failure: Option<Arc<UpstreamError>>,
    pub warnings: Vec<String>,
    /// The instance's clock is off.
    pub skew: Option<Skew>,
    /// In the order of [`order::sorted`].
    pub rows: Vec<AlertRow>,
    pub counts: StateCounts,
    /// Names of the annotation that no rule of the instance has, each once.
    pub unmatched_names: Vec<UnmatchedName>,
    /// The matchers whose values are probably mistaken, where nothing is chosen.
    pub mistaken_matchers: Vec<String>,
    /// The rules that may be chosen and do not say for sure which alerts they have, in the table's order,
    /// whether or not they are among `rows`.
    pub doubtful: Vec<DoubtfulRule>,
    /// Whether any rule may give alerts that are chosen.
    pub has_rules: bool,
    /// A part of what chooses the rows cannot be read.
    pub broken: bool,
    pub silences: Silences,
    /// Made when it is first needed.
    groups: OnceLock<Vec<Vec<usize>>>,
    differing: OnceLock<Vec<String>>,
}

/// A name of the annotation that no rule has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedName {
    pub name: String,
    /// The rule's that was probably meant.
    pub similar: Option<String>,
}

impl AlertTable {
    /// The rows that a specification chooses from all rules of an instance.
    ///
    /// A rule without active alerts is a row of its own, shown on request. One that calls itself
    /// firing or pending all the same is always shown: a contradiction must not hide an alarm.
    pub fn of(instance: InstanceName, spec: &AlertSpec, answer: Answer<Rules>, show_inactive: bool) -> Self {
        let rules = answer.value;
        let mut counts = StateCounts::default();
        let (mut rows, mut doubtful, mut has_rules) = (Vec::new(), Vec::new(), false);
        for (i, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| is_named(&spec.names, rule)) {
            let mut chosen = AlertRow::all_of(&rules, i);
            chosen.retain(|row| is_chosen(&spec.matchers, row));
            let doubts = DoubtfulRule::of(&rules, i, answer.as_of);
            // Expressions are read only where the result matters.
            let matters = !has_rules || doubts.is_some();
            if !chosen.is_empty() || (matters && PossibleAlerts::of(rule).may_match(&spec.matchers)) {
                has_rules = true;
                doubtful.extend(doubts);
            }
            for row in chosen {
                counts.count(row.state());
                if show_inactive || row.is_shown() {
                    rows.push(row);
                }
            }
        }
        Self {
            instance,
            as_of: answer.as_of,
            failure: answer.failure,
            warnings: rules.warnings.clone(),
            skew: Skew::of(&rules, answer.as_of),
            rows: order::sorted(rows, |row| row),
            counts,
            unmatched_names: unmatched(&spec.names, &rules),
            mistaken_matchers: mistaken_matchers(spec, counts).map(ToString::to_string).collect(),
            doubtful: order::sorted(doubtful, |rule| &rule.row),
            has_rules,
            broken: spec.broken,
            silences: Silences::NotConfigured,
            groups: OnceLock::new(),
            differing: OnceLock::new(),
        }
    }

    pub(super) fn of_source(instance: InstanceName, source: TableSource, now: Timestamp) -> Self {
        let TableSource { spec, show_inactive, rules, silences } = source;
        Self::of(instance, &spec, rules, show_inactive).silenced_by(silences, now)
    }

    /// With what Alertmanager suppresses at `now` marked on its rows, and counted apart from what fires.
    pub(super) fn silenced_by(mut self, silences: Silences, now: Timestamp) -> Self {
        self.silences = silences;
        AlertRow::mark_all(self.rows.iter_mut(), &self.silences, now);
        self.rows.iter().for_each(|row| self.counts.suppress(row.suppression()));
        if let Silences::Known { undecided, .. } = &mut self.silences {
            *undecided = self.rows.iter().filter(|row| row.is_undecided()).count();
        }
        // The rest of their order stays as it is.
        self.rows.sort_by_key(|row| (row.state(), row.is_suppressed()));
        self
    }

    /// The places of the rows of each rule together, in the order of the first of them.
    pub fn by_rule(&self) -> &[Vec<usize>] {
        self.groups.get_or_init(|| by_rule(self.rows.iter().enumerate()))
    }

    /// The names of the labels that the rows differ by, sorted.
    pub fn differing(&self) -> &[String] {
        self.differing.get_or_init(|| {
            Labels::differing(self.rows.iter().map(AlertRow::labels)).into_iter().map(str::to_owned).collect()
        })
    }

    /// The row with that id, or the one that had it while there were rows equal to it.
    pub fn row(&self, id: RowId) -> Option<&AlertRow> {
        let found = self.rows.iter().find(|row| row.id() == id);
        found.or_else(|| self.rows.iter().find(|row| row.was_copy(id)))
    }

    /// What is known of everything that is chosen, whether or not it is among the rows.
    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence { counts: self.counts, has_rules: self.has_rules, ..Evidence::default() };
        let doubts = &mut evidence.doubts;
        self.doubtful.iter().for_each(|rule| doubts.add_all(rule.doubts));
        doubts.add_if(self.failure.is_some(), Doubt::Stale);
        doubts.add_if(!self.warnings.is_empty(), Doubt::Warned);
        doubts.add_if(!self.unmatched_names.is_empty(), Doubt::MissingRule);
        doubts.add_if(self.broken, Doubt::BrokenSelector);
        doubts.add_if(!self.mistaken_matchers.is_empty(), Doubt::MistakenMatcher);
        doubts.add_if(self.counts.unknown > 0, Doubt::UnknownState);
        let fires = self.counts.firing + self.counts.suppressed() > 0;
        doubts.add_if(fires && !self.silences.is_sure(), Doubt::UnsureSilences);
        evidence
    }
}

/// The places of rows by rule, in the order of the first of each.
pub fn by_rule<'r>(rows: impl Iterator<Item = (usize, &'r AlertRow)>) -> Vec<Vec<usize>> {
    let mut groups = HashMap::new();
    let mut rules: Vec<Vec<usize>> = Vec::new();
    for (place, row) in rows {
        // By the rule's pointer: two rules may share name, group and file.
        let group = *groups.entry(std::ptr::from_ref(row.rule())).or_insert(rules.len());
        match rules.get_mut(group) {
            Some(places) => places.push(place),
            None => rules.push(vec![place]),
        }
    }
    rules
}

/// Whether a table of the specification has the row.
pub(super) fn chooses(spec: &AlertSpec, row: &AlertRow) -> bool {
    is_named(&spec.names, row.rule()) && is_chosen(&spec.matchers, row)
}

/// Whether an alert of these labels would be in it.
pub(super) fn selects(spec: &AlertSpec, labels: &Labels) -> bool {
    let name = labels.get("alertname").unwrap_or_default();
    has_name(&spec.names, name) && spec.matchers.hold(|label| labels.get(label))
}

pub(super) fn is_named(names: &AlertNames, rule: &AlertingRule) -> bool {
    has_name(names, &rule.name)
}

fn has_name(names: &AlertNames, name: &str) -> bool {
    match names {
        AlertNames::All | AlertNames::Unnamed => true,
        AlertNames::Named(names) => names.iter().any(|known| known == name),
    }
}

/// Whether the matchers choose a row of a rule that is named. The labels of an alert that its
/// rule does not list are unknown: such a row is chosen if it may match.
fn is_chosen(matchers: &Matchers, row: &AlertRow) -> bool {
    if row.is_unlisted() {
        return PossibleAlerts::of(row.rule()).may_match(matchers);
    }
    matchers.hold(|label| row.labels().get(label))
}

fn unmatched(names: &AlertNames, rules: &Rules) -> Vec<UnmatchedName> {
    let AlertNames::Named(names) = names else { return Vec::new() };
    let known = || rules.rules.iter().map(|rule| rule.name.as_str());
    let mut seen: HashSet<&str> = known().collect();
    let unmatched = names.iter().filter(|name| seen.insert(name)).enumerate();
    // Sorted, so that it does not depend on the order of files.
    let sorted = LazyCell::new(|| known().collect::<BTreeSet<_>>());
    let similar = |name: &str| nearest(name, sorted.iter().copied()).map(str::to_owned);
    let unmatched = unmatched.map(|(at, name)| UnmatchedName {
        name: name.clone(),
        similar: if at < MOST_SIMILAR { similar(name) } else { None },
    });
    unmatched.collect()
}

/// Those that may be why nothing is chosen, not even a rule without alerts.
fn mistaken_matchers(spec: &AlertSpec, counts: StateCounts) -> impl Iterator<Item = &Matcher> {
    spec.mistaken_matchers().filter(move |_| counts == StateCounts::default())
}

#[cfg(test)]
mod tests;
