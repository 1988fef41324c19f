//! Who would show an alert: every entity's alert annotations turned around, from labels to entities.

mod keeper;
mod literal;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use keeper::OwnersKeeper;

use crate::annotations::{AlertNames, AlertSpec, LABELS, MonitoringSpec};
use crate::catalog::{Entity, Snapshot};
use crate::prometheus::Labels;
use crate::promql::{MatchOp, Matcher};
use literal::alternatives;

/// Stands for "any name" and for "no required pair".
const NONE: u32 = 0;
/// A matcher with more alternatives than this is not one to be found by.
const MOST_ALTERNATIVES: usize = 16;

/// The entities of one snapshot by the alerts that they would show. Immutable; made anew for each snapshot.
#[derive(Debug, Default)]
pub struct Owners {
    snapshot: Arc<Snapshot>,
    entries: Vec<Entry>,
    names: Words,
    /// Label by label the values that some entity requires.
    pairs: HashMap<Box<str>, Words>,
    /// By name, then by required pair: an entry is found under each of its names, and there only under one pair
    /// (or the alternatives of one) that it requires, the rarest of them.
    postings: Vec<Posting>,
}

/// Texts by number, from 1.
type Words = HashMap<Box<str>, u32>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Posting {
    name: u32,
    pair: u32,
    entry: u32,
}

#[derive(Debug)]
struct Entry {
    /// Its place in the snapshot.
    entity: u32,
    is_named: bool,
    /// Shared by all entities whose annotation has the same text.
    matchers: Arc<[Matcher]>,
}

/// An entity that would show an alert.
#[derive(Clone, Debug)]
pub struct Owning {
    pub entity: Arc<Entity>,
    /// How closely its annotations describe the alert.
    pub fit: Fit,
}

/// Greater is closer: more matchers, then names before `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    pub matchers: usize,
    pub is_named: bool,
}

impl Owners {
    /// Reads every entity's annotations; takes about a second for 100,000 entities.
    pub fn of(snapshot: Arc<Snapshot>) -> Self {
        let specs = specs(&snapshot);
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        for pair in specs.iter().flat_map(|(_, spec)| required(&spec.matchers)).flatten() {
            *counts.entry(pair).or_default() += 1;
        }
        let (mut names, mut pairs) = (Words::new(), HashMap::<Box<str>, Words>::new());
        let (mut pairs_so_far, mut postings, mut entries) = (NONE, Vec::new(), Vec::new());
        let mut pair_number = |(label, value): (&str, &str)| {
            let values = pairs.entry(label.into()).or_default();
            *values.entry(value.into()).or_insert_with(|| {
                pairs_so_far += 1;
                pairs_so_far
            })
        };
        let (mut all_names, mut all_pairs) = (Vec::new(), Vec::new());
        for (entry, (place, spec)) in (0u32..).zip(&specs) {
            all_names.clear();
            all_pairs.clear();
            match &spec.names {
                AlertNames::Named(named) => {
                    all_names.extend(named.iter().map(|name| number(&mut names, name)))
                }
                AlertNames::All | AlertNames::Unnamed => all_names.push(NONE),
            }
            let rarest = required(&spec.matchers)
                .min_by_key(|pairs| pairs.iter().map(|p| counts.get(p).copied().unwrap_or(0)).sum::<usize>());
            match rarest {
                Some(rarest) => all_pairs.extend(rarest.into_iter().map(&mut pair_number)),
                None => all_pairs.push(NONE),
            }
            for name in &all_names {
                postings.extend(all_pairs.iter().map(|pair| Posting { name: *name, pair: *pair, entry }));
            }
            let is_named = matches!(spec.names, AlertNames::Named(_));
            entries.push(Entry { entity: *place, is_named, matchers: spec.matchers.clone() });
        }
        drop(counts);
        drop(specs);
        postings.sort_unstable();
        postings.dedup();
        postings.shrink_to_fit();
        entries.shrink_to_fit();
        Self { snapshot, entries, names, pairs, postings }
    }

    /// The entities that would show an alert of these labels, the closest first.
    pub fn find(&self, labels: &Labels) -> Vec<Owning> {
        let named = labels.get("alertname").and_then(|name| self.names.get(name)).copied();
        let pairs = labels.iter().filter_map(|(label, value)| self.pairs.get(label)?.get(value)).copied();
        let pairs: Vec<u32> = std::iter::once(NONE).chain(pairs).collect();
        let names = std::iter::once(NONE).chain(named);
        let places = names.flat_map(|name| pairs.iter().map(move |pair| (name, *pair)));
        let found = places.flat_map(|(name, pair)| self.posted(name, pair));
        let holds = |entry: &&Entry| entry.matchers.iter().all(|m| m.matches(labels.get(&m.name)));
        self.told(found.filter(holds))
    }

    /// The entities that would show alerts of a rule, whatever labels its series bring along; at most `most`.
    pub fn of_rule(&self, name: &str, labels: &Labels, most: usize) -> Vec<Owning> {
        // A label that the rule does not set, or sets by a template, may have any value.
        let open = |m: &Matcher| match labels.get(&m.name) {
            Some(value) if !value.contains("{{") => m.matches(Some(value)),
            _ => m.name != "alertname" || m.matches(Some(name)),
        };
        let sure = |m: &Matcher| match m.name.as_str() {
            "alertname" => m.matches(Some(name)),
            label => m.matches(labels.get(label)),
        };
        let number = self.names.get(name).copied().unwrap_or(u32::MAX);
        let named = self.under(number).filter(|entry| entry.matchers.iter().all(open));
        // Of those that name no rule it would be a guess.
        let unnamed = self.under(NONE).filter(|entry| entry.matchers.iter().all(sure));
        self.told(named.chain(unnamed).take(most))
    }

    fn posted(&self, name: u32, pair: u32) -> impl Iterator<Item = &Entry> {
        let from = self.postings.partition_point(|p| (p.name, p.pair) < (name, pair));
        let rest = self.postings.get(from..).unwrap_or_default().iter();
        rest.take_while(move |p| (p.name, p.pair) == (name, pair)).filter_map(|p| self.entry(*p))
    }

    fn under(&self, name: u32) -> impl Iterator<Item = &Entry> {
        let from = self.postings.partition_point(|p| p.name < name);
        let rest = self.postings.get(from..).unwrap_or_default().iter();
        rest.take_while(move |p| p.name == name).filter_map(|p| self.entry(*p))
    }

    fn entry(&self, posting: Posting) -> Option<&Entry> {
        self.entries.get(usize::try_from(posting.entry).ok()?)
    }

    /// Each once, the closest first, those that are alike in the catalog's order.
    fn told<'e>(&self, found: impl Iterator<Item = &'e Entry>) -> Vec<Owning> {
        let mut found: Vec<(u32, Fit)> =
            found.map(|e| (e.entity, Fit { matchers: e.matchers.len(), is_named: e.is_named })).collect();
        found.sort_unstable_by_key(|(place, fit)| (std::cmp::Reverse(*fit), *place));
        found.dedup();
        let entity = |place: u32| self.snapshot.entities.get(usize::try_from(place).ok()?).cloned();
        found.into_iter().filter_map(|(place, fit)| Some(Owning { entity: entity(place)?, fit })).collect()
    }

    /// How many entities would show any alert.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn is_of(&self, snapshot: &Arc<Snapshot>) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot)
    }
}

/// What an entity's annotations choose, its matchers shared with all that have the same text.
struct Chosen {
    names: AlertNames,
    matchers: Arc<[Matcher]>,
}

fn specs(snapshot: &Snapshot) -> Vec<(u32, Chosen)> {
    let mut known: HashMap<&str, Arc<[Matcher]>> = HashMap::new();
    let mut specs = Vec::new();
    for (place, entity) in (0u32..).zip(&snapshot.entities) {
        let Some(AlertSpec { names, matchers, .. }) = MonitoringSpec::of_alerts(entity).alerts else {
            continue;
        };
        let text = entity.annotation(LABELS).unwrap_or_default();
        let matchers = known.entry(text).or_insert_with(|| matchers.into()).clone();
        specs.push((place, Chosen { names, matchers }));
    }
    specs
}

/// The label and values of each matcher of which an alert must have one.
fn required(matchers: &[Matcher]) -> impl Iterator<Item = Vec<(&str, &str)>> {
    matchers.iter().filter_map(|m| {
        let values = match m.op {
            MatchOp::Equal => vec![m.value.as_str()],
            MatchOp::Regex => alternatives(&m.value)?,
            MatchOp::NotEqual | MatchOp::NotRegex => return None,
        };
        // An empty value is that of a label that is not there.
        let told = values.len() <= MOST_ALTERNATIVES && values.iter().all(|value| !value.is_empty());
        told.then(|| values.into_iter().map(|value| (m.name.as_str(), value)).collect())
    })
}

fn number(words: &mut Words, text: &str) -> u32 {
    let next = u32::try_from(words.len() + 1).unwrap_or(u32::MAX);
    *words.entry(text.into()).or_insert(next)
}
