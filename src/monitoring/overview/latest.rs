//! The newest counts, and what their age leaves of them.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::counter::InstanceAlerts;
use super::entities::Overview;
use super::subscriptions::AlertSubscriptions;
use crate::background::compute;
use crate::catalog::Snapshot;
use crate::prometheus::Instance;
use crate::store::{Answer, SILENCES_LIFETIME, is_ahead, rules_lifetime};

/// Counts are shown as they are for so long after an answer in them expired, while newer ones are made.
const GRACE: SignedDuration = SignedDuration::from_secs(15);

/// The newest counts.
pub(super) struct Latest {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) overview: Arc<Overview>,
    /// Those that were asked.
    pub(super) instances: Vec<Arc<Instance>>,
    /// Of each instance. None: the counts are those of another snapshot.
    pub(super) answers: Option<Vec<Option<InstanceAlerts>>>,
    pub(super) checked: Instant,
    pub(super) made: Timestamp,
    /// A suppression in it may end then.
    pub(super) until: Option<Timestamp>,
    /// An answer in it expires then. Where all are stale, the next attempt is then.
    pub(super) fresh_until: Timestamp,
    /// Held while it is made.
    pub(super) old: Mutex<Option<OldOverview>>,
}

/// What age has left of counts, which is the same at these times.
pub(super) struct OldOverview {
    times: Range<Timestamp>,
    overview: Arc<Overview>,
}

impl Latest {
    /// Whether an entity's page would show the same answers.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.holds(now) && now < self.fresh_until
    }

    /// Whether all instances have answered it.
    pub(super) fn is_whole(&self) -> bool {
        let is_whole =
            |answers: &Option<InstanceAlerts>| answers.as_ref().is_some_and(InstanceAlerts::is_whole);
        self.answers.as_ref().is_some_and(|answers| answers.iter().all(is_whole))
    }

    /// No suppression in it has ended, and the clock was not set back.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until) && !is_ahead(self.made, now)
    }

    /// Whether it is shown as it is.
    pub(super) fn stands(&self, now: Timestamp) -> bool {
        self.holds(now) && now.duration_since(self.fresh_until) < GRACE
    }

    /// The instances whose answers count as current.
    pub(super) fn current(&self) -> impl Iterator<Item = &Arc<Instance>> {
        let is_current = |place: usize| match &self.answers {
            Some(answers) => {
                answers.get(place).and_then(Option::as_ref).is_some_and(|of| !of.rules.is_stale())
            }
            None => true,
        };
        let instances = self.instances.iter().enumerate();
        instances.filter(move |(place, _)| is_current(*place)).map(|(_, instance)| instance)
    }

    pub(super) fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.has_entities_of(snapshot)
    }

    /// What it says at `now`.
    pub(super) async fn at(self: &Arc<Self>, now: Timestamp) -> Arc<Overview> {
        if self.is_fresh(now) {
            self.overview.clone()
        } else if self.stands(now) {
            Arc::new(self.overview.late())
        } else {
            self.old(now).await
        }
    }

    /// What is left of it if its answers are no longer current. It is made once for all readers: it sorts all rows.
    pub(super) async fn old(self: &Arc<Self>, now: Timestamp) -> Arc<Overview> {
        let mut known = self.old.lock().await;
        if let Some(known) = known.as_ref().filter(|old| old.times.contains(&now)) {
            return known.overview.clone();
        }
        let latest = self.clone();
        let overview = Arc::new(compute(move || latest.overview.old(&latest.snapshot, now)).await);
        *known = Some(OldOverview { times: self.overview.times_like(now), overview: overview.clone() });
        overview
    }

    /// The same for another snapshot.
    pub(super) async fn carried(self: &Arc<Self>, snapshot: &Arc<Snapshot>) -> Self {
        let (latest, to) = (self.clone(), snapshot.clone());
        let overview = Arc::new(compute(move || latest.overview.carried(&latest.snapshot, &to)).await);
        let (snapshot, instances) = (snapshot.clone(), self.instances.clone());
        Self { snapshot, overview, instances, answers: None, old: Mutex::default(), ..**self }
    }
}

/// When the first fresh answer becomes stale. None: all are stale.
pub(super) fn fresh_until(
    list: &AlertSubscriptions,
    answers: &[Option<InstanceAlerts>],
    now: Timestamp,
) -> Option<Timestamp> {
    let ends = list.instances.iter().zip(answers).flat_map(|(instance, answers)| {
        let Some(InstanceAlerts { rules, silences }) = answers else { return [None, None] };
        [
            end(rules, rules_lifetime(&rules.value, &instance.settings), now),
            silences.answer().and_then(|answer| end(answer, SILENCES_LIFETIME, now)),
        ]
    });
    ends.flatten().min()
}

/// When an answer of this lifetime becomes stale. None: it is stale already, or nobody knows its age.
fn end<T>(answer: &Answer<T>, lives: Duration, now: Timestamp) -> Option<Timestamp> {
    answer.as_of.checked_add(lives).ok().filter(|_| !answer.is_stale() && !answer.is_ahead(now))
}
