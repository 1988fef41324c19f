//! Who would show an alert: every entity's alert annotations turned around, from labels to entities.

mod indexer;
mod search;
mod sieve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use indexer::AlertIndexer;
pub use search::{IndexSearch, Work};

use sieve::Sieve;

use crate::annotations::{AlertNames, AlertSpec, LABELS, Matchers, MonitoringSpec};
use crate::catalog::{Entity, Snapshot};
use crate::promql::Matcher;

/// Stands for "any name" and for "no required pair".
const NONE: u32 = 0;
/// A matcher with more alternatives than this is not one to be found by.
const MOST_ALTERNATIVES: usize = 16;

/// The entities of one snapshot by the alerts that they would show. Immutable; made anew for each snapshot.
#[derive(Debug, Default)]
pub struct AlertIndex {
    snapshot: Arc<Snapshot>,
    entries: Vec<Entry>,
    names: Words,
    /// Label by label what some entity requires.
    pairs: HashMap<Box<str>, Values>,
    /// By name, then by required pair: an entry is found under each of its names, and there only under one pair
    /// (or the alternatives of one) that it requires, the rarest of them.
    postings: Vec<Posting>,
    /// Every matcher of some entity, each once.
    tested: Vec<Tested>,
    /// Numbers of the labels that are tested, from 0.
    labels: HashMap<Box<str>, u32>,
    /// The regexes of each of those labels.
    sieves: Vec<Sieve>,
}

/// A matcher that some entities have.
#[derive(Debug)]
struct Tested {
    matcher: Matcher,
    label: u32,
    /// Its number among the regexes of its label, from 0; None: it has no regex.
    slot: Option<u32>,
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
    specificity: Specificity,
    /// Places in `tested`, those without a regex first. Shared by all entities whose annotation has the same text.
    matchers: Arc<[u32]>,
}

/// An entity that would show an alert.
#[derive(Clone, Debug)]
pub struct Match {
    pub entity: Arc<Entity>,
    /// How closely its annotations describe the alert.
    pub specificity: Specificity,
}

/// Greater is closer: more matchers, then names before `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    pub matchers: usize,
    pub is_named: bool,
}

impl AlertIndex {
    /// Reads every entity's annotations; takes about a second for 100,000 entities.
    pub fn of(snapshot: Arc<Snapshot>) -> Self {
        let (specs, matchers) = specs(&snapshot);
        let of_spec = |spec: &Selection| {
            let places: Vec<u32> = spec.matchers.to_vec();
            places.into_iter().filter_map(|place| matchers.tested.get(place as usize)).map(|t| &t.matcher)
        };
        let mut counts: HashMap<Pair<'_>, usize> = HashMap::new();
        for pair in specs.iter().flat_map(|(_, spec)| required(of_spec(spec))).flatten() {
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
            let rarest = required(of_spec(spec)).min_by_key(|pairs| pairs.iter().map(&count).sum::<usize>());
            match rarest {
                Some(rarest) => all_pairs.extend(rarest.into_iter().map(|pair| pairs.number(pair))),
                None => all_pairs.push(NONE),
            }
            for name in &all_names {
                postings.extend(all_pairs.iter().map(|pair| Posting { name: *name, pair: *pair, entry }));
            }
            let is_named = matches!(spec.names, AlertNames::Named(_));
            let specificity = Specificity { matchers: spec.matchers.len(), is_named };
            entries.push(Entry { entity: *place, specificity, matchers: spec.matchers.clone() });
        }
        drop(counts);
        drop(specs);
        postings.sort_unstable();
        postings.dedup();
        postings.shrink_to_fit();
        entries.shrink_to_fit();
        let AllMatchers { tested, labels, slots, .. } = matchers;
        let sieve = |slots: &Vec<u32>| {
            let regexes = slots.iter().filter_map(|place| tested.get(*place as usize));
            Sieve::of(regexes.map(|tested| &tested.matcher))
        };
        let sieves = slots.iter().map(sieve).collect();
        Self { snapshot, entries, names, pairs: pairs.known, postings, tested, labels, sieves }
    }

    /// For the owners of several alerts.
    pub fn search(&self) -> IndexSearch<'_> {
        IndexSearch::of(self)
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
    fn told<'e>(&self, found: impl Iterator<Item = &'e Entry>) -> Vec<Match> {
        let mut found: Vec<(u32, Specificity)> =
            found.map(|entry| (entry.entity, entry.specificity)).collect();
        found.sort_unstable_by_key(|(place, specificity)| (std::cmp::Reverse(*specificity), *place));
        found.dedup();
        let found_match =
            |(place, specificity)| Some(Match { entity: self.entity(place)?.clone(), specificity });
        found.into_iter().filter_map(found_match).collect()
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
type Pair<'m> = (&'m str, &'m str, PairKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PairKind {
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
            PairKind::Whole => &mut values.whole,
            PairKind::Beginning => {
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
struct Selection {
    names: AlertNames,
    matchers: Arc<[u32]>,
}

/// The matchers of all entities.
#[derive(Default)]
struct AllMatchers {
    tested: Vec<Tested>,
    places: HashMap<Matcher, u32>,
    labels: HashMap<Box<str>, u32>,
    /// Places of the regexes of each label.
    slots: Vec<Vec<u32>>,
}

impl AllMatchers {
    fn place(&mut self, matcher: Matcher) -> u32 {
        if let Some(known) = self.places.get(&matcher) {
            return *known;
        }
        let place = u32::try_from(self.tested.len()).unwrap_or(u32::MAX);
        let next = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let label = *self.labels.entry(matcher.name.as_str().into()).or_insert(next);
        if label == next {
            self.slots.push(Vec::new());
        }
        let slots = self.slots.get_mut(label as usize).filter(|_| matcher.is_regex());
        let slot = slots.map(|slots| {
            slots.push(place);
            u32::try_from(slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.places.insert(matcher.clone(), place);
        self.tested.push(Tested { matcher, label, slot });
        place
    }
}

fn specs(snapshot: &Snapshot) -> (Vec<(u32, Selection)>, AllMatchers) {
    let (mut known, mut all) = (HashMap::<&str, Arc<[u32]>>::new(), AllMatchers::default());
    let mut specs = Vec::new();
    for (place, entity) in (0u32..).zip(&snapshot.entities) {
        let Some(AlertSpec { names, matchers, .. }) = MonitoringSpec::of_alerts(entity).alerts else {
            continue;
        };
        // Where one cannot be read, none of the alerts is the entity's.
        let Matchers::All(mut matchers) = matchers else { continue };
        let text = entity.annotation(LABELS).unwrap_or_default();
        let matchers = known.entry(text).or_insert_with(|| {
            // What costs little may spare the others.
            matchers.sort_by_key(Matcher::is_regex);
            matchers.into_iter().map(|matcher| all.place(matcher)).collect()
        });
        specs.push((place, Selection { names, matchers: matchers.clone() }));
    }
    (specs, all)
}

impl Entry {
    fn tested<'o>(&self, owners: &'o AlertIndex) -> impl Iterator<Item = &'o Tested> + use<'o, '_> {
        self.matchers.iter().filter_map(|place| owners.tested.get(*place as usize))
    }
}

/// The pairs of each matcher of which an alert must have one.
fn required<'m>(matchers: impl Iterator<Item = &'m Matcher>) -> impl Iterator<Item = Vec<Pair<'m>>> {
    matchers.filter_map(|m| {
        let name = m.name.as_str();
        if let Some(values) = m.only() {
            let is_short = values.len() <= MOST_ALTERNATIVES;
            return is_short
                .then(|| values.into_iter().map(|value| (name, value, PairKind::Whole)).collect());
        }
        m.beginning().map(|text| vec![(name, text, PairKind::Beginning)])
    })
}

fn number(words: &mut Words, text: &str) -> u32 {
    let next = u32::try_from(words.len() + 1).unwrap_or(u32::MAX);
    *words.entry(text.into()).or_insert(next)
}
