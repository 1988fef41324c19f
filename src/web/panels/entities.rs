//! Entities as rows of a list: kind, owner, and the states of their alerts.

use std::cmp::Reverse;
use std::sync::Arc;

use super::cut;
use super::summary::StateText;
use super::times::Moment;
use crate::catalog::{Entity, EntityRef, Snapshot};
use crate::monitoring::{EntityAlerts, Evidence, Overview, Verdict, WorstAlerts};
use crate::prometheus::AlertState;
use crate::web::links::{Link, Links, Page};

/// Longer words of severities are cut, in characters.
const LONGEST_WORD: usize = 24;

pub struct EntityLine {
    pub entity: Arc<Entity>,
    pub href: Link,
    pub is_available: bool,
    /// The first without monitoring, after some with.
    pub begins_others: bool,
    /// The states of its alerts.
    pub alerts: Vec<StateText>,
    /// The time of the answer, if its instance is not answering now.
    pub not_since: Option<Moment>,
}

impl EntityLine {
    /// None for the default one.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.entity.reference.namespace()).filter(|name| *name != EntityRef::DEFAULT_NAMESPACE)
    }

    pub fn about(&self) -> String {
        cut(self.entity.description.as_deref().unwrap_or_default().trim(), 200)
    }
}

/// The lines of some rows of a snapshot, in the order of the rows.
pub fn lines(snapshot: &Snapshot, rows: &[u32], overview: &Overview, links: Links<'_>) -> Vec<EntityLine> {
    let mut was_available = false;
    let line = |row: &u32| {
        let entity = snapshot.entities.get(*row as usize)?;
        let is_available = overview.is_available(*row);
        let begins_others = was_available && !is_available;
        was_available = is_available;
        let alerts = overview.alerts(*row);
        Some(EntityLine {
            entity: entity.clone(),
            href: links.to(Page::Entity(&entity.reference)),
            is_available,
            begins_others,
            alerts: parts(&alerts, overview),
            not_since: alerts.not_since().map(|at| Moment::of(&at, links.params)),
        })
    };
    rows.iter().filter_map(line).collect()
}

fn parts(alerts: &EntityAlerts, overview: &Overview) -> Vec<StateText> {
    match alerts {
        EntityAlerts::None => Vec::new(),
        EntityAlerts::Unknown => vec![StateText::new("unknown", "unknown")],
        EntityAlerts::Known { evidence, is_stale, worst_alerts, .. } => {
            let mut parts = counted(evidence, *is_stale);
            if let Some(text) = worst_alerts.as_ref().and_then(|worst| firing(worst, overview)) {
                let fires = parts.iter_mut().find(|part| part.state == "firing");
                fires.into_iter().for_each(|part| part.text.clone_from(&text));
            }
            if parts.is_empty() {
                parts.push(match evidence.verdict() {
                    Verdict::Quiet => StateText::new("inactive", "none"),
                    Verdict::None => StateText::new("unknown", "no rule"),
                    _ => StateText::new("unknown", "unknown"),
                });
            }
            parts
        }
    }
}

/// `3 critical, 4 more firing`. None: none fires, or the worst that do have no severity.
fn firing(worst: &WorstAlerts, overview: &Overview) -> Option<String> {
    let WorstAlerts { severity, count: Reverse(count), all: Reverse(all), .. } = *worst;
    let word = cut(overview.severity(severity).filter(|_| worst.state == AlertState::Firing)?, LONGEST_WORD);
    Some(match all.saturating_sub(count) {
        0 => format!("{count} {word} firing"),
        more => format!("{count} {word}, {more} more firing"),
    })
}

/// How many are in each state. The time of an older answer is shown beside it.
fn counted(evidence: &Evidence, is_old: bool) -> Vec<StateText> {
    let counts = evidence.counts;
    let unknown = if is_old { counts.error + counts.unknown } else { evidence.unknown() };
    let mut parts = StateText::counts(counts, unknown);
    if is_old && evidence.verdict() == Verdict::Unknown && unknown == 0 {
        parts.insert(0, StateText::new("unknown", "unknown"));
    }
    parts
}
