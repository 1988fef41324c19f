//! Finds the owners of many alerts at once: no regex is tested twice with one value, and no more is done than a
//! request is worth.

use std::collections::HashMap;

use super::{Entry, NONE, Owners, Owning, Tested};
use crate::prometheus::Labels;

/// The most work of one lookup, in tests with a table; it is a second or two.
const MOST_WORK: usize = 50_000_000;

/// One use of the index.
pub struct Lookup<'o> {
    owners: &'o Owners,
    /// For each label that regexes are tested with: what is known of each of its values.
    known: Vec<HashMap<Box<str>, Vec<Outcome>>>,
    most_work: usize,
    done: Work,
}

/// What was done, for those who must know that it was not too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How often a regex was tested with a value.
    pub tests: usize,
    /// In tests with a table.
    pub cost: usize,
    /// How often an entity was passed over, because there was too much to do before.
    pub untried: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Open,
    Matches,
    Differs,
}

/// An alert's values, by the numbers of their labels.
type Values<'l> = Vec<Option<&'l str>>;

impl<'o> Lookup<'o> {
    pub(super) fn of(owners: &'o Owners) -> Self {
        Self::within(owners, MOST_WORK)
    }

    pub(super) fn within(owners: &'o Owners, most_work: usize) -> Self {
        let known = vec![HashMap::new(); owners.labels.len()];
        Self { owners, known, most_work, done: Work::default() }
    }

    /// The entities that would show an alert of these labels, the closest first.
    pub fn find(&mut self, labels: &Labels) -> Vec<Owning> {
        let owners = self.owners;
        let named = labels.get("alertname").and_then(|name| owners.names.get(name)).copied();
        let pairs = labels.iter().filter_map(|(label, value)| Some(owners.pairs.get(label)?.of(value)));
        let pairs: Vec<u32> = std::iter::once(NONE).chain(pairs.flatten()).collect();
        let names = std::iter::once(NONE).chain(named);
        let places = names.flat_map(|name| pairs.iter().map(move |pair| (name, *pair)));
        let values = self.values(labels);
        let found = places.flat_map(|(name, pair)| owners.posted(name, pair));
        let found: Vec<&Entry> = found.filter(|entry| self.holds(entry, &values)).collect();
        owners.told(found.into_iter())
    }

    /// The entities that would show alerts of a rule, whatever labels its series bring along; at most `most`.
    pub fn of_rule(&mut self, name: &str, labels: &Labels, most: usize) -> Vec<Owning> {
        let owners = self.owners;
        let with_name = labels.iter().filter(|(label, _)| *label != "alertname").chain([("alertname", name)]);
        let all: Labels = with_name.collect();
        // A label that the rule does not set, or sets by a template, may have any value.
        let open =
            |label: &str| all.get(label).is_none_or(|value| value.contains("{{") && label != "alertname");
        let values = self.values(&all);
        let number = owners.names.get(name).copied().unwrap_or(u32::MAX);
        let mut found: Vec<&Entry> = Vec::new();
        for entry in owners.under(number) {
            let mut tested = entry.tested(owners);
            if tested.all(|tested| open(&tested.matcher.name) || self.matches(tested, &values)) {
                found.push(entry);
            }
        }
        // Of those that name no rule it would be a guess.
        found.extend(owners.under(NONE).filter(|entry| self.holds(entry, &values)));
        owners.told(found.into_iter().take(most))
    }

    pub fn work(&self) -> Work {
        self.done
    }

    fn values<'l>(&self, labels: &'l Labels) -> Values<'l> {
        let mut values = vec![None; self.owners.labels.len()];
        for (label, value) in labels.iter() {
            let place = self.owners.labels.get(label).and_then(|label| values.get_mut(*label as usize));
            if let Some(place) = place {
                *place = Some(value);
            }
        }
        values
    }

    fn holds(&mut self, entry: &Entry, values: &Values<'_>) -> bool {
        entry.tested(self.owners).all(|tested| self.matches(tested, values))
    }

    fn matches(&mut self, tested: &Tested, values: &Values<'_>) -> bool {
        let value = values.get(tested.label as usize).copied().flatten();
        let Some(slot) = tested.slot else { return tested.matcher.matches(value) };
        let Some(known) = self.known.get_mut(tested.label as usize) else { return false };
        let slots = self.owners.slots.get(tested.label as usize).copied().unwrap_or(0);
        let text = value.unwrap_or_default();
        if !known.contains_key(text) {
            known.insert(text.into(), vec![Outcome::Open; slots as usize]);
        }
        let place = known.get_mut(text).and_then(|outcomes| outcomes.get_mut(slot as usize));
        let Some(outcome) = place else { return false };
        if *outcome == Outcome::Open {
            let cost = tested.matcher.cost(value);
            if self.done.cost + cost > self.most_work {
                self.done.untried += 1;
                return false;
            }
            self.done.cost += cost;
            self.done.tests += 1;
            *outcome = if tested.matcher.matches(value) { Outcome::Matches } else { Outcome::Differs };
        }
        *outcome == Outcome::Matches
    }
}
