//! Finds entities by text, by facet, and by the states of their alerts.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::{Entity, EntityRef, Snapshot};

/// Kinds that group others: their alerts are mostly those of their members.
const GROUPING: [&str; 4] = ["domain", "group", "system", "user"];

/// What a search looks for. An empty field selects every entity; case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that all must occur in the reference, name, title, description, tags, owner, system or type.
    pub search: String,
    pub kind: Option<String>,
    /// Without a kind, those of [`GROUPING`] are left out.
    pub leaves_out_groups: bool,
    pub namespace: Option<String>,
    /// A reference in any of its short forms: `payments-team`, `group:payments-team`.
    pub owner: Option<String>,
    /// A reference in any of its short forms: `shop`, `system:shop`.
    pub system: Option<String>,
    /// Bits of states, of which the entity must have one.
    pub states: u8,
}

/// The entities that were found, and what other choices would find.
#[derive(Clone, Debug, Default)]
pub struct SearchResult {
    /// Their places in the snapshot's `entities`, in that order.
    pub rows: Vec<u32>,
    /// Each facet is counted as if its own choice were not made.
    pub kinds: Vec<Facet>,
    pub namespaces: Vec<Facet>,
    pub owners: Vec<Facet>,
    pub systems: Vec<Facet>,
    /// How many have each bit of the states, the lowest first, counted as if no state were wanted.
    pub state_counts: [usize; 8],
    /// How many more there are of the kinds that are left out.
    pub left_out: usize,
    /// How many of those have each bit of the states.
    pub left_out_counts: [usize; 8],
}

/// One choice of a filter and how many entities it would show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// In the form that the filter takes.
    pub value: String,
    /// As people read it: `payments-team` for `group:default/payments-team`.
    pub label: String,
    pub count: usize,
}

/// What a search compares, made once per snapshot; one row per entity, in the snapshot's order.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The texts of all rows in lower case, one after the other: one text is scanned faster than many.
    text: String,
    /// Where each row's text ends.
    ends: Vec<usize>,
    /// Places in `values`.
    facets: Vec<[u32; FACETS]>,
    /// Each facet's distinct values, ordered.
    values: [Vec<Box<str>>; FACETS],
}

const FACETS: usize = 4;
/// The entity lacks the facet.
const LACKS: u32 = u32::MAX;
/// A value that no entity has.
const UNKNOWN: u32 = u32::MAX - 1;

impl Index {
    pub(super) fn of(entities: &[Arc<Entity>]) -> Self {
        let mut numbers: [HashMap<String, u32>; FACETS] = Default::default();
        let mut index = Self::default();
        for entity in entities {
            let mut row = [LACKS; FACETS];
            for ((place, numbers), value) in row.iter_mut().zip(&mut numbers).zip(facets_of(entity)) {
                let next = u32::try_from(numbers.len()).unwrap_or(UNKNOWN);
                *place = value.map_or(LACKS, |value| *numbers.entry(value).or_insert(next));
            }
            index.facets.push(row);
            // A word has no white space, so none is found across two rows.
            push_haystack(entity, &mut index.text);
            index.text.push('\n');
            index.ends.push(index.text.len());
        }
        index.order_values(numbers);
        index.facets.shrink_to_fit();
        index.ends.shrink_to_fit();
        index.text.shrink_to_fit();
        index
    }

    /// Numbers the values of each facet by their order, and not as they came.
    fn order_values(&mut self, came: [HashMap<String, u32>; FACETS]) {
        for (facet, came) in came.into_iter().enumerate() {
            let mut ordered: Vec<(String, u32)> = came.into_iter().collect();
            ordered.sort_unstable();
            let mut places = vec![UNKNOWN; ordered.len()];
            for (place, (_, came)) in (0u32..).zip(&ordered) {
                if let Some(slot) = places.get_mut(*came as usize) {
                    *slot = place;
                }
            }
            for number in self.facets.iter_mut().filter_map(|row| row.get_mut(facet)) {
                *number = places.get(*number as usize).copied().unwrap_or(*number);
            }
            if let Some(values) = self.values.get_mut(facet) {
                *values = ordered.into_iter().map(|(value, _)| value.into_boxed_str()).collect();
            }
        }
    }

    /// The number of each value among those of its facet.
    fn numbered(&self, row: &[Option<String>; FACETS]) -> [Option<u32>; FACETS] {
        let mut numbers = [None; FACETS];
        for ((number, value), values) in numbers.iter_mut().zip(row).zip(&self.values) {
            *number = value.as_ref().map(|text| {
                let place = values.binary_search_by(|v| v.as_ref().cmp(text.as_str()));
                place.ok().and_then(|i| u32::try_from(i).ok()).unwrap_or(UNKNOWN)
            });
        }
        numbers
    }

    /// The rows whose text has every word, in order.
    fn rows_with(&self, mut words: Vec<String>) -> Vec<u32> {
        // The longest is likely the rarest.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let Some((first, others)) = words.split_first() else {
            return (0u32..).take(self.ends.len()).collect();
        };
        let others: Vec<Finder<'_>> = others.iter().map(Finder::new).collect();
        let (finder, text) = (Finder::new(first), self.text.as_bytes());
        let (mut found, mut at) = (Vec::new(), 0);
        let mut ends = (0u32..).zip(&self.ends).peekable();
        let mut start = 0;
        while let Some(place) = text.get(at..).and_then(|rest| finder.find(rest)).map(|place| at + place) {
            while let Some((_, end)) = ends.next_if(|(_, end)| **end <= place) {
                start = *end;
            }
            let Some((row, end)) = ends.next() else { break };
            let own = text.get(start..*end).unwrap_or_default();
            if others.iter().all(|other| other.find(own).is_some()) {
                found.push(row);
            }
            (at, start) = (*end, *end);
        }
        found
    }
}

impl Snapshot {
    /// `states` has the bits of each entity's states, in the snapshot's order; an entity beyond its end has none.
    pub fn search(&self, filter: &Filter, states: &[u8]) -> SearchResult {
        let words = filter.search.split_whitespace().map(str::to_lowercase).collect();
        let chosen = chosen(filter);
        let wanted = self.lists.index.numbered(&chosen);
        let grouping = filter.leaves_out(&self.lists.index);
        let mut counts: [Vec<usize>; FACETS] = self.lists.index.values.each_ref().map(|v| vec![0; v.len()]);
        let mut found = SearchResult::default();
        for row in self.lists.index.rows_with(words) {
            let place = row as usize;
            let Some(facets) = self.lists.index.facets.get(place) else { continue };
            let state = states.get(place).copied().unwrap_or_default();
            let lacks_state = filter.states != 0 && state & filter.states == 0;
            let is_left_out = facets.first().is_some_and(|kind| grouping.contains(kind));
            let differs = |(facet, (want, has)): (usize, (&Option<u32>, &u32))| {
                want.is_some_and(|want| want != *has) || (facet == 0 && is_left_out)
            };
            let misses = wanted.iter().zip(facets).enumerate().filter(|one| differs(*one)).count();
            let all_misses = misses + usize::from(lacks_state);
            if all_misses > 1 {
                continue;
            }
            if all_misses == 0 {
                found.rows.push(row);
            }
            if misses == 0 {
                add_bits(&mut found.state_counts, state);
            } else if is_left_out && !lacks_state {
                found.left_out += 1;
                add_bits(&mut found.left_out_counts, state);
            }
            for (facet, ((counts, has), want)) in counts.iter_mut().zip(facets).zip(&wanted).enumerate() {
                let others_agree = all_misses == 0 || differs((facet, (want, has)));
                let slot = counts.get_mut(*has as usize);
                if let Some(slot) = slot.filter(|_| others_agree) {
                    *slot += 1;
                }
            }
        }
        let [kinds, namespaces, owners, systems] = self.facets(&counts, &chosen);
        SearchResult { kinds, namespaces, owners, systems, ..found }
    }

    /// Choices that would show something, and the one that is made even if it shows nothing.
    fn facets(
        &self,
        counts: &[Vec<usize>; FACETS],
        chosen: &[Option<String>; FACETS],
    ) -> [Vec<Facet>; FACETS] {
        let mut all: [Vec<Facet>; FACETS] = Default::default();
        for (((facets, values), counts), choice) in
            all.iter_mut().zip(&self.lists.index.values).zip(counts).zip(chosen)
        {
            for (value, count) in values.iter().zip(counts) {
                if *count > 0 || choice.as_deref() == Some(value.as_ref()) {
                    facets.push(Facet { value: value.to_string(), label: label(value), count: *count });
                }
            }
        }
        all
    }
}

impl Filter {
    /// The numbers of the kinds that it leaves out.
    fn leaves_out(&self, index: &Index) -> Vec<u32> {
        if !self.leaves_out_groups || non_empty(self.kind.as_deref()).is_some() {
            return Vec::new();
        }
        let kinds = index.values.first().into_iter().flat_map(|kinds| (0u32..).zip(kinds));
        kinds.filter(|(_, kind)| GROUPING.contains(&&***kind)).map(|(number, _)| number).collect()
    }
}

/// Counts each bit.
fn add_bits(counts: &mut [usize; 8], bits: u8) {
    for (bit, count) in counts.iter_mut().enumerate() {
        *count += usize::from(bits >> bit & 1);
    }
}

fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The filter's choices in the form that the index has.
fn chosen(filter: &Filter) -> [Option<String>; FACETS] {
    [
        non_empty(filter.kind.as_deref()).map(str::to_lowercase),
        non_empty(filter.namespace.as_deref()).map(str::to_lowercase),
        non_empty(filter.owner.as_deref()).map(|owner| key(owner, "group", None)),
        non_empty(filter.system.as_deref()).map(|system| key(system, "system", None)),
    ]
}

/// Kind, namespace, owner, system, in the form that filters compare.
fn facets_of(entity: &Entity) -> [Option<String>; FACETS] {
    [
        Some(entity.reference.kind().to_owned()),
        Some(entity.reference.namespace().to_owned()),
        non_empty(entity.owner()).map(|owner| key(owner, "group", Some(entity))),
        non_empty(entity.system()).map(|system| key(system, "system", Some(entity))),
    ]
}

/// The whole reference: Backstage takes a bare owner for a group, a bare system for a system, in the entity's
/// namespace.
fn key(text: &str, kind: &str, of: Option<&Entity>) -> String {
    let namespace = of.map_or(EntityRef::DEFAULT_NAMESPACE, |e| e.reference.namespace());
    EntityRef::parse_with(text, kind, namespace).map_or_else(|| text.to_lowercase(), |r| r.to_string())
}

fn label(value: &str) -> String {
    let short =
        ["group:default/", "system:default/"].into_iter().find_map(|prefix| value.strip_prefix(prefix));
    short.unwrap_or(value).to_owned()
}

/// Adds what a search of an entity looks at, in lower case.
fn push_haystack(entity: &Entity, text: &mut String) {
    text.push_str(entity.reference.as_str());
    let parts = [&entity.title, &entity.description].into_iter().flatten().map(String::as_str);
    let spec = [entity.owner(), entity.system(), entity.spec_type()].into_iter().flatten();
    for part in parts.chain(entity.tags.iter().map(|tag| &**tag)).chain(spec) {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
}
