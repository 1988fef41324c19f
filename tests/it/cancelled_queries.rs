//! An ad-hoc query is cancelled when its last reader leaves. A query of an annotation continues.

use std::time::Duration;

use promenade::prometheus::{InstanceSettings, Origin};
use world::World;
use world::questions::{NamedStore, Question, question, store};
use world::upstream::{Reply, Upstream};

async fn slow() -> (NamedStore, Upstream) {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::matrix(&[(&[], 1.0)]).after(Duration::from_secs(2)));
    let settings = InstanceSettings { timeout: Duration::from_secs(10), ..upstream.instance("default") };
    (store(vec![settings]).0, upstream)
}

fn up(origin: Origin) -> Question {
    Question { origin, ..question("default", "up", 0) }
}

type Reader = tokio::task::JoinHandle<bool>;

/// Somebody who asks, once the question is with the instance.
async fn reader(store: &NamedStore, upstream: &Upstream, origin: Origin) -> Reader {
    let reader = {
        let store = store.clone();
        tokio::spawn(async move { store.ask(up(origin)).await.is_ok() })
    };
    for _ in 0..100 {
        if !upstream.requests().is_empty() {
            // So that the reader has joined, too.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return reader;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the question did not arrive");
}

/// Whether the connection is closed within a while.
async fn is_ended(upstream: &Upstream) -> bool {
    for _ in 0..50 {
        if upstream.open_connections() == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn ad_hoc_query_without_waiting_readers_is_cancelled() {
    // Hanging, so that nothing but the portal can end it.
    let (store, upstream) = slow().await;
    upstream.on_any(Reply::hang());
    let reader = reader(&store, &upstream, Origin::AdHoc).await;
    assert_eq!(upstream.open_connections(), 1);
    reader.abort();
    assert!(is_ended(&upstream).await, "the query is not cancelled");
}

#[tokio::test]
async fn ad_hoc_query_continues_while_a_joined_reader_waits() {
    let (store, upstream) = slow().await;
    let first = reader(&store, &upstream, Origin::AdHoc).await;
    let second = reader(&store, &upstream, Origin::AdHoc).await;
    first.abort();
    assert!(second.await.unwrap());
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn ad_hoc_query_is_cancelled_with_its_last_reader_and_sent_again_for_the_next() {
    let (store, upstream) = slow().await;
    upstream.on_any(Reply::hang());
    let first = reader(&store, &upstream, Origin::AdHoc).await;
    let second = reader(&store, &upstream, Origin::AdHoc).await;
    first.abort();
    assert!(!is_ended(&upstream).await);
    second.abort();
    assert!(is_ended(&upstream).await);
    upstream.on_any(Reply::matrix(&[(&[], 1.0)]));
    store.ask(up(Origin::AdHoc)).await.unwrap();
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn query_of_an_annotation_continues_without_readers_and_is_cached() {
    let (store, upstream) = slow().await;
    let first = reader(&store, &upstream, Origin::Known).await;
    first.abort();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(upstream.open_connections(), 1);
    store.ask(up(Origin::Known)).await.unwrap();
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn leaving_a_custom_page_cancels_its_query() {
    let world = World::of("").await;
    world.upstream.on_any(Reply::hang());
    let page = world.get("/graph.json?query=vector(1)");
    assert!(tokio::time::timeout(Duration::from_millis(400), page).await.is_err());
    assert_eq!((world.upstream.requests().len(), world.upstream.metadata_requests().len()), (1, 0));
    assert!(is_ended(&world.upstream).await);
}
