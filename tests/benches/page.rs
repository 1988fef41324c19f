//! A page of 20 graphs with 20 series each, from a warm cache, to its last byte over a real socket; and its parts.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::time::Duration;

use promenade::clock;
use world::World;
use world::load::{payments, rough};

const PAGE: &str = "/catalog/default/component/payments";
const ROUNDS: usize = 41;

async fn median(world: &World, path: &str, headers: &[(&str, &str)]) -> (Duration, usize) {
    let mut times = Vec::new();
    let mut length = 0;
    for _ in 0..ROUNDS {
        let begun = clock::stopwatch();
        let reply = world.get_with(path, headers).await;
        times.push(begun.elapsed());
        assert_eq!(reply.status, 200);
        length = reply.body.len();
    }
    times.sort_unstable();
    (times[ROUNDS / 2], length)
}

#[tokio::main]
async fn main() {
    let rules: Vec<String> = (0..20).map(|i| format!("load{i}|instance")).collect();
    let world = World::of(payments(&rules.join(", "))).await;
    world.upstream.on_any(rough(20));
    let gzip = [("Accept-Encoding", "gzip")];
    let graphs = format!("{PAGE}/graphs?from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z");
    // Until every graph is in the cache.
    while world.get(&graphs).await.text().matches("class=\"plot\"").count() < 20 {}
    let asset = world
        .get(&graphs)
        .await
        .text()
        .split('"')
        .find(|part| part.contains("css/panels"))
        .unwrap()
        .to_owned();
    for (name, path, headers) in [
        ("a static file", asset.as_str(), &[][..]),
        ("20 graphs x 20 series, plain", &graphs, &[]),
        ("20 graphs x 20 series, gzip", &graphs, &gzip),
        ("one of them, plain", &graphs.replace("/graphs?", "/graphs/1?"), &[]),
    ] {
        let (time, length) = median(&world, path, headers).await;
        eprintln!("{name}: {time:?} to the last byte, {length} bytes");
    }
}
