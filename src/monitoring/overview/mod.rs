//! What the alerts of every entity do at once: counted for a whole snapshot, kept until it or an answer changes.

mod subscriptions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use self::subscriptions::AlertSubscriptions;
use super::silences::{AlertmanagerAnswer, Silences};
use super::{DEADLINES, Doubt, Evidence, Monitoring, RoutingInput, Verdict, alerts::Tally};
use crate::catalog::Snapshot;
use crate::clock;
use crate::prometheus::{AlertState, Instance, Rules};
use crate::store::{Answer, SILENCES_LIFETIME, Scope, rules_lifetime};

/// An overview of this age, whose answers are those that a page would show, is shown while a newer one is made: nobody
/// who types waits for an instance.
const STALE_WHILE_REVALIDATE: Duration = Duration::from_secs(15);
/// Overviews that are kept at a time: one, unless routing rules look at the request.
const MOST_SLOTS: usize = 4;

/// What is known of an entity's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityAlerts {
    /// It asks for none.
    #[default]
    None,
    /// Its instance has not answered of late, or is not configured.
    Unknown,
    Known {
        evidence: Evidence,
        /// When its instance said so, if it does not answer any more.
        not_since: Option<Timestamp>,
    },
}

/// What an instance said, and what its Alertmanager holds back.
#[derive(Clone)]
struct InstanceAlerts {
    rules: Answer<Rules>,
    silences: Silences,
    held_back: Option<AlertmanagerAnswer>,
}

impl InstanceAlerts {
    fn tally(&self, now: Timestamp) -> Tally<'_> {
        let tally = Tally::of(&self.rules.value, self.rules.as_of);
        tally.silenced_by(&self.silences, self.held_back.as_ref(), now)
    }

    /// Whether the same would be counted.
    fn is_same(&self, other: &Self) -> bool {
        let held_back = match (&self.held_back, &other.held_back) {
            (Some(one), Some(other)) => is_same(&one.answer, &other.answer) && one.external == other.external,
            (None, None) => true,
            _ => false,
        };
        held_back && is_same(&self.rules, &other.rules) && self.silences.is_sure() == other.silences.is_sure()
    }
}

fn is_same<T>(one: &Answer<T>, other: &Answer<T>) -> bool {
    Arc::ptr_eq(&one.value, &other.value) && one.is_stale() == other.is_stale()
}

/// What is known of the alerts of every entity of a snapshot.
#[derive(Debug)]
pub struct Overview {
    /// In the snapshot's order.
    alerts: Vec<EntityAlerts>,
    marks: Vec<u8>,
    available: Vec<bool>,
    /// Rows: firing, pending, unknown, inactive, without alerts, with nothing to show; each by name.
    order: Vec<u32>,
    /// The oldest answer that is in it; None without any.
    pub as_of: Option<Timestamp>,
}

impl EntityAlerts {
    /// The states that it is in, as bits; an entity is inactive when everything is known and nothing is active. One
    /// that chooses no rule is in none.
    fn marks(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unknown => bit(AlertState::Unknown),
            Self::Known { evidence, .. } => {
                let active = [
                    (evidence.counts.firing, AlertState::Firing),
                    (evidence.counts.pending, AlertState::Pending),
                    (evidence.unknown(), AlertState::Unknown),
                ];
                let marks =
                    active.iter().filter(|(n, _)| *n > 0).fold(0, |all, (_, state)| all | bit(*state));
                if evidence.verdict() == Verdict::Quiet { bit(AlertState::Inactive) } else { marks }
            }
        }
    }

    /// The worst of its states; None without alerts.
    pub fn worst(&self) -> Option<AlertState> {
        BY_BIT.into_iter().find(|state| self.marks() & bit(*state) != 0)
    }
}

/// The states by their bits, worst first.
const BY_BIT: [AlertState; 4] =
    [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];

/// The bit of a state in [`Overview::marks`].
pub const fn bit(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 1,
        AlertState::Pending => 1 << 1,
        AlertState::Error | AlertState::Unknown => 1 << 2,
        AlertState::Inactive => 1 << 3,
    }
}

impl Overview {
    pub fn alerts(&self, row: u32) -> EntityAlerts {
        self.alerts.get(row as usize).copied().unwrap_or_default()
    }

    /// Whether an entity has anything to show.
    pub fn is_available(&self, row: u32) -> bool {
        self.available.get(row as usize).copied().unwrap_or_default()
    }

    /// The states that each entity is in, as bits, in the snapshot's order.
    pub fn marks(&self) -> &[u8] {
        &self.marks
    }

    /// Some rows, those first that somebody should look at: firing, pending, unknown, inactive, without alerts,
    /// with nothing to show; each by name.
    pub fn worst_first(&self, rows: &[u32]) -> Vec<u32> {
        let mut same_alert = vec![false; self.order.len()];
        for row in rows {
            if let Some(meant) = same_alert.get_mut(*row as usize) {
                *meant = true;
            }
        }
        self.order.iter().copied().filter(|row| same_alert.get(*row as usize) == Some(&true)).collect()
    }

    fn of(list: &AlertSubscriptions, said: &[Option<InstanceAlerts>], now: Timestamp) -> Self {
        let mut alerts = vec![EntityAlerts::None; list.available.len()];
        let tallies: Vec<Option<Tally<'_>>> =
            said.iter().map(|said| said.as_ref().map(|said| said.tally(now))).collect();
        let not_since = |said: &Option<InstanceAlerts>| {
            said.as_ref().filter(|said| said.rules.is_stale()).map(|said| said.rules.as_of)
        };
        let not_since: Vec<Option<Timestamp>> = said.iter().map(not_since).collect();
        let mut counted = HashMap::new();
        for subscription in &list.subscriptions {
            let tally = subscription.instance.and_then(|i| tallies.get(i as usize)?.as_ref());
            let not_since = subscription.instance.and_then(|i| not_since.get(i as usize).copied().flatten());
            let known = tally.and_then(|tally| {
                let count = || list.wanted.get(subscription.wanted as usize).map(|spec| tally.count(spec));
                *counted.entry((subscription.instance, subscription.wanted)).or_insert_with(count)
            });
            let known = known.map(|mut evidence: Evidence| {
                evidence.doubts.add_if(not_since.is_some(), Doubt::Stale);
                EntityAlerts::Known { evidence, not_since }
            });
            if let Some(slot) = alerts.get_mut(subscription.row as usize) {
                *slot = known.unwrap_or(EntityAlerts::Unknown);
            }
        }
        for row in &list.unknown {
            if let Some(slot) = alerts.get_mut(*row as usize) {
                *slot = EntityAlerts::Unknown;
            }
        }
        let as_of = said.iter().flatten().map(|said| said.rules.as_of).min();
        Self { as_of, ..Self::ordered(alerts, list) }
    }

    fn ordered(alerts: Vec<EntityAlerts>, list: &AlertSubscriptions) -> Self {
        let marks: Vec<u8> = alerts.iter().map(EntityAlerts::marks).collect();
        let rank = |row: &u32| {
            let mark = marks.get(*row as usize).copied().unwrap_or_default();
            let available = list.available.get(*row as usize).copied().unwrap_or_default();
            // The lowest bit is the worst state; an entity without alerts has none of the eight.
            if available { mark.trailing_zeros() } else { u8::BITS + 1 }
        };
        let mut order = list.by_name.clone();
        order.sort_by_key(rank);
        let available = list.available.clone();
        Self { alerts, marks, available, order, as_of: None }
    }

    /// Before anything is known.
    fn unknown(snapshot: &Snapshot) -> Self {
        let rows = 0..u32::try_from(snapshot.entities.len()).unwrap_or(u32::MAX);
        let available = snapshot.entities.iter().map(|entity| crate::annotations::is_available(entity));
        let available: Vec<bool> = available.collect();
        let list = AlertSubscriptions { available, by_name: rows.collect(), ..AlertSubscriptions::default() };
        let unknown = |available: &bool| match available {
            true => EntityAlerts::Unknown,
            false => EntityAlerts::None,
        };
        Self::ordered(list.available.iter().map(unknown).collect(), &list)
    }
}

/// The newest overview for one snapshot, and for what routing rules see of a request.
struct CachedOverview {
    snapshot: Arc<Snapshot>,
    input: RoutingInput,
    list: OnceCell<Arc<AlertSubscriptions>>,
    latest: ArcSwapOption<Latest>,
    /// Held by the one who renews it.
    turn: tokio::sync::Mutex<()>,
}

struct Latest {
    overview: Arc<Overview>,
    said: Vec<Option<InstanceAlerts>>,
    checked: Instant,
    /// From then on something that is held back in it may not be any more.
    until: Option<Timestamp>,
    /// From then on an answer in it is none of now any more. None: each is told as an older one.
    fresh_until: Option<Timestamp>,
}

impl Latest {
    fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether an entity's page would show the same answers.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fresh_until.is_none_or(|until| now < until)
    }
}

/// Overviews that are kept.
#[derive(Default)]
pub struct Overviews(Mutex<Vec<Arc<CachedOverview>>>);

impl Overviews {
    fn slot(&self, snapshot: &Arc<Snapshot>, input: &RoutingInput) -> Arc<CachedOverview> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A catalog that was swapped is nobody's any more.
        slots.retain(|slot| Arc::ptr_eq(&slot.snapshot, snapshot));
        if let Some(slot) = slots.iter().find(|slot| slot.input == *input) {
            return slot.clone();
        }
        let slot = Arc::new(CachedOverview {
            snapshot: snapshot.clone(),
            input: input.clone(),
            list: OnceCell::new(),
            latest: ArcSwapOption::empty(),
            turn: tokio::sync::Mutex::new(()),
        });
        if slots.len() == MOST_SLOTS {
            slots.remove(0);
        }
        slots.push(slot.clone());
        slot
    }
}

impl Monitoring {
    /// What the alerts of every entity do at `now`. Each instance is asked once for all of them, and its
    /// Alertmanager too.
    pub async fn overview(
        &self,
        snapshot: &Arc<Snapshot>,
        input: &RoutingInput,
        now: Timestamp,
    ) -> Arc<Overview> {
        let slot = self.overviews.slot(snapshot, input);
        let begun = clock::stopwatch();
        let latest = slot.latest.load_full();
        let recent =
            latest.filter(|latest| begun.saturating_duration_since(latest.checked) < STALE_WHILE_REVALIDATE);
        let recent = recent.filter(|latest| latest.holds(now) && latest.is_fresh(now));
        // In a task of its own: a reader who leaves does not end it.
        let renewed = tokio::spawn(renewed(self.clone(), slot, begun, now));
        let patience =
            if recent.is_some() { DEADLINES.renewal } else { DEADLINES.overview + DEADLINES.counting };
        match timeout(patience, renewed).await {
            Ok(Ok(Some(overview))) => overview,
            _ => recent.map_or_else(|| Arc::new(Overview::unknown(snapshot)), |l| l.overview.clone()),
        }
    }

    /// What an instance and its Alertmanager say. Of an instance that fails, or takes too long, what it said before;
    /// None: that is too long ago, too.
    async fn said(&self, instance: &Arc<Instance>) -> Option<InstanceAlerts> {
        let rules = async {
            match timeout(DEADLINES.overview, self.rules(instance)).await {
                Ok(answer) => answer.ok(),
                Err(_) => self.store.rules_before(instance, Scope::Whole),
            }
        };
        let (rules, (silences, held_back)) = join(rules, self.silences(instance)).await;
        rules.map(|rules| InstanceAlerts { rules, silences, held_back })
    }
}

/// The overview of this moment; None when it could not be counted.
async fn renewed(
    monitoring: Monitoring,
    slot: Arc<CachedOverview>,
    begun: Instant,
    now: Timestamp,
) -> Option<Arc<Overview>> {
    let _turn = slot.turn.lock().await;
    let before = slot.latest.load_full();
    if let Some(before) = before.as_ref().filter(|before| before.checked >= begun) {
        return Some(before.overview.clone());
    }
    let list = slot.list.get_or_try_init(|| read(monitoring.clone(), slot.clone())).await.ok()?.clone();
    let said = list.instances.iter().map(|instance| monitoring.said(instance));
    let said = join_all(said).await;
    let overview = match before.filter(|before| before.holds(now) && is_all_same(&before.said, &said)) {
        Some(before) => before.overview.clone(),
        None => {
            let (list, said) = (list.clone(), said.clone());
            let counted = tokio::task::spawn_blocking(move || Overview::of(&list, &said, now));
            Arc::new(counted.await.ok()?)
        }
    };
    let held_back = said.iter().flatten().filter_map(|said| said.held_back.as_ref());
    let until = held_back.filter_map(|held_back| held_back.changes_after(now)).min();
    let fresh_until = fresh_until(&list, &said);
    let latest = Latest { overview: overview.clone(), said, checked: clock::stopwatch(), until, fresh_until };
    slot.latest.store(Some(Arc::new(latest)));
    Some(overview)
}

/// When the first of the answers that are told as those of now is older than that.
fn fresh_until(list: &AlertSubscriptions, said: &[Option<InstanceAlerts>]) -> Option<Timestamp> {
    let ends = list.instances.iter().zip(said).flat_map(|(instance, said)| {
        let Some(InstanceAlerts { rules, held_back, .. }) = said else { return [None, None] };
        let held_back = held_back.as_ref().map(|held_back| &held_back.answer);
        [
            end(rules, rules_lifetime(&rules.value, &instance.settings)),
            held_back.and_then(|h| end(h, SILENCES_LIFETIME)),
        ]
    });
    ends.flatten().min()
}

/// When an answer that lives so long is none of now any more; None: it is none already.
fn end<T>(answer: &Answer<T>, lives: Duration) -> Option<Timestamp> {
    answer.as_of.checked_add(lives).ok().filter(|_| !answer.is_stale())
}

async fn read(
    monitoring: Monitoring,
    slot: Arc<CachedOverview>,
) -> Result<Arc<AlertSubscriptions>, tokio::task::JoinError> {
    let read = move || Arc::new(AlertSubscriptions::of(&slot.snapshot, &monitoring, &slot.input));
    tokio::task::spawn_blocking(read).await
}

fn is_all_same(before: &[Option<InstanceAlerts>], now: &[Option<InstanceAlerts>]) -> bool {
    let same = |(before, now): (&Option<InstanceAlerts>, &Option<InstanceAlerts>)| match (before, now) {
        (Some(before), Some(now)) => before.is_same(now),
        (None, None) => true,
        _ => false,
    };
    before.len() == now.len() && before.iter().zip(now).all(same)
}
