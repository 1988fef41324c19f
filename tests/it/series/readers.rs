//! Readers of one set beside each other: who waits for whom, and what stays when one leaves.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[tokio::test]
async fn reader_whose_samples_came_waits_for_no_older_ones() {
    let (upstream, store) = start().await;
    let end = now();
    store.ask(graph("up", 1, end)).await.unwrap();
    let head = |reply: fn() -> Reply| {
        Reply::computed(move |request| {
            let is_old = bounds(request).0 < end - 2 * 3_600;
            if is_old { reply() } else { samples(request, &[], 0, &time) }
        })
    };
    let day = |end| {
        let reader = store.clone();
        tokio::spawn(async move { reader.ask(graph("up", 24, end)).await.unwrap_err().kind })
    };
    for (n, (reply, kind)) in [
        (Reply::hang as fn() -> Reply, ErrorKind::Timeout),
        (|| Reply::html(502, "bad gateway"), ErrorKind::Upstream),
    ]
    .into_iter()
    .enumerate()
    {
        upstream.on("up", head(reply));
        let end = end + 3 * STEP * (n as i64) + STEP;
        let (day, question) = (day(end), graph("up", 1, end));
        assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
        assert_eq!(day.await.unwrap(), kind);
        assert_eq!(upstream.requests().len(), 3 + 3 * n, "a tail and a head");
        // What failed is older than what this reader sees.
        let answer = store.ask_at_once(graph("up", 1, end + STEP)).await.unwrap();
        assert!(!answer.is_stale() && answer.value.window.end_ms() >= end * 1_000, "{kind:?}: {answer:?}");
        store.ask(graph("up", 1, end + STEP)).await.unwrap();
        assert_eq!(upstream.requests().len(), 4 + 3 * n);
    }
}

#[tokio::test]
async fn all_parts_of_a_time_range_have_one_deadline() {
    let upstream = Upstream::start().await;
    upstream.on("up", reply(time));
    let settings = InstanceSettings { timeout: Duration::from_secs(3), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let end = now() - 3_600;
    store.ask(graph("up", 1, end)).await.unwrap();
    // Before and after what is there. Each of them alone is in time.
    upstream.on("up", reply(time).after(Duration::from_millis(2_300)));
    let question = graph("up", 6, end + 1_800);
    assert_eq!(store.ask(question.clone()).await.unwrap_err().kind, ErrorKind::Timeout);
    until(async || store.ask(question.clone()).await.is_ok()).await;
    let requests = requests(&upstream);
    assert_eq!(requests[1].1, end + 1_800, "the newest first: {requests:?}");
    assert!(requests[2..].iter().all(|request| *request == requests[2]), "the head alone: {requests:?}");
}

#[tokio::test]
async fn fetch_behind_goes_on_without_readers() {
    let (upstream, store) = start().await;
    let end = now();
    let ad_hoc = |end| Question { origin: Origin::AdHoc, ..graph("up", 1, end) };
    store.ask(ad_hoc(end)).await.unwrap();
    let is_answered = Arc::new(AtomicBool::new(false));
    let flag = is_answered.clone();
    let slow = reply(move |_, at| {
        flag.store(true, Ordering::SeqCst);
        Some(at as f64)
    });
    upstream.on("up", slow.after(Duration::from_millis(200)));
    let old = store.ask_at_once(ad_hoc(end + STEP)).await.unwrap();
    assert_eq!((old.value.window.end_ms(), is_answered.load(Ordering::SeqCst)), (end * 1_000, false));
    until(async || store.ask_at_once(ad_hoc(end + STEP)).await.unwrap().value.window.end_ms() > end * 1_000)
        .await;
    assert_eq!(requests(&upstream).len(), 2);
    // The page's own query waits for no ad-hoc one, but its series serve ad-hoc readers.
    upstream.on("up", reply(time));
    store.ask(graph("up", 1, end + STEP)).await.unwrap();
    store.ask(Question { origin: Origin::AdHoc, ..graph("up", 1, end + STEP) }).await.unwrap();
    assert_eq!(requests(&upstream).len(), 3);
}

#[tokio::test]
async fn what_came_before_an_ad_hoc_reader_left_is_counted() {
    let (upstream, store) = start().await;
    let end = now();
    let ad_hoc = |hours, end| Question { origin: Origin::AdHoc, ..graph("up", hours, end) };
    store.ask(ad_hoc(1, end - 12 * 3_600)).await.unwrap();
    let (before, half) = (store.fill().bytes, end - 12 * 3_600);
    upstream.on(
        "up",
        Reply::computed(move |request| {
            let is_old = bounds(request).0 < half;
            if is_old { Reply::hang() } else { samples(request, &[], 0, &time) }
        }),
    );
    let reader = store.clone();
    let reading = tokio::spawn(async move { reader.ask(ad_hoc(24, end)).await.is_ok() });
    until(async || upstream.requests().len() == 3).await;
    reading.abort();
    // Two series of half a day.
    let bytes = (half..end).step_by(STEP as usize).count() as u64 * 2 * 8;
    until(async || store.fill().bytes >= before + bytes).await;
    let question = ad_hoc(6, end);
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    assert_eq!(requests(&upstream).len(), 3);
}

#[tokio::test]
async fn ad_hoc_reader_sees_the_whole_series_of_a_page_at_once() {
    let (upstream, store) = start().await;
    let end = now();
    let ad_hoc = |hours, end| Question { origin: Origin::AdHoc, ..graph("up", hours, end) };
    store.ask(ad_hoc(1, end - 3_600)).await.unwrap();
    store.ask(graph("up", 6, end)).await.unwrap();
    upstream.on("up", Reply::hang());
    let question = ad_hoc(5, end);
    let answer = store.ask_at_once(question.clone()).await.unwrap();
    assert_complete(&answer.value, &question);
    assert!(!answer.rest_follows && !answer.is_stale());
    assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
    assert_eq!(requests(&upstream).len(), 2);
}
