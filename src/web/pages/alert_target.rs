//! Where an alert is shown on an entity's page: its row, over the time of its firing.

use jiff::{SignedDuration, Timestamp};

use crate::annotations::MonitoringSpec;
use crate::monitoring::{Activity, AlertQuery, AlertRow, Firing, MatchedEntity};
use crate::web::links::AlertLink;
use crate::web::request::{Access, Portal};

/// What a window shows before the alert became active, and after its end.
const LEAD_IN: SignedDuration = SignedDuration::from_hours(1);
const LEAD_OUT: SignedDuration = SignedDuration::from_mins(30);

/// When an alert fired, as far as the address says so.
pub struct AlertTime {
    pub at: Option<Timestamp>,
    /// A time that cannot be read, as the address has it.
    pub text: Option<String>,
    pub now: Timestamp,
}

impl AlertTime {
    /// Asks the instance when a resolved alert fired.
    pub async fn link(&self, portal: &Portal, matched: &MatchedEntity) -> AlertLink {
        if !is_resolved(matched) {
            return self.link_over(matched, None);
        }
        let query = AlertQuery {
            labels: matched.labels.clone(),
            at: self.at,
            instance: None,
            ad_hoc: portal.settings.allows(Access::AdHoc),
        };
        let own = MonitoringSpec::of_alerts(&matched.entity).alerts;
        let firing = portal.monitoring.last_firing(&matched.instance, &query, own.as_ref(), self.now).await;
        self.link_over(matched, firing.ok().flatten().as_ref())
    }

    /// Over this firing, if it is known.
    pub fn link_over(&self, matched: &MatchedEntity, firing: Option<&Firing>) -> AlertLink {
        let resolved = is_resolved(matched).then(|| matched.labels.clone());
        let at = self.text.clone().or_else(|| Some(self.at?.to_string()).filter(|_| resolved.is_some()));
        let (from, to) = self.window(matched.row(), firing.filter(|_| resolved.is_some()));
        let row = matched.shown_row().map(|row| (row.id(), row.is_active()));
        AlertLink { row, from, to, resolved, at, also: Vec::new() }
    }

    /// From before the alert became active to after the firing's end, or to now.
    pub fn window(
        &self,
        row: Option<&AlertRow>,
        firing: Option<&Firing>,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let waited = row.map_or(0.0, |row| row.rule().duration).clamp(0.0, 1e9);
        let waited = SignedDuration::try_from_secs_f64(waited).unwrap_or_default();
        let before = |at: Timestamp, by| at.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH);
        let fired = [self.at, firing.map(|firing| firing.from)].into_iter().flatten();
        let active = fired.map(|at| before(at, waited)).chain(row.and_then(AlertRow::active_at)).min();
        // On a grid of a minute, so that all who follow the link share one answer.
        let from = active.map(|at| before(at, LEAD_IN).as_second().max(0) / 60 * 60);
        let from = from.and_then(|second| Timestamp::from_second(second).ok());
        let end = firing.and_then(|firing| firing.until);
        let to = end.and_then(|until| until.checked_add(LEAD_OUT).ok()).filter(|to| *to < self.now);
        (from, to.filter(|_| from.is_some()))
    }
}

fn is_resolved(matched: &MatchedEntity) -> bool {
    matched.state == Activity::Resolved && !matched.labels.is_empty()
}
