//! A portal that takes samples which another portal of the same instances fetched.

use promenade::store::UnreadSeries;

use super::*;

/// Samples that no longer change.
fn old() -> i64 {
    now() - 2 * TAIL
}

#[tokio::test]
async fn a_portal_requests_only_what_the_other_one_did_not_have() {
    let end = old();
    let (upstream, first) = start().await;
    let (second, _) = store(vec![upstream.instance("default")]);
    let day = graph("up", 24, end);
    let fetched = first.ask(day.clone()).await.unwrap();
    second.take(&day, &first.written(&day).unwrap()).await.unwrap();
    upstream.on("up", Reply::html(502, "bad gateway"));
    for hours in [24, 6, 1] {
        let question = graph("up", hours, end);
        let answer = second.ask(question.clone()).await.unwrap();
        assert_complete(&answer.value, &question);
        assert_eq!((answer.as_of, answer.is_stale()), (fetched.as_of, false));
    }
    assert_eq!(requests(&upstream), [whole(24, end)], "of the first portal");
    upstream.on("up", reply(time));
    let later = graph("up", 6, end + STEP);
    assert_complete(&second.ask(later.clone()).await.unwrap().value, &later);
    assert_eq!(requests(&upstream)[1..], [(end + STEP, end + STEP)]);
    // And back: the first one requests nothing.
    first.take(&later, &second.written(&later).unwrap()).await.unwrap();
    assert_complete(&first.ask(later.clone()).await.unwrap().value, &later);
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn samples_that_may_change_are_taken_with_their_age() {
    let (upstream, first) = start().await;
    let (second, _) = store(vec![upstream.instance("default")]);
    let end = now();
    let begun = clock::now().as_second();
    first.ask(graph("up", 6, end)).await.unwrap();
    let ended = clock::now().as_second();
    let later = graph("up", 6, end + STEP);
    second.take(&later, &first.written(&later).unwrap()).await.unwrap();
    assert_complete(&second.ask(later.clone()).await.unwrap().value, &later);
    let requests = requests(&upstream);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(is_first_unstable(requests[1].0, begun, ended) && requests[1].1 == end + STEP, "{requests:?}");
}

#[tokio::test]
async fn samples_of_other_questions_are_refused() {
    let upstream = Upstream::start().await;
    upstream.on_any(reply(time));
    let (store, _) = store(vec![upstream.instance("default"), upstream.instance("other")]);
    let question = graph("up", 1, old());
    assert_eq!(store.written(&question), None, "nothing is there yet");
    store.ask(question.clone()).await.unwrap();
    let bytes = store.written(&question).unwrap();
    let half = Duration::from_secs(STEP as u64 * 2);
    let wide = Window::aligned(question.window.start_ms(), question.window.end_ms(), half).unwrap();
    for other in [
        Question { instance: "other", ..question.clone() },
        Question { origin: Origin::AdHoc, ..question.clone() },
        Question { query: query("up + 1"), ..question.clone() },
        Question { window: wide, ..question.clone() },
    ] {
        assert_eq!(store.take(&other, &bytes).await, Err(UnreadSeries::OtherSeries));
        store.ask(other).await.unwrap();
    }
    assert_eq!(store.take(&question, &bytes[..bytes.len() - 1]).await, Err(UnreadSeries::Damaged));
    assert_eq!(upstream.requests().len(), 4, "a known query's samples serve its readers, others do not");
    // A query whose samples depend on the window has none that others could take.
    let question = Question { query: query("up @ end()"), ..question };
    store.ask(question.clone()).await.unwrap();
    assert_eq!(store.written(&question), None);
}
