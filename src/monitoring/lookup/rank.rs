//! The order of the entities that show one alert, and the one that a link opens.

use super::{Activity, Lookup, MatchedEntity};

/// What is known of the alert at an entity. The least stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Active,
    /// Silenced or inhibited: nobody was paged for it.
    Suppressed,
    Resolved,
    Unknown,
}

/// Kinds by how close they are to what one repairs. The least stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KindClass {
    Component,
    /// A resource, an API, or a kind of the catalog's own.
    Part,
    System,
    Group,
}

impl KindClass {
    /// `kind` in lower case.
    fn of(kind: &str) -> Self {
        match kind {
            "component" => Self::Component,
            "system" => Self::System,
            "domain" | "group" | "user" => Self::Group,
            _ => Self::Part,
        }
    }
}

impl MatchedEntity {
    fn standing(&self) -> Standing {
        match self.state {
            Activity::Active(_) if self.rows.iter().any(|row| row.is_active() && !row.is_suppressed()) => {
                Standing::Active
            }
            Activity::Active(_) => Standing::Suppressed,
            Activity::Resolved => Standing::Resolved,
            Activity::Unknown => Standing::Unknown,
        }
    }

    /// Active before suppressed, resolved and unknown, then by kind.
    pub(super) fn rank(&self) -> (Standing, KindClass) {
        (self.standing(), KindClass::of(self.entity.reference.kind()))
    }
}

impl Lookup {
    /// The entity to redirect to: the only one of the best kind where the alert is active. None: there is none, there are
    /// several or may be more, or the alert is not active and another instance may have it.
    pub fn best(&self) -> Option<&MatchedEntity> {
        let (best, others) = self.entities.split_first()?;
        let is_active = matches!(best.state, Activity::Active(_));
        let is_rival = |other: &MatchedEntity| {
            other.rank() == best.rank() || (!is_active && other.state == Activity::Unknown)
        };
        let mut doubtful = self.silent.iter().chain(&self.unsure);
        let is_sure = is_active || doubtful.all(|name| name == best.instance.name());
        let is_whole = !self.is_partial && !self.is_behind && !self.is_cut && self.beyond == 0;
        Some(best).filter(|_| is_sure && is_whole && !others.iter().any(is_rival))
    }

    /// Those beside the best.
    pub fn others(&self) -> &[MatchedEntity] {
        self.entities.get(1..).unwrap_or_default()
    }
}
