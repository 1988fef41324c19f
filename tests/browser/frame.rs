//! The portal in a frame: its size, the messages that it sends, and those that it accepts.

use serde_json::{Value, json};
use world::World;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

use crate::chromium::Tab;

/// The code of `config/embedding.md` for a page that frames the portal.
const EMBED: &str = include_str!("embed.js");
pub const PAYMENTS: &str = "/catalog/default/component/payments";

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  description: Charges cards
  annotations: {prometheus.io/alert: all, prometheus.io/rule: up}
spec: {owner: team, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
"#;

fn script(world: &World) {
    let alert = |i: usize| {
        Alert::firing("Down")
            .label("instance", &format!("host-{i}.example:9100"))
            .label("severity", "critical")
            .annotation("summary", "A rather long sentence about what is wrong with this host of ours")
    };
    world.upstream.on_rules(Reply::group([Rule::new("Down").alerts((0..8).map(alert))]));
    let series = Reply::matrix(&[(&[("__name__", "up"), ("job", "a-job-with-a-name")], 1.0)]);
    world.upstream.on("up", series.clone());
    world.upstream.on("up == 0", series);
}

pub fn at(world: &World, path: &str) -> String {
    format!("http://{}{path}", world.address)
}

#[test]
fn the_embedding_page_contains_the_tested_code() {
    let page = include_str!("../../config/embedding.md");
    assert!(page.contains(EMBED), "config/embedding.md does not contain tests/browser/embed.js unchanged");
}

#[tokio::test]
async fn framed_pages_fit_every_width_and_store_nothing() {
    let world = World::of(CATALOG).await;
    script(&world);
    let system = "/catalog/default/system/shop";
    let pages = [
        "/".to_owned(),
        PAYMENTS.to_owned(),
        format!("{PAYMENTS}/alerts"),
        format!("{PAYMENTS}/graphs"),
        format!("{PAYMENTS}/graphs/1"),
        system.to_owned(),
        format!("{system}/members"),
        "/graph?query=up".to_owned(),
        "/alerts?alerts=all".to_owned(),
        "/status".to_owned(),
        "/nowhere".to_owned(),
    ];
    let tab = Tab::new().await;
    for page in &pages {
        let mark = if page.contains('?') { '&' } else { '?' };
        let kiosk = format!("{page}{mark}kiosk");
        let reply = world.get(&kiosk).await;
        assert!(reply.headers.get("set-cookie").is_none(), "{kiosk}");
        tab.go(&at(&world, &kiosk)).await;
        for width in [320, 480, 900, 1440] {
            tab.size(width, 700).await;
            let wide: i64 = tab.look("document.documentElement.scrollWidth").await;
            if wide > width {
                tab.screenshot("frame-overflow").await;
            }
            assert!(wide <= width, "{kiosk} is {wide} px wide at {width}");
        }
        assert_eq!(tab.count("header.top, footer.foot, div.head, div.bar").await, 0, "{kiosk}");
        let kept: Value = tab.look("[document.cookie, localStorage.length, sessionStorage.length]").await;
        assert_eq!(kept, json!(["", 0, 0]), "{kiosk}");
    }
    tab.close().await;
}

/// A page that frames the portal with the code of `config/embedding.md`.
pub fn parent(portal: &str, path: &str) -> Reply {
    let lines = EMBED.replace("https://promenade.example", portal);
    Reply::html(
        200,
        &format!(
            "<!doctype html><title>around</title><style>body{{margin:0;background:#888}}\
             iframe{{border:0;width:900px;height:150px;display:block}}</style>\
             <iframe src=\"{portal}{path}\"></iframe><script>{lines}\
             const frame = document.querySelector('iframe'); window.states = []; window.windows = []; window.all = [];\
             addEventListener('message', (e) => all.push(e.data.type));\
             window.portalFrame = embed(frame, {{ onHeight: (h) => {{ frame.style.height = `${{h}}px`; }},\
               onState: (s) => states.push(s), onWindow: (w) => windows.push(w) }});</script>"
        ),
    )
}

pub fn origin(server: &Upstream) -> String {
    format!("http://{}", server.address)
}

/// How many requests the instance received.
fn requests_sent(world: &World) -> usize {
    world.upstream.requests().len()
}

/// A portal that one server may frame and exchange messages with, and another may only frame.
pub async fn framed(talks: &Upstream, frames: &Upstream) -> World {
    let world = World::with(CATALOG, |settings| {
        settings.web.frame_ancestors = vec![origin(talks), origin(frames)];
        settings.web.parent_origins = vec![origin(talks)];
    })
    .await;
    script(&world);
    world
}

#[tokio::test]
async fn parent_page_sets_size_theme_and_time_of_the_frame() {
    let listed = Upstream::start().await;
    let world = framed(&listed, &listed).await;
    let portal = at(&world, "");
    let path = format!("{PAYMENTS}?kiosk&refresh=0");
    let tab = Tab::new().await;
    // As high as the same page is by itself, at the same width.
    tab.size(900, 900).await;
    tab.go(&at(&world, &path)).await;
    tab.until("document.querySelector('canvas')").await;
    tab.size(900, 3000).await;
    let wanted: i64 = tab.look("Math.ceil(document.body.getBoundingClientRect().height)").await;
    assert!(wanted > 300, "{wanted}");
    tab.size(1000, 1000).await;
    listed.on_any(parent(&portal, &path));
    tab.go(&format!("{}/", origin(&listed))).await;
    tab.until("all.includes('promenade:ready') && states.length").await;
    tab.until(&format!("frame.clientHeight === {wanted}")).await;
    let state: Value = tab.look("states.at(-1)").await;
    assert_eq!(state["title"], "payments: 8 firing");
    assert_eq!(state["counts"]["firing"], 8);
    tab.screenshot("frame-light").await;
    let heights: usize = tab.look("all.filter((t) => t === 'promenade:height').length").await;
    assert!(heights <= 6, "the height goes round: {heights}");
    // Live: neither asks the frame's document again.
    let before = requests_sent(&world);
    let _: bool = tab.look("(portalFrame.set({ theme: 'dark' }), true)").await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    tab.screenshot("frame-dark").await;
    assert_eq!(requests_sent(&world), before);
    let _: bool = tab.look("(portalFrame.set({ from: 'now-30d', to: 'now-29d' }), true)").await;
    let far = |world: &World| {
        let starts = world.upstream.requests().iter().filter_map(|r| r.form("start")).collect::<Vec<_>>();
        starts.iter().filter_map(|s| s.parse::<f64>().ok()).fold(f64::MAX, f64::min)
    };
    let month_ago = promenade::clock::now().as_second() as f64 - 29.5 * 86_400.0;
    for _ in 0..100 {
        if far(&world) < month_ago {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(far(&world) < month_ago, "the time range was not requested: {}", far(&world));
    tab.close().await;
}

/// Whether the portal asked for samples of other days than today and yesterday. Without a reader it asks for today's.
fn requests_days_ago(world: &World) -> bool {
    let days_ago = promenade::clock::now().as_second() as f64 - 2.0 * 86_400.0;
    let requests = world.upstream.requests();
    let mut starts = requests.iter().filter_map(|request| request.form("start")?.parse::<f64>().ok());
    starts.any(|start| start < days_ago)
}

#[tokio::test]
async fn malformed_messages_and_other_origins_are_ignored() {
    let (listed, other, lines) = (Upstream::start().await, Upstream::start().await, Upstream::start().await);
    let world = framed(&listed, &lines).await;
    let portal = at(&world, "");
    let path = format!("{PAYMENTS}?kiosk&refresh=0");
    listed.on_any(parent(&portal, &path));
    let tab = Tab::open(&format!("{}/", origin(&listed))).await;
    tab.until("all.includes('promenade:ready') && states.length").await;
    // Malformed or too long messages change nothing.
    for wish in [
        "{ from: 1, to: 2 }",
        "{ from: 'now-7d' }",
        "{ from: 'x'.repeat(300), to: 'now' }",
        "{ theme: 'sepia', from: 'now-6d', to: 'now' }",
        "{ theme: null, from: 'now-6d', to: 'now' }",
        "{ version: 2, from: 'now-8d', to: 'now' }",
    ] {
        let _: bool = tab.look(&format!("(portalFrame.set({wish}), true)")).await;
    }
    let _: bool = tab.look("(frame.contentWindow.postMessage('promenade:set', '*'), true)").await;
    let _: bool = tab.look("(frame.contentWindow.postMessage(null, '*'), true)").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!requests_days_ago(&world));
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    // A page that may frame the portal, but not exchange messages with it.
    lines.on_any(parent(&portal, &path));
    tab.go(&format!("{}/", origin(&lines))).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let wish = "{ type: 'promenade:set', version: 1, from: 'now-9d', to: 'now-8d' }";
    let _: bool = tab.look(&format!("(frame.contentWindow.postMessage({wish}, '{portal}'), true)")).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(tab.look::<Vec<String>>("all").await, Vec::<String>::new(), "it receives no message");
    assert!(!requests_days_ago(&world), "nor heard");
    // A page with an unlisted origin.
    other.on_any(parent(&portal, &path));
    tab.go(&format!("{}/", origin(&other))).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(tab.look::<usize>("all.length").await, 0);
    let complaints = tab.complaints().await;
    assert!(complaints.iter().any(|c| c.contains("frame-ancestors")), "the frame was loaded: {complaints:?}");
    tab.close().await;
}

#[tokio::test]
async fn parent_page_gives_the_frame_a_look_that_stays_readable() {
    let listed = Upstream::start().await;
    let world = framed(&listed, &listed).await;
    let portal = at(&world, "");
    let tab = Tab::new().await;
    tab.size(1000, 1000).await;
    listed.on_any(parent(&portal, &format!("{PAYMENTS}?kiosk&refresh=0&theme=dark")));
    tab.go(&format!("{}/", origin(&listed))).await;
    tab.until("all.includes('promenade:ready') && states.length").await;
    // The portal is another origin, so its colours are read in pictures of the frame.
    let own = at_corner(&tab).await;
    let backstage = "background: '#333333', surface: '#424242', text: '#ffffff', accent: '#9cc9ff'";
    set_look(&tab, &format!("{{ {backstage}, radius: 8, font: 'Inter' }}")).await;
    let worn = at_corner(&tab).await;
    assert_ne!(own, worn);
    tab.screenshot("frame-look").await;
    // None of these is taken, and the console says why.
    for (look, why) in [
        (
            "{ background: '#333333', surface: '#424242', text: '#777777', accent: '#9cc9ff' }",
            "text on surface has a contrast",
        ),
        (
            "{ background: '#333333', surface: '#424242', text: '#ffffff', accent: '#555555' }",
            "accent on surface has a contrast",
        ),
        (
            "{ background: 'red', surface: '#424242', text: '#ffffff', accent: '#9cc9ff' }",
            "background is not written as",
        ),
        ("{ surface: '#424242', text: '#ffffff', accent: '#9cc9ff' }", "background is not written as"),
        (&format!("{{ {backstage}, radius: 17 }}"), "radius is not a number from 0 to 16"),
        (&format!("{{ {backstage}, font: 'Papyrus; color: red' }}"), "font is not one of"),
        (
            "{ background: ['#333333'], surface: '#424242', text: '#ffffff', accent: '#9cc9ff' }",
            "background is not written as",
        ),
        ("'dark'", "it is no object"),
        ("''", "it is no object"),
        ("0", "it is no object"),
        ("false", "it is no object"),
    ] {
        let before = tab.complaints().await.len();
        set_look(&tab, look).await;
        let complaints = tab.complaints().await;
        let new = complaints.get(before..).unwrap();
        assert!(
            new.len() == 1 && new[0].contains("the look is ignored") && new[0].contains(why),
            "{look}: {new:?}"
        );
        assert_eq!(at_corner(&tab).await, worn, "{look}");
    }
    // A theme that nobody knows takes its message with it.
    let _: bool = tab.look("(portalFrame.set({ theme: 'sepia', look: null }), true)").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(at_corner(&tab).await, worn);
    // A theme alone is the portal's own.
    let _: bool = tab.look("(portalFrame.set({ theme: 'dark' }), true)").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(at_corner(&tab).await, own);
    tab.close().await;
}

async fn set_look(tab: &Tab, look: &str) {
    let _: bool = tab.look(&format!("(portalFrame.set({{ look: {look} }}), true)")).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

/// A picture of the top of the frame, where no time is shown.
async fn at_corner(tab: &Tab) -> Vec<u8> {
    tab.size(300, 40).await;
    let picture = std::fs::read(tab.screenshot("frame-corner").await).unwrap();
    tab.size(1000, 1000).await;
    picture
}
