//! What the store and kept replies are to reach, measured with a scripted upstream. A line has what is measured, the
//! goal, and the figure.
//!
//! `cargo bench --bench goals -- NAME...` measures only these: `refreshes`, `waits`, `cold`, `warm`, `memory`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that meets the unexpected should stop, and prints its figures"
)]

mod cold;
mod memory;
#[path = "../rates.rs"]
mod rates;
mod refreshes;
mod warm;

use world::World;
use world::catalog::Entity;
use world::load::rough;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

const ENTITY: &str = "/catalog/default/component/payments";
/// Of each graph.
const SERIES: usize = 20;

/// An entity with three graphs of twenty series, and forty alerts.
async fn portal() -> World {
    let rules = "load1|instance, load2|instance, load3|instance";
    let entity = Entity::component("payments").rule(rules).alert("all");
    // As by default. In a smaller cache a day of twenty series has no room, and is fetched whole.
    let world = World::with(entity, |settings| settings.store.max_bytes = 256 << 20).await;
    world.upstream.on_any(rough(SERIES));
    world.upstream.on_rules(alerts());
    world
}

fn alerts() -> Reply {
    let alert = |i| Alert::firing("Down").label("instance", &format!("10.0.0.{i}:9100")).since(&ago(7_200));
    Reply::group([Rule::new("Down").alerts((0..40).map(alert))])
}

fn print(what: &str, goal: &str, figure: &str) {
    println!("{what:<64} {goal:<22} {figure}");
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if is_wanted("refreshes") {
        refreshes::measure().await;
    }
    if is_wanted("waits") {
        refreshes::measure_waits().await;
    }
    if is_wanted("cold") {
        cold::measure().await;
    }
    if is_wanted("warm") {
        warm::measure().await;
    }
    if is_wanted("memory") {
        memory::measure().await;
    }
}
