//! Entities as lines of a list: what each is, whose it is, and what its alerts do.

use super::cut;
use crate::catalog::Snapshot;
use crate::monitoring::{EntityAlerts, Overview};
use crate::web::Links;

pub struct EntityLine {
    pub title: String,
    pub href: String,
    pub kind: String,
    pub namespace: Option<String>,
    pub owner: String,
    pub system: String,
    pub about: String,
    pub tags: Vec<String>,
    pub is_available: bool,
    /// The first of those that have nothing to show, after some that have.
    pub begins_others: bool,
    pub alerts: EntityAlerts,
}

/// The lines of some rows of a snapshot, in the order of the rows.
pub fn lines(snapshot: &Snapshot, rows: &[u32], overview: &Overview, links: Links<'_>) -> Vec<EntityLine> {
    let mut was_available = false;
    let line = |row: &u32| {
        let entity = snapshot.entities.get(*row as usize)?;
        let is_available = overview.is_available(*row);
        let begins_others = was_available && !is_available;
        was_available = is_available;
        let namespace = entity.reference.namespace();
        Some(EntityLine {
            title: entity.display_name().to_owned(),
            href: links.entity(&entity.reference),
            kind: entity.kind.clone(),
            namespace: (namespace != "default").then(|| namespace.to_owned()),
            owner: entity.owner().unwrap_or_default().to_owned(),
            system: entity.system().unwrap_or_default().to_owned(),
            about: entity.description.as_deref().map(|text| cut(text.trim(), 200)).unwrap_or_default(),
            tags: entity.tags.iter().take(4).cloned().collect(),
            is_available,
            begins_others,
            alerts: overview.alerts(*row),
        })
    };
    rows.iter().filter_map(line).collect()
}
