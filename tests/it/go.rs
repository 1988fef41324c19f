//! Links from chat (`/go`): to the row of an entity, to a list, or to instructions, and never to another host.

use promenade::monitoring::routing::{Case, Condition, Conditions, Pattern, RoutingField};
use promenade::prometheus::InstanceName;
use serde_json::{Value, json};
use world::backstage::Backstage;
use world::markup::words;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};
use world::{Reply as Page, World};

mod best;
mod catalog_change;
mod doubt;
mod known;
mod many;
mod themes;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  title: Payment service
  annotations: {prometheus.io/alert: 'HighLoad,Slow', prometheus.io/labels: service=payments}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ledger
  annotations: {prometheus.io/alert: HighLoad, prometheus.io/labels: 'service=ledger,severity=critical'}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata:
  name: money
  annotations: {prometheus.io/labels: 'service=ledger'}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: far
  annotations: {prometheus.io/alert: 'HighLoad,Distant', prometheus.io/labels: service=payments, prometheus.io/service-name: second}
"#;

const PAYMENTS: &str = "/catalog/default/component/payments";

/// A critical alert.
fn firing(name: &str, since: &str) -> Alert {
    Alert::firing(name).label("severity", "critical").since(since)
}

/// A critical rule.
fn critical(name: &str, query: &str) -> Rule {
    Rule::new(name).query(query).duration(600).label("severity", "critical")
}

fn minutes_ago(minutes: i64) -> i64 {
    promenade::clock::now().as_second() - minutes * 60
}

fn rfc(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// Two instances. The first has HighLoad firing for payments (twice) and ledger.
async fn world() -> (World, Upstream) {
    world_of(CATALOG).await
}

/// The same, where no kind is better than another.
async fn world_of_components() -> (World, Upstream) {
    world_of(&CATALOG.replace("kind: System", "kind: Component")).await
}

async fn world_of(catalog: &str) -> (World, Upstream) {
    let second = Upstream::start().await;
    let other = second.instance("second");
    let world = World::with(catalog, |settings| settings.instances.push(other)).await;
    let since = rfc(minutes_ago(30));
    let payments = |i: &str| firing("HighLoad", &since).label("service", "payments").label("instance", i);
    let ledger = firing("HighLoad", &since).label("service", "ledger").label("instance", "c:1");
    let stray = firing("Stray", &since).label("job", "cron").label("odd", "<b>\"'&");
    world.upstream.on_rules(Reply::group([
        critical("HighLoad", "load > 1").alerts([payments("a:1"), payments("b:1"), ledger]),
        critical("Slow", "slow > 1"),
        critical("Stray", "stray > 1").alerts([stray]),
    ]));
    world.upstream.on_any(Reply::matrix(&[]));
    second.on_any(Reply::matrix(&[]));
    second.on_rules(Reply::group([critical("Distant", "far > 1")]));
    (world, second)
}

/// Where it leads: the path, and the parameters.
fn redirect(page: &Page) -> (String, Vec<(String, String)>) {
    assert_eq!(page.status, 302, "{}", page.text());
    let to = page.header("location").to_owned();
    let url = url::Url::parse("http://portal").unwrap().join(&to).unwrap();
    assert!(to.starts_with('/') && url.host_str() == Some("portal"), "{to}");
    (url.path().to_owned(), url.query_pairs().into_owned().collect())
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

#[tokio::test]
async fn go_with_one_match_opens_its_row_at_its_time() {
    let (world, _second) = world().await;
    // Alertmanager adds `cluster`; what differs within a group comes empty.
    let page = world.get("/go?alertname=HighLoad&service=payments&instance=b%3A1&cluster=eu&zone=").await;
    let (path, pairs) = redirect(&page);
    assert_eq!((path.as_str(), value(&pairs, "to")), (PAYMENTS, Some("now")));
    let from: i64 = value(&pairs, "from").unwrap().parse().unwrap();
    let wanted = minutes_ago(30 + 60) * 1000;
    assert!((wanted - 120_000..=wanted + 60_000).contains(&from), "{from} {wanted}");
    let id = value(&pairs, "alert").unwrap();
    assert!(page.header("location").ends_with(&format!("#alert-{id}")));
    let entity_page = world.get(page.header("location").split('#').next().unwrap()).await;
    let html = entity_page.text();
    let row = html.split("<tr ").find(|row| row.contains(&format!("id=\"alert-{id}\""))).unwrap();
    assert!(row.contains("marked") && html.contains(&format!("id=\"alert-{id}-open\" open")), "{row}");
    assert!(words(html).contains("2 firing") && html.contains("b:1"), "{html}");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn go_widens_the_range_to_the_time_of_the_link() {
    let (world, _second) = world().await;
    let fired = minutes_ago(300);
    for at in [fired.to_string(), (fired * 1000).to_string(), rfc(fired).replace(':', "%3A")] {
        let (_, pairs) =
            redirect(&world.get(&format!("/go?alertname=HighLoad&service=payments&__at={at}")).await);
        // An hour before it became active, which was `for` before it fired.
        let from: i64 = value(&pairs, "from").unwrap().parse().unwrap();
        assert_eq!(from, (fired - 600 - 3600) / 60 * 60_000, "{at}");
    }
    let bad = world.get("/go?alertname=HighLoad&service=payments&__at=soon").await;
    let (_, pairs) = redirect(&bad);
    assert_eq!(value(&pairs, "__at"), Some("soon"));
    let entity_page = world.get(bad.header("location").split('#').next().unwrap()).await;
    assert!(
        words(entity_page.text()).contains("__at: \"soon\" is not a valid time"),
        "{}",
        words(entity_page.text())
    );
}

#[tokio::test]
async fn go_without_match_shows_the_alert_itself() {
    let (world, _second) = world().await;
    let page = world.get("/go?alertname=Stray&job=cron").await;
    let (html, text) = (page.text(), words(page.text()));
    assert_eq!(page.status, 200);
    for part in [
        "No entity owns this alert",
        "1 firing",
        "prometheus.io/alert: 'Stray'",
        "prometheus.io/labels: 'job=\"cron\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Its row is open, and fetches the graph of its expression.
    assert!(html.contains("class=\"row  marked\"") && html.contains("hx-get=\"/alerts/graph?"), "{html}");
    let graph = html.split("hx-get=\"/alerts/graph?").nth(1).unwrap().split('"').next().unwrap();
    let graph = world.get(&format!("/alerts/graph?{}", graph.replace("&#38;", "&"))).await;
    assert!(graph.status == 200 && graph.text().contains("stray &#62; 1"), "{}", graph.text());
    let nothing = world.get("/go?alertname=%3Cscript%3Ealert(1)%3C%2Fscript%3E&x=%22%27%3E").await;
    assert!(!nothing.text().contains("<script>alert") && nothing.status == 200);
    assert!(words(world.get("/go").await.text()).contains("This link needs alert labels"));
}

#[tokio::test]
async fn go_without_match_or_ad_hoc_queries_uses_only_unrestricted_instances() {
    let upstream = Upstream::start().await;
    let hidden = upstream.instance("hidden");
    let secret = firing("Secret", &rfc(0)).label("key", "hush");
    upstream.on_rules(Reply::group([critical("Secret", "s").alert(secret)]));
    let world = World::with(CATALOG, |settings| {
        settings.web.ad_hoc = false;
        settings.instances.push(hidden);
        let nobody = Condition {
            field: RoutingField::Kind,
            accepted: vec![Pattern::read("domain", Case::Ignored).unwrap()],
        };
        settings.routing.allowed = [(
            InstanceName::new("hidden"),
            vec![Conditions { entity: vec![nobody], ..Conditions::default() }],
        )]
        .into();
    })
    .await;
    let stray = firing("Stray", &rfc(minutes_ago(5))).label("key", "hush");
    let stray = stray.annotation("summary", "note <b>of it</b>");
    world.upstream.on_rules(Reply::group([critical("Stray", "stray > 1").alert(stray)]));
    for path in ["/go?alertname=Secret", "/go?alertname=Secret&__instance=hidden"] {
        let text = words(world.get(path).await.text());
        assert!(text.contains("No entity owns") && !text.contains("hush"), "{path}: {text}");
        assert!(!text.contains("custom queries") && !text.contains("Last evaluation"), "{path}: {text}");
    }
    // Without ad-hoc queries the table has no controls, but shows everything about the alert.
    let page = world.get("/go?alertname=Stray&odd=1").await;
    let (html, text) = (page.text(), words(page.text()));
    for part in ["firing", "Stray", "key hush", "note <b>of it</b>", "stray &#62; 1", "No entity owns"] {
        assert!(text.contains(part) || html.contains(part), "{part}: {text}");
    }
    for address in ["\"/alerts?", "/alerts.csv", "/graph?query", "\"/alerts\""] {
        assert!(!html.contains(address), "{address}: {html}");
    }
    let link = html.split("class=\"permalink\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let same = world.get(&link.replace("&#38;", "&")).await;
    assert!(link.starts_with("/go?") && words(same.text()).contains("key hush"), "{link}");
    // The graph of its expression, which is the instance's own.
    let graph = html.split("hx-get=\"/alerts/graph?").nth(1).unwrap().split('"').next().unwrap();
    let graph = format!("/alerts/graph?{}", graph.replace("&#38;", "&"));
    world.upstream.on_any(Reply::matrix(&[]));
    for headers in [&[][..], &[("HX-Request", "true")]] {
        let graph = world.get_with(&graph, headers).await;
        assert!(graph.status == 200 && graph.text().contains("stray &#62; 1"), "{}", graph.text());
        assert!(
            !graph.text().contains("\"/alerts?") && !graph.text().contains("\"/graph?"),
            "{}",
            graph.text()
        );
    }
    let queries: Vec<_> = world.upstream.requests().iter().filter_map(|r| r.form("query")).collect();
    assert!(queries.iter().any(|query| query == "stray > 1"), "{queries:?}");
    let hidden = graph.replace("instance=default", "instance=hidden").replace("Stray", "Secret");
    let all = graph.replace("alerts=Stray", "alerts=all");
    assert_eq!((world.get(&hidden).await.status.as_u16(), world.get(&all).await.status.as_u16()), (404, 403));
    let message = |name: &str| format!("__instance: unknown Prometheus instance \"{name}\"");
    for name in ["hidden", "nowhere"] {
        let text = words(world.get(&format!("/go?alertname=Secret&__instance={name}")).await.text());
        assert!(text.contains(&message(name)), "{text}");
    }
}

#[tokio::test]
async fn go_returns_503_before_the_catalog_is_read() {
    let backstage = Backstage::start(Vec::new()).await;
    backstage.fail(Reply::hang());
    let from = backstage.settings();
    let world = World::with(CATALOG, |settings| {
        settings.catalog.backstage = Some(from);
        settings.web.ad_hoc = false;
    })
    .await;
    world.upstream.on_rules(Reply::group::<Rule>([]));
    for path in ["/go?alertname=HighLoad&service=payments", "/graph?g0.expr=load+%3E+1&g0.tab=1"] {
        let page = world.get(path).await;
        let text = words(page.text());
        assert!(page.status == 503 && text.contains("The catalog is still loading"), "{path}: {text}");
        assert!(!page.header("retry-after").is_empty() && !text.contains("No entity owns"), "{path}");
    }
}

#[tokio::test]
async fn go_with_a_resolved_alert_opens_its_entity_and_shows_when_it_resolved() {
    let (world, second) = world().await;
    let (from, until) = (minutes_ago(200) / 60 * 60, minutes_ago(140) / 60 * 60);
    let series = move |labels: Value| {
        Reply::computed(move |request| {
            let at = |name| request.form(name).unwrap().parse::<f64>().unwrap() as i64;
            let instants = (0..).map(|i| at("start") + i * at("step")).take_while(|t| *t <= at("end"));
            let values: Vec<Value> =
                instants.filter(|t| (from..=until).contains(t)).map(|t| json!([t, "1"])).collect();
            Reply::result(json!([{"metric": labels, "values": values}]))
        })
    };
    let labels = json!({"__name__": "ALERTS", "alertstate": "firing", "alertname": "Slow", "severity": "critical",
        "service": "payments", "instance": "a:1"});
    world.upstream.on(r#"ALERTS{alertstate="firing",alertname="Slow",cluster=~"eu|",instance=~"a:1|",service=~"payments|"}"#, series(labels.clone()));
    let fired = format!("__at={from}");
    let page =
        world.get(&format!("/go?alertname=Slow&service=payments&instance=a:1&cluster=eu&{fired}")).await;
    let (path, pairs) = redirect(&page);
    assert_eq!(path, PAYMENTS);
    assert_eq!(value(&pairs, "from"), Some(((from - 600 - 3600) * 1000).to_string().as_str()));
    assert_eq!(value(&pairs, "to"), Some(((until + 1800) * 1000).to_string().as_str()));
    let entity_page = world.get(page.header("location").split('#').next().unwrap()).await;
    let text = words(entity_page.text());
    let clock = |second: i64| rfc(second)[11..16].to_owned();
    assert!(text.contains("No longer firing: Slow") && text.contains("resolved at"), "{text}");
    assert!(text.contains(&clock(until)) && text.contains(&clock(from)), "{text}");
    // The rule has no row of its own here: its labels are not those that payments asks for.
    assert!(!text.contains("no longer active") && value(&pairs, "alert").is_none(), "{text}");
    // With only the labels that a group shares, the history in Prometheus identifies the entity.
    world.upstream.on(r#"ALERTS{alertstate="firing",alertname="Slow"}"#, series(labels));
    let (path, pairs) = redirect(&world.get(&format!("/go?alertname=Slow&service=&{fired}")).await);
    assert!(
        path == PAYMENTS && value(&pairs, "landed").unwrap().contains("service=\"payments\""),
        "{pairs:?}"
    );
    // Prometheus has no history of this alert.
    let page = world.get("/go?alertname=Distant&service=payments").await;
    let entity_page = world.get(page.header("location").split('#').next().unwrap()).await;
    assert!(words(entity_page.text()).contains("When is unknown"), "{}", words(entity_page.text()));
    assert_eq!(redirect(&page).0, "/catalog/default/component/far");
    drop(second);
}

#[tokio::test]
async fn go_accepts_an_instance_and_reports_one_that_is_down() {
    let (world, second) = world().await;
    let since = rfc(minutes_ago(5));
    let far = firing("HighLoad", &since).label("service", "payments").label("instance", "z:1");
    second.on_rules(Reply::group([critical("HighLoad", "load > 1").alerts([far])]));
    let text = words(world.get("/go?alertname=HighLoad&service=payments").await.text());
    assert!(text.contains("2 entities show this alert") && text.contains("far Component"), "{text}");
    let (path, _) = redirect(&world.get("/go?alertname=HighLoad&service=payments&__instance=second").await);
    assert_eq!(path, "/catalog/default/component/far");
}

#[tokio::test]
async fn go_answers_from_reachable_instances_while_another_is_down() {
    let (world, second) = world().await;
    second.on_rules(Reply::refusal(503, "unavailable", "no"));
    let text = words(world.get("/go?alertname=HighLoad&service=").await.text());
    assert!(
        text.contains("Prometheus second is not answering") && text.contains("2 firing Payment service"),
        "{text}"
    );
    assert_eq!(
        redirect(&world.get("/go?alertname=HighLoad&service=payments&__instance=default").await).0,
        PAYMENTS
    );
}

/// oauth2-proxy's and others' ways to another host.
const TRICKS: [&str; 20] = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "/%2F/evil.example",
    "/%5cevil.example",
    "//evil.example/%2e%2e",
    "/\t/evil.example",
    "/\n/evil.example",
    "\r\nLocation: //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/.evil.example",
    "/..//evil.example",
    "@evil.example",
    "http:/evil.example",
    "//evil%E3%80%82example",
    "//[::1]/x",
];

#[tokio::test]
async fn go_never_redirects_to_another_host() {
    let (world, _second) = world().await;
    for trick in TRICKS {
        let trick: String = url::form_urlencoded::byte_serialize(trick.as_bytes()).collect();
        for query in [
            format!("alertname=HighLoad&service=payments&instance=a:1&x={trick}"),
            format!("alertname=HighLoad&service=payments&__at={trick}"),
            format!("alertname=HighLoad&service=payments&__instance={trick}"),
            format!(
                "alertname=HighLoad&service=payments&{trick}={trick}&redirect={trick}&url={trick}&next={trick}"
            ),
        ] {
            let page = world.get(&format!("/go?{query}")).await;
            if page.status == 302 {
                assert_eq!(redirect(&page).0, PAYMENTS, "{query}");
            }
            assert!(page.status == 302 || page.status == 200, "{query}: {}", page.status);
        }
        let stray = world.get(&format!("/go/{trick}?alertname=HighLoad&service=payments")).await;
        assert_eq!(stray.header("location"), "", "{trick}");
    }
    for path in ["//go?alertname=HighLoad&service=payments", "/go/?alertname=HighLoad&service=payments"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn prometheus_link_opens_the_page_of_the_entity() {
    let catalog = CATALOG.replace("'HighLoad,Slow'", "'HighLoad,Slow,Newer,Total'");
    let world = World::with(&catalog, |settings| settings.web.ad_hoc = false).await;
    let since = rfc(minutes_ago(30));
    world.upstream.on_rules(Reply::group([
        critical("HighLoad", "sum by (service) (rate(x{a=~\"b|c\"}[5m])) > 1"),
        critical("Slow", "slow{b=\"1\",a=\"2\"} > -5")
            .alert(firing("Slow", &since).label("service", "payments")),
        critical("Stray", "stray > 1"),
        critical("Newer", "rate(x[5m] smoothed) </ 1")
            .alert(firing("Newer", &since).label("service", "payments")),
        critical("Total", "sum(total) > 1").alert(firing("Total", &since).label("service", "payments")),
    ]));
    let graph = |expr: &str, more: &str| {
        let expr: String = url::form_urlencoded::byte_serialize(expr.as_bytes()).collect();
        format!("/graph?g0.expr={expr}&g0.tab=1{more}")
    };
    // Written anew, as Prometheus does, and where custom queries are off.
    let page = world.get(&graph("slow{a=\"2\", b=\"1\"} > -5", "")).await;
    let (path, pairs) = redirect(&page);
    assert_eq!((path.as_str(), value(&pairs, "to")), (PAYMENTS, Some("now")));
    let entity_page = world.get(page.header("location").split('#').next().unwrap()).await;
    assert!(entity_page.text().contains("row  marked"), "{}", entity_page.text());
    let (_, pairs) = redirect(&world.get(&graph("slow{b='1',a='2'} > -5", "&g0.range_input=6h")).await);
    assert_eq!(value(&pairs, "range"), Some("6h"));
    // A query that our grammar does not know, letter for letter, and one that says the same otherwise.
    for expr in ["rate(x[5m] smoothed) </ 1", "rate(x[5m]  smoothed)\n</ 1", "sum by () (total) > 1"] {
        let (path, _) = redirect(&world.get(&graph(expr, "")).await);
        assert_eq!(path, PAYMENTS, "{expr}");
    }
    // Two entities, none, another expression, a page of our own, two graphs: the custom graph, which is off here.
    let (several, stray) = ("sum by (service) (rate(x{a=~\"b|c\"}[5m])) > 1", "stray > 1");
    for path in [
        graph(several, ""),
        graph(stray, ""),
        graph("slow{a=\"2\",b=\"3\"} > -5", ""),
        graph("slow{a=~\"2\",b=\"1\"} > -5", ""),
        graph("slow{b=\"1\",a=\"2\"} > -5", "&g1.expr=up"),
        graph("slow{b=\"1\",a=\"2\"} > -5", "&instance=default"),
        graph("slow{b=\"1\",a=\"2\"} > -5", "").replace("g0.expr", "query"),
        graph("rate(x[5m] smoothed) </ 2", ""),
        graph("sum by (a) (total) > 1", ""),
        graph("not a query {{{", ""),
    ] {
        let page = world.get(&path).await;
        assert_eq!(page.status, 403, "{path}");
    }
}
