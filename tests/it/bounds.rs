//! What the metrics and the status page tell of the store: what it fetched, spared and dropped, and what takes its memory.

use std::sync::Arc;
use std::time::Duration;

use promenade::clock;
use promenade::metrics::{Metrics, StoreCounts};
use promenade::prometheus::{Instances, Origin, Window};
use world::World;
use world::markup::words;
use world::questions::{NamedStore, Question, query, store};
use world::upstream::{Reply, Upstream};

const STEP: i64 = 15;

/// A graph of a day, up to so many steps after an instant that has long passed.
fn day(text: &str, later: i64) -> Question {
    let end = clock::now().as_second() / 3_600 * 3_600 - 3_600 + later * STEP;
    let window = Window::aligned((end - 86_400) * 1_000, end * 1_000, Duration::from_secs(15)).unwrap();
    Question { instance: "default", origin: Origin::Known, query: query(text), window }
}

/// The value of a metric, as it is printed.
fn value(metrics: &Metrics, name: &str) -> u64 {
    let text = metrics.encode();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{text}"));
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn metrics_tell_what_was_fetched_and_what_was_spared() {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::matrix(&[(&[("job", "a")], 1.0)]));
    let (store, metrics) = store(vec![upstream.instance("default")]);
    let counts = || store.fill().counts;
    store.ask(day("up", 0)).await.unwrap();
    let whole = counts().received_bytes;
    assert!(whole > 5_760 * 10, "a sample has more than ten bytes: {whole}");
    assert_eq!(counts().saved_bytes, 0);
    store.ask(day("up", 0)).await.unwrap();
    assert_eq!((counts().received_bytes, counts().saved_bytes), (whole, whole));
    store.ask(day("up", 20)).await.unwrap();
    let StoreCounts { lookups, fetches, received_bytes, saved_bytes, evictions } = counts();
    let tail = received_bytes - whole;
    assert!(0 < tail && tail < whole / 50, "{tail} of {whole}");
    assert_eq!(received_bytes + saved_bytes, 3 * whole, "each reader would have received the whole");
    assert_eq!(fetches, [("full", 1), ("tail", 1), ("heal", 0), ("none", 0)]);
    assert!(lookups.contains(&("hit", 1)) && lookups.contains(&("miss", 2)), "{lookups:?}");
    assert_eq!(evictions, 0);
    for (name, wanted) in [
        ("promenade_upstream_received_bytes_total{instance=\"default\"}", received_bytes),
        ("promenade_store_range_received_bytes_total", received_bytes),
        ("promenade_store_range_answered_bytes_total", 3 * whole),
        ("promenade_store_series_fetches_total{part=\"tail\"}", 1),
        ("promenade_store_answer_age_seconds_count", 3),
        ("promenade_store_evictions_total", 0),
    ] {
        assert_eq!(value(&metrics, name), wanted, "{name}");
    }
}

#[tokio::test]
async fn metrics_count_what_leaves_a_full_store() {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::matrix(&[(&[("job", "a")], 1.0)]));
    let metrics = Metrics::new();
    let instances = Instances::new(vec![upstream.instance("default")], &metrics.upstream).unwrap();
    // A day of one series has 46 kB.
    let store = NamedStore::new(Arc::new(instances), 4 << 20, &metrics);
    for i in 0..30 {
        store.ask(day(&format!("up * {i}"), 0)).await.unwrap();
    }
    let fill = store.fill();
    assert!(fill.counts.evictions > 0 && fill.bytes <= fill.max_bytes, "{fill:?}");
    assert_eq!(value(&metrics, "promenade_store_evictions_total"), fill.counts.evictions);
}

/// A query that would break a page, were it not escaped, and that is longer than what is shown.
const HOSTILE: &str =
    r#"up{a="<script>alert(1)</script>",b="\"><img src=x onerror=alert(2)>",c="PADDING"} or vector(424242)"#;

#[tokio::test]
async fn status_page_lists_the_largest_sets_and_repeats_no_query_of_a_reader() {
    let hostile = HOSTILE.replace("PADDING", &"p".repeat(200));
    let quoted = hostile.replace('\'', "''");
    let world = World::of(format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations: {{prometheus.io/rule: '{quoted}'}}\n"
    ))
    .await;
    world.upstream.on_any(Reply::matrix(&[(&[("job", "a")], 1.0)]));
    let before = words(world.get("/status").await.text());
    let fetches = |all: u64| {
        format!(
            "Fetches for time ranges: {all} of everything, 0 of missing or unstable samples, 0 of samples an hour old, \
             0 with nothing to fetch."
        )
    };
    assert!(before.contains(&fetches(0)) && !before.contains("Extents"), "{before}");
    assert!(before.contains("0 answers, 0 rendered replies, "), "{before}");
    let graph = world.get("/catalog/default/component/payments/graphs/1.json?range=1h").await;
    assert_eq!(graph.status, 200, "{}", graph.text());
    world.get("/graph.json?query=readers_own_words&range=6h").await.json();
    let page = world.get("/status").await;
    let text = page.text();
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{text}");
    assert!(text.contains("alert(1)"), "the beginning of the query is shown, escaped: {text}");
    assert!(!text.contains("424242"), "its end is not");
    assert!(!text.contains("readers_own_words"), "what a reader wrote is theirs");
    let shown = words(text);
    let table = shown.split_once("Query Instance Seen by Step Extents Bytes Age").unwrap().1;
    // The larger first.
    let (own, known) =
        (table.find("a reader's own default everybody").unwrap(), table.find("up{a=").unwrap());
    assert!(own < known, "{table}");
    assert!(table.contains("… default everybody 15s"), "{table}");
    assert!(shown.contains(&fetches(2)) && shown.contains("They received"), "{shown}");
}
