//! Counts the alerts of many specifications over the same rules, without making a table for each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{AlertRow, DoubtfulRule, PossibleAlerts, is_chosen, is_named};
use crate::annotations::{AlertNames, AlertSpec};
use crate::monitoring::silences::{AlertmanagerAnswer, Silences};
use crate::monitoring::verdict::{Doubt, Doubts, Evidence};
use crate::prometheus::{AlertingRule, Rules};

type Judged<'t> = (&'t AlertingRule, &'t PossibleAlerts<'t>, &'t Doubts);

/// Every row of an instance's rules, found by its rule's name and by each of its labels.
pub struct Tally<'r> {
    rules: &'r Arc<Rules>,
    /// What alerts each rule could have, in the order of the rules.
    possible: Vec<PossibleAlerts<'r>>,
    rules_by_name: HashMap<Box<str>, Vec<u32>>,
    /// Those that list their alerts.
    rows: Vec<AlertRow>,
    by_name: HashMap<Box<str>, Vec<u32>>,
    by_label: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>>,
    /// Those that stand for alerts which are not listed, with the places of their rules.
    unlisted: Vec<(usize, AlertRow)>,
    /// The doubts about each rule, in the order of the rules.
    doubts: Vec<Doubts>,
    /// All of them.
    every_doubt: Doubts,
    /// Whether what is held back is known as it is now.
    knows_silences: bool,
}

impl<'r> Tally<'r> {
    pub fn of(rules: &'r Arc<Rules>, as_of: Timestamp) -> Self {
        let places = 0..rules.rules.len();
        let (mut rows, mut unlisted) = (Vec::new(), Vec::new());
        for place in places.clone() {
            for row in AlertRow::all_of(rules, place) {
                if row.is_unlisted() { unlisted.push((place, row)) } else { rows.push(row) }
            }
        }
        let of_rule = |i| DoubtfulRule::of(rules, i, as_of).map(|rule| rule.doubts).unwrap_or_default();
        let doubts: Vec<Doubts> = places.map(of_rule).collect();
        let mut every_doubt = Doubts::default();
        doubts.iter().for_each(|of_rule| every_doubt.add_all(*of_rule));
        let mut by_name: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        let mut by_label: HashMap<Box<str>, HashMap<Box<str>, Vec<u32>>> = HashMap::new();
        for (place, row) in (0u32..).zip(&rows) {
            by_name.entry(row.name().into()).or_default().push(place);
            for (name, value) in row.labels().iter() {
                by_label.entry(name.into()).or_default().entry(value.into()).or_default().push(place);
            }
        }
        let mut rules_by_name: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (place, rule) in (0u32..).zip(&rules.rules) {
            rules_by_name.entry(rule.name.as_str().into()).or_default().push(place);
        }
        let possible = rules.rules.iter().map(PossibleAlerts::of).collect();
        Self {
            rules,
            possible,
            rules_by_name,
            rows,
            by_name,
            by_label,
            unlisted,
            doubts,
            every_doubt,
            knows_silences: true,
        }
    }

    /// With what is held back at `now`, as [`AlertTable`](super::AlertTable) has it.
    pub fn silenced_by(
        mut self,
        silences: &Silences,
        answer: Option<&AlertmanagerAnswer>,
        now: Timestamp,
    ) -> Self {
        self.knows_silences = silences.is_sure();
        if let Some(answer) = answer {
            answer.mark(self.rows.iter_mut(), now);
        }
        self
    }

    /// What [`AlertTable::evidence`](super::AlertTable::evidence) says, but for what the answer's age adds to it.
    pub fn count(&self, spec: &AlertSpec) -> Evidence {
        let mut evidence = Evidence::default();
        let counts = &mut evidence.counts;
        let (mut counted, mut is_sure) = (HashSet::new(), self.knows_silences);
        for row in self.candidates(spec) {
            if is_named(&spec.names, row.rule()) && is_chosen(&spec.matchers, row) {
                counts.count(row.state());
                counts.suppress(row);
                is_sure &= !row.is_undecided();
                counted.insert(std::ptr::from_ref(row.rule()));
            }
        }
        for (place, row) in &self.unlisted {
            let may_match =
                || self.possible.get(*place).is_some_and(|alerts| alerts.may_match(&spec.matchers));
            if is_named(&spec.names, row.rule()) && may_match() {
                counts.count(row.state());
                counted.insert(std::ptr::from_ref(row.rule()));
            }
        }
        evidence.has_rules = !counted.is_empty();
        let fires = counts.firing + counts.suppressed() > 0;
        let doubts = &mut evidence.doubts;
        doubts.add_if(fires && !is_sure, Doubt::UnsureSilences);
        doubts.add_if(evidence.counts.unknown > 0, Doubt::UnknownState);
        doubts.add_if(!self.rules.warnings.is_empty(), Doubt::Warned);
        doubts.add_if(spec.broken, Doubt::BrokenSelector);
        let mut of_rules = Doubts::default();
        for (rule, possible, of_rule) in self.named(spec) {
            // Nothing that follows can say more.
            if evidence.has_rules && of_rules == self.every_doubt {
                break;
            }
            let adds = !evidence.has_rules || !of_rules.has_all(*of_rule);
            if adds && (counted.contains(&std::ptr::from_ref(rule)) || possible.may_match(&spec.matchers)) {
                evidence.has_rules = true;
                of_rules.add_all(*of_rule);
            }
        }
        evidence.doubts.add_all(of_rules);
        if let AlertNames::Named(names) = &spec.names {
            let is_missing = |name: &String| !self.rules_by_name.contains_key(name.as_str());
            evidence.doubts.add_if(names.iter().any(is_missing), Doubt::MissingRule);
        }
        evidence
    }

    /// The rules that are named, each with its possible alerts and the doubts about it.
    fn named(&self, spec: &AlertSpec) -> Box<dyn Iterator<Item = Judged<'_>> + '_> {
        let at = |place: usize| {
            Some((self.rules.rules.get(place)?, self.possible.get(place)?, self.doubts.get(place)?))
        };
        match &spec.names {
            AlertNames::Named(names) => {
                let lists: Vec<&Vec<u32>> =
                    names.iter().filter_map(|name| self.rules_by_name.get(name.as_str())).collect();
                Box::new(lists.into_iter().flatten().filter_map(move |place| at(*place as usize)))
            }
            AlertNames::All | AlertNames::Unnamed => Box::new((0..self.rules.rules.len()).filter_map(at)),
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
