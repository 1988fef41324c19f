//! What the alerts of every entity do at once: counted for a whole snapshot, kept until it or an answer changes.

mod watchlist;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use self::watchlist::Watchlist;
use super::{Evidence, Monitoring, RequestFacts, alerts::Tally};
use crate::catalog::Snapshot;
use crate::clock;
use crate::prometheus::{AlertState, Rules};
use crate::store::Answer;

/// What an instance has not said by then is unknown.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// For the reading of a large catalog, after the instances.
const COUNTING: Duration = Duration::from_secs(5);
/// An overview of this age is shown while a newer one is made: nobody who types waits for an instance.
const AT_ONCE: Duration = Duration::from_secs(15);
/// So long a newer one is waited for even then.
const A_MOMENT: Duration = Duration::from_millis(3);
/// Overviews that are kept at a time: one, unless routing rules look at the request.
const MOST_SLOTS: usize = 4;

/// What is known of an entity's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityAlerts {
    /// It asks for none.
    #[default]
    None,
    /// Its instance does not answer, or is not configured.
    Unknown,
    Known(Evidence),
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
    /// The states that it is in, as bits; an entity is inactive when everything is known and nothing is active.
    fn marks(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unknown => bit(AlertState::Unknown),
            Self::Known(evidence) => {
                let active = [
                    (evidence.counts.firing, AlertState::Firing),
                    (evidence.counts.pending, AlertState::Pending),
                    (evidence.unknown(), AlertState::Unknown),
                ];
                let marks =
                    active.iter().filter(|(n, _)| *n > 0).fold(0, |all, (_, state)| all | bit(*state));
                if marks == 0 { bit(AlertState::Inactive) } else { marks }
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
        let mut is_meant = vec![false; self.order.len()];
        for row in rows {
            if let Some(meant) = is_meant.get_mut(*row as usize) {
                *meant = true;
            }
        }
        self.order.iter().copied().filter(|row| is_meant.get(*row as usize) == Some(&true)).collect()
    }

    fn of(list: &Watchlist, answers: &[Option<Answer<Rules>>]) -> Self {
        let mut alerts = vec![EntityAlerts::None; list.available.len()];
        let usable = answers.iter().map(|answer| answer.as_ref().filter(|answer| !answer.is_stale()));
        let tallies: Vec<Option<Tally<'_>>> =
            usable.map(|answer| answer.map(|answer| Tally::of(&answer.value, answer.as_of))).collect();
        let mut counted = HashMap::new();
        for watch in &list.watches {
            let tally = watch.instance.and_then(|i| tallies.get(i as usize)?.as_ref());
            let known = tally.and_then(|tally| {
                let count = || list.with(watch.wanted, |spec| tally.count(spec));
                *counted.entry((watch.instance, watch.wanted)).or_insert_with(count)
            });
            if let Some(slot) = alerts.get_mut(watch.row as usize) {
                *slot = known.map_or(EntityAlerts::Unknown, EntityAlerts::Known);
            }
        }
        for row in &list.unknown {
            if let Some(slot) = alerts.get_mut(*row as usize) {
                *slot = EntityAlerts::Unknown;
            }
        }
        let as_of = answers.iter().flatten().filter(|answer| !answer.is_stale()).map(|a| a.as_of).min();
        Self { as_of, ..Self::ordered(alerts, list) }
    }

    fn ordered(alerts: Vec<EntityAlerts>, list: &Watchlist) -> Self {
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
        let list = Watchlist { available, by_name: rows.collect(), ..Watchlist::default() };
        let unknown = |available: &bool| match available {
            true => EntityAlerts::Unknown,
            false => EntityAlerts::None,
        };
        Self::ordered(list.available.iter().map(unknown).collect(), &list)
    }
}

/// The newest overview for one snapshot, and for what routing rules see of a request.
struct Slot {
    snapshot: Arc<Snapshot>,
    facts: RequestFacts,
    list: OnceCell<Arc<Watchlist>>,
    latest: ArcSwapOption<Latest>,
    /// Held by the one who renews it.
    turn: tokio::sync::Mutex<()>,
}

struct Latest {
    overview: Arc<Overview>,
    answers: Vec<Option<Answer<Rules>>>,
    checked: Instant,
}

/// Overviews that are kept.
#[derive(Default)]
pub struct Overviews(Mutex<Vec<Arc<Slot>>>);

impl Overviews {
    fn slot(&self, snapshot: &Arc<Snapshot>, facts: &RequestFacts) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A catalog that was swapped is nobody's any more.
        slots.retain(|slot| Arc::ptr_eq(&slot.snapshot, snapshot));
        if let Some(slot) = slots.iter().find(|slot| slot.facts == *facts) {
            return slot.clone();
        }
        let slot = Arc::new(Slot {
            snapshot: snapshot.clone(),
            facts: facts.clone(),
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
    /// What the alerts of every entity do. Each instance is asked once for all of them.
    pub async fn overview(&self, snapshot: &Arc<Snapshot>, facts: &RequestFacts) -> Arc<Overview> {
        let slot = self.overviews.slot(snapshot, facts);
        let begun = clock::stopwatch();
        let latest = slot.latest.load_full();
        let recent = latest.filter(|latest| begun.saturating_duration_since(latest.checked) < AT_ONCE);
        // In a task of its own: a reader who leaves does not end it.
        let renewed = tokio::spawn(renewed(self.clone(), slot, begun));
        let patience = if recent.is_some() { A_MOMENT } else { PATIENCE + COUNTING };
        match timeout(patience, renewed).await {
            Ok(Ok(Some(overview))) => overview,
            _ => recent.map_or_else(|| Arc::new(Overview::unknown(snapshot)), |l| l.overview.clone()),
        }
    }
}

/// The overview of this moment; None when it could not be counted.
async fn renewed(monitoring: Monitoring, slot: Arc<Slot>, begun: Instant) -> Option<Arc<Overview>> {
    let _turn = slot.turn.lock().await;
    let before = slot.latest.load_full();
    if let Some(before) = before.as_ref().filter(|before| before.checked >= begun) {
        return Some(before.overview.clone());
    }
    let list = slot.list.get_or_try_init(|| read(monitoring.clone(), slot.clone())).await.ok()?.clone();
    let asked = list.instances.iter().map(|instance| monitoring.rules(&instance.settings.name));
    let answers = join_all(asked.map(|answer| timeout(PATIENCE, answer))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.ok().and_then(Result::ok)).collect();
    let overview = match before.filter(|before| is_same(&before.answers, &answers)) {
        Some(before) => before.overview.clone(),
        None => {
            let answers = answers.clone();
            let counted = tokio::task::spawn_blocking(move || Overview::of(&list, &answers));
            Arc::new(counted.await.ok()?)
        }
    };
    let latest = Latest { overview: overview.clone(), answers, checked: clock::stopwatch() };
    slot.latest.store(Some(Arc::new(latest)));
    Some(overview)
}

async fn read(monitoring: Monitoring, slot: Arc<Slot>) -> Result<Arc<Watchlist>, tokio::task::JoinError> {
    let read = move || Arc::new(Watchlist::of(&slot.snapshot, &monitoring, &slot.facts));
    tokio::task::spawn_blocking(read).await
}

fn is_same(before: &[Option<Answer<Rules>>], now: &[Option<Answer<Rules>>]) -> bool {
    let same = |(before, now): (&Option<Answer<Rules>>, &Option<Answer<Rules>>)| match (before, now) {
        (Some(before), Some(now)) => {
            Arc::ptr_eq(&before.value, &now.value) && before.is_stale() == now.is_stale()
        }
        (None, None) => true,
        _ => false,
    };
    before.len() == now.len() && before.iter().zip(now).all(same)
}
