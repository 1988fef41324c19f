//! Who would show an alert: every entity's alert annotations turned around, from labels to entities.

mod keeper;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use keeper::OwnersKeeper;

use crate::annotations::{AlertNames, AlertSpec, LABELS, Matchers, MonitoringSpec};
use crate::catalog::{Entity, Snapshot};
use crate::prometheus::Labels;
use crate::promql::{Compiled, Matcher};

/// Stands for "any name" and for "no required pair".
const NONE: u32 = 0;
/// A matcher with more alternatives than this is not one to be found by.
const MOST_ALTERNATIVES: usize = 16;
/// The most regexes that are kept compiled: each is some 20 kB.
const MOST_COMPILED: usize = 2_000;

/// The entities of one snapshot by the alerts that they would show. Immutable; made anew for each snapshot.
#[derive(Debug, Default)]
pub struct Owners {
    snapshot: Arc<Snapshot>,
    entries: Vec<Entry>,
    names: Words,
    /// Label by label what some entity requires.
    pairs: HashMap<Box<str>, Values>,
    /// By name, then by required pair: an entry is found under each of its names, and there only under one pair
    /// (or the alternatives of one) that it requires, the rarest of them.
    postings: Vec<Posting>,
}

/// Texts by number, from 1.
type Words = HashMap<Box<str>, u32>;

/// Values of a label, each with the number of its pair.
#[derive(Debug, Default)]
struct Values {
    whole: Words,
    /// What values begin with.
    beginnings: Words,
    /// The most bytes of one of them.
    longest: usize,
}

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
    fit: Fit,
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
        let mut counts: HashMap<Pair<'_>, usize> = HashMap::new();
        for pair in specs.iter().flat_map(|(_, spec)| required(&spec.matchers)).flatten() {
            *counts.entry(pair).or_default() += 1;
        }
        let count = |pair: &Pair<'_>| counts.get(pair).copied().unwrap_or(0);
        let (mut names, mut pairs) = (Words::new(), Pairs::default());
        let (mut postings, mut entries) = (Vec::new(), Vec::new());
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
            let rarest = required(&spec.matchers).min_by_key(|pairs| pairs.iter().map(&count).sum::<usize>());
            match rarest {
                Some(rarest) => all_pairs.extend(rarest.into_iter().map(|pair| pairs.number(pair))),
                None => all_pairs.push(NONE),
            }
            for name in &all_names {
                postings.extend(all_pairs.iter().map(|pair| Posting { name: *name, pair: *pair, entry }));
            }
            let is_named = matches!(spec.names, AlertNames::Named(_));
            let fit = Fit { matchers: spec.matchers.len(), is_named };
            entries.push(Entry { entity: *place, fit, matchers: spec.matchers.clone() });
        }
        drop(counts);
        drop(specs);
        postings.sort_unstable();
        postings.dedup();
        postings.shrink_to_fit();
        entries.shrink_to_fit();
        Self { snapshot, entries, names, pairs: pairs.known, postings }
    }

    /// The entities that would show an alert of these labels, the closest first.
    pub fn find(&self, labels: &Labels) -> Vec<Owning> {
        let named = labels.get("alertname").and_then(|name| self.names.get(name)).copied();
        let pairs = labels.iter().filter_map(|(label, value)| Some(self.pairs.get(label)?.of(value)));
        let pairs: Vec<u32> = std::iter::once(NONE).chain(pairs.flatten()).collect();
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

    fn entity(&self, place: u32) -> Option<&Arc<Entity>> {
        self.snapshot.entities.get(usize::try_from(place).ok()?)
    }

    fn entry(&self, posting: Posting) -> Option<&Entry> {
        self.entries.get(usize::try_from(posting.entry).ok()?)
    }

    /// Each once, the closest first, those that are alike in the catalog's order.
    fn told<'e>(&self, found: impl Iterator<Item = &'e Entry>) -> Vec<Owning> {
        let mut found: Vec<(u32, Fit)> = found.map(|entry| (entry.entity, entry.fit)).collect();
        found.sort_unstable_by_key(|(place, fit)| (std::cmp::Reverse(*fit), *place));
        found.dedup();
        let owning = |(place, fit)| Some(Owning { entity: self.entity(place)?.clone(), fit });
        found.into_iter().filter_map(owning).collect()
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

impl Values {
    /// The numbers of what a value is, or begins with.
    fn of<'v>(&'v self, value: &'v str) -> impl Iterator<Item = u32> + 'v {
        let ends = value.char_indices().map(|(at, c)| at + c.len_utf8());
        let ends = ends.take_while(|end| *end <= self.longest);
        let begun = ends.filter_map(|end| self.beginnings.get(value.get(..end)?));
        self.whole.get(value).into_iter().chain(begun).copied()
    }
}

/// A label, and what its value is or begins with.
type Pair<'m> = (&'m str, &'m str, Part);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Whole,
    Beginning,
}

/// Numbers for pairs.
#[derive(Default)]
struct Pairs {
    known: HashMap<Box<str>, Values>,
    last: u32,
}

impl Pairs {
    fn number(&mut self, (label, value, part): Pair<'_>) -> u32 {
        let values = self.known.entry(label.into()).or_default();
        let words = match part {
            Part::Whole => &mut values.whole,
            Part::Beginning => {
                values.longest = values.longest.max(value.len());
                &mut values.beginnings
            }
        };
        *words.entry(value.into()).or_insert_with(|| {
            self.last += 1;
            self.last
        })
    }
}

/// What an entity's annotations choose, its matchers shared with all that have the same text.
struct Chosen {
    names: AlertNames,
    matchers: Arc<[Matcher]>,
}

fn specs(snapshot: &Snapshot) -> Vec<(u32, Chosen)> {
    let (mut known, mut compiled) =
        (HashMap::<&str, Arc<[Matcher]>>::new(), Compiled::at_most(MOST_COMPILED));
    let mut specs = Vec::new();
    for (place, entity) in (0u32..).zip(&snapshot.entities) {
        let Some(AlertSpec { names, matchers, .. }) = MonitoringSpec::of_alerts(entity).alerts else {
            continue;
        };
        // Where one cannot be read, none of the alerts is the entity's.
        let Matchers::All(mut matchers) = matchers else { continue };
        let text = entity.annotation(LABELS).unwrap_or_default();
        let matchers = known.entry(text).or_insert_with(|| {
            matchers.iter_mut().for_each(|matcher| compiled.share(matcher));
            matchers.into()
        });
        specs.push((place, Chosen { names, matchers: matchers.clone() }));
    }
    specs
}

/// The pairs of each matcher of which an alert must have one.
fn required(matchers: &[Matcher]) -> impl Iterator<Item = Vec<Pair<'_>>> {
    matchers.iter().filter_map(|m| {
        let name = m.name.as_str();
        if let Some(values) = m.only() {
            let is_short = values.len() <= MOST_ALTERNATIVES;
            return is_short.then(|| values.into_iter().map(|value| (name, value, Part::Whole)).collect());
        }
        m.beginning().map(|text| vec![(name, text, Part::Beginning)])
    })
}

fn number(words: &mut Words, text: &str) -> u32 {
    let next = u32::try_from(words.len() + 1).unwrap_or(u32::MAX);
    *words.entry(text.into()).or_insert(next)
}
