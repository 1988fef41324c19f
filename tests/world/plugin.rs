//! The data of the React plugin's own tests (3.3.1).

use promenade::config::Settings;
use serde_json::json;

use crate::World;
use crate::rules::{Alert, Rule};
use crate::upstream::{Reply, Request};

pub const PAGE: &str = "/catalog/default/component/shop";

/// The plugin's `mockQueryResponse.json`. Its two points are at the last two instants of the time range.
fn q(request: &Request) -> Reply {
    let [end, step] = ["end", "step"].map(|name| request.form(name).unwrap().parse::<i64>().unwrap());
    let values = json!([[end - step, "6465519616"], [end, "6465519616"]]);
    Reply::result(
        json!([{"metric": {"__name__": "memUsage", "component": "node-exporter"}, "values": values}]),
    )
}

/// The plugin's `mockAlertResponse.json`.
fn a() -> Reply {
    let summary = "Excessive memory usage";
    let alert = Alert::firing("Excessive Memory Usage")
        .label("component", "node-exporter")
        .label("severity", "page")
        .annotation("summary", summary)
        .since("2021-09-30T11:33:16.963Z")
        .value("7.25843968e+09");
    let rule = |name: &str, severity: &str| {
        let rule = Rule::new(name).query("node_memory_Active_bytes > 6e9");
        rule.label("severity", severity).annotation("summary", summary)
    };
    Reply::group([rule("test alert name", "page").alert(alert), rule("inactive alert", "warning")])
}

/// A portal with one entity, `shop`, with these annotations, on the plugin's data.
pub async fn shop(annotations: &str) -> World {
    shop_with(annotations, |_| {}).await
}

pub async fn shop_with(annotations: &str, change: impl FnOnce(&mut Settings)) -> World {
    let head = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: shop\n  annotations: ";
    let world = World::with(&format!("{head}{{{annotations}}}\n"), change).await;
    world.upstream.on_any(Reply::computed(q));
    world.upstream.on_rules(a());
    world
}
