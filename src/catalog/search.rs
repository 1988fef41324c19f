//! Finds entities by text and by facet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Entity, EntityRef, Snapshot};

/// What is looked for. An empty field asks for nothing; case never counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that all must occur in the reference, name, title, description, tags, owner, system or type.
    pub search: String,
    pub kind: Option<String>,
    pub namespace: Option<String>,
    /// A reference in any of its short forms: `payments-team`, `group:payments-team`.
    pub owner: Option<String>,
    pub lifecycle: Option<String>,
}

/// The entities that were found, and what other choices would find.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Ordered by reference.
    pub entities: Vec<Arc<Entity>>,
    /// Each facet is counted as if its own choice were not made.
    pub kinds: Vec<Facet>,
    pub namespaces: Vec<Facet>,
    pub owners: Vec<Facet>,
    pub lifecycles: Vec<Facet>,
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
    rows: Vec<Row>,
    /// Each facet's distinct values, ordered.
    values: [Vec<Box<str>>; FACETS],
}

const FACETS: usize = 4;

#[derive(Debug)]
struct Row {
    /// In lower case.
    text: Box<str>,
    /// Places in `Index::values`; None where the entity lacks the facet.
    facets: [Option<u32>; FACETS],
}

impl Index {
    pub(super) fn of(entities: &[Arc<Entity>]) -> Self {
        let mut distinct: [BTreeMap<Box<str>, u32>; FACETS] = Default::default();
        let facets: Vec<_> = entities.iter().map(|e| facets_of(e)).collect();
        for (known, value) in facets.iter().flat_map(|row| (0..FACETS).zip(row)) {
            if let (Some(known), Some(value)) = (distinct.get_mut(known), value) {
                known.insert(value.clone(), 0);
            }
        }
        for known in &mut distinct {
            for (place, number) in known.values_mut().zip(0u32..) {
                *place = number;
            }
        }
        let rows = entities.iter().zip(facets).map(|(entity, row)| {
            let mut numbered = [None; FACETS];
            for ((slot, known), value) in numbered.iter_mut().zip(&distinct).zip(row) {
                *slot = value.and_then(|v| known.get(&v).copied());
            }
            Row { text: haystack(entity), facets: numbered }
        });
        let rows = rows.collect();
        Self { rows, values: distinct.map(|known| known.into_keys().collect()) }
    }
}

impl Snapshot {
    pub fn search(&self, filter: &Filter) -> Found {
        let words: Vec<String> = filter.search.split_whitespace().map(str::to_lowercase).collect();
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase).filter(|t| !t.is_empty());
        let owner = filter.owner.as_deref().filter(|o| !o.is_empty()).map(|o| owner_key(o, None));
        let chosen = [lower(&filter.kind), lower(&filter.namespace), owner, lower(&filter.lifecycle)];
        // A choice that no entity has is a number that no row has.
        let mut wanted: [Option<u32>; FACETS] = [None; FACETS];
        for ((slot, choice), values) in wanted.iter_mut().zip(&chosen).zip(&self.index.values) {
            *slot = choice.as_ref().map(|text| {
                let place = values.binary_search_by(|v| v.as_ref().cmp(text.as_str()));
                place.ok().and_then(|i| u32::try_from(i).ok()).unwrap_or(u32::MAX)
            });
        }
        let mut counts: [Vec<usize>; FACETS] = self.index.values.each_ref().map(|v| vec![0; v.len()]);
        let mut entities = Vec::new();
        for (entity, row) in self.entities.iter().zip(&self.index.rows) {
            if !words.iter().all(|word| row.text.contains(word.as_str())) {
                continue;
            }
            let differs = |i: usize| {
                let want = wanted.get(i).copied().flatten();
                want.is_some() && want != row.facets.get(i).copied().flatten()
            };
            let misses = (0..FACETS).filter(|i| differs(*i)).count();
            if misses == 0 {
                entities.push(entity.clone());
            }
            for (i, (counts, facet)) in counts.iter_mut().zip(row.facets).enumerate() {
                let others_agree = misses == 0 || (misses == 1 && differs(i));
                let slot = facet.and_then(|f| counts.get_mut(f as usize));
                if let Some(slot) = slot.filter(|_| others_agree) {
                    *slot += 1;
                }
            }
        }
        let [kinds, namespaces, owners, lifecycles] = self.facets(&counts, &chosen);
        Found { entities, kinds, namespaces, owners, lifecycles }
    }

    /// Choices that would show something, and the one that is made even if it shows nothing.
    fn facets(
        &self,
        counts: &[Vec<usize>; FACETS],
        chosen: &[Option<String>; FACETS],
    ) -> [Vec<Facet>; FACETS] {
        let mut all: [Vec<Facet>; FACETS] = Default::default();
        for (((facets, values), counts), choice) in
            all.iter_mut().zip(&self.index.values).zip(counts).zip(chosen)
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

/// Kind, namespace, owner, lifecycle, in the form that filters compare.
fn facets_of(entity: &Entity) -> [Option<Box<str>>; FACETS] {
    let owner = entity.owner().filter(|o| !o.is_empty()).map(|o| owner_key(o, Some(entity)));
    [
        Some(entity.reference.kind().into()),
        Some(entity.reference.namespace().into()),
        owner.map(String::into_boxed_str),
        entity.lifecycle().filter(|l| !l.is_empty()).map(|l| l.to_lowercase().into_boxed_str()),
    ]
}

/// The owner's whole reference: Backstage takes a bare name for a group in the entity's namespace.
fn owner_key(owner: &str, of: Option<&Entity>) -> String {
    let namespace = of.map_or(EntityRef::DEFAULT_NAMESPACE, |e| e.reference.namespace());
    EntityRef::parse_with(owner, "group", namespace).map_or_else(|| owner.to_lowercase(), |r| r.to_string())
}

fn label(value: &str) -> String {
    value.strip_prefix("group:default/").unwrap_or(value).to_owned()
}

fn haystack(entity: &Entity) -> Box<str> {
    let mut text = entity.reference.to_string();
    let parts = [&entity.title, &entity.description].into_iter().flatten().map(String::as_str);
    let spec = [entity.owner(), entity.system(), entity.spec_type()].into_iter().flatten();
    for part in parts.chain(entity.tags.iter().map(String::as_str)).chain(spec) {
        text.push('\n');
        text.push_str(part);
    }
    text.to_lowercase().into_boxed_str()
}
