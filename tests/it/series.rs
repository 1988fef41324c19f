//! The series of a query, shared by all time ranges: what is requested of an instance, and what readers see meanwhile.

mod ahead;
mod readers;
mod tier;

use std::sync::Arc;
use std::time::Duration;

use promenade::clock;
use promenade::prometheus::{InstanceSettings, Matrix, Origin, Window, is_absent};
use promenade::upstream::ErrorKind;
use serde_json::{Value, json};
use world::questions::{NamedStore, Question, query, store};
use world::upstream::{Reply, Request, Upstream};

const STEP: i64 = 15;
/// What has passed since the instant from which tests count.
const PASSED: i64 = 10 * STEP;
/// How long samples may change.
const TAIL: i64 = 600;

/// An instant of the grid whose next ten have passed too, but whose samples may still change.
fn now() -> i64 {
    clock::now().as_second() / STEP * STEP - PASSED
}

fn graph(text: &str, hours: i64, end: i64) -> Question {
    let step = Duration::from_secs(STEP as u64);
    let window = Window::aligned((end - hours * 3_600) * 1_000, end * 1_000, step).unwrap();
    Question { instance: "default", origin: Origin::Known, query: query(text), window }
}

/// The series `a` and `b`, with the value at an instant, if there is one.
fn reply(value: impl Fn(&str, i64) -> Option<f64> + Send + Sync + 'static) -> Reply {
    remarked(&[], 0, value)
}

/// With warnings, and samples so many seconds beside the grid.
fn remarked(
    warnings: &'static [&'static str],
    beside: i64,
    value: impl Fn(&str, i64) -> Option<f64> + Send + Sync + 'static,
) -> Reply {
    Reply::computed(move |request| samples(request, warnings, beside, &value))
}

fn samples(
    request: &Request,
    warnings: &[&str],
    beside: i64,
    value: &impl Fn(&str, i64) -> Option<f64>,
) -> Reply {
    let (start, end) = bounds(request);
    let step: usize = request.form("step").unwrap().parse().unwrap();
    let series = ["a", "b"].into_iter().filter_map(|name| {
        let instants = (start..=end).step_by(step);
        let values: Vec<Value> =
            instants.filter_map(|at| Some(json!([at + beside, value(name, at)?.to_string()]))).collect();
        (!values.is_empty()).then(|| json!({"metric": {"name": name}, "values": values}))
    });
    let data = json!({"resultType": "matrix", "result": series.collect::<Vec<_>>()});
    Reply::json(200, &json!({"status": "success", "data": data, "warnings": warnings}))
}

fn time(_: &str, at: i64) -> Option<f64> {
    Some(at as f64)
}

/// The start and the end of a request.
fn bounds(request: &Request) -> (i64, i64) {
    let at = |name| request.form(name).unwrap().parse::<i64>().unwrap();
    (at("start"), at("end"))
}

fn requests(upstream: &Upstream) -> Vec<(i64, i64)> {
    upstream.requests().iter().map(bounds).collect()
}

/// What a graph of so many hours requests when nothing is there.
fn whole(hours: i64, end: i64) -> (i64, i64) {
    (end - hours * 3_600, end)
}

/// The first sample that may still change of what was fetched between two times.
fn is_first_unstable(start: i64, from: i64, to: i64) -> bool {
    (from - TAIL..=to - TAIL + STEP).contains(&start) && start % STEP == 0
}

/// Every instant of the answer has its own time as value.
fn assert_complete(matrix: &Matrix, question: &Question) {
    assert_eq!((matrix.window, matrix.series.len()), (question.window, 2));
    for series in &matrix.series {
        let mut values = series.values.iter().enumerate();
        assert!(values.all(|(i, value)| *value == (matrix.window.at(i) / 1_000) as f64));
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be");
}

async fn start() -> (Upstream, NamedStore) {
    let upstream = Upstream::start().await;
    upstream.on("up", reply(time));
    let (store, _) = store(vec![upstream.instance("default")]);
    (upstream, store)
}

#[tokio::test]
async fn readers_of_all_time_ranges_share_one_request_a_step() {
    let (upstream, store) = start().await;
    let (begun, end) = (clock::now().as_second(), now());
    store.ask(graph("up", 24, end)).await.unwrap();
    let ended = clock::now().as_second();
    for hours in [1, 6, 24] {
        let question = graph("up", hours, end);
        assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    }
    assert_eq!(requests(&upstream), [whole(24, end)]);
    let later = end + STEP;
    let all = [1, 6, 24, 6, 1].map(|hours| graph("up", hours, later));
    let answers = futures_util::future::join_all(all.clone().map(|question| store.ask(question))).await;
    for (answer, question) in answers.into_iter().zip(&all) {
        assert_complete(&answer.unwrap().value, question);
    }
    let requests = requests(&upstream);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(is_first_unstable(requests[1].0, begun, ended) && requests[1].1 == later, "{requests:?}");
    // A longer range needs only its head.
    let question = graph("up", 30, later);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    let requests = upstream.requests().iter().map(bounds).collect::<Vec<_>>();
    assert_eq!(requests.get(2), Some(&(later - 30 * 3_600, end - 24 * 3_600 - STEP)), "{requests:?}");
    let first = store.ask(question.clone()).await.unwrap();
    let second = store.ask(question).await.unwrap();
    assert!(Arc::ptr_eq(&first.value, &second.value), "an unchanged answer is the same one");
}

#[tokio::test]
async fn unstable_tail_is_configurable_and_old_ranges_are_fetched_once() {
    let upstream = Upstream::start().await;
    upstream.on("up", reply(time));
    let settings =
        InstanceSettings { unstable_tail: Duration::from_secs(3_600), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let end = now();
    store.ask(graph("up", 6, end)).await.unwrap();
    store.ask(graph("up", 6, end + STEP)).await.unwrap();
    let start = requests(&upstream)[1].0;
    let after = start - (end + PASSED - 3_600);
    assert!((0..=2 * STEP).contains(&after), "{start} for {end}");
    let past = end - 2 * 3_600;
    for hours in [1, 2, 3] {
        let question = graph("up", hours, past);
        assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    }
    assert_eq!(requests(&upstream).len(), 2, "it was all there");
}

#[tokio::test]
async fn what_vanished_upstream_vanishes_and_what_came_late_comes() {
    let (upstream, store) = start().await;
    let end = now();
    let gone = end - 120;
    upstream.on("up", reply(move |name, at| (name == "b" || at < gone).then_some(1.0)));
    store.ask(graph("up", 1, end)).await.unwrap();
    upstream.on("up", reply(move |name, at| (name == "a" || at < gone).then_some(2.0)));
    let answer = store.ask(graph("up", 1, end + STEP)).await.unwrap();
    let matrix = &answer.value;
    let at = |name: &str, at: i64| {
        let series = matrix.series.iter().find(|series| series.labels.get("name") == Some(name)).unwrap();
        let value = series.values[matrix.window.index_of(at * 1_000).unwrap()];
        (!is_absent(value)).then_some(value)
    };
    for (name, instant, value) in [
        ("a", end - 1_800, Some(1.0)),
        ("a", gone, Some(2.0)),
        ("a", end + STEP, Some(2.0)),
        ("b", end - 1_800, Some(1.0)),
        ("b", gone - STEP, Some(2.0)),
        ("b", gone, None),
        ("b", end + STEP, None),
    ] {
        assert_eq!(at(name, instant), value, "{name} at {instant}");
    }
}

#[tokio::test]
async fn answers_with_warnings_or_beside_the_grid_are_shown_and_not_kept_as_samples() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 6, end)).await.unwrap();
    for (n, bad) in [remarked(&["a store is down"], 0, time), remarked(&[], 7, time)].into_iter().enumerate()
    {
        let before = requests(&upstream).len();
        upstream.on("up", bad);
        let later = end + STEP * (3 * n as i64 + 1);
        let answer = store.ask(graph("up", 6, later)).await.unwrap();
        let shown = &answer.value;
        assert!((n == 0) == (shown.warnings == ["a store is down"]) && (n == 1) == (shown.off_grid > 2_800));
        let all = requests(&upstream).split_off(before);
        assert_eq!((all.len(), all[1]), (2, whole(6, later)), "its remarks are on all of it: {all:?}");
        // A reader who waits for nothing sees no samples without the remarks.
        let answer = store.ask_at_once(graph("up", 6, later + STEP)).await.unwrap();
        assert!(answer.value.warnings.len() + answer.value.off_grid > 0, "{answer:?}");
        assert_eq!(requests(&upstream).split_off(before + 2), [whole(6, later + STEP)], "asked as a whole");
        upstream.on("up", reply(time));
        let question = graph("up", 6, later + 2 * STEP);
        assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
        assert_eq!(requests(&upstream).split_off(before + 3), [whole(6, later + 2 * STEP)]);
    }
    store.ask(graph("up", 6, end + 7 * STEP)).await.unwrap();
    assert!(requests(&upstream).last().unwrap().0 > end - 3_600, "and then only its tail");
}

#[tokio::test]
async fn whole_range_in_the_place_of_a_part_is_requested_once_however_slow() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 1, end)).await.unwrap();
    // The tail alone has a warning.
    let slow = Reply::computed(move |request| {
        let is_part = bounds(request).0 > end - 3_600;
        samples(request, if is_part { &["a store is down"] } else { &[] }, 0, &time)
    });
    upstream.on("up", slow.after(Duration::from_millis(1_100)));
    let question = graph("up", 6, end + STEP);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    let requests = requests(&upstream);
    assert_eq!((requests.len(), requests[2]), (3, whole(6, end + STEP)), "{requests:?}");
}

#[tokio::test]
async fn cut_answer_changes_nothing() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 1, end)).await.unwrap();
    upstream.on(
        "up",
        Reply::cut_by_length(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, 3),
    );
    let answer = store.ask(graph("up", 1, end + STEP)).await.unwrap();
    assert!(answer.is_stale());
    assert_complete(&answer.value, &graph("up", 1, end));
    upstream.on("up", reply(time));
    let question = graph("up", 1, end + 2 * STEP);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
}

#[tokio::test]
async fn page_waits_for_nothing_while_samples_are_there() {
    let (upstream, store) = start().await;
    let end = now() - 1_200;
    store.ask(graph("up", 1, end)).await.unwrap();
    // Neither the next step nor the rest of a longer range answers.
    upstream.on("up", Reply::hang());
    let answer = store.ask_at_once(graph("up", 1, end + STEP)).await.unwrap();
    assert_eq!((answer.value.window.end_ms(), answer.rest_follows), (end * 1_000, false));
    assert_eq!(answer.value.window.start_ms(), (end + STEP - 3_600) * 1_000);
    let longer = store.ask_at_once(graph("up", 6, end)).await.unwrap();
    assert_complete(&longer.value, &graph("up", 1, end));
    assert!(longer.rest_follows && !longer.is_stale());
    let idle = store.ask_at_once(graph("up", 1, end + 1_200)).await.unwrap();
    assert!(idle.rest_follows && idle.value.window.len() == 161, "{:?}", idle.value.window);
    until(async || upstream.requests().len() == 2).await;
    // The first of them fails at its deadline, and the others with it. Then 1 h of 6 h is not shown as all there is.
    until(async || store.ask_at_once(graph("up", 6, end)).await.is_err()).await;
    upstream.on("up", reply(time));
    let question = graph("up", 6, end + STEP);
    until(async || {
        let answer = store.ask_at_once(question.clone()).await;
        answer.is_ok_and(|answer| {
            answer.value.window == question.window && !answer.is_stale() && !answer.rest_follows
        })
    })
    .await;
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
}

#[tokio::test]
async fn failed_fetch_leaves_no_part_that_looks_like_the_whole() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 24, end)).await.unwrap();
    upstream.on("up", Reply::html(502, "bad gateway"));
    let day = graph("up", 24, end + 2 * STEP);
    until(async || store.ask_at_once(day.clone()).await.is_ok_and(|answer| answer.is_stale())).await;
    let shown = store.ask_at_once(day.clone()).await.unwrap().value.window;
    assert_eq!((shown.start_ms(), shown.end_ms()), (day.window.start_ms(), end * 1_000), "all but the end");
    // Of more than a day only the day is there.
    until(async || store.ask_at_once(graph("up", 30, end)).await.is_err()).await;
}

#[tokio::test]
async fn time_range_that_is_too_long_is_an_error_at_each_refresh() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 1, end)).await.unwrap();
    let too_many = json!({"status": "error", "errorType": "execution",
        "error": "query processing would load too many samples into memory in query execution"});
    upstream.on("up", Reply::json(422, &too_many));
    until(async || store.ask_at_once(graph("up", 24, end)).await.is_err()).await;
    // A new window, whose failure nobody remembers.
    let later = store.ask_at_once(graph("up", 24, end + STEP)).await.unwrap_err();
    assert_eq!(later.kind, ErrorKind::TooManySamples);
    // A shorter one is drawn as ever.
    assert_complete(&store.ask_at_once(graph("up", 1, end)).await.unwrap().value, &graph("up", 1, end));
}

#[tokio::test]
async fn instants_in_the_future_are_shown_and_not_kept() {
    let (upstream, store) = start().await;
    let end = now() + PASSED;
    let ahead = graph("up", 1, end + 300);
    assert_complete(&store.ask(ahead.clone()).await.unwrap().value, &ahead);
    let question = graph("up", 1, end);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    assert_eq!(requests(&upstream), [whole(1, end + 300), whole(1, end)]);
}

#[tokio::test]
async fn newest_part_stays_when_an_older_one_fails() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 1, end)).await.unwrap();
    let too_many = json!({"status": "error", "errorType": "execution",
        "error": "query processing would load too many samples into memory in query execution"});
    upstream.on(
        "up",
        Reply::computed(move |request| {
            let is_old = bounds(request).0 < end - 2 * 3_600;
            if is_old { Reply::json(422, &too_many) } else { samples(request, &[], 0, &time) }
        }),
    );
    let failure = store.ask(graph("up", 24, end + STEP)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::TooManySamples);
    let question = graph("up", 1, end + STEP);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    let requests = requests(&upstream);
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(requests[1].1 == end + STEP && requests[2].0 < requests[1].0, "{requests:?}");
}

#[tokio::test]
async fn queries_that_depend_on_the_range_are_asked_as_a_whole() {
    let (upstream, store) = start().await;
    let end = now();
    for text in ["up @ end()", "up offset -5m", "up default 0", "topk(1, up)"] {
        upstream.on(text, reply(time));
        let before = requests(&upstream).len();
        for later in [0, STEP] {
            store.ask(graph(text, 1, end + later)).await.unwrap();
        }
        assert_eq!(requests(&upstream).split_off(before), [whole(1, end), whole(1, end + STEP)], "{text}");
    }
    let window = |later: i64| {
        let (start, end) = ((end - 3_600 + 7 + later) * 1_000, (end + 7 + later) * 1_000);
        Window::exact(start, end, Duration::from_secs(STEP as u64)).unwrap()
    };
    let before = requests(&upstream).len();
    for later in [0, STEP] {
        store.ask(Question { window: window(later), ..graph("up", 1, end) }).await.unwrap();
    }
    let all = requests(&upstream).split_off(before);
    assert!(all.iter().all(|(start, end)| end - start == 3_600) && all.len() == 2, "{all:?}");
}

#[tokio::test]
async fn failing_instance_leaves_the_samples_for_fifteen_minutes() {
    let (upstream, store) = start().await;
    let end = now() - 1_800;
    store.ask(graph("up", 1, end)).await.unwrap();
    upstream.on("up", Reply::html(502, "bad gateway"));
    for later in [STEP, 900] {
        let ask = async || store.ask_at_once(graph("up", 1, end + later)).await.unwrap();
        until(async || {
            let answer = ask().await;
            answer.is_stale() && !answer.rest_follows
        })
        .await;
        let answer = ask().await;
        assert_eq!(answer.failure.unwrap().kind, ErrorKind::Upstream);
        assert_eq!((answer.value.window.end_ms(), answer.rest_follows), (end * 1_000, false));
    }
    let later = graph("up", 1, end + 1_800);
    until(async || store.ask_at_once(later.clone()).await.is_err()).await;
}
