//! Replies that are rendered once and kept: who gets them, and for how long.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use world::catalog::{Entity, catalog};
use world::load::rough;
use world::markup::tags;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;
use world::{Reply as Answer, World};

mod headers;

const PAGE: &str = "/catalog/default/component/payments";

fn payments() -> Entity {
    Entity::component("payments").rule("up").alert("all")
}

async fn world() -> World {
    let world = World::of(payments()).await;
    scripted(&world, 1.0);
    world
}

fn scripted(world: &World, value: f64) {
    let alert = Alert::firing("Down").since(&ago(7_200)).value(&value.to_string());
    world.upstream.on_rules(Reply::group([Rule::new("Down").alert(alert)]));
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up")], value)]));
}

/// Two answers to equal requests within one tick.
async fn twice(world: &World, path: &str, headers: &[(&str, &str)]) -> [Answer; 2] {
    loop {
        let [one, other] = [world.get_with(path, headers).await, world.get_with(path, headers).await];
        if one.header("etag") == other.header("etag") {
            return [one, other];
        }
    }
}

/// The count of a metric's line.
async fn count(world: &World, line: &str) -> u64 {
    let metrics = world.get("/metrics").await;
    let count =
        metrics.text().lines().find_map(|l| l.strip_prefix(line)).map(|count| count.trim().parse().unwrap());
    count.unwrap_or_default()
}

#[tokio::test]
async fn equal_requests_get_the_same_bytes_with_all_headers() {
    let world = world().await;
    for (path, headers) in [
        (PAGE.to_owned(), &[][..]),
        (PAGE.to_owned(), &[("Accept-Encoding", "gzip")]),
        (format!("{PAGE}/alerts"), &[("HX-Request", "true")]),
        (format!("{PAGE}/graphs/1?drawn=700"), &[("HX-Request", "true")]),
        (format!("{PAGE}/graphs/1.json"), &[]),
        (format!("{PAGE}/graphs/1.csv"), &[]),
        (format!("{PAGE}/graphs/1.svg"), &[]),
        (format!("{PAGE}/alerts.csv"), &[]),
        ("/graph?query=up".to_owned(), &[]),
    ] {
        let before = count(&world, "promenade_http_replies_total{how=\"kept\"}").await;
        let [one, other] = twice(&world, &path, headers).await;
        assert!(count(&world, "promenade_http_replies_total{how=\"kept\"}").await > before, "{path}");
        assert_eq!((one.status, other.status), (reqwest::StatusCode::OK, reqwest::StatusCode::OK));
        assert_eq!(one.body, other.body, "{path}");
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"), "{path}");
        assert_eq!(other.header("cache-control"), "private, no-cache", "{path}");
        let all = |answer: &Answer| {
            let names =
                answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
            let mut all: Vec<_> = names.map(|(name, value)| (name.to_string(), value.clone())).collect();
            all.sort();
            all
        };
        assert_eq!(all(&one), all(&other), "{path}");
        assert_eq!(other.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_copy_that_is_still_good_is_not_sent_again() {
    let world = world().await;
    let held = async |headers: &[(&str, &str)]| world.get_with(PAGE, headers).await;
    let [gzip, _] = twice(&world, PAGE, &[("Accept-Encoding", "gzip")]).await;
    loop {
        let [plain, _] = twice(&world, PAGE, &[]).await;
        let tag = plain.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag != gzip.header("etag"), "{tag}");
        let list = format!("\"other\", W/{tag}");
        let answers = [
            held(&[("If-None-Match", &tag)]).await,
            held(&[("If-None-Match", &list)]).await,
            held(&[("If-None-Match", "*")]).await,
            world.ask(Method::HEAD, PAGE, &[("If-None-Match", &tag)]).await,
        ];
        let [again, _] = twice(&world, PAGE, &[]).await;
        if again.header("etag") != tag {
            // The tick has ended.
            continue;
        }
        for answer in &answers {
            assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
            assert_eq!((answer.header("etag"), answer.header("vary")), (&*tag, plain.header("vary")));
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert_eq!(answer.header("content-length"), "");
        }
        break;
    }
    assert_eq!(held(&[("If-None-Match", "\"other\"")]).await.status, 200);
    let head = world.ask(Method::HEAD, PAGE, &[]).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_ne!(head.header("content-length"), "");
    let route = "/catalog/{namespace}/{kind}/{name}";
    let counted =
        count(&world, &format!("promenade_http_requests_total{{route=\"{route}\",status=\"304\"}}")).await;
    assert!(counted >= 4, "{counted}");
}

/// Until the tick does not end in between. Each attempt has a step, and so samples, of its own: a graph that
/// has some of its samples waits for no others and is not kept.
#[tokio::test]
async fn readers_who_come_together_get_one_rendering() {
    let world = world().await;
    let metric = |how| format!("promenade_http_replies_total{{how=\"{how}\"}}");
    for attempt in 0.. {
        let value = Reply::matrix(&[(&[("__name__", "up")], 1.0)]);
        world.upstream.on_any(value.after(Duration::from_millis(200)));
        let path = format!("{PAGE}/graphs/1?range=1h&step={}s", 20 + attempt);
        let before = [count(&world, &metric("rendered")).await, count(&world, &metric("kept")).await];
        let all = join_all((0..20).map(|_| world.get(&path))).await;
        let after = [count(&world, &metric("rendered")).await, count(&world, &metric("kept")).await];
        if [after[0] - before[0], after[1] - before[1]] == [1, 19] {
            assert!(all.iter().all(|answer| answer.body == all[0].body && answer.status.as_u16() == 200));
            assert!(all.iter().all(|answer| answer.header("etag") == all[0].header("etag")));
            assert!(all.iter().all(|answer| !answer.header("content-security-policy").is_empty()));
            break;
        }
        assert!(attempt < 20, "each renders for himself");
    }
}

#[tokio::test]
async fn what_is_not_whole_is_never_kept() {
    let world = world().await;
    world.upstream.on_any(Reply::html(500, "boom"));
    world.upstream.on_rules(Reply::html(500, "boom"));
    for path in [
        PAGE,
        &format!("{PAGE}/alerts"),
        &format!("{PAGE}/graphs/1"),
        "/catalog/default/component/none",
        "/x",
    ] {
        for _ in 0..2 {
            let answer = world.get(path).await;
            assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""), "{path}");
        }
    }
    let answer = world.post(PAGE, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (405, "no-store"));
    for path in ["/status", "/healthz", "/metrics", "/go?alertname=Down"] {
        assert_eq!(world.get(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_graph_is_kept_only_with_all_its_samples() {
    let world = world().await;
    world.upstream.on_any(rough(2));
    let graph = |hours| format!("{PAGE}/graphs/1?step=60s&range={hours}h");
    world.get(&graph(1)).await;
    world.upstream.on_any(rough(2).after(Duration::from_secs(1)));
    let says_more = |answer: &Answer| answer.text().contains("more of this time range is being fetched");
    let part = world.get(&graph(2)).await;
    assert!(says_more(&part), "the last hour is there");
    assert_eq!((part.header("cache-control"), part.header("etag")), ("no-store", ""));
    for attempt in 0.. {
        let answer = world.get(&graph(2)).await;
        if !answer.header("etag").is_empty() {
            assert!(!says_more(&answer), "{}", answer.text());
            break;
        }
        assert!(attempt < 100, "{}", answer.text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Until the tick does not end in between.
#[tokio::test]
async fn a_reply_stays_when_the_catalog_changes_elsewhere() {
    let with = |title: String| catalog([payments(), Entity::component("other").metadata("title", &title)]);
    let world = World::of(with("Before".to_owned())).await;
    scripted(&world, 1.0);
    for attempt in 0.. {
        twice(&world, PAGE, &[]).await;
        let title = format!("Title {attempt}");
        std::fs::write(world.directory.path().join("catalog.yaml"), with(title.clone())).unwrap();
        while !world.get("/catalog/default/component/other").await.text().contains(&title) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let kept = "promenade_http_replies_total{how=\"kept\"}";
        let before = count(&world, kept).await;
        world.get(PAGE).await;
        if count(&world, kept).await > before {
            break;
        }
        assert!(attempt < 20, "it is rendered after each change");
    }
}

/// Whether a page says that one entity fires.
fn counts_one(answer: &Answer) -> bool {
    tags(answer.text())
        .iter()
        .any(|tag| tag.get("data-counts").is_some_and(|counts| counts.contains(r#""firing":1,"#)))
}

#[tokio::test]
async fn pages_with_counts_are_kept_while_the_counts_are_the_newest() {
    let entities = catalog([payments().spec("system", "shop"), Entity::new("System", "shop")]);
    let world = World::with(entities, |settings| {
        settings.instances[0].scrape_interval = Duration::from_secs(1);
    })
    .await;
    scripted(&world, 1.0);
    let members = "/catalog/default/system/shop/members";
    let kept = "promenade_http_replies_total{how=\"kept\"}";
    for path in ["/", members] {
        for attempt in 0.. {
            let before = count(&world, kept).await;
            let [one, other] = twice(&world, path, &[]).await;
            if count(&world, kept).await > before {
                assert_eq!((&one.body, other.header("cache-control")), (&other.body, "private, no-cache"));
                assert!(counts_one(&one), "{path}");
                break;
            }
            assert!(attempt < 100, "{path} is not kept");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    for path in ["/", members] {
        for attempt in 0.. {
            if !counts_one(&world.get(path).await) {
                break;
            }
            assert!(attempt < 100, "{path} shows what is over");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn counts_that_are_late_are_never_kept() {
    let world = World::of(payments()).await;
    world.upstream.on_rules(Reply::hang());
    for _ in 0..3 {
        let answer = world.get("/").await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, ""));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// A step of a random walk: what changes, or what is requested.
struct Walk(u64);

impl Walk {
    /// SplitMix64.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }

    fn change(&mut self, world: &World) {
        match self.below(6) {
            0 => {
                let title = format!("Payments {}", self.below(100));
                let system = Entity::new("System", "shop");
                let text = catalog([payments().metadata("title", &title).spec("system", "shop"), system]);
                std::fs::write(world.directory.path().join("catalog.yaml"), text).unwrap();
            }
            1 => {
                world.upstream.on_any(Reply::html(500, "boom"));
                world.upstream.on_rules(Reply::html(500, "boom"));
            }
            2 => world.upstream.on_rules(Reply::group([Rule::new("Up")])),
            _ => scripted(world, self.below(1_000) as f64),
        }
    }

    fn address(&mut self) -> String {
        let page = self.of(&[
            "",
            "/alerts",
            "/graphs",
            "/graphs/1",
            "/graphs/1.json",
            "/graphs/1.csv",
            "/alerts.json",
        ]);
        let query = self.of(&["", "?range=6h", "?refresh=0", "?tz=Europe/Berlin", "?from=now-2h&to=now-1h"]);
        match self.below(6) {
            0 => format!("/{query}"),
            1 => format!("/catalog/default/system/shop/members{query}"),
            _ => format!("{PAGE}{page}{query}"),
        }
    }
}

fn shown(answer: &Answer) -> (u16, Vec<u8>, String) {
    (answer.status.as_u16(), answer.body.clone(), answer.header("etag").to_owned())
}

/// A request from a form that no page has is rendered for itself, and otherwise alike.
#[tokio::test]
async fn what_is_kept_equals_a_fresh_rendering() {
    let world = World::with(payments(), |settings| {
        settings.instances[0].scrape_interval = Duration::from_secs(1);
    })
    .await;
    scripted(&world, 1.0);
    let (mut walk, mut compared, mut forms) = (Walk(13), 0, 0);
    while compared < 200 {
        if walk.below(4) == 0 {
            walk.change(&world);
            tokio::time::sleep(Duration::from_millis(walk.below(120) as u64)).await;
        }
        let path = walk.address();
        let headers =
            walk.of::<[(&str, &str)]>(&[&[], &[("HX-Request", "true")], &[("Accept-Encoding", "gzip")]]);
        let mut fresh = async || {
            forms += 1;
            let form = format!("form#none-{forms}");
            let headers = [headers, &[("HX-Source", form.as_str())]].concat();
            shown(&world.get_with(&path, &headers).await)
        };
        let before = fresh().await;
        let served = shown(&world.get_with(&path, headers).await);
        let again = shown(&world.get_with(&path, headers).await);
        // Else an answer, the catalog or the tick changed in between. Counts without a tag are those before the newest.
        let is_newest = path.starts_with(PAGE) || !before.2.is_empty();
        if before == fresh().await && is_newest {
            let text = |(status, body, etag): &(u16, Vec<u8>, String)| {
                format!("{status} {etag} {}", String::from_utf8_lossy(body))
            };
            // What has no tag was not kept, but rendered for this request, perhaps with a late part.
            for served in [&served, &again].into_iter().filter(|(_, _, etag)| !etag.is_empty()) {
                assert!(
                    *served == before,
                    "{path} {headers:?} after {compared} comparisons:\n{}\n{}",
                    text(served),
                    text(&before)
                );
            }
            compared += 1;
        }
    }
    assert!(count(&world, "promenade_http_replies_total{how=\"kept\"}").await > 20);
}
