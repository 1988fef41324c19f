//! Builds the index of a snapshot's alert annotations.

use std::collections::HashMap;
use std::sync::Arc;

use super::sieve::Sieve;
use super::{AlertIndex, IndexEntry, LabelValues, NONE, Posting, Specificity, Tested, Words};
use crate::annotations::{AlertNames, AlertSpec, LABELS, Matchers, MonitoringSpec};
use crate::catalog::Snapshot;
use crate::promql::Matcher;

/// A matcher with more alternatives than this is not used to find an entry.
const MAX_ALTERNATIVES: usize = 16;

impl AlertIndex {
    /// Reads every entity's annotations; takes about a second for 100,000 entities.
    pub fn of(snapshot: Arc<Snapshot>) -> Self {
        let all = Selectors::of(&snapshot);
        let mut counts: HashMap<Pair<'_>, usize> = HashMap::new();
        for pair in all.entries.iter().flat_map(|entry| all.required(entry)).flatten() {
            *counts.entry(pair).or_default() += 1;
        }
        let rarity = |pairs: &Vec<Pair<'_>>| -> usize { pairs.iter().filter_map(|p| counts.get(p)).sum() };
        let (mut words, mut pairs, mut postings) =
            (Words::new(), HashMap::<Box<str>, LabelValues>::new(), Vec::new());
        let mut last = 0;
        for ((entry, selector), names) in (0u32..).zip(&all.entries).zip(&all.names) {
            let numbers: Vec<u32> = match all.required(selector).min_by_key(rarity) {
                Some(rarest) => rarest
                    .into_iter()
                    .map(|(label, value, kind)| {
                        pairs.entry(label.into()).or_default().number(value, kind, &mut last)
                    })
                    .collect(),
                None => vec![NONE],
            };
            let mut post =
                |name| postings.extend(numbers.iter().map(|pair| Posting { name, pair: *pair, entry }));
            match names {
                AlertNames::Named(names) => names.iter().for_each(|name| post(number(&mut words, name))),
                AlertNames::All | AlertNames::Unnamed => post(NONE),
            }
        }
        postings.sort_unstable();
        postings.dedup();
        postings.shrink_to_fit();
        drop(counts);
        let sieves = all.sieves();
        let Selectors { mut entries, tested, labels, .. } = all;
        entries.shrink_to_fit();
        Self { snapshot, entries, names: words, pairs, postings, tested, labels, sieves }
    }
}

/// The alert annotations of all entities.
#[derive(Default)]
struct Selectors {
    entries: Vec<IndexEntry>,
    /// Of each entry.
    names: Vec<AlertNames>,
    tested: Vec<Tested>,
    places: HashMap<Matcher, u32>,
    labels: HashMap<Box<str>, u32>,
    /// Places of the regexes of each label.
    slots: Vec<Vec<u32>>,
}

impl Selectors {
    fn of(snapshot: &Snapshot) -> Self {
        let (mut all, mut by_text) = (Self::default(), HashMap::<&str, Arc<[u32]>>::new());
        for (entity, annotated) in (0u32..).zip(&*snapshot.entities) {
            let Some(AlertSpec { names, matchers, .. }) = MonitoringSpec::of_alerts(annotated).alerts else {
                continue;
            };
            // With one that cannot be read, the entity selects no alert.
            let Matchers::All(mut matchers) = matchers else { continue };
            let text = annotated.annotation(LABELS).unwrap_or_default();
            let matchers = by_text.entry(text).or_insert_with(|| {
                // The cheap ones may spare the others.
                matchers.sort_by_key(Matcher::is_regex);
                matchers.into_iter().map(|matcher| all.place(matcher)).collect()
            });
            let is_named = matches!(names, AlertNames::Named(_));
            let specificity = Specificity { matchers: matchers.len(), is_named };
            all.entries.push(IndexEntry { entity, specificity, matchers: matchers.clone() });
            all.names.push(names);
        }
        all
    }

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

    /// For each matcher of an entry that has such: the pairs. An alert must have one of them.
    fn required<'m>(&'m self, entry: &'m IndexEntry) -> impl Iterator<Item = Vec<Pair<'m>>> {
        let tested = entry.matchers.iter().filter_map(|place| self.tested.get(*place as usize));
        tested.filter_map(|tested| required(&tested.matcher))
    }

    fn sieves(&self) -> Vec<Sieve> {
        let regex = |place: &u32| self.tested.get(*place as usize).map(|tested| &tested.matcher);
        self.slots.iter().map(|slots| Sieve::of(slots.iter().filter_map(regex))).collect()
    }
}

/// A label, and what its value is or begins with.
type Pair<'m> = (&'m str, &'m str, PairKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PairKind {
    Whole,
    Beginning,
}

impl LabelValues {
    /// The number of a pair; that after the last one if it is new.
    fn number(&mut self, value: &str, kind: PairKind, last: &mut u32) -> u32 {
        let words = match kind {
            PairKind::Whole => &mut self.whole,
            PairKind::Beginning => {
                self.longest = self.longest.max(value.len());
                &mut self.beginnings
            }
        };
        *words.entry(value.into()).or_insert_with(|| {
            *last += 1;
            *last
        })
    }
}

/// The pairs of a matcher. An alert must have one of them.
fn required(matcher: &Matcher) -> Option<Vec<Pair<'_>>> {
    let name = matcher.name.as_str();
    if let Some(values) = matcher.only() {
        let is_short = values.len() <= MAX_ALTERNATIVES;
        return is_short.then(|| values.into_iter().map(|value| (name, value, PairKind::Whole)).collect());
    }
    matcher.beginning().map(|text| vec![(name, text, PairKind::Beginning)])
}

fn number(words: &mut Words, text: &str) -> u32 {
    let next = u32::try_from(words.len() + 1).unwrap_or(u32::MAX);
    *words.entry(text.into()).or_insert(next)
}
