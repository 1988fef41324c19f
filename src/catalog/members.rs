//! What belongs to an entity: the parts of a system or domain, what a group or user owns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::{Entity, EntityRef, Relation, Snapshot, row_of};

/// The most members of one entity that are listed.
pub const MOST_MEMBERS: usize = 20_000;

/// How one entity belongs to another. Of too many members the first are kept, in this order for each entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Membership {
    /// `hasPart`
    Part,
    /// `ownerOf`. What belongs to it may have other owners.
    Owned,
    /// `parentOf`
    Child,
    /// `memberOf`, of a user: the group.
    Group,
}

/// What belongs to each entity directly, by both sides' relations; made once per snapshot.
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
        let mut by_ref = HashMap::new();
        for (row, entity) in (0u32..).zip(entities) {
            for Relation { kind, target } in &entity.relations {
                match membership(kind) {
                    Some((membership, true)) => add(&mut by_ref, target, (membership, row)),
                    Some((membership, false)) => {
                        let member = row_of(entities, target).map(|row| (membership, row));
                        member.into_iter().for_each(|member| add(&mut by_ref, &entity.reference, member));
                    }
                    None => {}
                }
            }
        }
        by_ref.shrink_to_fit();
        for members in by_ref.values_mut() {
            members.sort_unstable();
            members.dedup();
            members.shrink_to_fit();
        }
        Self { by_ref }
    }
}

/// The membership that a relation means, and whether the entity that has the relation is the member.
fn membership(kind: &str) -> Option<(Membership, bool)> {
    Some(match kind {
        "hasPart" => (Membership::Part, false),
        "partOf" => (Membership::Part, true),
        "ownerOf" => (Membership::Owned, false),
        "ownedBy" => (Membership::Owned, true),
        "parentOf" => (Membership::Child, false),
        "childOf" => (Membership::Child, true),
        "memberOf" => (Membership::Group, false),
        "hasMember" => (Membership::Group, true),
        _ => return None,
    })
}

fn add(by_ref: &mut HashMap<EntityRef, Vec<(Membership, u32)>>, to: &EntityRef, member: (Membership, u32)) {
    match by_ref.get_mut(to) {
        Some(known) => known.push(member),
        None => drop(by_ref.insert(to.clone(), vec![member])),
    }
}

impl Snapshot {
    /// What belongs to an entity. Parts are followed to their parts, groups to their child groups and a user to
    /// its groups; what somebody owns is not followed.
    pub fn members(&self, of: &EntityRef) -> Members {
        let itself = row_of(&self.entities, of);
        let (mut rows, mut seen, mut followed) = (Vec::new(), HashSet::new(), HashSet::new());
        seen.extend(itself);
        followed.extend(itself);
        let mut next = VecDeque::from([of]);
        while let Some(reference) = next.pop_front().filter(|_| rows.len() <= MOST_MEMBERS) {
            let members = self.lists.memberships.by_ref.get(reference).into_iter().flatten();
            let room = MOST_MEMBERS + 1 - rows.len();
            let unseen = members.clone().map(|(_, row)| *row).filter(|row| seen.insert(*row));
            rows.extend(unseen.take(room));
            let parts = members.filter(|(membership, _)| *membership != Membership::Owned);
            let new = parts.filter(|(_, row)| followed.insert(*row));
            next.extend(
                new.filter_map(|(_, row)| self.entities.get(*row as usize)).map(|part| &part.reference),
            );
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
                kind: (*kind).into(),
                target: EntityRef::parse(target).unwrap(),
            };
            let (kind, name) = (reference.kind().to_owned(), reference.name().to_owned());
            let relations = relations.iter().map(relation).collect();
            Arc::new(Entity { relations, ..Entity::new(reference, &kind, "", name) })
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
    fn of_a_crowd_the_parts_stay_before_what_is_owned() {
        let owned = (0..MOST_MEMBERS).map(|i| (format!("component:c{i}"), [("ownedBy", "group:g")]));
        let parts = [("partOf", "component:z"), ("childOf", "group:z")];
        let others = parts.map(|(kind, name)| (name.to_owned(), [(kind, "group:g")]));
        let all: Vec<_> = owned.chain(others).collect();
        let all: Vec<(&str, &[(&str, &str)])> =
            all.iter().map(|(name, relations)| (name.as_str(), &relations[..])).collect();
        let all = snapshot(&all);
        let members = all.members(&EntityRef::parse("group:g").unwrap());
        let has = |name: &str| {
            members.rows.contains(&row_of(&all.entities, &EntityRef::parse(name).unwrap()).unwrap())
        };
        assert_eq!((members.rows.len(), members.is_cut), (MOST_MEMBERS, true));
        assert!(has("component:z") && !has("group:z"));
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
