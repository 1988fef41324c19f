//! Two portals that share a tier: each takes from it what the other one fetched.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use promenade::store::{SeriesTier, TierKey};

use super::*;

/// What a tier does with a call.
#[derive(Clone, Copy, PartialEq)]
enum TierState {
    Up,
    Fails,
    Hangs,
}

/// A tier in memory.
struct TestTier {
    sets: Mutex<HashMap<TierKey, Vec<u8>>>,
    state: Mutex<TierState>,
    gets: AtomicUsize,
}

impl TestTier {
    fn new() -> Arc<Self> {
        let (sets, state) = (Mutex::default(), Mutex::new(TierState::Up));
        Arc::new(Self { sets, state, gets: AtomicUsize::new(0) })
    }

    fn is(&self, state: TierState) {
        *self.state.lock().unwrap() = state;
    }

    async fn answer<T>(&self, work: impl FnOnce() -> T) -> Result<T, String> {
        let state = *self.state.lock().unwrap();
        match state {
            TierState::Up => Ok(work()),
            TierState::Fails => Err("no connection".to_owned()),
            TierState::Hangs => std::future::pending().await,
        }
    }

    fn gets(&self) -> usize {
        self.gets.load(Ordering::SeqCst)
    }

    fn sets(&self) -> HashMap<TierKey, Vec<u8>> {
        self.sets.lock().unwrap().clone()
    }

    /// The only one, once it is another than before.
    async fn next(&self, before: &[u8]) -> (TierKey, Vec<u8>) {
        until(async || self.sets().values().any(|bytes| bytes != before)).await;
        let mut sets = self.sets().into_iter();
        let set = sets.next().unwrap();
        assert!(sets.next().is_none());
        set
    }
}

impl SeriesTier for TestTier {
    fn get<'t>(&'t self, key: &'t TierKey) -> BoxFuture<'t, Result<Option<Vec<u8>>, String>> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        Box::pin(self.answer(|| self.sets().get(key).cloned()))
    }

    fn put<'t>(&'t self, key: &'t TierKey, bytes: Vec<u8>) -> BoxFuture<'t, Result<(), String>> {
        let put = move || {
            self.sets.lock().unwrap().insert(key.clone(), bytes);
        };
        Box::pin(self.answer(put))
    }
}

/// Samples that no longer change.
fn old() -> i64 {
    now() - 2 * TAIL
}

/// A portal with patience.
fn portal(instance: InstanceSettings, tier: &Arc<TestTier>) -> NamedStore {
    let timeout = Duration::from_secs(60);
    store(vec![InstanceSettings { timeout, ..instance }]).0.with_tier(tier.clone())
}

/// An instance, two portals and their tier.
async fn two() -> (Upstream, NamedStore, NamedStore, Arc<TestTier>) {
    let (upstream, tier) = (Upstream::start().await, TestTier::new());
    upstream.on("up", reply(time));
    let [first, second] = [(), ()].map(|()| portal(upstream.instance("default"), &tier));
    (upstream, first, second, tier)
}

#[tokio::test]
async fn a_portal_requests_only_what_the_other_one_did_not_have() {
    let end = old();
    let (upstream, first, second, tier) = two().await;
    let day = graph("up", 24, end);
    let fetched = first.ask(day).await.unwrap();
    let (_, before) = tier.next(&[]).await;
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
    tier.next(&before).await;
    assert_complete(&first.ask(later.clone()).await.unwrap().value, &later);
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn samples_that_may_change_are_taken_with_their_age() {
    let (upstream, first, second, tier) = two().await;
    let end = now();
    let begun = clock::now().as_second();
    first.ask(graph("up", 6, end)).await.unwrap();
    let ended = clock::now().as_second();
    tier.next(&[]).await;
    let later = graph("up", 6, end + STEP);
    assert_complete(&second.ask(later.clone()).await.unwrap().value, &later);
    let requests = requests(&upstream);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(is_first_unstable(requests[1].0, begun, ended) && requests[1].1 == end + STEP, "{requests:?}");
}

#[tokio::test]
async fn a_tier_is_asked_only_for_what_is_missing_and_given_only_what_came() {
    let (upstream, first, _, tier) = two().await;
    let end = old();
    first.ask(graph("up", 6, end)).await.unwrap();
    let (_, before) = tier.next(&[]).await;
    for hours in [6, 1, 3] {
        first.ask(graph("up", hours, end)).await.unwrap();
    }
    assert_eq!(tier.gets(), 1);
    // A query whose samples depend on the window has none that others could take.
    upstream.on("up @ end()", reply(time));
    first.ask(graph("up @ end()", 6, end)).await.unwrap();
    // Doubtful samples are not given, and the next good ones are.
    upstream.on("up", remarked(&["a store is down"], 0, time));
    first.ask(graph("up", 6, end + STEP)).await.unwrap();
    upstream.on("up", reply(time));
    assert_eq!(tier.sets().into_values().collect::<Vec<_>>(), std::slice::from_ref(&before));
    first.ask(graph("up", 6, end + 2 * STEP)).await.unwrap();
    tier.next(&before).await;
    assert_eq!(tier.gets(), 3);
}

#[tokio::test]
async fn samples_of_other_questions_and_servers_are_not_taken() {
    let (upstream, first, _, tier) = two().await;
    let other_server = Upstream::start().await;
    [&upstream, &other_server].into_iter().for_each(|upstream| upstream.on_any(reply(time)));
    let question = graph("up", 1, old());
    first.ask(question.clone()).await.unwrap();
    let (_, bytes) = tier.next(&[]).await;
    let half = Duration::from_secs(STEP as u64 * 2);
    let wide = Window::aligned(question.window.start_ms(), question.window.end_ms(), half).unwrap();
    let own = upstream.instance("default");
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned().into())];
    let [tenant, other_tenant] = ["a", "b"].map(|value| header("X-Scope-OrgID", value));
    let mut path = own.api.clone();
    path.set_path("/other/api/v1/");
    let others = [
        (own.clone(), Question { origin: Origin::AdHoc, ..question.clone() }),
        (own.clone(), Question { query: query("up + 1"), ..question.clone() }),
        (own.clone(), Question { window: wide, ..question.clone() }),
        (upstream.instance("other"), Question { instance: "other", ..question.clone() }),
        (other_server.instance("default"), question.clone()),
        (InstanceSettings { api: path, ..own.clone() }, question.clone()),
        (InstanceSettings { headers: tenant.clone(), ..own.clone() }, question.clone()),
        (InstanceSettings { headers: other_tenant, ..own.clone() }, question.clone()),
        (InstanceSettings { headers: header("X-Other", "a"), ..own.clone() }, question.clone()),
        (InstanceSettings { secure: false, ..own.clone() }, question.clone()),
        (InstanceSettings { unstable_tail: Duration::from_secs(60), ..own.clone() }, question.clone()),
    ];
    let sent = || upstream.requests().len() + other_server.requests().len();
    for (n, (settings, question)) in others.iter().enumerate() {
        // A known query's samples serve its readers, and each of these has a portal of its own.
        assert_complete_at(
            &portal(settings.clone(), &tier).ask(question.clone()).await.unwrap().value,
            question,
        );
        assert_eq!(sent(), n + 2, "{n}");
        until(async || tier.sets().len() == n + 2).await;
    }
    // A tier that confuses them: all have the bytes of the first.
    tier.sets.lock().unwrap().values_mut().for_each(|set| set.clone_from(&bytes));
    for (n, (settings, question)) in others.iter().enumerate() {
        assert_complete_at(
            &portal(settings.clone(), &tier).ask(question.clone()).await.unwrap().value,
            question,
        );
        assert_eq!(sent(), others.len() + n + 2, "{n}");
    }
    // The order and the case of headers change nothing.
    let headers = [tenant, header("x-other", "b")].concat();
    let mut other_order = headers.iter().rev().cloned().collect::<Vec<_>>();
    other_order[0].0 = "X-OTHER".to_owned();
    let sets = tier.sets().len();
    portal(InstanceSettings { headers, ..own.clone() }, &tier).ask(question.clone()).await.unwrap();
    until(async || tier.sets().len() == sets + 1).await;
    let before = sent();
    portal(InstanceSettings { headers: other_order, ..own }, &tier).ask(question).await.unwrap();
    assert_eq!(sent(), before);
}

/// As [`assert_complete`], of any step.
fn assert_complete_at(matrix: &Matrix, question: &Question) {
    assert_eq!((matrix.window, matrix.series.len()), (question.window, 2));
}

#[tokio::test]
async fn damaged_bytes_and_those_of_another_version_are_replaced() {
    let (upstream, first, _, tier) = two().await;
    let end = old();
    let question = graph("up", 1, end);
    first.ask(question.clone()).await.unwrap();
    let (key, good) = tier.next(&[]).await;
    let middle = good.len() / 2;
    let mut flipped = good.clone();
    flipped[middle] ^= 1;
    let mut newer = good.clone();
    newer[0] += 1;
    for (n, bad) in
        [flipped, newer, good[..middle].to_vec(), Vec::new(), vec![1; 100]].into_iter().enumerate()
    {
        tier.sets.lock().unwrap().insert(key.clone(), bad.clone());
        let portal = portal(upstream.instance("default"), &tier);
        assert_complete(&portal.ask(question.clone()).await.unwrap().value, &question);
        assert_eq!(requests(&upstream)[n + 1..], [whole(1, end)], "{n}");
        // What the portal fetched takes its place.
        tier.next(&bad).await;
    }
    let portal = portal(upstream.instance("default"), &tier);
    assert_complete(&portal.ask(question.clone()).await.unwrap().value, &question);
    assert_eq!(upstream.requests().len(), 6, "the last one was good");
}

#[tokio::test]
async fn readers_are_answered_while_the_tier_fails_or_hangs() {
    for state in [TierState::Fails, TierState::Hangs] {
        let (upstream, tier) = (Upstream::start().await, TestTier::new());
        tier.is(state);
        upstream.on("up", reply(time));
        let timeout = Duration::from_secs(5);
        let settings = InstanceSettings { timeout, ..upstream.instance("default") };
        let store = store(vec![settings]).0.with_tier(tier.clone());
        let end = old();
        for later in [0, STEP] {
            let question = graph("up", 1, end + later);
            assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
        }
        assert_eq!(upstream.requests().len(), 2);
        assert_eq!(tier.gets(), 1, "after a failure it is left alone");
        tier.is(TierState::Up);
        let question = graph("up", 1, end + 2 * STEP);
        assert_complete(&store.ask(question.clone()).await.unwrap().value, &question);
        assert!(tier.sets().is_empty());
    }
}

/// Nobody waits until a set is given.
#[tokio::test]
async fn readers_are_answered_while_the_tier_takes_no_set() {
    let (upstream, first, _, tier) = two().await;
    let end = old();
    first.ask(graph("up", 1, end)).await.unwrap();
    tier.next(&[]).await;
    let tier_of = tier.clone();
    // It hangs between the question for a set and the next one.
    upstream.on(
        "up",
        Reply::computed(move |request| {
            tier_of.is(TierState::Hangs);
            samples(request, &[], 0, &time)
        }),
    );
    let question = graph("up", 1, end + STEP);
    assert_complete(&first.ask(question.clone()).await.unwrap().value, &question);
    assert_eq!((tier.gets(), upstream.requests().len()), (2, 2));
}
