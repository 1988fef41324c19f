//! Counts the alerts of many specifications over the same rules, without making a table for each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{AlertRow, DoubtfulRule, PossibleAlerts, WorstAlerts, is_chosen, is_named, mistaken_matchers};
use crate::annotations::{AlertNames, AlertSpec};
use crate::monitoring::silences::Silences;
use crate::monitoring::verdict::{Doubt, Doubts, Evidence};
use crate::prometheus::{AlertingRule, Rules};

/// A rule, the alerts that it could have, and the doubts about it.
struct TalliedRule<'r> {
    rule: &'r AlertingRule,
    possible: PossibleAlerts<'r>,
    doubts: Doubts,
}

/// Every row of an instance's rules, found by its rule's name and by each of its labels.
pub struct Tally<'r> {
    /// In their order.
    rules: Vec<TalliedRule<'r>>,
    rules_by_name: HashMap<&'r str, Vec<u32>>,
    /// Those that list their alerts.
    rows: Vec<AlertRow>,
    by_name: HashMap<&'r str, Vec<u32>>,
    by_label: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>>,
    /// Rows of alerts that are not listed, with the places of their rules.
    unlisted: Vec<(usize, AlertRow)>,
    /// The doubts about all rules.
    every_doubt: Doubts,
    has_warnings: bool,
    /// Whether what is suppressed is known as it is now.
    knows_silences: bool,
}

impl<'r> Tally<'r> {
    pub fn of(rules: &'r Arc<Rules>, as_of: Timestamp) -> Self {
        let mut tally = Self {
            rules: Vec::with_capacity(rules.rules.len()),
            rules_by_name: HashMap::new(),
            rows: Vec::new(),
            by_name: HashMap::new(),
            by_label: HashMap::new(),
            unlisted: Vec::new(),
            every_doubt: Doubts::default(),
            has_warnings: !rules.warnings.is_empty(),
            knows_silences: true,
        };
        for (place, rule) in (0u32..).zip(&rules.rules) {
            let doubts = DoubtfulRule::of(rules, place as usize, as_of).map(|rule| rule.doubts);
            let doubts = doubts.unwrap_or_default();
            tally.every_doubt.add_all(doubts);
            tally.rules_by_name.entry(&rule.name).or_default().push(place);
            tally.rules.push(TalliedRule { rule, possible: PossibleAlerts::of(rule), doubts });
            for row in AlertRow::all_of(rules, place as usize) {
                if row.is_unlisted() {
                    tally.unlisted.push((place as usize, row));
                } else {
                    tally.add_row(rule, row);
                }
            }
        }
        tally
    }

    fn add_row(&mut self, rule: &'r AlertingRule, row: AlertRow) {
        let place = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.by_name.entry(&rule.name).or_default().push(place);
        for (name, value) in row.labels().iter() {
            self.by_label.entry(name.into()).or_default().entry(value.into()).or_default().push(place);
        }
        self.rows.push(row);
    }

    /// With what is suppressed at `now`, as [`AlertTable`](super::AlertTable) has it.
    pub fn silenced_by(mut self, silences: &Silences, now: Timestamp) -> Self {
        self.knows_silences = silences.is_sure();
        AlertRow::mark_all(self.rows.iter_mut(), silences, now);
        self
    }

    /// What [`AlertTable::evidence`](super::AlertTable::evidence) says, but for what the answer's age adds to it, and the
    /// worst alerts.
    pub fn count(&self, spec: &AlertSpec) -> (Evidence, Option<WorstAlerts>) {
        let (mut evidence, mut worst) = (Evidence::default(), None);
        let counted = self.count_rows(spec, &mut evidence, &mut worst);
        evidence.has_rules = !counted.is_empty();
        let doubts = &mut evidence.doubts;
        doubts.add_if(evidence.counts.unknown > 0, Doubt::UnknownState);
        doubts.add_if(self.has_warnings, Doubt::Warned);
        doubts.add_if(spec.broken, Doubt::BrokenSelector);
        doubts.add_if(mistaken_matchers(spec, evidence.counts).next().is_some(), Doubt::MistakenMatcher);
        if let AlertNames::Named(names) = &spec.names {
            let is_missing = |name: &String| !self.rules_by_name.contains_key(name.as_str());
            doubts.add_if(names.iter().any(is_missing), Doubt::MissingRule);
        }
        self.add_rules(spec, &counted, &mut evidence);
        (evidence, worst)
    }

    /// Counts the chosen rows, and returns their rules.
    fn count_rows(
        &self,
        spec: &AlertSpec,
        evidence: &mut Evidence,
        worst: &mut Option<WorstAlerts>,
    ) -> HashSet<*const AlertingRule> {
        let counts = &mut evidence.counts;
        let (mut counted, mut is_sure) = (HashSet::new(), self.knows_silences);
        for row in self.candidates(spec) {
            if is_named(&spec.names, row.rule()) && is_chosen(&spec.matchers, row) {
                counts.count(row.state());
                counts.suppress(row.suppression());
                WorstAlerts::add(worst, row);
                is_sure &= !row.is_undecided();
                counted.insert(std::ptr::from_ref(row.rule()));
            }
        }
        for (place, row) in &self.unlisted {
            let may_match =
                || self.rules.get(*place).is_some_and(|rule| rule.possible.may_match(&spec.matchers));
            if is_named(&spec.names, row.rule()) && may_match() {
                counts.count(row.state());
                WorstAlerts::add(worst, row);
                counted.insert(std::ptr::from_ref(row.rule()));
            }
        }
        let fires = counts.firing + counts.suppressed() > 0;
        evidence.doubts.add_if(fires && !is_sure, Doubt::UnsureSilences);
        counted
    }

    /// Adds the doubts about the rules that are named and may give chosen alerts. `counted`: rules that do.
    fn add_rules(&self, spec: &AlertSpec, counted: &HashSet<*const AlertingRule>, evidence: &mut Evidence) {
        let mut doubts = Doubts::default();
        for TalliedRule { rule, possible, doubts: of_rule } in self.named(spec) {
            // Nothing that follows can add to it.
            if evidence.has_rules && doubts == self.every_doubt {
                break;
            }
            let adds = !evidence.has_rules || !doubts.has_all(*of_rule);
            if adds && (counted.contains(&std::ptr::from_ref(*rule)) || possible.may_match(&spec.matchers)) {
                evidence.has_rules = true;
                doubts.add_all(*of_rule);
            }
        }
        evidence.doubts.add_all(doubts);
    }

    fn named(&self, spec: &AlertSpec) -> Box<dyn Iterator<Item = &TalliedRule<'r>> + '_> {
        match &spec.names {
            AlertNames::Named(names) => {
                let lists: Vec<&Vec<u32>> =
                    names.iter().filter_map(|name| self.rules_by_name.get(name.as_str())).collect();
                Box::new(lists.into_iter().flatten().filter_map(|place| self.rules.get(*place as usize)))
            }
            AlertNames::All | AlertNames::Unnamed => Box::new(self.rules.iter()),
        }
    }

    /// Rows among which are all that may be chosen: those of the names, or of the rarest label that a matcher
    /// wants, whichever are fewer.
    fn candidates(&self, spec: &AlertSpec) -> Vec<&AlertRow> {
        let Some(matchers) = spec.matchers.known() else { return Vec::new() };
        let of_names = match &spec.names {
            AlertNames::Named(names) => {
                Some(names.iter().filter_map(|name| self.by_name.get(name.as_str())).collect())
            }
            AlertNames::All | AlertNames::Unnamed => None,
        };
        let of_labels = matchers.iter().filter_map(|matcher| {
            let values = self.by_label.get(matcher.name.as_str());
            let only = matcher.only()?;
            Some(only.iter().filter_map(|value| values?.get(*value)).collect::<Vec<_>>())
        });
        let size = |lists: &Vec<&Vec<u32>>| lists.iter().map(|list| list.len()).sum::<usize>();
        match of_labels.chain(of_names).min_by_key(size) {
            Some(lists) => lists.into_iter().flatten().filter_map(|i| self.rows.get(*i as usize)).collect(),
            None => self.rows.iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
