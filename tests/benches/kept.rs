//! A warm entity page and its 304, against the same bytes and a hello from bare handlers of the same server, in turns
//! over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that meets the unexpected should stop"
)]

mod rates;

use rates::{Load, bare, rates};
use world::World;
use world::catalog::Entity;
use world::load::rough;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

/// The window stands still, so the page changes with its alerts only.
const PAGE: &str =
    "/catalog/default/component/payments?from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z&refresh=0";

async fn portal(alerts: usize) -> World {
    let rules = "load1|instance, load2|instance, load3|instance";
    let world = World::of(Entity::component("payments").rule(rules).alert("all")).await;
    world.upstream.on_any(rough(20));
    let alert = |i| Alert::firing("Down").label("instance", &format!("10.0.0.{i}:9100")).since(&ago(7_200));
    world.upstream.on_rules(Reply::group([Rule::new("Down").alerts((0..alerts).map(alert))]));
    world
}

#[tokio::main]
async fn main() {
    for alerts in [40, 531] {
        let world = portal(alerts).await;
        let gzip = [("Accept-Encoding", "gzip")];
        while world.get_with(PAGE, &gzip).await.header("etag").is_empty() {}
        let body = world.get_with(PAGE, &gzip).await.body;
        eprintln!(
            "an entity page with 3 graphs of 20 series and {alerts} alerts, {} bytes of gzip",
            body.len()
        );
        let bare = bare(body.into(), "text/html; charset=utf-8");
        let (handle, bare_address) = (bare.handle(), bare.address);
        let running = tokio::spawn(bare.run());
        let gzipped = "Accept-Encoding: gzip\r\n";
        let rates = rates(&mut [
            Load::new("the bytes, bare", bare_address, "/page", gzipped),
            Load::new("the page", world.address, PAGE, gzipped),
            Load::new("hello, bare", bare_address, "/hello", ""),
            Load::new("its 304", world.address, PAGE, gzipped).of_holder(),
        ])
        .await;
        for (place, (name, rate)) in rates.iter().enumerate() {
            eprintln!("  {name}: {rate:.0} a second, {:.3} of bare", rate / rates[place / 2 * 2].1);
        }
        handle.stop(false).await;
        running.await.unwrap().unwrap();
    }
}
