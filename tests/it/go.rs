//! Links from chat, followed as people follow them: to the owner's row, to a list, to what to add, and nowhere else.

use promenade::monitoring::routing::{Case, Condition, Conditions, EntityField, Pattern};
use promenade::prometheus::InstanceName;
use serde_json::{Value, json};
use world::backstage::Backstage;
use world::markup::words;
use world::upstream::{Reply, Upstream};
use world::{Reply as Page, World};

mod doubt;
mod known;
mod many;

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

fn alert(name: &str, labels: Value, active_at: &str) -> Value {
    let mut all = json!({"alertname": name, "severity": "critical"});
    all.as_object_mut().unwrap().extend(labels.as_object().unwrap().clone());
    json!({"labels": all, "annotations": {}, "state": "firing", "activeAt": active_at, "value": "1e+00"})
}

fn rule(name: &str, query: &str, alerts: Vec<Value>) -> Value {
    let state = if alerts.is_empty() { "inactive" } else { "firing" };
    json!({"name": name, "query": query, "duration": 600, "state": state, "type": "alerting",
        "labels": {"severity": "critical"}, "annotations": {}, "alerts": alerts, "health": "ok",
        "evaluationTime": 0.001, "lastEvaluation": promenade::clock::now().to_string()})
}

fn rules(rules: Vec<Value>) -> Reply {
    Reply::rules(json!([{"name": "orders", "file": "r.yml", "interval": 15, "rules": rules}]))
}

fn minutes_ago(minutes: i64) -> i64 {
    promenade::clock::now().as_second() - minutes * 60
}

fn rfc(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// Two instances. The first has HighLoad firing for payments (twice) and ledger.
async fn world() -> (World, Upstream) {
    let second = Upstream::start().await;
    let other = second.instance("second");
    let world = World::with(CATALOG, |settings| settings.instances.push(other)).await;
    let since = rfc(minutes_ago(30));
    let payments = |i: &str| alert("HighLoad", json!({"service": "payments", "instance": i}), &since);
    let ledger = alert("HighLoad", json!({"service": "ledger", "instance": "c:1"}), &since);
    let stray = alert("Stray", json!({"job": "cron", "odd": "<b>\"'&"}), &since);
    world.upstream.on_rules(rules(vec![
        rule("HighLoad", "load > 1", vec![payments("a:1"), payments("b:1"), ledger]),
        rule("Slow", "slow > 1", vec![]),
        rule("Stray", "stray > 1", vec![stray]),
    ]));
    world.upstream.on_any(Reply::matrix(&[]));
    second.on_any(Reply::matrix(&[]));
    second.on_rules(rules(vec![rule("Distant", "far > 1", vec![])]));
    (world, second)
}

/// Where it leads: the path, and the parameters.
fn led(page: &Page) -> (String, Vec<(String, String)>) {
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
async fn one_owner_is_led_to_with_its_row_open_and_its_time() {
    let (world, _second) = world().await;
    // Alertmanager adds `cluster`; what differs within a group comes empty.
    let page = world.get("/go?alertname=HighLoad&service=payments&instance=b%3A1&cluster=eu&zone=").await;
    let (path, pairs) = led(&page);
    assert_eq!((path.as_str(), value(&pairs, "to")), (PAYMENTS, Some("now")));
    let from: i64 = value(&pairs, "from").unwrap().parse().unwrap();
    let wanted = minutes_ago(30 + 60) * 1000;
    assert!((wanted - 120_000..=wanted + 60_000).contains(&from), "{from} {wanted}");
    let id = value(&pairs, "alert").unwrap();
    assert!(page.header("location").ends_with(&format!("#alert-{id}")));
    let landed = world.get(page.header("location").split('#').next().unwrap()).await;
    let html = landed.text();
    let row = html.split("<tr ").find(|row| row.contains(&format!("id=\"alert-{id}\""))).unwrap();
    assert!(row.contains("marked") && html.contains(&format!("id=\"alert-{id}-open\" open")), "{row}");
    assert!(words(html).contains("2 firing") && html.contains("b:1"), "{html}");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_time_of_the_link_widens_the_window() {
    let (world, _second) = world().await;
    let fired = minutes_ago(300);
    for at in [fired.to_string(), (fired * 1000).to_string(), rfc(fired).replace(':', "%3A")] {
        let (_, pairs) = led(&world.get(&format!("/go?alertname=HighLoad&service=payments&__at={at}")).await);
        // An hour before it became active, which was `for` before it fired.
        let from: i64 = value(&pairs, "from").unwrap().parse().unwrap();
        assert_eq!(from, (fired - 600 - 3600) / 60 * 60_000, "{at}");
    }
    let bad = world.get("/go?alertname=HighLoad&service=payments&__at=soon").await;
    let (_, pairs) = led(&bad);
    assert_eq!(value(&pairs, "__at"), Some("soon"));
    let landed = world.get(bad.header("location").split('#').next().unwrap()).await;
    assert!(words(landed.text()).contains("__at: \"soon\" is not a valid time"), "{}", words(landed.text()));
}

#[tokio::test]
async fn several_owners_are_listed_the_closest_first() {
    let (world, _second) = world().await;
    let page = world.get("/go?alertname=HighLoad&service=ledger&kiosk=&theme=").await;
    let text = words(page.text());
    let (ledger, money) = (text.find("ledger Component").unwrap(), text.find("money System").unwrap());
    assert!(page.status == 200 && ledger < money && text.contains("2 entities show this alert"), "{text}");
    assert_eq!(page.text().matches("?from=").count(), 2, "each link has its window and row");
    // Without the label that tells them apart, all three.
    let text = words(world.get("/go?alertname=HighLoad&service=").await.text()).clone();
    assert!(
        text.contains("3 entities show this alert") && text.contains("2 firing Payment service"),
        "{text}"
    );
}

#[tokio::test]
async fn an_alert_without_an_owner_stands_for_itself() {
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
async fn what_nobody_owns_is_shown_of_instances_that_are_open_to_all() {
    let upstream = Upstream::start().await;
    let hidden = upstream.instance("hidden");
    upstream.on_rules(rules(vec![rule(
        "Secret",
        "s",
        vec![alert("Secret", json!({"key": "hush"}), &rfc(0))],
    )]));
    let world = World::with(CATALOG, |settings| {
        settings.web.ad_hoc = false;
        settings.instances.push(hidden);
        let nobody = Condition {
            field: EntityField::Kind,
            accepted: vec![Pattern::read("domain", Case::Ignored).unwrap()],
        };
        settings.routing.allowed = [(
            InstanceName::new("hidden"),
            vec![Conditions { entity: vec![nobody], ..Conditions::default() }],
        )]
        .into();
    })
    .await;
    let mut stray = alert("Stray", json!({"key": "hush"}), &rfc(minutes_ago(5)));
    stray["annotations"] = json!({"summary": "note <b>of it</b>"});
    world.upstream.on_rules(rules(vec![rule("Stray", "stray > 1", vec![stray])]));
    for path in ["/go?alertname=Secret", "/go?alertname=Secret&__instance=hidden"] {
        let text = words(world.get(path).await.text());
        assert!(text.contains("No entity owns") && !text.contains("hush"), "{path}: {text}");
        assert!(!text.contains("custom queries") && !text.contains("Last evaluation"), "{path}: {text}");
    }
    // Custom tables are off, so that it has no controls; what it says of the alert is all there.
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
    let asked: Vec<_> = world.upstream.requests().iter().filter_map(|r| r.form("query")).collect();
    assert!(asked.iter().any(|query| query == "stray > 1"), "{asked:?}");
    let hidden = graph.replace("instance=default", "instance=hidden").replace("Stray", "Secret");
    let all = graph.replace("alerts=Stray", "alerts=all");
    assert_eq!((world.get(&hidden).await.status.as_u16(), world.get(&all).await.status.as_u16()), (404, 403));
    let told = |name: &str| format!("__instance: unknown Prometheus instance \"{name}\"");
    for name in ["hidden", "nowhere"] {
        let text = words(world.get(&format!("/go?alertname=Secret&__instance={name}")).await.text());
        assert!(text.contains(&told(name)), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_called_unowned_before_the_catalog_is_read() {
    let backstage = Backstage::start(Vec::new()).await;
    backstage.fail(Reply::hang());
    let from = backstage.settings();
    let world = World::with(CATALOG, |settings| {
        settings.catalog.backstage = Some(from);
        settings.web.ad_hoc = false;
    })
    .await;
    world.upstream.on_rules(rules(vec![]));
    for path in ["/go?alertname=HighLoad&service=payments", "/graph?g0.expr=load+%3E+1&g0.tab=1"] {
        let page = world.get(path).await;
        let text = words(page.text());
        assert!(page.status == 503 && text.contains("The catalog is still loading"), "{path}: {text}");
        assert!(!page.header("retry-after").is_empty() && !text.contains("No entity owns"), "{path}");
    }
}

#[tokio::test]
async fn a_resolved_alert_still_lands_and_says_since_when() {
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
    let (path, pairs) = led(&page);
    assert_eq!(path, PAYMENTS);
    assert_eq!(value(&pairs, "from"), Some(((from - 600 - 3600) * 1000).to_string().as_str()));
    assert_eq!(value(&pairs, "to"), Some(((until + 1800) * 1000).to_string().as_str()));
    let landed = world.get(page.header("location").split('#').next().unwrap()).await;
    let text = words(landed.text());
    let clock = |second: i64| rfc(second)[11..16].to_owned();
    assert!(text.contains("No longer firing: Slow") && text.contains("resolved at"), "{text}");
    assert!(text.contains(&clock(until)) && text.contains(&clock(from)), "{text}");
    // The rule has no row of its own here: its labels are not those that payments asks for.
    assert!(!text.contains("no longer active") && value(&pairs, "alert").is_none(), "{text}");
    // With the labels that all alerts of a group have in common, what Prometheus remembers tells whose it was.
    world.upstream.on(r#"ALERTS{alertstate="firing",alertname="Slow"}"#, series(labels));
    let (path, pairs) = led(&world.get(&format!("/go?alertname=Slow&service=&{fired}")).await);
    assert!(
        path == PAYMENTS && value(&pairs, "landed").unwrap().contains("service=\"payments\""),
        "{pairs:?}"
    );
    // Nobody remembers: it says so.
    let page = world.get("/go?alertname=Distant&service=payments").await;
    let landed = world.get(page.header("location").split('#').next().unwrap()).await;
    assert!(words(landed.text()).contains("When is unknown"), "{}", words(landed.text()));
    assert_eq!(led(&page).0, "/catalog/default/component/far");
    drop(second);
}

#[tokio::test]
async fn the_instance_may_be_named_and_one_that_is_down_is_told() {
    let (world, second) = world().await;
    let since = rfc(minutes_ago(5));
    let far = alert("HighLoad", json!({"service": "payments", "instance": "z:1"}), &since);
    second.on_rules(rules(vec![rule("HighLoad", "load > 1", vec![far])]));
    let text = words(world.get("/go?alertname=HighLoad&service=payments").await.text());
    assert!(text.contains("2 entities show this alert") && text.contains("far Component"), "{text}");
    let (path, _) = led(&world.get("/go?alertname=HighLoad&service=payments&__instance=second").await);
    assert_eq!(path, "/catalog/default/component/far");
}

#[tokio::test]
async fn an_instance_that_is_down_takes_no_other_along() {
    let (world, second) = world().await;
    second.on_rules(Reply::refusal(503, "unavailable", "no"));
    let text = words(world.get("/go?alertname=HighLoad&service=payments").await.text());
    assert!(text.contains("Prometheus second is not answering") && text.contains("unknown far"), "{text}");
    assert!(text.contains("2 firing Payment service"), "{text}");
    assert_eq!(
        led(&world.get("/go?alertname=HighLoad&service=payments&__instance=default").await).0,
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
async fn nothing_leads_off_the_portal() {
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
                assert_eq!(led(&page).0, PAYMENTS, "{query}");
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
async fn prometheus_own_link_opens_the_owners_page() {
    let world = World::with(CATALOG, |settings| settings.web.ad_hoc = false).await;
    let since = rfc(minutes_ago(30));
    world.upstream.on_rules(rules(vec![
        rule("HighLoad", "sum by (service) (rate(x{a=~\"b|c\"}[5m])) > 1", vec![]),
        rule(
            "Slow",
            "slow{b=\"1\",a=\"2\"} > -5",
            vec![alert("Slow", json!({"service": "payments"}), &since)],
        ),
        rule("Stray", "stray > 1", vec![]),
    ]));
    let graph = |expr: &str, more: &str| {
        let expr: String = url::form_urlencoded::byte_serialize(expr.as_bytes()).collect();
        format!("/graph?g0.expr={expr}&g0.tab=1{more}")
    };
    // Written anew, as Prometheus does, and where custom queries are off.
    let page = world.get(&graph("slow{a=\"2\", b=\"1\"} > -5", "")).await;
    let (path, pairs) = led(&page);
    assert_eq!((path.as_str(), value(&pairs, "to")), (PAYMENTS, Some("now")));
    let landed = world.get(page.header("location").split('#').next().unwrap()).await;
    assert!(landed.text().contains("row  marked"), "{}", landed.text());
    let (_, pairs) = led(&world.get(&graph("slow{b='1',a='2'} > -5", "&g0.range_input=6h")).await);
    assert_eq!(value(&pairs, "range"), Some("6h"));
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
        graph("not a query {{{", ""),
    ] {
        let page = world.get(&path).await;
        assert_eq!(page.status, 403, "{path}");
    }
}
