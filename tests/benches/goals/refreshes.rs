//! What readers who refresh cost the instance, and whether they wait for it.

use std::time::Duration;

use promenade::clock;
use tokio::task::JoinSet;
use tokio::time::sleep;
use world::World;
use world::load::rough;

use crate::{ENTITY, SERIES, alerts, portal, print};

/// How often the instance scrapes.
const INTERVAL: Duration = Duration::from_secs(15);
const INTERVALS: u32 = 5;
/// Of the entity.
const QUERIES: u32 = 3;
const VIEWERS: u64 = 8;
const RANGES: [&str; 3] = ["1h", "6h", "24h"];
const DELAY: Duration = Duration::from_millis(300);

pub async fn measure() {
    tokio::join!(bytes_of_a_refresh(60, 1, "<= 1.5 %"), bytes_of_a_refresh(15, 3, "<= 1 %"), mixed_ranges());
}

/// The bytes of the instance for a refresh of a day, of those for the whole day.
async fn bytes_of_a_refresh(step: u64, refreshes: usize, goal: &str) {
    let world = portal().await;
    let path = format!("{ENTITY}/graphs/1.json?range=24h&step={step}");
    assert_eq!(world.get(&path).await.status, 200);
    let whole = world.upstream.sent_bytes();
    for _ in 0..refreshes {
        sleep(Duration::from_secs(step + 1)).await;
        assert_eq!(world.get(&path).await.status, 200);
    }
    let each = (world.upstream.sent_bytes() - whole) / refreshes;
    let what = format!("bytes from upstream, refresh of 24 h at {step} s");
    let share = each as f64 * 100.0 / whole as f64;
    print(&what, goal, &format!("{share:.2} %: {each} of {whole} B"));
}

/// Range queries for readers of one page with different time ranges, of which each was seen before.
async fn mixed_ranges() {
    let world = std::sync::Arc::new(portal().await);
    for (graph, range) in (1..=QUERIES).flat_map(|graph| RANGES.map(|range| (graph, range))) {
        let all = world.get(&format!("{ENTITY}/graphs/{graph}.json?range={range}")).await;
        assert_eq!(all.status, 200);
    }
    let before = range_queries(&world);
    let begun = clock::stopwatch();
    let mut viewers = JoinSet::new();
    for viewer in 0..VIEWERS {
        let world = world.clone();
        viewers.spawn(async move {
            let mut views = 0;
            while begun.elapsed() < INTERVAL * INTERVALS {
                let range = RANGES[(viewer as usize + views) % RANGES.len()];
                let page = world.get(&format!("{ENTITY}?range={range}")).await;
                assert_eq!(page.status, 200);
                views += 1;
                sleep(Duration::from_millis(150 + 20 * viewer)).await;
            }
            views
        });
    }
    let views: usize = viewers.join_all().await.iter().sum();
    let queries = range_queries(&world) - before;
    let each = queries as f64 / f64::from(QUERIES * INTERVALS);
    print(
        "range queries for 1 h, 6 h and 24 h, a query and interval",
        "<= 1",
        &format!("{each:.2}: {queries} for {views} views in {INTERVALS} intervals"),
    );
}

fn range_queries(world: &World) -> usize {
    world.upstream.requests().iter().filter(|request| request.path.contains("query_range")).count()
}

/// How many views of a warm page wait for a slow instance.
pub async fn measure_waits() {
    let world: World = portal().await;
    world.upstream.on_any(rough(SERIES).after(DELAY));
    world.upstream.on_rules(alerts().after(DELAY));
    let page = format!("{ENTITY}?range=1h");
    for _ in 0..2 {
        world.get(&page).await;
    }
    let (begun, mut times) = (clock::stopwatch(), Vec::new());
    while begun.elapsed() < INTERVAL * 3 {
        let sent = clock::stopwatch();
        assert_eq!(world.get(&page).await.status, 200);
        times.push(sent.elapsed());
        sleep(Duration::from_millis(250)).await;
    }
    let waited = times.iter().filter(|time| **time > DELAY * 5 / 6).count();
    let slowest = times.iter().max().unwrap().as_millis();
    print(
        "views that wait for an upstream delayed by 300 ms",
        "0",
        &format!("{waited} of {}, the slowest {slowest} ms", times.len()),
    );
}
