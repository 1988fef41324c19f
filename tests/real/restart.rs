//! While a real Prometheus restarts, no format says that nothing is firing.

use std::time::Duration;

use promenade::clock;
use url::Url;
use world::World;

use crate::prometheus::RealPrometheus;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: named, annotations: {prometheus.io/alert: A}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: matched, annotations: {prometheus.io/alert: A, prometheus.io/labels: team=x}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: labelled, annotations: {prometheus.io/labels: team=x}}
"#;

/// Evaluated every ten seconds, so that rules are not evaluated for some seconds after a restart.
const SLOW_RULES: &str = r#"
groups:
  - name: slow
    interval: 10s
    rules:
      - alert: A
        expr: label_replace(vector(1), "team", "x", "", "")
"#;

#[tokio::test]
async fn restart_of_prometheus_is_never_quiet() {
    let mut prometheus = RealPrometheus::start_of("rule_files: [rules.yml]\n", SLOW_RULES);
    prometheus.wait_for_rules(1).await;
    let api = Url::parse(&format!("{}/api/v1/", prometheus.url)).unwrap();
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].api = api;
        settings.instances[0].scrape_interval = Duration::from_secs(1);
    })
    .await;
    let state = async |name: &str| {
        let path = format!("/catalog/default/component/{name}/alerts.json");
        world.get(&path).await.json()["state"].as_str().map(str::to_owned)
    };
    let begun = clock::stopwatch();
    for restarted in [false, true] {
        if restarted {
            assert_eq!(state("matched").await.as_deref(), Some("firing"));
            prometheus.restart();
        }
        loop {
            let found = [state("matched").await, state("labelled").await, state("named").await];
            // A portal that asks before Prometheus listens has an older answer, or none.
            assert!(
                found.iter().all(|state| !matches!(state.as_deref(), Some("quiet" | "none"))),
                "{found:?}"
            );
            let answers = world::is_ready(&prometheus.url).await;
            if answers
                && found.iter().all(|state| state.as_deref() == Some("firing"))
                && is_fresh(&world).await
            {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(90), "{found:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn is_fresh(world: &World) -> bool {
    world.get("/catalog/default/component/matched/alerts.json").await.json()["complete"] == true
}
