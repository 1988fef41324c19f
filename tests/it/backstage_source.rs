//! Backstage's catalog as a source: reading, the cost of an unchanged catalog, and faults.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use promenade::clock;
use serde_json::{Value, json};
use world::World;
use world::backstage::{Backstage, RESTRICTED, TOKEN, component, many, with_graph};
use world::upstream::{Reply, Upstream};

pub const OF_FILE: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: from-file, title: Of the file}
spec: {type: service}
";

async fn portal(backstage: &Backstage) -> World {
    portal_with(backstage, OF_FILE).await
}

async fn portal_with(backstage: &Backstage, catalog: &str) -> World {
    let settings = backstage.settings();
    World::with(catalog, |all| all.catalog.backstage = Some(settings)).await
}

/// Waits until a page shows, or no longer shows, a text.
async fn until(world: &World, path: &str, shown: bool, text: &str) -> String {
    let since = clock::stopwatch();
    loop {
        let page = world.get(path).await.text().to_owned();
        if page.contains(text) == shown {
            return page;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{path}: {text} (wanted: {shown}) in {page}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn metric(world: &World, name: &str) -> f64 {
    let text = world.get("/metrics").await.text().to_owned();
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' '])));
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Waits for so many more requests.
pub async fn after_questions(backstage: &Backstage, count: usize) {
    let since = clock::stopwatch();
    let before = backstage.upstream.requests().len();
    while backstage.upstream.requests().len() < before + count {
        assert!(since.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn status_of(world: &World, path: &str) -> u16 {
    world.get(path).await.status.as_u16()
}

#[tokio::test]
async fn entities_of_backstage_are_added_to_those_of_files() {
    let mut other = with_graph("Ledger.V2", "up");
    other["metadata"]["namespace"] = json!("Shop");
    let backstage = Backstage::start(vec![with_graph("Payments-API", "up|job"), other]).await;
    let world = portal(&backstage).await;
    let status = until(&world, "/status", true, "2 entities, as of").await;
    assert!(plain(&status).contains("The catalog was read without errors."), "{status}");
    assert_eq!(world.get("/readyz").await.status, 200);
    let entity = world.get("/catalog/default/component/payments-api.json").await.json();
    assert_eq!(entity["entityRef"], "component:default/payments-api");
    assert_eq!(entity["graphs"][0]["query"], "up");
    let moved = world.get("/catalog/SHOP/Component/ledger.v2").await;
    assert_eq!(moved.header("location"), "/catalog/shop/component/ledger.v2");
    assert!(world.get("/catalog/shop/component/ledger.v2").await.text().contains("Ledger.V2"));
    assert_eq!(status_of(&world, "/catalog/default/component/from-file").await, 200);
    let request = &backstage.upstream.requests()[0];
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(request.form("limit").as_deref(), Some("500"));
    assert_eq!(request.form("fields").as_deref(), Some("kind,metadata,spec,relations,apiVersion"));
    assert_eq!(request.form("orderField").as_deref(), Some("metadata.uid,asc"));
    for (name, wanted) in [("promenade_catalog_entities", 3.0), ("promenade_catalog_faults", 0.0)] {
        assert_eq!(metric(&world, name).await, wanted, "{name}");
    }
    let source = |name: &str| format!("promenade_catalog_source_{name}{{source=\"backstage\"}}");
    assert_eq!(metric(&world, &source("entities")).await, 2.0);
    assert_eq!(metric(&world, &source("failing")).await, 0.0);
    assert!(metric(&world, &source("last_success_timestamp_seconds")).await > 1e9);
}

#[tokio::test]
async fn unchanged_page_costs_a_304_and_a_changed_page_is_read() {
    let backstage = Backstage::start(vec![component("a")]).await;
    let world = portal(&backstage).await;
    until(&world, "/", true, "/component/a\"").await;
    after_questions(&backstage, 3).await;
    let unchanged = "promenade_catalog_backstage_pages_total{outcome=\"unchanged\"}";
    let read = "promenade_catalog_backstage_pages_total{outcome=\"read\"}";
    assert!(metric(&world, unchanged).await >= 2.0);
    assert_eq!(metric(&world, read).await, 1.0);
    assert!(backstage.upstream.requests().last().unwrap().header("if-none-match").is_some());
    backstage.set(vec![component("a"), component("b")]);
    until(&world, "/", true, "/component/b\"").await;
    backstage.set(vec![component("b")]);
    until(&world, "/", false, "/component/a\"").await;
    assert_eq!(metric(&world, read).await, 3.0);
}

#[tokio::test]
async fn without_etags_pages_are_compared_by_bytes() {
    let backstage = Backstage::start(vec![component("a")]).await;
    backstage.send_no_etags();
    let world = portal(&backstage).await;
    until(&world, "/", true, "/component/a\"").await;
    after_questions(&backstage, 3).await;
    assert!(metric(&world, "promenade_catalog_backstage_pages_total{outcome=\"same\"}").await >= 2.0);
    assert_eq!(metric(&world, "promenade_catalog_backstage_pages_total{outcome=\"read\"}").await, 1.0);
    backstage.set(vec![component("b")]);
    until(&world, "/", true, "/component/b\"").await;
}

#[tokio::test]
async fn change_on_the_last_page_is_read_if_the_first_is_unchanged() {
    let mut entities = many(1200);
    let backstage = Backstage::start(entities.clone()).await;
    let world = portal(&backstage).await;
    until(&world, "/status", true, "1200 entities, as of").await;
    after_questions(&backstage, 6).await;
    let read = "promenade_catalog_backstage_pages_total{outcome=\"read\"}";
    assert_eq!(metric(&world, read).await, 3.0);
    entities[1199] = component("the-last-one");
    backstage.set(entities);
    until(&world, "/?search=the-last", true, "/component/the-last-one\"").await;
    assert_eq!(metric(&world, read).await, 4.0, "only the page that changed is read again");
    assert_eq!(status_of(&world, "/catalog/default/component/c-001199").await, 404);
}

/// The body of a page.
fn page(items: &Value, total: usize, next: Option<&str>) -> Reply {
    let info = next.map_or(json!({}), |next| json!({"nextCursor": next}));
    Reply::json(200, &json!({"items": items, "totalItems": total, "pageInfo": info}))
}

#[tokio::test]
async fn failed_reading_keeps_the_last_one_and_is_reported() {
    let backstage = Backstage::start(vec![with_graph("kept", "up")]).await;
    let sink = Upstream::start().await;
    let world = portal(&backstage).await;
    until(&world, "/status", true, "1 entity, as of").await;
    let one = json!([component("x")]);
    let whole = json!({"items": one, "totalItems": 1, "pageInfo": {}}).to_string();
    let growing = Arc::new(Mutex::new(0));
    let ever_new = Reply::computed(move |_| {
        let mut count = growing.lock().unwrap();
        *count += 1;
        page(&json!(many(500)), 600, Some(&format!("cursor-{count}")))
    });
    let faults = [
        (Reply::json(500, &json!({"error": {"message": "secret of the server"}})), "answers with status 500"),
        (Reply::json(401, &json!({})), "does not know the token"),
        (Reply::json(403, &json!({})), "restricted to other plugins"),
        (Reply::html(404, "no"), "there is no catalog at"),
        (Reply::redirect(sink.api().as_str()), "redirect (302), which is not followed"),
        (Reply::json(304, &json!({})), "1 entity, as of"),
        (Reply::html(200, "<h1>Sign in</h1>"), "a page of HTML"),
        (Reply::http(200, &[], "Sign in"), "its JSON is unexpected"),
        (Reply::json(200, &one), "its JSON is unexpected"),
        (Reply::json(200, &json!({"totalItems": 1, "pageInfo": {}})), "missing field `items`"),
        (Reply::json(200, &json!({"items": [], "totalItems": 0})), "missing field `pageInfo`"),
        (
            Reply::http(200, &[], whole.replace("\"totalItems\"", "\"items\":[],\"totalItems\"")),
            "duplicate field",
        ),
        (Reply::cut_by_length(&whole, 5), "cut short"),
        (Reply::cut_in_chunks(&whole), "cut short"),
        (Reply::ended_by_close(&whole[..60]), "its JSON is unexpected"),
        (Reply::reset(), "does not answer"),
        (Reply::raw("SSH-2.0-x\r\n"), "not HTTP"),
        (page(&one, 1, Some("again")), "lead back"),
        (page(&json!([]), 1, Some("next")), "lead back"),
        (ever_new, "lead back"),
        (page(&one, 1000, None), "announces 1000 entities and ends after 1"),
        (page(&json!([]), 0, None), "is empty, which it was not before"),
        (Reply::huge(33, false), "larger than 32 MiB"),
        (Reply::stall(), "stalled"),
    ];
    for (fault, expected) in faults {
        backstage.fail(fault);
        let status = until(&world, "/status", true, expected).await;
        assert!(status.contains("1 entity, as of") && !status.contains("secret of the server"), "{status}");
        if expected != "1 entity, as of" {
            assert!(
                status.contains("unreadable since") && status.contains("last good version shown"),
                "{status}"
            );
        }
        assert_eq!(status_of(&world, "/catalog/default/component/kept").await, 200, "{expected}");
        assert_eq!(status_of(&world, "/catalog/default/component/x").await, 404, "{expected}");
        backstage.mend();
        until(&world, "/status", false, "unreadable since").await;
    }
    assert!(sink.requests().is_empty(), "a token must not follow a redirect");
}

#[tokio::test]
async fn catalog_that_was_never_read_is_not_reported_as_fresh() {
    let backstage = Backstage::start(vec![component("kept")]).await;
    let world = portal(&backstage).await;
    until(&world, "/status", true, "1 entity, as of").await;
    backstage.fail(page(&json!([]), 0, None));
    until(&world, "/status", true, "is empty, which it was not before").await;
    after_questions(&backstage, 3).await;
    let status = world.get("/status").await;
    assert!(status.text().contains("unreadable since"), "{}", status.text());
    // More announced than there are numbers for is no end of the reading.
    backstage.fail(page(&json!([]), usize::MAX, Some("next")));
    until(&world, "/status", true, "lead back").await;
}

#[tokio::test]
async fn missing_and_restricted_tokens_have_their_own_messages() {
    let backstage = Backstage::start(vec![component("a")]).await;
    for (token, expected) in [
        (None, "Backstage asks for a token (401)"),
        (Some("wr0ng-token-of-nobody-0123456"), "does not know the token"),
        (Some(RESTRICTED), "it is restricted to other plugins"),
    ] {
        let settings = backstage.settings();
        let token = token.map(|text| text.to_owned().into());
        let world = World::with(OF_FILE, |all| {
            all.catalog.backstage = Some(promenade::catalog::BackstageSettings { token, ..settings });
        });
        let world = world.await;
        let status = until(&world, "/status", true, expected).await;
        assert!(plain(&status).contains("Backstage's catalog: not read yet"), "{status}");
        assert!(status.contains("left out"), "{status}");
        for path in ["/status", "/metrics", "/"] {
            let text = world.get(path).await.text().to_owned();
            assert!(!text.contains("wr0ng") && !text.contains(RESTRICTED), "{path}");
        }
        assert_eq!(world.get("/readyz").await.status, 200, "the files can be served");
        assert_eq!(status_of(&world, "/catalog/default/component/from-file").await, 200);
    }
}

#[tokio::test]
async fn portal_started_before_backstage_serves_files_then_adds_backstage() {
    let address = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let world = World::with(OF_FILE, |all| {
        all.catalog.backstage = Some(promenade::catalog::BackstageSettings {
            base_url: format!("http://{address}/").parse().unwrap(),
            token: Some(TOKEN.to_owned().into()),
            interval: Duration::from_millis(200),
        });
    });
    let world = world.await;
    until(&world, "/status", true, "Backstage does not answer: no connection").await;
    assert_eq!(world.get("/readyz").await.status, 200);
    assert_eq!(status_of(&world, "/catalog/default/component/from-file").await, 200);
    assert_eq!(metric(&world, "promenade_catalog_source_failing{source=\"backstage\"}").await, 1.0);
    let backstage = Backstage::start_at(&address, vec![component("late")]).await;
    until(&world, "/", true, "/component/late\"").await;
    drop(backstage);
}

#[tokio::test]
async fn portal_without_files_is_ready_after_the_first_reading_of_backstage() {
    let backstage = Backstage::start(vec![component("a")]).await;
    backstage.fail(page(&json!([component("a")]), 1, None).after(Duration::from_millis(1500)));
    let world = portal(&backstage).await;
    assert_eq!(world.get("/readyz").await.status, 503);
    assert_eq!(status_of(&world, "/catalog/default/component/from-file").await, 200);
    until(&world, "/readyz", true, "ready\n").await;
    until(&world, "/", true, "/component/a\"").await;
}

#[tokio::test]
async fn invalid_entity_drops_only_itself_and_files_take_precedence() {
    let mut nameless = component("x");
    nameless["metadata"]["name"] = json!("../../etc");
    let mut kindless = component("kindless");
    kindless["kind"] = Value::Null;
    let mut number = with_graph("number", "up");
    number["metadata"]["annotations"]["prometheus.io/alert"] = json!(5);
    let mut again = component("GOOD");
    again["metadata"]["title"] = json!("The second one");
    let theirs = component("From-File");
    let items = vec![nameless, kindless, json!(null), json!([1]), number, component("good"), again, theirs];
    let backstage = Backstage::start(items).await;
    let world = portal(&backstage).await;
    let status = until(&world, "/status", true, "3 entities, as of").await;
    for part in [
        "no entity reference that Backstage allows",
        "`kindless` is left out: it has no `kind`",
        "an entity is left out: it is no object",
        "the annotation `prometheus.io/alert` of `component:default/number` is no text",
        "`component:default/good` comes twice",
        "`component:default/from-file` is defined in a file and in Backstage",
    ] {
        assert!(plain(&status).contains(part), "{part} in {status}");
    }
    assert!(world.get("/").await.text().contains("Of the file"));
    assert!(!world.get("/").await.text().contains("The second one"));
    assert_eq!(metric(&world, "promenade_catalog_entities").await, 3.0);
    // A file that is written again keeps Backstage's, and the other way round.
    let file = world.directory.path().join("catalog.yaml");
    std::fs::write(&file, OF_FILE.replace("from-file", "another")).unwrap();
    until(&world, "/", true, "/component/another\"").await;
    assert_eq!(status_of(&world, "/catalog/default/component/good").await, 200);
    until(&world, "/status", false, "is defined in a file and in Backstage").await;
    assert_eq!(
        status_of(&world, "/catalog/default/component/from-file").await,
        200,
        "Backstage's is shown now"
    );
}

fn plain(html: &str) -> String {
    html.replace("&#96;", "`").replace("&#39;", "'").replace("&#x27;", "'").replace("&#x60;", "`")
}

#[tokio::test]
async fn many_duplicates_are_reported_with_their_count() {
    let backstage = Backstage::start(many(60)).await;
    let files: Vec<String> = many(60).iter().map(ToString::to_string).collect();
    let world = portal_with(&backstage, &files.join("\n---\n")).await;
    let status = until(&world, "/status", true, "60 entities, as of").await;
    assert!(status.contains("40 more entities are defined in a file and in Backstage"), "{status}");
    assert_eq!(plain(&status).matches("the file's is shown").count(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_pages_are_requested_in_smaller_sizes() {
    let definition = "x".repeat(70_000);
    let apis = many(500).into_iter().map(|mut api| {
        api["kind"] = json!("API");
        api["spec"]["definition"] = json!(definition);
        api
    });
    let backstage = Backstage::start(apis.collect()).await;
    let mut settings = backstage.settings();
    settings.interval = Duration::from_secs(3600);
    let world = World::with(OF_FILE, |all| all.catalog.backstage = Some(settings)).await;
    until(&world, "/status", true, "500 entities, as of").await;
    let limits: Vec<_> = backstage.upstream.requests().iter().map(|r| r.form("limit").unwrap()).collect();
    assert_eq!(limits, ["500", "125", "125", "125", "125"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_catalog_is_read_in_bounded_time() {
    let mut entities = many(20_000);
    let backstage = Backstage::start(entities.clone()).await;
    let mut settings = backstage.settings();
    settings.interval = Duration::from_secs(1);
    let since = clock::stopwatch();
    let world = World::with(OF_FILE, |all| all.catalog.backstage = Some(settings)).await;
    until(&world, "/status", true, "20000 entities, as of").await;
    let took = since.elapsed();
    // Seconds where nothing else runs; the build is not optimized.
    assert!(took < Duration::from_secs(45), "{took:?}");
    assert_eq!(
        backstage.upstream.requests().iter().take(40).filter(|r| r.form("cursor").is_some()).count(),
        39
    );
    entities[19_999] = component("new-one");
    backstage.set(entities);
    until(&world, "/?search=new-one", true, "/component/new-one\"").await;
}
