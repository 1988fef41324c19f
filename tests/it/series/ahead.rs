//! Refresh-ahead: what pages show is fetched an interval later without a reader, and for how long.

use std::collections::HashMap;

use promenade::background::Task;
use promenade::metrics::Metrics;
use tokio::time::sleep;
use world::World;

use super::*;

/// The shortest interval.
const INTERVAL: i64 = 5;

/// A graph of so many minutes up to the newest instant.
fn live(text: &str, minutes: i64) -> Question {
    let end = clock::now().as_second() / INTERVAL * INTERVAL;
    up_to(text, minutes, end)
}

fn up_to(text: &str, minutes: i64, end: i64) -> Question {
    let step = Duration::from_secs(INTERVAL as u64);
    let window = Window::aligned((end - minutes * 60) * 1_000, end * 1_000, step).unwrap();
    Question { instance: "default", origin: Origin::Known, query: query(text), window }
}

/// Start and end of each request for a query.
fn requests_for(upstream: &Upstream, text: &str) -> Vec<(i64, i64)> {
    let requests = upstream.requests();
    requests.iter().filter(|request| request.form("query").as_deref() == Some(text)).map(bounds).collect()
}

async fn seconds(seconds: i64) {
    sleep(Duration::from_secs(seconds as u64)).await;
}

async fn with_ahead() -> (Upstream, NamedStore, Metrics, Task) {
    let upstream = Upstream::start().await;
    upstream.on_any(reply(time));
    let (store, metrics) = store(vec![upstream.instance("default")]);
    let ahead = Task::spawn(store.store.clone().keep_ahead());
    (upstream, store, metrics, ahead)
}

#[tokio::test]
async fn what_a_page_showed_is_fetched_ahead_until_two_intervals_after() {
    let (upstream, store, metrics, _ahead) = with_ahead().await;
    let ad_hoc = Question { origin: Origin::AdHoc, ..live("mine", 60) };
    store.ask_at_once(ad_hoc).await.unwrap();
    store.ask_at_once(live("up", 60)).await.unwrap();
    // Those who wait for all samples look at no page.
    store.ask(live("data", 60)).await.unwrap();
    until(async || requests_for(&upstream, "up").len() == 2).await;
    let (start, end) = requests_for(&upstream, "up")[1];
    assert!(start > end - 2 * TAIL, "a tail: {start} to {end}");
    let question = up_to("up", 60, end);
    until(async || {
        let answer = store.ask_at_once(question.clone()).await.unwrap();
        answer.value.window == question.window
    })
    .await;
    let ends = |end| requests_for(&upstream, "up").iter().filter(|request| request.1 == end).count();
    assert_eq!(ends(end), 1, "{:?}", requests_for(&upstream, "up"));
    let seen = clock::now().as_second();
    seconds(4 * INTERVAL).await;
    let ahead = requests_for(&upstream, "up");
    assert!(ahead.len() > 2 && ahead.last().unwrap().1 <= seen + 2 * INTERVAL, "{ahead:?} after {seen}");
    assert!(ahead.is_sorted_by(|one, next| one.1 < next.1), "{ahead:?}");
    for text in ["mine", "data"] {
        assert_eq!(requests_for(&upstream, text).len(), 1, "{text}");
    }
    let counted = format!("promenade_store_lookups_total{{result=\"ahead\"}} {}\n", ahead.len() - 1);
    assert!(metrics.encode().contains(&counted), "{counted}{}", metrics.encode());
}

#[tokio::test]
async fn failing_instance_gets_nothing_ahead() {
    let (upstream, store, _, _ahead) = with_ahead().await;
    store.ask_at_once(live("up", 60)).await.unwrap();
    upstream.on_any(Reply::html(500, "oops"));
    for i in 0..5 {
        store.ask(live(&format!("up + {i}"), 60)).await.unwrap_err();
    }
    assert_eq!(store.failing().len(), 1);
    // What went out before has arrived.
    sleep(Duration::from_millis(500)).await;
    let before = upstream.requests().len();
    seconds(2 * INTERVAL + 1).await;
    assert_eq!(upstream.requests().len(), before, "{:?}", requests(&upstream));
}

#[tokio::test]
async fn reader_of_each_interval_and_refresh_ahead_send_one_request() {
    let (upstream, store, _, _ahead) = with_ahead().await;
    // After the beginning of an interval: before and after the moment at which samples are fetched ahead.
    for moment in [100, 3_800, 700, 4_200, 1_200] {
        for text in ["up", "down"] {
            for minutes in [120, 60, 30] {
                store.ask_at_once(live(text, minutes)).await.unwrap();
            }
        }
        let left = INTERVAL * 1_000 - clock::now().as_millisecond() % (INTERVAL * 1_000);
        sleep(Duration::from_millis((left + moment) as u64)).await;
    }
    for text in ["up", "down"] {
        let mut by_end = HashMap::new();
        for (_, end) in requests_for(&upstream, text) {
            *by_end.entry(end).or_insert(0) += 1;
        }
        assert!(by_end.len() >= 4, "{by_end:?}");
        assert!(by_end.values().all(|count| *count == 1), "{:?}", requests_for(&upstream, text));
    }
    let lookups = store.fill().counts.lookups;
    assert!(lookups.iter().any(|(result, count)| *result == "ahead" && *count > 0), "{lookups:?}");
}

#[tokio::test]
async fn portal_that_shuts_down_fetches_nothing_ahead() {
    let world = World::with(world::ONE_GRAPH, |settings| {
        let instance = &mut settings.instances[0];
        (instance.scrape_interval, instance.timeout) =
            (Duration::from_secs(INTERVAL as u64), Duration::from_secs(15));
    })
    .await;
    world.upstream.on_any(reply(time));
    world.upstream.on("slow", Reply::hang());
    let page = async || assert_eq!(world.get("/catalog/default/component/payments").await.status, 200);
    page().await;
    until(async || requests_for(&world.upstream, "up").len() == 2).await;
    page().await;
    // Its reader waits while the portal drains.
    let slow = world.get("/graph.json?query=slow");
    let drained = async {
        until(async || !requests_for(&world.upstream, "slow").is_empty()).await;
        let handle = world.handle.clone();
        let stopping = tokio::spawn(async move { handle.stop().await });
        sleep(Duration::from_millis(500)).await;
        let before = requests_for(&world.upstream, "up").len();
        seconds(INTERVAL + 3).await;
        assert!(!stopping.is_finished(), "it still drains");
        assert_eq!(requests_for(&world.upstream, "up").len(), before);
    };
    tokio::select! {
        () = drained => {}
        answer = slow => panic!("{answer:?}"),
    }
}
