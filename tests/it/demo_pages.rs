//! Opens every page, every alert and every graph of the demo, as a browser without JavaScript would, and finds a line in
//! each graph.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use world::markup::with_open_rows;
use world::program::Portal;
use world::{client, encoded};

/// The ends of addresses or titles, and why their graphs have no line.
type WithoutALine = [(&'static str, &'static str)];

const GRAPHS_WITHOUT_A_LINE: &WithoutALine = &[
    ("component/search/graphs/3", "no error was ever counted"),
    ("component/recommendations/graphs/1", "the query is broken"),
    ("component/recommendations/graphs/3", "nobody records the metric"),
    ("component/warehouse/graphs/1", "its instance is down"),
    ("component/warehouse/graphs/2", "its instance is down"),
];
/// The graph of an alert shows its expression, with the comparison.
const ALERTS_WITHOUT_A_LINE: &WithoutALine = &[
    (BROKEN_RULE, "its evaluation fails"),
    ("PaymentsCardProviderDown", "the provider answers"),
    ("PaymentsNoTraffic", "there is traffic"),
    ("CheckoutCartsEmpty", "carts are filled"),
    ("OrdersDbBackupMissing", "there is a backup"),
    ("SearchHitRatioUndefined", "its value is NaN"),
];
/// Its graph shows the error that its evaluation has.
const BROKEN_RULE: &str = "OrdersDbReplicationLag";

/// What a newcomer might type.
const QUERIES: [&str; 12] = [
    "up",
    "sum by (job) (up)",
    "topk(3, sum by (upstream) (rate(gateway_requests_total[5m])))",
    "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    "sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))",
    "ALERTS",
    "sum by (alertname) (ALERTS{alertstate=\"firing\"})",
    "predict_linear(node_filesystem_avail_bytes[1h], 86400)",
    "label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
    "max_over_time(sum(queue_messages_ready)[10m:1m])",
    "pg_stat_activity_count > 5 unless pg_stat_activity_count{state=\"idle\"}",
    "time() - certificate_not_after_seconds",
];

/// What was found of the graphs that were opened.
struct Lines {
    without: &'static WithoutALine,
    found: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl Lines {
    fn of_graphs(without: &'static WithoutALine) -> Self {
        Self { without, found: BTreeSet::new(), faults: Vec::new() }
    }

    /// Every graph is as expected, and each that should have no line was opened.
    fn report(&self) {
        assert!(self.faults.is_empty(), "{}\n{}", self.faults.len(), self.faults.join("\n"));
        assert_eq!(self.found, self.without.iter().map(|(place, _)| *place).collect());
    }
}

struct Pages {
    portal: Portal,
    client: reqwest::Client,
}

impl Pages {
    async fn open(&self, path: &str) -> String {
        let reply = self.client.get(self.portal.at(path)).send().await.unwrap();
        let status = reply.status();
        #[expect(clippy::disallowed_methods, reason = "a test may read a whole body")]
        let text = reply.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        let refused = ["rejected the query", "does not know"].iter().any(|words| text.contains(words));
        assert!(!refused || text.contains(BROKEN_RULE), "{path}: {text}");
        text
    }

    /// The panels of a page, by their ids, each with its HTML.
    async fn panels(&self, path: &str) -> BTreeMap<String, String> {
        let page = self.open(path).await;
        let sections = page.split("<section ").skip(1).filter_map(|section| {
            let id = section.split_once("id=\"")?.1.split_once('"')?.0;
            Some((id.to_owned(), section.to_owned()))
        });
        sections.collect()
    }

    /// The addresses of a page's links that match.
    async fn links(&self, path: &str, pattern: &str) -> BTreeSet<String> {
        let page = self.open(path).await.replace("&#38;", "&").replace("&amp;", "&");
        let pattern = Regex::new(&format!("(?:href|hx-get|data-source)=\"({pattern})\"")).unwrap();
        pattern.captures_iter(&page).map(|found| found[1].to_owned()).collect()
    }

    /// Opens one graph alone, and checks that it has a line, or a dot for each sample, unless it is known to have none.
    async fn check(&self, path: &str, panel: &str, lines: &mut Lines) {
        let faults = &mut lines.faults;
        let panels = self.panels(path).await;
        let Some(graph) = panels.get(panel) else {
            faults.push(format!("{path}: no {panel} in {:?}", panels.keys()));
            return;
        };
        let title = graph.split_once("data-title=\"").and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
        let known = lines.without.iter().find(|(place, _)| path.ends_with(place) || title.ends_with(place));
        lines.found.extend(known.map(|(place, _)| *place));
        let has_line = Regex::new(r#"class="line[^"]*"[^>]*d="[^"]{3,}"#).unwrap().is_match(graph);
        let has_values = graph.contains("data-series=\"0\"");
        match known {
            Some((_, why)) if has_line => faults.push(format!("{path}: a line, although {why}")),
            None if !has_line || !has_values => faults.push(format!("{path}: no line: {}", &graph[..300])),
            _ => {}
        }
    }
}

async fn demo() -> Pages {
    Pages { portal: Portal::demo(), client: client() }
}

#[tokio::test]
async fn every_graph_of_the_demo_has_a_line() {
    let pages = demo().await;
    let entities = pages.links("/?kind=all", "/catalog/default/[a-z]+/[a-z-]+").await;
    assert!(entities.len() >= 12, "{entities:?}");
    let (mut lines, mut graphs) = (Lines::of_graphs(GRAPHS_WITHOUT_A_LINE), 0);
    for entity in &entities {
        let panels = pages.panels(entity).await;
        for panel in panels.keys().filter(|id| id.starts_with("graph-")) {
            graphs += 1;
            let number = panel.trim_start_matches("graph-");
            pages.check(&format!("{entity}/graphs/{number}"), panel, &mut lines).await;
            pages.open(&format!("{entity}/graphs/{number}?view=table")).await;
        }
        pages.open(&format!("{entity}/alerts?showInactiveAlerts")).await;
    }
    assert!(graphs >= 22, "{graphs}");
    lines.report();
}

#[tokio::test]
async fn every_alert_of_the_demo_has_a_graph_with_a_line() {
    let pages = demo().await;
    let mut lines = Lines::of_graphs(ALERTS_WITHOUT_A_LINE);
    let entities = pages.links("/?kind=all", "/catalog/default/[a-z]+/[a-z-]+").await;
    let tables = entities.iter().map(|entity| format!("{entity}/alerts?showInactiveAlerts&pageSize=all"));
    let mut graphs = BTreeSet::new();
    for table in tables.chain(["/alerts?alerts=all&showInactiveAlerts&pageSize=all".to_owned()]) {
        graphs.extend(pages.links(&table, r#"[^"]*/alerts/details\?[^"]*"#).await);
    }
    let graphs: Vec<_> = graphs.iter().map(|details| details.replace("/details?", "/graph?")).collect();
    assert!(graphs.len() > 80, "{}", graphs.len());
    for graph in &graphs {
        let id = graph.rsplit_once("alert=").unwrap().1.split('&').next().unwrap();
        pages.check(graph, &format!("alert-{id}-graph-panel"), &mut lines).await;
    }
    lines.report();
}

#[tokio::test]
async fn queries_of_a_newcomer_are_answered() {
    let pages = demo().await;
    let mut lines = Lines::of_graphs(&[]);
    for query in QUERIES {
        pages.check(&format!("/graph?query={}", encoded(query)), "graph-1", &mut lines).await;
    }
    lines.report();
}

#[tokio::test]
async fn the_story_is_told_on_the_pages() {
    let pages = demo().await;
    let cases = [
        ("component/payments", "5xx code"),
        ("component/payments", "Refunds are far from what is usual"),
        ("component/gateway", "gw-4:9100 cannot be scraped"),
        ("component/gateway", "ann@shop.example"),
        ("component/checkout", "Checkout is slow in eu-west-1b"),
        ("resource/orders-db", "many-to-many"),
        ("system/shop", "A fifth fewer orders"),
        ("component/recommendations", "invalid regex"),
        ("component/warehouse", "not answering"),
    ];
    for (entity, text) in cases {
        let entity = format!("/catalog/default/{entity}");
        let page = pages.open(&entity).await;
        let page = pages.open(&with_open_rows(&entity, &page)).await;
        assert!(page.contains(text), "{entity} does not tell {text}: {page}");
    }
}
