//! What `/status` says of servers, and what the catalog says while one does not answer.

use std::collections::BTreeMap;
use std::time::Duration;

use promenade::alertmanager::AlertmanagerSettings;
use promenade::prometheus::InstanceName;
use serde_json::json;
use world::World;
use world::markup::words;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

const CATALOG: &str = r"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/alert: all}
spec: {system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata:
  name: shop
";
const ALERTS: &str = "/catalog/default/component/payments/alerts";

async fn world() -> (World, Upstream) {
    let alertmanager = Upstream::start().await;
    let settings = AlertmanagerSettings {
        url: format!("http://{}/am", alertmanager.address).parse().unwrap(),
        ui_url: "https://am.example/".parse().unwrap(),
        headers: Vec::new(),
        timeout: Duration::from_secs(2),
    };
    let world = World::with(CATALOG, |all| {
        all.instances[0].scrape_interval = Duration::from_secs(1);
        all.alertmanagers = BTreeMap::from([(InstanceName::new("default"), settings)]);
    })
    .await;
    answer(&world);
    alertmanager.on_any(Reply::computed(|request| match request.path.contains("/status") {
        true => Reply::json(200, &json!({"versionInfo": {"version": "0.28.1<b>"}})),
        false => Reply::json(200, &json!([])),
    }));
    (world, alertmanager)
}

fn answer(world: &World) {
    world.upstream.on_rules(Reply::group([Rule::new("Down").alert(Alert::firing("Down"))]));
    world.upstream.on_build_info(json!({"application": "Prometheus", "version": "3.7.0"}));
}

/// The words of a page, once it has a text or lacks it. Each try looks at the alerts too, as readers do.
async fn until(world: &World, path: &str, has: bool, text: &str) -> String {
    let mut page = String::new();
    for _ in 0..200 {
        world.get(ALERTS).await;
        page = words(world.get(path).await.text());
        if page.contains(text) == has {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path}, {text} {has}: {page}");
}

/// The row of a server on the status page.
fn row(page: &str, name: &str) -> String {
    let servers = page.split("Servers Name State").nth(1).unwrap().split(" Catalog").next().unwrap();
    let row = servers.split(name).nth(1).unwrap_or_else(|| panic!("{name}: {servers}"));
    row.split(" Alertmanager of ").next().unwrap().trim().to_owned()
}

#[tokio::test]
async fn status_page_says_which_servers_answer_how_fast_and_which_version() {
    let (world, _alertmanager) = world().await;
    let page = until(&world, "/status", true, "Prometheus default answers").await;
    let prometheus = row(&page, "Prometheus default");
    assert!(prometheus.contains(" ago") && prometheus.contains(" ms 0 failures"), "{prometheus}");
    assert!(prometheus.ends_with("Prometheus 3.7.0"), "{prometheus}");
    assert!(row(&page, "Alertmanager of default").ends_with("0.28.1<b>"), "{page}");
    world.upstream.on_rules(Reply::html(503, "gone"));
    let page = until(&world, "/status", true, "Prometheus default down since").await;
    let prometheus = row(&page, "Prometheus default");
    assert!(
        prometheus.contains("failures, the last at") && prometheus.contains("Prometheus is busy"),
        "{page}"
    );
    assert!(prometheus.ends_with("Prometheus 3.7.0"), "the version is remembered: {prometheus}");
    answer(&world);
    until(&world, "/status", true, "Prometheus default answers").await;
}

#[tokio::test]
async fn catalog_says_which_server_does_not_answer_while_it_does_not() {
    let (world, _alertmanager) = world().await;
    let (banner, members) =
        ("Prometheus default has not answered since", "/catalog/default/system/shop/members");
    until(&world, "/", true, "1 firing").await;
    assert!(!words(world.get("/").await.text()).contains(banner));
    world.upstream.on_rules(Reply::html(503, "gone"));
    for path in ["/", members, "/catalog/default/system/shop"] {
        let page = until(&world, path, true, banner).await;
        assert!(page.contains("1 firing"), "the last answer is shown: {page}");
        assert_eq!(world.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    answer(&world);
    for path in ["/", members] {
        until(&world, path, false, banner).await;
    }
}
