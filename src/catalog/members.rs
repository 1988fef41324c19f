//! What belongs to an entity: the parts of a system or domain, what a group or user owns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::{Entity, EntityRef, Snapshot};

/// The most members that one entity is told to have.
pub const MOST_MEMBERS: usize = 20_000;

/// How one entity belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Membership {
    /// `hasPart`
    Part,
    /// `ownerOf`
    Owned,
    /// `parentOf`
    Child,
    /// `memberOf`, of a user: the group.
    Group,
}

/// Backstage's words: the membership, and whether the entity that says it is the one that belongs.
const WORDS: [(&str, Membership, bool); 8] = [
    ("hasPart", Membership::Part, false),
    ("partOf", Membership::Part, true),
    ("ownerOf", Membership::Owned, false),
    ("ownedBy", Membership::Owned, true),
    ("parentOf", Membership::Child, false),
    ("childOf", Membership::Child, true),
    ("memberOf", Membership::Group, false),
    ("hasMember", Membership::Group, true),
];

/// Everything that belongs to each entity, by both sides' relations; made once per snapshot.
#[derive(Debug, Default)]
pub(super) struct MembershipIndex {
    by_ref: HashMap<EntityRef, Vec<(Membership, u32)>>,
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
        let row_of = |wanted: &EntityRef| {
            let place = entities.binary_search_by(|entity| entity.reference.cmp(wanted)).ok()?;
            u32::try_from(place).ok()
        };
        let mut memberships = Self::default();
        for (row, entity) in (0u32..).zip(entities) {
            for relation in &entity.relations {
                let Some((_, membership, belongs)) = WORDS.iter().find(|(word, ..)| *word == relation.kind)
                else {
                    continue;
                };
                if *belongs {
                    memberships.membership(&relation.target, *membership, row);
                } else if let Some(other) = row_of(&relation.target) {
                    memberships.membership(&entity.reference, *membership, other);
                }
            }
        }
        for belonging in memberships.by_ref.values_mut() {
            belonging.sort_unstable();
            belonging.dedup();
            belonging.shrink_to_fit();
        }
        memberships
    }

    fn membership(&mut self, to: &EntityRef, membership: Membership, row: u32) {
        match self.by_ref.get_mut(to) {
            Some(known) => known.push((membership, row)),
            None => {
                self.by_ref.insert(to.clone(), vec![(membership, row)]);
            }
        }
    }
}

impl Snapshot {
    /// What belongs to an entity. Parts are followed to their parts, groups to their child groups and a user to
    /// its groups; what somebody owns is not followed, for its parts may be others'.
    pub fn members(&self, of: &EntityRef) -> Members {
        let mut members = Members::default();
        let (mut seen, mut followed) = (HashSet::new(), HashSet::new());
        let mut next = VecDeque::from([of]);
        while let Some(reference) = next.pop_front() {
            for (membership, row) in self.memberships.by_ref.get(reference).into_iter().flatten() {
                let Some(entity) = self.entities.get(*row as usize) else { continue };
                if entity.reference == *of {
                    continue;
                }
                if *membership != Membership::Owned && followed.insert(*row) {
                    next.push_back(&entity.reference);
                }
                if !seen.insert(*row) {
                    continue;
                }
                if members.rows.len() == MOST_MEMBERS {
                    members.is_cut = true;
                    next.clear();
                    break;
                }
                members.rows.push(*row);
            }
        }
        members.rows.sort_unstable();
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Relation;

    fn snapshot(entities_text: &[(&str, &[(&str, &str)])]) -> Snapshot {
        let entity = |(reference, relations): &(&str, &[(&str, &str)])| {
            let reference = EntityRef::parse(reference).unwrap();
            let relation = |(kind, target): &(&str, &str)| Relation {
                kind: (*kind).to_owned(),
                target: EntityRef::parse(target).unwrap(),
            };
            Arc::new(Entity {
                kind: reference.kind().to_owned(),
                name: reference.name().to_owned(),
                reference,
                api_version: String::new(),
                title: None,
                description: None,
                labels: Default::default(),
                annotations: Default::default(),
                tags: Vec::new(),
                links: Vec::new(),
                other_metadata: Default::default(),
                spec: serde_json::Value::Null,
                relations: relations.iter().map(relation).collect(),
                place: None,
                faults: Vec::new(),
            })
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
