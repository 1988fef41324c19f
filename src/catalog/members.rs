//! What belongs to an entity: the parts of a system or domain, what a group or user owns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::{Entity, EntityRef, Relation, Snapshot};

/// The most members of one entity that are listed.
pub const MOST_MEMBERS: usize = 20_000;

/// What belongs to each entity directly, by both sides' relations; made once per snapshot.
#[derive(Debug, Default)]
pub(super) struct MembershipIndex {
    /// Parts, child groups, and the groups of a user: what belongs to one of them belongs to the entity too.
    parts: HashMap<EntityRef, Vec<u32>>,
    /// What the entity owns. Its parts may have other owners.
    owned: HashMap<EntityRef, Vec<u32>>,
}

/// What belongs to an entity, directly or by what belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Places in the snapshot's `entities`, each once, in that order; never the entity itself.
    pub rows: Vec<u32>,
    /// There are more than [`MOST_MEMBERS`], which are not in it.
    pub is_cut: bool,
}

impl MembershipIndex {
    /// `entities` ordered by reference.
    pub(super) fn of(entities: &[Arc<Entity>]) -> Self {
        let mut index = Self::default();
        for (row, entity) in (0u32..).zip(entities) {
            for Relation { kind, target } in &entity.relations {
                let is_owned = matches!(kind.as_str(), "ownedBy" | "ownerOf");
                let rows = if is_owned { &mut index.owned } else { &mut index.parts };
                match kind.as_str() {
                    "partOf" | "childOf" | "hasMember" | "ownedBy" => add(rows, target, row),
                    "hasPart" | "parentOf" | "memberOf" | "ownerOf" => {
                        row_of(entities, target)
                            .into_iter()
                            .for_each(|row| add(rows, &entity.reference, row));
                    }
                    _ => {}
                }
            }
        }
        for rows in index.parts.values_mut().chain(index.owned.values_mut()) {
            rows.sort_unstable();
            rows.dedup();
            rows.shrink_to_fit();
        }
        index
    }
}

/// The place of an entity among all, ordered by reference.
fn row_of(entities: &[Arc<Entity>], wanted: &EntityRef) -> Option<u32> {
    let row = entities.binary_search_by(|entity| entity.reference.cmp(wanted)).ok()?;
    u32::try_from(row).ok()
}

fn add(rows: &mut HashMap<EntityRef, Vec<u32>>, to: &EntityRef, row: u32) {
    match rows.get_mut(to) {
        Some(known) => known.push(row),
        None => drop(rows.insert(to.clone(), vec![row])),
    }
}

impl Snapshot {
    /// What belongs to an entity. Parts are followed to their parts, groups to their child groups and a user to
    /// its groups; what somebody owns is not followed.
    pub fn members(&self, of: &EntityRef) -> Members {
        let MembershipIndex { parts, owned } = &self.memberships;
        let itself = row_of(&self.entities, of);
        let (mut rows, mut seen, mut followed) = (Vec::new(), HashSet::new(), HashSet::new());
        seen.extend(itself);
        followed.extend(itself);
        let mut next = VecDeque::from([of]);
        while let Some(reference) = next.pop_front().filter(|_| rows.len() <= MOST_MEMBERS) {
            let parts = parts.get(reference).into_iter().flatten();
            let owned = owned.get(reference).into_iter().flatten();
            rows.extend(parts.clone().chain(owned).filter(|row| seen.insert(**row)));
            let new = parts.filter(|row| followed.insert(**row));
            next.extend(new.filter_map(|row| self.entities.get(*row as usize)).map(|part| &part.reference));
        }
        let is_cut = rows.len() > MOST_MEMBERS;
        rows.truncate(MOST_MEMBERS);
        rows.sort_unstable();
        Members { rows, is_cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(entities_text: &[(&str, &[(&str, &str)])]) -> Snapshot {
        let entity = |(reference, relations): &(&str, &[(&str, &str)])| {
            let reference = EntityRef::parse(reference).unwrap();
            let relation = |(kind, target): &(&str, &str)| Relation {
                kind: (*kind).to_owned(),
                target: EntityRef::parse(target).unwrap(),
            };
            let (kind, name) = (reference.kind().to_owned(), reference.name().to_owned());
            let relations = relations.iter().map(relation).collect();
            Arc::new(Entity { relations, ..Entity::new(reference, kind, String::new(), name) })
        };
        Snapshot::new(entities_text.iter().map(entity))
    }

    fn names(snapshot: &Snapshot, of: &str) -> String {
        let members = snapshot.members(&EntityRef::parse(of).unwrap());
        assert!(!members.is_cut);
        let names = members.rows.iter().map(|row| snapshot.entities[*row as usize].name.clone());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn members_are_those_that_either_side_names() {
        let all = snapshot(&[
            ("component:web", &[("partOf", "system:shop"), ("ownedBy", "group:team")]),
            ("component:cart", &[("partOf", "component:web"), ("dependsOn", "component:alien")]),
            ("component:alien", &[("ownedBy", "user:jo")]),
            (
                "system:shop",
                &[("partOf", "domain:sales"), ("ownedBy", "group:lead"), ("hasPart", "component:db")],
            ),
            ("component:db", &[]),
            ("domain:sales", &[("partOf", "domain:sales"), ("hasPart", "component:absent")]),
            ("group:lead", &[("parentOf", "group:team")]),
            (
                "group:team",
                &[("childOf", "group:lead"), ("hasMember", "user:jo"), ("parentOf", "group:lead")],
            ),
            ("user:jo", &[]),
        ]);
        for (of, wanted) in [
            ("domain:sales", "cart db web shop"),
            ("system:shop", "cart db web"),
            ("component:web", "cart"),
            // What is owned is not followed to its parts; child groups are, even round a loop.
            ("group:team", "web lead shop"),
            ("group:lead", "web team shop"),
            ("user:jo", "alien web lead team shop"),
            ("system:none", ""),
        ] {
            let mut got: Vec<_> = names(&all, of).split(' ').map(str::to_owned).collect();
            let mut wanted: Vec<_> = wanted.split(' ').map(str::to_owned).collect();
            got.sort();
            wanted.sort();
            assert_eq!(got, wanted, "{of}");
        }
    }

    #[test]
    fn a_crowd_is_cut_and_told() {
        let mut entities_text: Vec<(String, [(&str, &str); 1])> = Vec::new();
        for i in 0..=MOST_MEMBERS {
            entities_text.push((format!("component:c{i}"), [("partOf", "system:all")]));
        }
        let entities_text: Vec<(&str, &[(&str, &str)])> =
            entities_text.iter().map(|(name, memberships)| (name.as_str(), &memberships[..])).collect();
        let members = snapshot(&entities_text).members(&EntityRef::parse("system:all").unwrap());
        assert_eq!((members.rows.len(), members.is_cut), (MOST_MEMBERS, true));
    }
}
