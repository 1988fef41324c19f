//! Finds the entities of many alerts at once. No regex is tested twice with one value, and the work of one request is
//! bounded.

use std::collections::HashMap;

use super::sieve::{Sieve, TestResult};
use super::{AlertIndex, IndexEntry, Match, NONE, Tested};
use crate::prometheus::Labels;

/// The most work of one lookup, in tests with a table; it is a second or two.
const MOST_WORK: usize = 50_000_000;

/// One use of the index.
pub struct IndexSearch<'o> {
    index: &'o AlertIndex,
    /// For each label that regexes are tested with: what is known of its values.
    known: Vec<ValueResults>,
    most_work: usize,
    done: Work,
}

/// The work of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How often a regex was tested with a value.
    pub tests: usize,
    /// In tests with a table.
    pub cost: usize,
    /// How often an entity was skipped because the limit was reached.
    pub untried: usize,
}

/// The values of a label that were met.
#[derive(Clone, Default)]
struct ValueResults {
    places: HashMap<Box<str>, usize>,
    /// For each value what each regex says of it.
    results: Vec<Vec<TestResult>>,
}

/// An alert's value of a label that is tested.
#[derive(Clone, Default)]
struct AlertValue<'l> {
    /// None: the alert has no such label.
    text: Option<&'l str>,
    /// Its place among those that are known, once a regex was tested with it.
    place: Option<usize>,
}

/// An alert's values, by the numbers of their labels.
type AlertValues<'l> = Vec<AlertValue<'l>>;

impl<'o> IndexSearch<'o> {
    pub(super) fn of(index: &'o AlertIndex) -> Self {
        Self::within(index, MOST_WORK)
    }

    pub(super) fn within(index: &'o AlertIndex, most_work: usize) -> Self {
        let known = vec![ValueResults::default(); index.labels.len()];
        Self { index, known, most_work, done: Work::default() }
    }

    /// The entities that would show an alert of these labels, the closest first.
    pub fn find(&mut self, labels: &Labels) -> Vec<Match> {
        let index = self.index;
        let named = labels.get("alertname").and_then(|name| index.names.get(name)).copied();
        let pairs = labels.iter().filter_map(|(label, value)| Some(index.pairs.get(label)?.of(value)));
        let pairs: Vec<u32> = std::iter::once(NONE).chain(pairs.flatten()).collect();
        let names = std::iter::once(NONE).chain(named);
        let places = names.flat_map(|name| pairs.iter().map(move |pair| (name, *pair)));
        let mut values = self.values(labels);
        let found = places.flat_map(|(name, pair)| index.posted(name, pair));
        let found: Vec<&IndexEntry> = found.filter(|entry| self.holds(entry, &mut values)).collect();
        index.matches(found.into_iter())
    }

    /// The entities that would show alerts of a rule, whatever labels its series bring along; at most `most`.
    pub fn of_rule(&mut self, name: &str, labels: &Labels, most: usize) -> Vec<Match> {
        let index = self.index;
        let with_name = labels.iter().filter(|(label, _)| *label != "alertname").chain([("alertname", name)]);
        let all: Labels = with_name.collect();
        // A label that the rule does not set, or sets by a template, may have any value.
        let open =
            |label: &str| all.get(label).is_none_or(|value| value.contains("{{") && label != "alertname");
        let mut values = self.values(&all);
        let number = index.names.get(name).copied().unwrap_or(u32::MAX);
        let mut found: Vec<&IndexEntry> = Vec::new();
        for entry in index.under(number) {
            let mut tested = entry.tested(index);
            if tested.all(|tested| open(&tested.matcher.name) || self.matches(tested, &mut values)) {
                found.push(entry);
            }
        }
        // Of those that name no rule it would be a guess.
        found.extend(index.under(NONE).filter(|entry| self.holds(entry, &mut values)));
        index.matches(found.into_iter().take(most))
    }

    pub fn work(&self) -> Work {
        self.done
    }

    fn values<'l>(&self, labels: &'l Labels) -> AlertValues<'l> {
        let mut values = vec![AlertValue::default(); self.index.labels.len()];
        for (label, value) in labels.iter() {
            let place = self.index.labels.get(label).and_then(|label| values.get_mut(*label as usize));
            if let Some(place) = place {
                place.text = Some(value);
            }
        }
        values
    }

    fn holds(&mut self, entry: &IndexEntry, values: &mut AlertValues<'_>) -> bool {
        entry.tested(self.index).all(|tested| self.matches(tested, values))
    }

    fn matches(&mut self, tested: &Tested, values: &mut AlertValues<'_>) -> bool {
        let Some(value) = values.get_mut(tested.label as usize) else { return false };
        let Some(slot) = tested.slot else { return tested.matcher.matches(value.text) };
        let Some(result) = self.result(tested.label as usize, slot as usize, value) else { return false };
        if *result != TestResult::Open {
            return *result == TestResult::Matches;
        }
        let cost = tested.matcher.cost(value.text);
        if self.done.cost + cost > self.most_work {
            self.done.untried += 1;
            return false;
        }
        self.done.cost += cost;
        self.done.tests += 1;
        let matches = tested.matcher.matches(value.text);
        if let Some(result) = self.result(tested.label as usize, slot as usize, value) {
            *result = TestResult::of(matches);
        }
        matches
    }

    /// What is known of a regex of a label and a value.
    fn result(&mut self, label: usize, slot: usize, value: &mut AlertValue<'_>) -> Option<&mut TestResult> {
        let (known, sieve) = (self.known.get_mut(label)?, self.index.sieves.get(label)?);
        let place = *value.place.get_or_insert_with(|| known.place(value.text.unwrap_or_default(), sieve));
        known.results.get_mut(place)?.get_mut(slot)
    }
}

impl ValueResults {
    fn place(&mut self, text: &str, sieve: &Sieve) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.results.push(sieve.results(text));
        self.places.insert(text.into(), self.results.len() - 1);
        self.results.len() - 1
    }
}
