//! Keeps overviews, and renews them when an answer or the catalog changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::entities::{InstanceAlerts, Overview};
use super::subscriptions::AlertSubscriptions;
use crate::catalog::Snapshot;
use crate::clock;
use crate::monitoring::{Monitoring, RoutingInput, deadlines};
use crate::prometheus::Instance;
use crate::store::{Answer, SILENCES_LIFETIME, Scope, rules_lifetime};

/// An overview up to this age is shown while a newer one is made, if its answers are still fresh: a search never waits
/// for an instance.
const STALE_WHILE_REVALIDATE: Duration = Duration::from_secs(15);
/// One, unless routing rules depend on the request.
const MAX_OVERVIEWS: usize = 4;

/// The newest overview of one snapshot for one routing input.
struct CachedOverview {
    snapshot: Arc<Snapshot>,
    input: RoutingInput,
    list: OnceCell<Arc<AlertSubscriptions>>,
    latest: ArcSwapOption<Latest>,
    /// Held while it is renewed.
    turn: tokio::sync::Mutex<()>,
}

struct Latest {
    overview: Arc<Overview>,
    answers: Vec<Option<InstanceAlerts>>,
    checked: Instant,
    /// A suppression in it may end then.
    until: Option<Timestamp>,
    /// An answer in it becomes stale then. None: all are stale.
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
        // An older snapshot is not used any more.
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
        if slots.len() == MAX_OVERVIEWS {
            slots.remove(0);
        }
        slots.push(slot.clone());
        slot
    }
}

impl Monitoring {
    /// The alert states of all entities at `now`. It asks each instance and each Alertmanager once.
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
        // In a task of its own, so that it goes on when the reader leaves.
        let renewed = tokio::spawn(renewed(self.clone(), slot, begun, now));
        let patience =
            if recent.is_some() { deadlines::RENEWAL } else { deadlines::OVERVIEW + deadlines::COUNTING };
        match timeout(patience, renewed).await {
            Ok(Ok(Some(overview))) => overview,
            _ => recent.map_or_else(|| Arc::new(Overview::unknown(snapshot)), |l| l.overview.clone()),
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

/// A new overview. None: it could not be counted.
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
    let answers = list.instances.iter().map(|instance| monitoring.instance_alerts(instance));
    let answers = join_all(answers).await;
    let overview = match before.filter(|before| before.holds(now) && is_all_same(&before.answers, &answers)) {
        Some(before) => before.overview.clone(),
        None => {
            let (list, answers) = (list.clone(), answers.clone());
            let counted = tokio::task::spawn_blocking(move || Overview::of(&list, &answers, now));
            Arc::new(counted.await.ok()?)
        }
    };
    let alertmanager = answers.iter().flatten().filter_map(|answers| answers.silences.answer());
    let until = alertmanager.filter_map(|answer| answer.value.changes_after(now)).min();
    let fresh_until = fresh_until(&list, &answers);
    let latest =
        Latest { overview: overview.clone(), answers, checked: clock::stopwatch(), until, fresh_until };
    slot.latest.store(Some(Arc::new(latest)));
    Some(overview)
}

/// When the first fresh answer becomes stale.
fn fresh_until(list: &AlertSubscriptions, answers: &[Option<InstanceAlerts>]) -> Option<Timestamp> {
    let ends = list.instances.iter().zip(answers).flat_map(|(instance, answers)| {
        let Some(InstanceAlerts { rules, silences }) = answers else { return [None, None] };
        [
            end(rules, rules_lifetime(&rules.value, &instance.settings)),
            silences.answer().and_then(|answer| end(answer, SILENCES_LIFETIME)),
        ]
    });
    ends.flatten().min()
}

/// When an answer of this lifetime becomes stale. None: it is stale already.
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
