//! From an alert's labels to the entities that show it: the alert annotations of all entities as an index.

mod build;
mod indexer;
mod search;
mod sieve;
#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::sync::Arc;

pub use indexer::AlertIndexer;
pub use search::{IndexSearch, Work};

use sieve::Sieve;

use crate::catalog::{Entity, Snapshot};
use crate::promql::Matcher;

/// Stands for "any name" and for "no required pair".
const NONE: u32 = 0;

/// The entities of one snapshot by the alerts that they show. Immutable; each snapshot has its own.
#[derive(Debug, Default)]
pub struct AlertIndex {
    snapshot: Arc<Snapshot>,
    entries: Vec<IndexEntry>,
    names: Words,
    /// Label by label what some entity requires.
    pairs: HashMap<Box<str>, LabelValues>,
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
struct LabelValues {
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
struct IndexEntry {
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
    /// For the entities of several alerts.
    pub fn search(&self) -> IndexSearch<'_> {
        IndexSearch::of(self)
    }

    /// The entries of the postings with a wanted key. `order` compares a posting with that key; postings are sorted by it.
    fn entries_at(&self, order: impl Fn(&Posting) -> Ordering) -> impl Iterator<Item = &IndexEntry> {
        let (_, rest) =
            self.postings.split_at(self.postings.partition_point(|posting| order(posting).is_lt()));
        let (found, _) = rest.split_at(rest.partition_point(|posting| order(posting).is_eq()));
        found.iter().filter_map(|posting| self.entries.get(posting.entry as usize))
    }

    fn posted(&self, name: u32, pair: u32) -> impl Iterator<Item = &IndexEntry> {
        self.entries_at(move |posting| (posting.name, posting.pair).cmp(&(name, pair)))
    }

    fn under(&self, name: u32) -> impl Iterator<Item = &IndexEntry> {
        self.entries_at(move |posting| posting.name.cmp(&name))
    }

    /// Each once, the closest first, those that are alike in the catalog's order.
    fn matches<'e>(&self, found: impl Iterator<Item = &'e IndexEntry>) -> Vec<Match> {
        let mut found: Vec<(u32, Specificity)> =
            found.map(|entry| (entry.entity, entry.specificity)).collect();
        found.sort_unstable_by_key(|(place, specificity)| (Reverse(*specificity), *place));
        found.dedup();
        let found_match = |(place, specificity)| {
            Some(Match { entity: self.snapshot.entities.get(place as usize)?.clone(), specificity })
        };
        found.into_iter().filter_map(found_match).collect()
    }

    /// How many entities would show any alert.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.has_entities_of(snapshot)
    }
}

impl LabelValues {
    /// The numbers of what a value is, or begins with.
    fn of<'v>(&'v self, value: &'v str) -> impl Iterator<Item = u32> + 'v {
        let ends = value.char_indices().map(|(at, c)| at + c.len_utf8());
        let ends = ends.take_while(|end| *end <= self.longest);
        let begun = ends.filter_map(|end| self.beginnings.get(value.get(..end)?));
        self.whole.get(value).into_iter().chain(begun).copied()
    }
}

impl IndexEntry {
    fn tested<'o>(&self, owners: &'o AlertIndex) -> impl Iterator<Item = &'o Tested> + use<'o, '_> {
        self.matchers.iter().filter_map(|place| owners.tested.get(*place as usize))
    }
}
