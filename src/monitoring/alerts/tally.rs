//! Counts the alerts of many specifications over the same rules, without making a table for each.

use std::collections::HashMap;
use std::sync::Arc;

use super::{AlertRow, StateCounts, holds, is_named, may_hold};
use crate::annotations::{AlertNames, AlertSpec};
use crate::prometheus::{RuleHealth, Rules};

/// Every row of an instance's rules, found by its rule's name and by each of its labels.
pub struct Tally {
    rows: Vec<AlertRow>,
    by_name: HashMap<Box<str>, Vec<u32>>,
    by_label: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>>,
    /// One row for each rule that cannot be evaluated.
    failing: Vec<AlertRow>,
}

impl Tally {
    pub fn of(rules: &Arc<Rules>) -> Self {
        let rows: Vec<AlertRow> = (0..rules.rules.len()).flat_map(|i| AlertRow::all_of(rules, i)).collect();
        let failing = rules.rules.iter().enumerate().filter(|(_, rule)| rule.health == RuleHealth::Err);
        let failing = failing.filter_map(|(i, _)| AlertRow::of_rule(rules, i)).collect();
        let mut by_name: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        let mut by_label: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>> = HashMap::new();
        for (place, row) in (0u32..).zip(&rows) {
            by_name.entry(row.name().into()).or_default().push(place);
            for (name, value) in row.labels().iter() {
                by_label.entry(name.into()).or_default().entry(value.into()).or_default().push(place);
            }
        }
        Self { rows, by_name, by_label, failing }
    }

    /// The counts that [`AlertTable::of`](super::AlertTable::of) has. A rule that is failing or missing counts as
    /// unknown, as on the entity's page.
    pub fn count(&self, spec: &AlertSpec) -> StateCounts {
        let mut counts = StateCounts::default();
        let mut chosen_of_failing = Vec::new();
        for row in self.candidates(spec) {
            if !is_named(&spec.names, row.rule()) || !holds(&spec.matchers, row) {
                continue;
            }
            counts.count(row.state());
            if row.rule().health == RuleHealth::Err {
                chosen_of_failing.push(std::ptr::from_ref(row.rule()));
            }
        }
        let is_doubtful = |whole: &&AlertRow| {
            is_named(&spec.names, whole.rule())
                && (chosen_of_failing.contains(&std::ptr::from_ref(whole.rule())) || may_hold(spec, whole))
        };
        counts.unknown += self.failing.iter().filter(is_doubtful).count();
        if let AlertNames::Named(names) = &spec.names {
            counts.unknown += names.iter().filter(|name| !self.by_name.contains_key(name.as_str())).count();
        }
        counts
    }

    /// Rows among which are all that may be chosen: those of the names, or of the rarest label that a matcher
    /// wants, whichever are fewer.
    fn candidates(&self, spec: &AlertSpec) -> Vec<&AlertRow> {
        let of_names = match &spec.names {
            AlertNames::Named(names) => {
                Some(names.iter().filter_map(|name| self.by_name.get(name.as_str())).collect())
            }
            AlertNames::All | AlertNames::Unnamed => None,
        };
        let of_labels = spec.matchers.iter().filter_map(|matcher| {
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
