//! Keeps overviews. A reader gets the newest one at once; the next one is made in the background and replaces it.

use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::counter::InstanceAlerts;
use super::entities::Overview;
use super::entity_alerts::OLDEST;
use super::latest::{Latest, fresh_until};
use super::subscriptions::AlertSubscriptions;
use crate::catalog::{Catalog, Snapshot};
use crate::clock;
use crate::monitoring::{Monitoring, RoutingInput, deadlines};
use crate::prometheus::{Instance, Origin, Rules};
use crate::store::{Answer, Scope};

/// Counts that somebody saw within two intervals of a page are made anew as soon as they expire.
const WATCHED: SignedDuration = SignedDuration::from_secs(60);
/// Between two attempts while no instance answers.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Between two looks at what has to be made.
const PERIOD: Duration = Duration::from_secs(1);
/// One, unless routing rules depend on the request.
const MAX_OVERVIEWS: usize = 4;

/// The overviews for one routing input.
pub(super) struct OverviewSlot {
    input: RoutingInput,
    list: ArcSwapOption<AlertSubscriptions>,
    latest: ArcSwapOption<Latest>,
    /// Held while something is made.
    turn: tokio::sync::Mutex<()>,
    /// Held while counts are carried to another snapshot.
    carrying: tokio::sync::Mutex<()>,
    /// When somebody saw it last.
    viewed: Mutex<Option<Timestamp>>,
}

impl OverviewSlot {
    fn new(input: RoutingInput) -> Self {
        let (list, latest) = (ArcSwapOption::empty(), ArcSwapOption::empty());
        let (turn, carrying) = Default::default();
        Self { input, list, latest, turn, carrying, viewed: Mutex::default() }
    }

    pub(super) fn viewed(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.viewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the catalog went on: something here is of a later snapshot.
    fn is_past(&self, snapshot: &Snapshot) -> bool {
        let list = self.list.load().as_ref().is_some_and(|list| snapshot.is_before(&list.snapshot));
        list || self.latest.load().as_ref().is_some_and(|latest| snapshot.is_before(&latest.snapshot))
    }

    /// The newest counts, as those of a snapshot. None: there are none yet.
    async fn latest_of(&self, snapshot: &Arc<Snapshot>) -> Option<Arc<Latest>> {
        let is_of = |latest: &Arc<Latest>| latest.is_of(snapshot);
        if let Some(latest) = self.latest.load_full().filter(is_of) {
            return Some(latest);
        }
        let _carrying = self.carrying.lock().await;
        // Another reader may have carried them meanwhile.
        let latest = self.latest.load_full()?;
        if is_of(&latest) {
            return Some(latest);
        }
        let carried = Arc::new(latest.carried(snapshot).await);
        if !snapshot.is_before(&latest.snapshot) {
            // Unless newer ones came meanwhile.
            self.latest.compare_and_swap(&latest, Some(carried.clone()));
        }
        Some(carried)
    }

    /// Puts other counts in the place of the newest.
    fn replace(&self, monitoring: &Monitoring, next: Option<Latest>) {
        let _change = monitoring.generation().change();
        self.latest.store(next.map(Arc::new));
    }

    /// Which entities select which alerts. None: it could not be read.
    async fn list_of(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        monitoring: &Monitoring,
    ) -> Option<Arc<AlertSubscriptions>> {
        let known = self.list.load_full().filter(|list| list.is_of(snapshot));
        if known.is_some() {
            return known;
        }
        let (slot, snapshot, monitoring) = (self.clone(), snapshot.clone(), monitoring.clone());
        let read = move || Arc::new(AlertSubscriptions::of(snapshot, &monitoring, &slot.input));
        let list = tokio::task::spawn_blocking(read).await.ok()?;
        self.list.store(Some(list.clone()));
        Some(list)
    }

    /// Makes what somebody who looks again will need. Without readers it asks no instance.
    pub(super) async fn follow(
        self: &Arc<Self>,
        monitoring: &Monitoring,
        snapshot: &Arc<Snapshot>,
        now: Timestamp,
    ) {
        let viewed = *self.viewed();
        let is_seen_within = |time| viewed.is_some_and(|at| now.duration_since(at) < time);
        let latest = self.latest.load_full();
        let is_due = |latest: &Latest| {
            // Somebody who looked since took the counts as they were. The store may know more.
            let is_seen_since = viewed.is_some_and(|at| at > latest.made);
            is_seen_since || latest.answers.is_none() || !latest.is_of(snapshot) || !latest.is_fresh(now)
        };
        if is_seen_within(WATCHED) && latest.as_deref().is_none_or(is_due) {
            renewed(monitoring.clone(), self.clone(), snapshot.clone(), now).await;
        } else {
            let _turn = self.turn.lock().await;
            if self.is_past(snapshot) {
                return;
            }
            if !is_seen_within(OLDEST) {
                // They say nothing about now. The next reader waits for newer ones.
                self.replace(monitoring, None);
            }
            self.list_of(snapshot, monitoring).await;
            // The older snapshot is free then.
            self.latest_of(snapshot).await;
        }
    }
}

#[cfg(test)]
impl OverviewSlot {
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(super) fn has_list(&self) -> bool {
        self.list.load().is_some()
    }

    pub(super) fn has_list_of(&self, snapshot: &Snapshot) -> bool {
        self.list.load().as_ref().is_some_and(|list| list.is_of(snapshot))
    }

    pub(super) fn made(&self) -> Option<Arc<Overview>> {
        self.latest.load().as_ref().map(|latest| latest.overview.clone())
    }

    pub(super) fn checked(&self) -> Option<std::time::Instant> {
        self.latest.load().as_ref().map(|latest| latest.checked)
    }
}

/// Overviews that are kept.
#[derive(Default)]
pub struct Overviews(Mutex<Vec<Arc<OverviewSlot>>>);

impl Overviews {
    fn slots(&self) -> MutexGuard<'_, Vec<Arc<OverviewSlot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn slot(&self, input: &RoutingInput) -> Arc<OverviewSlot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.iter().find(|slot| slot.input == *input) {
            return slot.clone();
        }
        let slot = Arc::new(OverviewSlot::new(input.clone()));
        let usual = RoutingInput::default();
        if slots.len() == MAX_OVERVIEWS
            && let Some(oldest) = slots.iter().position(|slot| slot.input != usual)
        {
            slots.remove(oldest);
        }
        slots.push(slot.clone());
        slot
    }
}

impl Monitoring {
    /// The alert states of all entities at `now`, from memory: newer ones are made in the background. It waits only for
    /// the first ones, and shortly for newer ones where the age of the newest leaves little of them. That asks each
    /// instance and each Alertmanager once.
    pub async fn overview(
        &self,
        snapshot: &Arc<Snapshot>,
        input: &RoutingInput,
        now: Timestamp,
    ) -> Arc<Overview> {
        let slot = self.overviews.slot(input);
        *slot.viewed() = Some(now);
        let overview = self.unrecorded().newest(&slot, snapshot, now).await;
        self.note(&slot, &overview, now);
        overview
    }

    async fn newest(
        &self,
        slot: &Arc<OverviewSlot>,
        snapshot: &Arc<Snapshot>,
        now: Timestamp,
    ) -> Arc<Overview> {
        let latest = slot.latest_of(snapshot).await;
        if let Some(latest) = latest.as_ref().filter(|latest| latest.stands(now)) {
            // An entity's page is not calm then.
            let is_failing = latest.current().any(|instance| self.is_failing(instance));
            return if is_failing { latest.old(now).await } else { latest.at(now).await };
        }
        // In a task of its own, so that it goes on when the reader leaves.
        let renewed = tokio::spawn(renewed(self.clone(), slot.clone(), snapshot.clone(), now));
        let patience = match &latest {
            Some(_) => deadlines::RENEWAL,
            None => deadlines::OVERVIEW + deadlines::COUNTING,
        };
        match (timeout(patience, renewed).await, latest) {
            (Ok(Ok(Some(overview))), _) => overview,
            (_, Some(latest)) => latest.at(now).await,
            (_, None) => Arc::new(Overview::unknown(snapshot)),
        }
    }

    /// Notes counts that a page shows. It is kept only while they are the newest, and say what the pages of entities do.
    fn note(&self, slot: &Arc<OverviewSlot>, given: &Arc<Overview>, now: Timestamp) {
        let Some(recorder) = self.recorder() else { return };
        // The page holds no counts in memory.
        let (slot, given, monitoring) = (Arc::downgrade(slot), Arc::downgrade(given), self.unrecorded());
        let holds_until = move |now| {
            let latest = slot.upgrade()?.latest.load_full()?;
            let is_newest = ptr::eq(Arc::as_ptr(&latest.overview), given.as_ptr());
            let is_failing = || latest.current().any(|instance| monitoring.is_failing(instance));
            let until = latest.until.map_or(latest.fresh_until, |until| until.min(latest.fresh_until));
            (is_newest && latest.is_whole() && latest.is_fresh(now) && !is_failing()).then_some(until)
        };
        match holds_until(now) {
            Some(until) => {
                recorder.until(until);
                let bytes = size_of_val(&holds_until);
                recorder.open().given(Box::new(move |now| holds_until(now).is_some()), bytes);
            }
            None => recorder.refuse(),
        }
    }

    /// Whether the newest request for the rules of an instance failed.
    fn is_failing(&self, instance: &Instance) -> bool {
        let is_stale = |rules: Answer<Rules>| rules.is_stale();
        instance.failing(Origin::Known).is_some()
            || self.store.known_rules(instance, Scope::Whole).is_some_and(is_stale)
    }

    /// Keeps overviews in step with the catalog, and those that somebody sees in step with the instances, for as long
    /// as it is polled.
    pub async fn keep_overviews(self, catalog: Arc<Catalog>) {
        self.overviews.slot(&RoutingInput::default());
        loop {
            let (snapshot, now) = (catalog.snapshot(), clock::now());
            if snapshot.loaded_at.is_some() {
                let slots = self.overviews.slots().clone();
                join_all(slots.iter().map(|slot| slot.follow(&self, &snapshot, now))).await;
            }
            drop(snapshot);
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// What an instance and its Alertmanager say. Of an instance that fails, or takes too long, what it answered
    /// before; None: that is too long ago, too.
    async fn instance_alerts(&self, instance: &Arc<Instance>) -> Option<InstanceAlerts> {
        let rules = async {
            match timeout(deadlines::OVERVIEW, self.rules(instance)).await {
                Ok(answer) => answer.ok(),
                Err(_) => self.store.rules_before(instance, Scope::Whole),
            }
        };
        let (rules, silences) = join(rules, self.silences(instance)).await;
        rules.map(|rules| InstanceAlerts { rules, silences })
    }
}

/// A new overview. None: it could not be counted, or the catalog went on meanwhile.
async fn renewed(
    monitoring: Monitoring,
    slot: Arc<OverviewSlot>,
    snapshot: Arc<Snapshot>,
    now: Timestamp,
) -> Option<Arc<Overview>> {
    let begun = clock::stopwatch();
    let _turn = slot.turn.lock().await;
    if slot.is_past(&snapshot) {
        return None;
    }
    let before = slot.latest.load_full().filter(|latest| latest.is_of(&snapshot));
    if let Some(before) = before.as_ref().filter(|latest| latest.answers.is_some() && latest.checked >= begun)
    {
        return Some(before.overview.clone());
    }
    let list = slot.list_of(&snapshot, &monitoring).await?;
    let answers = list.instances.iter().map(|instance| monitoring.instance_alerts(instance));
    let answers = join_all(answers).await;
    let is_same = |before: &Arc<Latest>| {
        before.holds(now) && before.answers.as_ref().is_some_and(|before| is_all_same(before, &answers))
    };
    let overview = match before.filter(is_same) {
        Some(before) => before.overview.clone(),
        None => {
            let (list, answers) = (list.clone(), answers.clone());
            let counted = tokio::task::spawn_blocking(move || Overview::of(&list, &answers, now));
            Arc::new(counted.await.ok()?)
        }
    };
    let alertmanager = answers.iter().flatten().filter_map(|answers| answers.silences.answer());
    let until = alertmanager.filter_map(|answer| answer.value.changes_after(now)).min();
    let checked = clock::stopwatch();
    let fresh_until = fresh_until(&list, &answers, clock::now()).unwrap_or(now + PAUSE);
    let (instances, answers, newest) = (list.instances.clone(), Some(answers), overview.clone());
    let next = Latest {
        snapshot,
        overview,
        instances,
        answers,
        checked,
        made: now,
        until,
        fresh_until,
        old: Default::default(),
    };
    slot.replace(&monitoring, Some(next));
    Some(newest)
}

fn is_all_same(before: &[Option<InstanceAlerts>], now: &[Option<InstanceAlerts>]) -> bool {
    let same = |(before, now): (&Option<InstanceAlerts>, &Option<InstanceAlerts>)| match (before, now) {
        (Some(before), Some(now)) => before.is_same(now),
        (None, None) => true,
        _ => false,
    };
    before.len() == now.len() && before.iter().zip(now).all(same)
}
