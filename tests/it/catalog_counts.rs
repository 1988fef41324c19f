//! The catalog's counts: suppressed alerts are counted separately, an outage keeps the last counts, and no entity is quiet
//! while information is missing.

use std::time::Duration;

use jiff::SignedDuration;
use promenade::alertmanager::AlertmanagerSettings;
use promenade::clock;
use promenade::prometheus::InstanceName;
use serde_json::{Value, json};
use world::World;
use world::markup::tags;
use world::rules::{Rule, ago, group};
use world::upstream::{Reply, Upstream};

use crate::catalog_page::{CATALOG, ORG, listed, rules};

/// The portal of [`CATALOG`] with an Alertmanager that suppresses an alert until so many seconds from now. The
/// instance is queried every second.
async fn with_alertmanager(held: &[(&str, i64)]) -> (World, Upstream) {
    asked_each(Duration::from_secs(1), held).await
}

async fn asked_each(interval: Duration, held: &[(&str, i64)]) -> (World, Upstream) {
    let alertmanager = Upstream::start().await;
    let url: url::Url = format!("http://{}", alertmanager.address).parse().unwrap();
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].scrape_interval = interval;
        let (ui_url, timeout) = (url.clone(), Duration::from_secs(1));
        let alertmanager = AlertmanagerSettings { url, ui_url, headers: Vec::new(), timeout };
        settings.alertmanagers.insert(InstanceName::new("default"), alertmanager);
    })
    .await;
    world.upstream.on_rules(rules());
    let now = clock::now();
    let alerts: Vec<Value> = held
        .iter()
        .map(|(instance, _)| {
            json!({"labels": {"alertname": "Down", "instance": instance}, "annotations": {}, "fingerprint": instance,
                "status": {"state": "suppressed", "silencedBy": [instance], "inhibitedBy": [], "mutedBy": []}})
        })
        .collect();
    let silences: Vec<Value> = held
        .iter()
        .map(|(id, seconds)| {
            json!({"id": id, "status": {"state": "active"}, "createdBy": "ann", "comment": "c",
                "startsAt": "2026-11-23T12:00:00Z", "endsAt": (now + SignedDuration::from_secs(*seconds)).to_string()})
        })
        .collect();
    alertmanager.on_any(Reply::computed(move |request| {
        Reply::json(200, &json!(if request.path.contains("/silences") { &silences } else { &alerts }))
    }));
    (world, alertmanager)
}

#[tokio::test]
async fn catalog_counts_suppressed_alerts_separately() {
    let (world, alertmanager) = with_alertmanager(&[("a", 3_600)]).await;
    let rows = listed(&world, "/?search=payments").await;
    assert!(rows[0].contains("1 firing 1 silenced"), "{rows:?}");
    assert_eq!(listed(&world, "/?search=payments&state=firing").await.len(), 1);
    assert_eq!(
        alertmanager.requests().len(),
        2,
        "its alerts and their silences, once for all entities and pages"
    );
    let (world, _alertmanager) = with_alertmanager(&[("a", 3_600), ("b", 3_600)]).await;
    let rows = listed(&world, "/?search=payments").await;
    assert!(rows[0].contains("2 silenced") && !rows[0].contains("firing"), "{rows:?}");
    assert_eq!(listed(&world, "/?search=payments&state=firing").await.len(), 0);
    assert_eq!(listed(&world, "/?search=payments&state=inactive").await.len(), 1);
}

#[tokio::test]
async fn catalog_counts_an_alert_as_firing_after_its_silence_ends() {
    let (world, alertmanager) = with_alertmanager(&[("a", 3), ("b", 3)]).await;
    let end = clock::now() + SignedDuration::from_secs(3);
    let rows = listed(&world, "/?search=payments").await;
    assert!(rows[0].contains("2 silenced"), "{rows:?}");
    alertmanager.on_any(Reply::reset());
    tokio::time::sleep(end.duration_since(clock::now()).try_into().unwrap_or_default()).await;
    let rows = until(&world, |row| row.contains("2 firing")).await;
    assert!(!rows.last().unwrap().contains("silenced"), "{rows:?}");
    // What was silenced before is not called silenced now.
    let is_old = |row: &&String| row.contains("silenced") && !row.contains("not checked since");
    assert_eq!(rows.iter().find(is_old), None, "{rows:?}");
}

/// The row of `payments` at each look, until it is as wanted.
async fn until(world: &World, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut rows = Vec::new();
    for _ in 0..300 {
        let row = listed(world, "/?search=payments").await.remove(0);
        let is_last = is_wanted(&row);
        rows.push(row);
        if is_last {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never as wanted: {rows:#?}");
}

#[tokio::test]
async fn catalog_gives_the_older_counts_at_once_while_an_instance_takes_long() {
    let interval = Duration::from_secs(1);
    let world = World::with(CATALOG, |settings| settings.instances[0].scrape_interval = interval).await;
    world.upstream.on_rules(rules());
    assert!(listed(&world, "/?search=payments").await[0].contains("2 firing"));
    world.upstream.on_rules(Reply::hang());
    tokio::time::sleep(interval).await;
    let row = listed(&world, "/?search=payments").await.remove(0);
    assert!(
        row.contains("2 firing") && !row.contains("not checked since"),
        "nobody waited for the instance: {row}"
    );
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    let rows = until(&world, |row| !row.contains("firing")).await;
    assert!(rows.last().unwrap().ends_with("none"), "{rows:#?}");
}

/// When a list of entities fetches itself, and how the new one takes its place.
async fn refresh(world: &World, path: &str, id: &str) -> (String, String) {
    let page = world.get(path).await;
    let list = tags(page.text()).into_iter().find(|tag| tag.get("id") == Some(id)).unwrap();
    let attribute = |name| list.get(name).unwrap_or_default().to_owned();
    (attribute("hx-trigger"), attribute("hx-swap"))
}

#[tokio::test]
async fn catalog_and_members_fetch_themselves_soon_while_newer_counts_are_made() {
    let interval = Duration::from_secs(1);
    let world = World::with(ORG, |settings| settings.instances[0].scrape_interval = interval).await;
    world.upstream.on_rules(rules());
    assert!(listed(&world, "/catalog/default/group/team").await[0].contains("2 firing"));
    world.upstream.on_rules(Reply::hang());
    tokio::time::sleep(interval).await;
    let lists = [
        ("/", "results", "load delay:1s, again", "every 30s, again"),
        ("/catalog/default/group/team", "members", "load delay:1s, again", "every 30s, again"),
        ("/catalog/default/group/team/members", "members", "load delay:1s, again", "every 30s, again"),
    ];
    for (path, id, soon, _) in lists {
        assert_eq!(refresh(&world, path, id).await, (soon.to_owned(), "outerHTML".to_owned()), "{path}");
    }
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    until(&world, |row| !row.contains("firing")).await;
    // Each look may find them expired again.
    for (path, id, _, later) in lists {
        let mut found = refresh(&world, path, id).await;
        for _ in 0..100 {
            if found.1 == "outerMorph" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            found = refresh(&world, path, id).await;
        }
        assert_eq!(found, (later.to_owned(), "outerMorph".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_new_catalog_keeps_the_counts_of_entities_that_say_the_same() {
    let interval = Duration::from_secs(1);
    let world = World::with(CATALOG, |settings| settings.instances[0].scrape_interval = interval).await;
    world.upstream.on_rules(rules());
    assert!(listed(&world, "/?search=payments").await[0].contains("2 firing"));
    world.upstream.on_rules(Reply::hang());
    tokio::time::sleep(interval).await;
    let more = "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: added, annotations: {prometheus.io/alert: Quiet}}\n";
    std::fs::write(
        world.directory.path().join("catalog.yaml"),
        format!("# moves all lines\n{CATALOG}{more}"),
    )
    .unwrap();
    let mut rows = Vec::new();
    for _ in 0..200 {
        rows = listed(&world, "/").await;
        assert!(rows[0].starts_with("payments") && rows[0].contains("2 firing"), "{rows:#?}");
        if rows.iter().any(|row| row.starts_with("added")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let added = rows.iter().find(|row| row.starts_with("added")).unwrap();
    assert!(added.contains("unknown") && !added.ends_with("none"), "nothing is known of it yet: {added}");
    world.upstream.on_rules(rules());
    for _ in 0..300 {
        rows = listed(&world, "/?search=added").await;
        if rows[0].ends_with("none") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never counted: {rows:#?}");
}

/// Counts are shown as they are only while an entity's page would show the same answers, and while new ones are on the
/// way.
#[tokio::test]
async fn catalog_counts_expire_with_the_answer_that_expires_first() {
    let slowly = Duration::from_millis(100);
    let held_back = async {
        let (world, alertmanager) = asked_each(Duration::from_secs(60), &[("a", 3_600), ("b", 3_600)]).await;
        let rows = listed(&world, "/?search=payments").await;
        assert!(rows[0].contains("2 silenced"), "{rows:?}");
        alertmanager.on_any(Reply::json(200, &json!([])).after(slowly));
        until(&world, |row| row.contains("2 firing")).await;
    };
    let warned = async {
        let world = World::with(CATALOG, |settings| {
            settings.instances[0].scrape_interval = Duration::from_secs(60);
        })
        .await;
        let nothing = json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": []}});
        world.upstream.on_rules(Reply::json(200, &nothing));
        let rows = listed(&world, "/?search=payments").await;
        assert!(!rows[0].contains("firing"), "{rows:?}");
        world.upstream.on_rules(rules().after(slowly));
        until(&world, |row| row.contains("2 firing")).await;
    };
    futures_util::future::join(held_back, warned).await;
}

#[tokio::test]
async fn catalog_counts_every_firing_alert_while_alertmanager_is_down() {
    for reply in [Reply::hang(), Reply::json(500, &json!({}))] {
        let (world, alertmanager) = with_alertmanager(&[("a", 3_600)]).await;
        alertmanager.on_any(reply);
        let rows = listed(&world, "/?search=payments").await;
        assert!(rows[0].contains("2 firing"), "{rows:?}");
    }
}

#[tokio::test]
async fn catalog_keeps_the_last_counts_with_their_age_while_an_instance_fails() {
    for outage in [Reply::json(500, &json!({})), Reply::hang()] {
        let world = World::with(CATALOG, |settings| {
            settings.instances[0].scrape_interval = Duration::from_secs(1);
        })
        .await;
        world.upstream.on_rules(rules());
        let rows = listed(&world, "/").await;
        assert!(
            rows[0].contains("2 firing") && rows[2].contains("quiet") && rows[2].contains("none"),
            "{rows:#?}"
        );
        world.upstream.on_rules(outage);
        let mut rows = Vec::new();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            rows = listed(&world, "/").await;
            // Never less, however the outage is met.
            assert!(rows[0].contains("2 firing"), "{rows:#?}");
            if rows[0].contains("not checked since") {
                break;
            }
        }
        assert!(rows[0].starts_with("payments") && rows[0].contains("not checked since"), "{rows:#?}");
        let quiet = rows.iter().find(|row| row.starts_with("quiet")).unwrap();
        assert!(
            quiet.contains("unknown") && quiet.contains("not checked since") && !quiet.contains("none"),
            "{quiet}"
        );
        assert_eq!(listed(&world, "/?state=firing").await.len(), 1);
        assert_eq!(listed(&world, "/?state=inactive").await.len(), 0);
        let unknown = listed(&world, "/?state=unknown").await;
        assert!(unknown.iter().any(|row| row.starts_with("quiet")), "{unknown:#?}");
    }
}

const DOUBTS: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: fine, annotations: {prometheus.io/alert: Fine}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: broken, annotations: {prometheus.io/alert: Fine, prometheus.io/labels: 'team=~"('}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: new, annotations: {prometheus.io/labels: team=till}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: late, annotations: {prometheus.io/alert: Late}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: failing, annotations: {prometheus.io/alert: Failing}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: typo, annotations: {prometheus.io/alert: Fien}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: none, annotations: {prometheus.io/labels: severity=nobody}}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop, annotations: {prometheus.io/alert: Fine}}
"#;

#[tokio::test]
async fn entity_with_missing_information_is_unknown_in_the_catalog() {
    let page = |name: &str| Rule::new(name).query("up").label("severity", "page");
    let of_shop = |name: &str| page(name).label("team", "shop");
    let world = World::of(DOUBTS).await;
    world.upstream.on_rules(Reply::group([
        of_shop("Fine"),
        of_shop("Late").set("lastEvaluation", ago(3_600)),
        of_shop("Failing").set("health", "err"),
        page("New").set("health", "unknown"),
    ]));
    let state = |rows: &[String], name: &str| {
        let row = rows.iter().find(|row| row.split_whitespace().next() == Some(name)).unwrap();
        ["firing", "pending", "unknown", "none", "no rule"]
            .into_iter()
            .find(|word| row.ends_with(word))
            .unwrap_or_else(|| panic!("{row}"))
    };
    let rows = listed(&world, "/?kind=all").await;
    for (name, wanted) in [
        ("fine", "none"),
        ("broken", "unknown"),
        ("new", "unknown"),
        ("late", "unknown"),
        ("failing", "unknown"),
        ("typo", "unknown"),
        ("shop", "none"),
    ] {
        assert_eq!(state(&rows, name), wanted, "{name} of {rows:#?}");
    }
    let inactive = listed(&world, "/?kind=all&state=inactive").await;
    assert_eq!(inactive.len(), 2, "{inactive:#?}");
    // A rule that does not exist is no calm one, and a warning takes the calm from all.
    let world = World::of(DOUBTS).await;
    world.upstream.on_rules(Reply::group([of_shop("Fine")]));
    let rows = listed(&world, "/?kind=all").await;
    assert_eq!((state(&rows, "fine"), state(&rows, "none")), ("none", "no rule"), "{rows:#?}");
    let world = World::of(DOUBTS).await;
    let warned = json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": [group("g", [of_shop("Fine")])]}});
    world.upstream.on_rules(Reply::json(200, &warned));
    let rows = listed(&world, "/?kind=all").await;
    for name in ["fine", "none", "shop"] {
        assert_eq!(state(&rows, name), "unknown", "{name} of {rows:#?}");
    }
}
