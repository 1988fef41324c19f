//! What age and a changed catalog leave of counts, and for whom they are made anew.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::cache::Overviews;
use super::counter::InstanceAlerts;
use super::entities::Overview;
use super::entity_alerts::EntityAlerts;
use super::subscriptions::AlertSubscriptions;
use crate::annotations::ALERT;
use crate::catalog::{Entity, EntityRef, Snapshot};
use crate::metrics::Metrics;
use crate::monitoring::{Monitoring, RoutingInput, RoutingSettings, Silences};
use crate::prometheus::{
    Alert, AlertState, AlertingRule, InstanceName, InstanceSettings, Instances, Labels, RuleHealth, Rules,
};
use crate::store::{Answer, Store, StoreSettings};
use crate::upstream::SentTime;

fn entity(name: &str, alert: &str) -> Arc<Entity> {
    let reference = EntityRef::new("component", "default", name).unwrap();
    Arc::new(Entity {
        annotations: [(ALERT, alert.to_owned())].into_iter().filter(|(_, alert)| !alert.is_empty()).collect(),
        ..Entity::new(reference, "Component", "backstage.io/v1alpha1", name.to_owned())
    })
}

fn read(entities: impl IntoIterator<Item = Arc<Entity>>) -> Arc<Snapshot> {
    Arc::new(Snapshot::new(entities))
}

/// Of an instance where nobody listens.
fn monitoring() -> Monitoring {
    let metrics = Metrics::new();
    let name = InstanceName::new("default");
    let instance = InstanceSettings {
        name: name.clone(),
        proxy_path: "/prometheus/api".to_owned(),
        api: "http://127.0.0.1:1/api/v1/".parse().unwrap(),
        headers: Vec::new(),
        secure: true,
        ui_url: None,
        scrape_interval: Duration::from_secs(1),
        max_concurrent: 1,
        timeout: Duration::from_secs(1),
        unstable_tail: crate::prometheus::UNSTABLE_TAIL,
        severities: Arc::default(),
    };
    let instances = Arc::new(Instances::new(vec![instance], &metrics.upstream).unwrap());
    let store = Store::new(&StoreSettings { max_bytes: 1 << 20 }, metrics.store.clone());
    Monitoring::new(store, instances, RoutingSettings::default())
}

/// `Down` fires, `Quiet` does not; both evaluated at that time.
fn rules(at: Timestamp) -> Rules {
    let rule = |name: &str, state: AlertState| {
        let alert = Alert {
            labels: [("alertname", name)].into_iter().collect(),
            state,
            annotations: Labels::default(),
            active_at: None,
            value: None,
        };
        AlertingRule {
            name: name.to_owned(),
            state,
            health: RuleHealth::Ok,
            group: String::new(),
            file: String::new(),
            interval: 15.0,
            query: "up".to_owned(),
            duration: 0.0,
            keep_firing_for: 0.0,
            labels: Labels::default(),
            annotations: Labels::default(),
            last_error: None,
            evaluation_time: 0.0,
            last_evaluation: Some(SentTime::of(at.to_string())),
            alerts: if state == AlertState::Inactive { Vec::new() } else { vec![alert] },
        }
    };
    Rules {
        rules: vec![rule("Down", AlertState::Firing), rule("Quiet", AlertState::Inactive)],
        ..Rules::default()
    }
}

/// The word of each entity's state, in the snapshot's order, and `old` where its answer is.
fn states(snapshot: &Snapshot, overview: &Overview) -> String {
    let rows = (0u32..).zip(&*snapshot.entities).map(|(row, entity)| {
        let alerts = overview.alerts(row);
        let word = match alerts {
            EntityAlerts::None => "-",
            _ => alerts.worst().map_or("none", AlertState::as_str),
        };
        let old = if alerts.not_since().is_some() { " old" } else { "" };
        format!("{}: {word}{old}", entity.name)
    });
    rows.collect::<Vec<_>>().join(", ")
}

fn counted(snapshot: &Arc<Snapshot>, at: Timestamp) -> Overview {
    let list = AlertSubscriptions::of(snapshot.clone(), &monitoring(), &RoutingInput::default());
    let rules = Answer::of(rules(at), at);
    Overview::of(&list, &[Some(InstanceAlerts { rules, silences: Silences::NotConfigured })], at)
}

#[tokio::test]
async fn counts_lose_calm_when_their_answers_expire_and_everything_when_they_are_too_old() {
    let (snapshot, at) =
        (read([entity("a", "Down"), entity("b", "Quiet"), entity("c", "")]), Timestamp::UNIX_EPOCH);
    let overview = counted(&snapshot, at);
    assert_eq!(states(&snapshot, &overview), "a: firing, b: inactive, c: -");
    let old = |secs| states(&snapshot, &overview.old(&snapshot, at + SignedDuration::from_secs(secs)));
    assert_eq!(old(1), "a: firing old, b: unknown old, c: -");
    assert_eq!(old(15 * 60 - 1), "a: firing old, b: unknown old, c: -");
    assert_eq!(old(15 * 60), "a: unknown, b: unknown, c: -");
    let end = at + SignedDuration::from_mins(15);
    assert_eq!(overview.times_like(at), Timestamp::MIN..end);
    assert_eq!(overview.times_like(end), end..Timestamp::MAX);
    let aged = overview.old(&snapshot, at);
    assert!(aged.is_late && !overview.is_late && aged.as_of == Some(at));
}

#[tokio::test]
async fn counts_are_carried_to_entities_that_say_the_same() {
    let before = read([entity("a", "Down"), entity("b", "Quiet"), entity("c", "Down"), entity("e", "")]);
    let overview = counted(&before, Timestamp::UNIX_EPOCH);
    let (a, e) = (before.entities[0].clone(), before.entities[3].clone());
    let after =
        read([entity("0", "Quiet"), a, entity("b", "Quiet"), entity("c", "Quiet"), entity("d", ""), e]);
    let carried = overview.carried(&before, &after);
    assert_eq!(
        states(&after, &carried),
        "0: unknown, a: firing, b: inactive, c: unknown, d: -, e: -",
        "what is new or changed is unknown"
    );
    let names: Vec<&str> = carried
        .worst_first(&[0, 1, 2, 3, 4, 5])
        .iter()
        .map(|row| after.entities[*row as usize].name.as_str())
        .collect();
    assert_eq!(names, ["a", "0", "c", "b", "d", "e"]);
    assert!(carried.is_late);
}

#[tokio::test]
async fn counts_are_made_anew_only_for_those_who_look() {
    let (monitoring, overviews, snapshot) = (monitoring(), Overviews::default(), read([entity("a", "Down")]));
    let (slot, at) = (overviews.slot(&RoutingInput::default()), Timestamp::UNIX_EPOCH);
    let after = |secs| at + SignedDuration::from_secs(secs);
    slot.follow(&monitoring, &snapshot, at).await;
    assert!(slot.has_list() && slot.made().is_none(), "annotations are read, no instance is asked");
    *slot.viewed() = Some(at);
    slot.follow(&monitoring, &snapshot, after(1)).await;
    let first = slot.made().unwrap();
    assert_eq!(states(&snapshot, &first), "a: unknown");
    let is_made_anew = async |secs| {
        let before = slot.checked();
        slot.follow(&monitoring, &snapshot, after(secs)).await;
        slot.checked() != before
    };
    assert!(!is_made_anew(2).await, "it has not expired");
    *slot.viewed() = Some(after(3));
    assert!(is_made_anew(3).await, "who looked took them as they were");
    assert!(is_made_anew(59).await);
    assert!(is_made_anew(10).await, "the clock was set back, so nobody knows how old they are");
    assert!(!is_made_anew(120).await, "nobody looks");
    let changed = read([entity("a", "Down"), entity("b", "Down")]);
    slot.follow(&monitoring, &changed, after(180)).await;
    assert_eq!(states(&changed, &slot.made().unwrap()), "a: unknown, b: unknown");
    slot.follow(&monitoring, &changed, after(15 * 60 + 3)).await;
    assert!(slot.made().is_none() && slot.has_list(), "nobody has looked for so long that they say nothing");
}

#[tokio::test]
async fn nobody_waits_while_newer_counts_are_made() {
    let (monitoring, input, at) = (monitoring(), RoutingInput::default(), Timestamp::UNIX_EPOCH);
    let (slot, snapshot) = (monitoring.overviews.slot(&input), read([entity("a", "Down")]));
    let after = |secs| at + SignedDuration::from_secs(secs);
    let first = monitoring.overview(&snapshot, &input, at).await;
    let _making = slot.turn().await;
    for (seconds, is_late) in [(0, false), (4, false), (6, true), (19, true)] {
        let given = monitoring.overview(&snapshot, &input, after(seconds)).now_or_never();
        let given = given.expect("it is in memory");
        assert_eq!((states(&snapshot, &given), given.is_late), ("a: unknown".to_owned(), is_late));
    }
    let readers = |at| (0..3).map(|_| monitoring.overview(&snapshot, &input, at)).collect::<Vec<_>>();
    let old = join_all(readers(after(21))).await;
    assert!(old.iter().all(|given| given.is_late && Arc::ptr_eq(given, &old[0])), "it is made once");
    let changed = Arc::new(snapshot.next([entity("a", "Down"), entity("b", "Down")]));
    let readers = (0..3).map(|_| monitoring.overview(&changed, &input, after(1)));
    let carried = join_all(readers).await;
    assert!(carried.iter().all(|given| given.is_late && Arc::ptr_eq(given, &carried[0])));
    assert_eq!(states(&changed, &carried[0]), "a: unknown, b: unknown");
    assert!(!Arc::ptr_eq(&carried[0], &first));
}

#[tokio::test]
async fn an_older_catalog_replaces_nothing_that_is_made_of_a_newer_one() {
    let (monitoring, input, at) = (monitoring(), RoutingInput::default(), Timestamp::UNIX_EPOCH);
    let (slot, a) = (monitoring.overviews.slot(&input), entity("a", "Down"));
    let before = read([a.clone()]);
    let after = Arc::new(before.next([a, entity("b", "Down")]));
    slot.follow(&monitoring, &after, at).await;
    let unread = monitoring.overview(&before, &input, at).await;
    assert_eq!(states(&before, &unread), "a: unknown");
    assert!(unread.is_late && slot.made().is_none() && slot.has_list_of(&after));
    let newest = monitoring.overview(&after, &input, at).await;
    let older = monitoring.overview(&before, &input, at).await;
    assert_eq!(states(&before, &older), "a: unknown");
    assert!(older.is_late && !newest.is_late);
    for seconds in [1, 120] {
        slot.follow(&monitoring, &before, at + SignedDuration::from_secs(seconds)).await;
    }
    assert!(slot.has_list_of(&after) && Arc::ptr_eq(&slot.made().unwrap(), &newest));
}
