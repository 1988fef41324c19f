//! The React plugin's end-to-end tests (3.3.1), for our pages.

use world::plugin::{PAGE, shop};
use world::upstream::Reply;

use crate::chromium::Tab;

/// End to end: `should show Prometheus alerts table`, then `should show Prometheus graphs for two rules`.
#[tokio::test]
async fn should_show_prometheus_alerts_table_and_graphs_for_two_rules() {
    let rules = "node_memory_Active_bytes|instance,memUsage";
    let world = shop(&format!("prometheus.io/alert: all, prometheus.io/rule: '{rules}'")).await;
    world.upstream.on("node_memory_Active_bytes", Reply::matrix(&[(&[("instance", "test-instance")], 6e9)]));
    let tab = Tab::open(&format!("http://{}{PAGE}", world.address)).await;
    tab.until("document.querySelectorAll('section.graph canvas').length === 2").await;
    let row = tab.text("#alerts tr.row").await;
    for shown in ["firing", "test alert name"] {
        assert!(row.contains(shown), "{row}");
    }
    tab.click("#alerts tr.row td.value").await;
    tab.until("document.querySelector('#alerts tr.row details').open").await;
    tab.until("document.querySelector('#alerts tr.detail .cols')").await;
    let opened = tab.text("#alerts tr.detail").await;
    for shown in ["alertname", "Excessive Memory Usage", "component", "node-exporter", "severity", "page"] {
        assert!(opened.contains(shown), "{opened}");
    }
    for (id, title, legend) in
        [("graph-1", "node_memory_Active_bytes", "test-instance"), ("graph-2", "memUsage", "memUsage")]
    {
        assert_eq!(tab.text(&format!("#{id} h2")).await.trim(), title);
        let lines = tab.text(&format!("#{id}-legend tbody")).await;
        assert!(lines.contains(legend), "{id}: {lines}");
    }
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}
