//! A graph of a day that is kept, against a bare handler that sends the same bytes.

use world::World;

use crate::rates::{Load, bare, rates};
use crate::{ENTITY, portal, print};

/// A day that has passed.
const DAY: &str = "from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z&step=60";

pub async fn measure() {
    let world = portal().await;
    compare(&world, "JSON", &format!("{ENTITY}/graphs/1.json?{DAY}"), "application/json", &[]).await;
    let (panel, of_script) = (format!("{ENTITY}/graphs/1?{DAY}"), [("HX-Request", "true")]);
    compare(&world, "panel", &panel, "text/html; charset=utf-8", &of_script).await;
}

async fn compare(
    world: &World,
    what: &str,
    path: &str,
    content_type: &'static str,
    headers: &[(&str, &str)],
) {
    let headers = [headers, &[("Accept-Encoding", "gzip")]].concat();
    while world.get_with(path, &headers).await.header("etag").is_empty() {}
    let body = world.get_with(path, &headers).await.body;
    let length = body.len();
    let bare = bare(body.into(), content_type);
    let (handle, address) = (bare.handle(), bare.address);
    let running = tokio::spawn(bare.run());
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let rates = rates(&mut [
        Load::new("bare", address, "/page", &lines),
        Load::new("kept", world.address, path, &lines),
        Load::new("304", world.address, path, &lines).of_holder(),
        Load::new("hello", address, "/hello", &lines),
    ])
    .await;
    let [bare, kept, held, hello] = [0, 1, 2, 3].map(|place: usize| rates[place].1);
    let what = format!("warm 24 h {what} of {length} B, of bare");
    print(&what, ">= 0.75", &format!("{:.3}: {kept:.0} of {bare:.0} a second", kept / bare));
    let what = what.replace(", of bare", ": 304, of hello");
    print(&what, ">= 0.9", &format!("{:.3}: {held:.0} of {hello:.0} a second", held / hello));
    handle.stop(false).await;
    running.await.unwrap().unwrap();
}
