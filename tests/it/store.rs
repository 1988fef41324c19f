//! The store: shared requests, remembered failures, stale answers.

use std::time::Duration;

use promenade::clock;
use promenade::prometheus::{InstanceSettings, InstantValue, Origin};
use promenade::store::InstantQuery;
use promenade::upstream::ErrorKind;
use serde_json::json;
use world::questions::{Question, query, question, store, window};
use world::rules::Rule;
use world::upstream::{Reply, Request, Upstream};

use crate::ad_hoc_storm::until;

#[tokio::test]
async fn full_queue_fails_at_once_and_does_not_affect_other_instances() {
    let (slow, quick) = (Upstream::start().await, Upstream::start().await);
    slow.on_any(Reply::hang());
    quick.on_any(Reply::matrix(&[(&[], 1.0)]));
    slow.on_rules(Reply::rules(json!([])));
    let settings = InstanceSettings { max_concurrent: 2, ..slow.instance("slow") };
    let (store, _) = store(vec![settings, quick.instance("quick")]);
    let readers: Vec<_> = (0..40)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("slow", &format!("up + {i}"), 0)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(slow.requests().len(), 2);
    assert_eq!(readers.iter().filter(|a| a.is_finished()).count(), 6, "40 less 2 in flight and 32 waiting");
    let begun = clock::stopwatch();
    store.ask(question("quick", "up", 0)).await.unwrap();
    store.ask_rules("slow").await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    for one in readers {
        let kind = one.await.unwrap().unwrap_err().kind;
        assert!(matches!(kind, ErrorKind::Overloaded | ErrorKind::Timeout), "{kind:?}");
    }
}

#[tokio::test]
async fn hundred_equal_queries_are_one_request() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(200)));
    let (store, metrics) = store(vec![upstream.instance("default")]);
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("default", "up", 0)).await })
        })
        .collect();
    for one in readers {
        assert!(!one.await.unwrap().unwrap().is_stale());
    }
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 1);
    let text = metrics.encode();
    for (result, count) in [("miss", 1), ("shared", 99), ("hit", 1)] {
        let line = format!("promenade_store_lookups_total{{result=\"{result}\"}} {count}\n");
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn first_reader_that_leaves_does_not_restart_the_request() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(300)));
    let (store, _) = store(vec![upstream.instance("default")]);
    let start = || {
        let store = store.clone();
        tokio::spawn(async move { store.ask(question("default", "up", 0)).await })
    };
    let leader = start();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let others: Vec<_> = (0..20).map(|_| start()).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    leader.abort();
    for one in others {
        one.await.unwrap().unwrap();
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn rules_whose_interval_is_over_are_shown_while_the_next_are_fetched() {
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::group([Rule::new("Down")]));
    let interval = Duration::from_secs(2);
    let settings = InstanceSettings { scrape_interval: interval, ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let first = store.ask_rules("default").await.unwrap();
    tokio::time::sleep(interval + Duration::from_millis(100)).await;
    upstream.on_rules(Reply::hang());
    for _ in 0..3 {
        let meanwhile = store.ask_rules_at_once("default").await.unwrap();
        assert_eq!((meanwhile.as_of, meanwhile.is_stale()), (first.as_of, false));
    }
    tokio::time::sleep(interval).await;
    let late = store.ask_rules_at_once("default").await;
    assert!(late.unwrap().is_stale(), "two intervals later the failure is told");
}

#[tokio::test]
async fn value_of_just_before_is_shown_while_the_next_is_fetched() {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::computed(value_at));
    let interval = Duration::from_secs(60);
    let settings = InstanceSettings { scrape_interval: interval, ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let now_ms = clock::now().as_millisecond();
    let of = |text, at_ms, origin| InstantQuery { origin, query: query(text), at_ms };
    let known = |at_ms| of("scalar(up)", at_ms, Origin::Known);
    let at_once = async |query| store.ask_instant_at_once("default", query).await.unwrap();
    let first_ms = now_ms - 45_000;
    let first = at_once(known(first_ms)).await;
    upstream.on_any(Reply::computed(value_at).after(Duration::from_millis(500)));
    // A step later quietly, and later with word that the next one comes.
    for (later_ms, follows) in [(15_000, false), (45_000, true)] {
        let meanwhile = at_once(known(first_ms + later_ms)).await;
        assert_eq!((meanwhile.value.at_ms, meanwhile.as_of), (first_ms, first.as_of), "{later_ms}");
        assert_eq!((meanwhile.rest_follows, meanwhile.is_stale()), (follows, false), "{later_ms}");
    }
    // Data forms and readers' own queries wait, and so does who looks at another time.
    let data = store.ask_instant("default", known(now_ms - 1)).await.unwrap();
    assert_eq!(data.value.at_ms, now_ms - 1);
    for waits in [known(now_ms - 600_000), known(now_ms - 590_000)] {
        assert_eq!(at_once(waits.clone()).await.value.at_ms, waits.at_ms);
    }
    for later_ms in [0, 15_000] {
        let own = of("scalar(own)", first_ms + later_ms, Origin::AdHoc);
        assert_eq!(at_once(own.clone()).await.value.at_ms, own.at_ms);
    }
    let times = upstream.requests().iter().filter_map(|request| request.form("time")).count();
    assert_eq!(times, 8, "one for each instant");
}

/// The time as a scalar.
fn value_at(request: &Request) -> Reply {
    let time = request.form("time").unwrap();
    let data = json!({"resultType": "scalar", "result": [time.parse::<f64>().unwrap(), time]});
    Reply::json(200, &json!({"status": "success", "data": data}))
}

#[tokio::test]
async fn failure_is_remembered_for_a_few_seconds() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::refusal(422, "execution", "boom"));
    let (store, _) = store(vec![upstream.instance("default")]);
    for _ in 0..5 {
        let error = store.ask(question("default", "up", 0)).await.unwrap_err();
        assert_eq!(error.said.as_deref(), Some("boom"));
    }
    assert_eq!(upstream.requests().len(), 1);
    let failed = clock::stopwatch();
    upstream.on("up", Reply::matrix(&[]));
    while store.ask(question("default", "up", 0)).await.is_err() {
        assert!(failed.elapsed() < Duration::from_secs(10), "remembered for too long");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(failed.elapsed() > Duration::from_secs(5), "requested again after {:?}", failed.elapsed());
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn last_good_graph_is_shown_as_stale_after_a_failure() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    let (store, _) = store(vec![upstream.instance("default")]);
    let good = store.ask(question("default", "up", 0)).await.unwrap();
    upstream.on_any(Reply::html(502, "bad gateway"));
    upstream.on("up", Reply::html(502, "bad gateway"));

    let stale = store.ask(question("default", "up", 15)).await.unwrap();
    assert_eq!(stale.failure.as_ref().unwrap().kind, ErrorKind::Upstream);
    assert_eq!((stale.as_of, stale.value.window), (good.as_of, window(0)));
    let again = store.ask(question("default", "up", 15)).await.unwrap();
    assert!(again.is_stale(), "a remembered failure has the same message");
    assert_eq!(upstream.requests().len(), 2);

    store.ask(question("default", "up + 1", 15)).await.expect_err("another query has no good answer");
    store.ask(question("default", "up", 3_600)).await.expect_err("an hour later it is too old");
    store.ask(question("default", "up", -86_400)).await.expect_err("yesterday is another graph");
}

#[tokio::test]
async fn hanging_instance_delays_one_query_then_its_last_good_answer_is_shown() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    let settings = InstanceSettings { timeout: Duration::from_secs(3), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    store.ask(question("default", "up", 0)).await.unwrap();
    let took = async |later_s| {
        let begun = clock::stopwatch();
        let answer = store.ask(question("default", "up", later_s)).await.unwrap();
        (answer.failure.map(|failure| failure.kind), begun.elapsed())
    };
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(1_500)));
    let (failure, _) = took(15).await;
    assert_eq!(failure, None, "a slow instance is not skipped");

    upstream.on("up", Reply::hang());
    let (failure, time) = took(30).await;
    assert_eq!(failure, Some(ErrorKind::Timeout));
    assert!(time > Duration::from_millis(2_500), "{time:?}");
    let (failure, time) = took(45).await;
    assert_eq!(failure, Some(ErrorKind::Timeout));
    assert!(time < Duration::from_secs(2), "{time:?}");

    // The next one goes out when the one before has ended, at its deadline.
    upstream.on("up", Reply::matrix(&[(&[], 2.0)]));
    for _ in 0..20 {
        if took(60).await.0.is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("the instance answers again, and the old answer stays");
}

#[tokio::test]
async fn rules_are_fetched_once_per_interval_and_shown_as_stale_after_a_failure() {
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::group([Rule::new("A")]));
    let settings =
        InstanceSettings { scrape_interval: Duration::from_secs(1), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    for _ in 0..10 {
        let answer = store.ask_rules("default").await.unwrap();
        assert_eq!((answer.value.rules[0].name.as_str(), answer.is_stale()), ("A", false));
    }
    assert_eq!(upstream.requests().len(), 1);
    upstream.on_rules(Reply::refusal(400, "bad_data", "odd"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let stale = store.ask_rules("default").await.unwrap();
    assert_eq!(stale.failure.as_ref().unwrap().kind, ErrorKind::Upstream, "rules have no query to blame");
    assert_eq!((stale.value.rules.len(), upstream.requests().len()), (1, 2));
}

#[tokio::test]
async fn answer_with_warnings_expires_soon() {
    let upstream = Upstream::start().await;
    let warned = |warnings: &[&str]| {
        let data = json!({"resultType": "matrix", "result": []});
        Reply::json(200, &json!({"status": "success", "data": data, "warnings": warnings}))
    };
    upstream.on("whole", warned(&[]));
    upstream.on("partial", warned(&["a store is down"]));
    let (store, _) = store(vec![upstream.instance("default")]);
    for wait_ms in [0, 0, 5_300] {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        store.ask(question("default", "whole", 0)).await.unwrap();
        store.ask(question("default", "partial", 0)).await.unwrap();
    }
    let times = |text: &str| upstream.requests().iter().filter(|r| r.form("query").unwrap() == text).count();
    // Both time ranges are in the past, so only the warning shortens the life of an answer.
    assert_eq!((times("whole"), times("partial")), (1, 2));
}

/// An ad-hoc query.
fn ad_hoc(text: &str) -> Question {
    Question { origin: Origin::AdHoc, ..question("default", text, 0) }
}

#[tokio::test]
async fn ad_hoc_queries_leave_capacity_for_pages() {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::hang());
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    // No ad-hoc query ends while the test runs.
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let readers: Vec<_> = (0..40)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(ad_hoc(&format!("slow + {i}"))).await })
        })
        .collect();
    let refused = || readers.iter().filter(|reader| reader.is_finished()).count();
    until(|| upstream.requests().len() >= 2 && refused() >= 6).await;
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 3, "two of eight slots are for ad-hoc queries");
    assert_eq!(refused(), 6, "40 less 2 in flight and 32 waiting: none ended for the page");
    readers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn page_does_not_share_an_ad_hoc_query_or_its_failure() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::refusal(422, "execution", "too much"));
    let (store, _) = store(vec![upstream.instance("default")]);
    store.ask(ad_hoc("up")).await.unwrap_err();
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 2);
    // Its answer serves the others, though, without a slot.
    upstream.on("other", Reply::matrix(&[(&[], 1.0)]));
    store.ask(question("default", "other", 0)).await.unwrap();
    assert!(!store.ask(ad_hoc("other")).await.unwrap().is_stale());
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn equal_instant_queries_are_one_request_and_never_stale() {
    let upstream = Upstream::start().await;
    let scalar = json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}});
    upstream.on("scalar(up)", Reply::json(200, &scalar).after(Duration::from_millis(100)));
    let (store, _) = store(vec![upstream.instance("default")]);
    let at = |at_ms| {
        store
            .ask_instant("default", InstantQuery { origin: Origin::AdHoc, query: query("scalar(up)"), at_ms })
    };
    let (one, two) = tokio::join!(at(1_234), at(1_234));
    assert_eq!(one.unwrap().value.value, InstantValue::Scalar { at_ms: 1_000, value: 7.0 });
    two.unwrap();
    let requests = upstream.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].path.as_str(), requests[0].method.as_str()), ("/api/v1/query", "POST"));
    assert_eq!(requests[0].form("time").as_deref(), Some("1.234"));
    upstream.on("scalar(up)", Reply::refusal(500, "internal", "no"));
    assert_eq!(at(1_235).await.unwrap_err().kind, ErrorKind::Upstream);
    assert!(!at(1_234).await.unwrap().is_stale());
}
