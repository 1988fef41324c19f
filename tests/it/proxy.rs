//! The plugin's proxy path: the part of Prometheus' API that the plugin uses.

mod choice;

use std::time::Duration;

use promenade::clock;
use promenade::monitoring::routing::Conditions;
use promenade::prometheus::{InstanceName, InstanceSettings};
use reqwest::Method;
use serde_json::{Value, json};
use world::World;
use world::upstream::{Reply, Upstream};

pub const API: &str = "/api/proxy/prometheus/api";
const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: alerting, annotations: {prometheus.io/alert: all}}
"#;

pub fn range(query: &str) -> String {
    format!("{API}/query_range?query={query}&start=1.234&end=43.9&step=14")
}

pub async fn world() -> World {
    let world = World::of(CATALOG).await;
    world.upstream.on("up", Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 0.5)]));
    world
}

/// Prometheus' shape, and nothing more: errorType and error.
fn refusal(body: &Value) -> (&str, &str) {
    assert_eq!(body["status"], "error");
    let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["status", "errorType", "error"]);
    (body["errorType"].as_str().unwrap(), body["error"].as_str().unwrap())
}

#[tokio::test]
async fn proxy_answers_requests_of_the_plugin_like_prometheus() {
    let world = world().await;
    let headers = [("x-prometheus-service-name", ""), ("authorization", "Bearer of-backstage")];
    let reply = world.get_with(&range("up"), &headers).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(
        reply.text(),
        concat!(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"#,
            r#""values":[[1.234,"0.5"],[15.234,"0.5"],[29.234,"0.5"],[43.234,"0.5"]]}]}}"#
        )
    );
    let request = world.upstream.requests().remove(0);
    assert_eq!(["start", "end", "step"].map(|n| request.form(n).unwrap()), ["1.234", "43.900", "14"]);
    assert_eq!(request.path, "/api/v1/query_range");
    assert_eq!(request.form("nocache").as_deref(), Some("1"), "VictoriaMetrics would move the samples");
    world.get(&format!("{API}/query_range?query=up&start=15&end=45&step=15")).await;
    let on_grid = world.upstream.requests().pop().unwrap();
    assert_eq!(on_grid.form("nocache").as_deref(), Some("1"), "its cache may not know of late samples");
    assert_eq!(request.header("authorization"), None, "the reader's credential is not the instance's");

    let rules = json!([{"name": "g", "rules": [{"name": "A", "type": "alerting", "state": "inactive"}]}]);
    world.upstream.on_rules(Reply::rules(rules));
    let reply = world.get_with(&format!("{API}/rules?type=alert"), &headers).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let group = &reply.json()["data"]["groups"][0];
    assert_eq!((&group["name"], &group["rules"][0]["name"]), (&json!("g"), &json!("A")));
    assert_eq!(group["rules"][0]["alerts"], json!([]), "which the plugin takes for granted");
}

#[tokio::test]
async fn proxy_reads_parameters_from_a_form_body() {
    let world = world().await;
    world.upstream.on(
        r#"up{a="+&#%;"}"#,
        Reply::json(200, &json!({"status": "success", "data": {"resultType": "scalar", "result": [7, "1"]}})),
    );
    let form = "query=up&start=1.234&end=43.9&step=14s";
    let reply = world.post(&format!("{API}/query_range"), form).await;
    assert_eq!(reply.json(), world.get(&range("up")).await.json());
    assert_eq!(world.upstream.requests().len(), 1, "equal questions share an answer");
    let reply = world.post(&format!("{API}/query?time=7"), "query=up%7Ba%3D%22%2B%26%23%25%3B%22%7D").await;
    assert_eq!(reply.json()["data"], json!({"resultType": "scalar", "result": [7, "1"]}), "{}", reply.text());
    let request = &world.upstream.requests()[1];
    assert_eq!((request.path.as_str(), request.form("time").as_deref()), ("/api/v1/query", Some("7")));
    let typed = "application/x-www-form-urlencoded; charset=UTF-8";
    let path = format!("{API}/query_range");
    assert_eq!(world.send(Method::POST, &path, &[("content-type", typed)], form).await.status, 200);
}

#[tokio::test]
async fn proxy_rejects_invalid_parameters_without_a_query() {
    let world = world().await;
    let long = "x".repeat(12 << 10);
    let reply = world.get(&format!("{}&x={long}", range("up"))).await;
    assert_eq!(reply.status, 200, "unknown parameters change nothing");
    let sent = world.upstream.requests().len();
    let huge = format!("query=up&x={}", "x".repeat(65 << 10));
    for (path, body, status, expected) in [
        (format!("{API}/query_range?start=0&end=1&step=1"), "", 400, "query: is missing"),
        (format!("{}&step=14", range("up")), "", 400, "step: is given more than once"),
        (range("up"), "query=up", 400, "query: is given more than once"),
        (range("up"), "other=%ff", 400, "not valid UTF-8"),
        (format!("{API}/query_range?query=up&start=0&end=604800&step=14"), "", 400, "11000 points"),
        (format!("{API}/query_range?query=up&start=x&end=1&step=1"), "", 400, "start: is neither"),
        (format!("{API}/query?query=up&time=then"), "", 400, "time: is neither"),
        (format!("{API}/query?query=up&lookback_delta=1h"), "", 400, "lookback_delta: is not supported"),
        (format!("{API}/rules?type=record"), "", 400, "type: is not alert"),
        (
            format!("{API}/rules?type=alert&match[]=up&match[]={{a=\"\"}}"),
            "",
            400,
            "match[]: must contain at least one non-empty matcher",
        ),
        (format!("{API}/rules?type=alert&match[]={{a=\"b\""), "", 400, "match[]: parse error: unclosed `{`"),
        (format!("{API}/rules?exclude_alerts=maybe"), "", 400, "exclude_alerts: is neither"),
        (format!("{API}/query?query=up&limit=-1"), "", 400, "limit: is negative"),
        (format!("{}&limit=many", range("up")), "", 400, "limit: is not a whole number"),
        (range("sum("), "", 400, "was not sent"),
        (range(&"x".repeat(9_000)), "", 400, "9000 bytes"),
        (format!("{API}/query_range"), huge.as_str(), 413, "Payload Too Large"),
    ] {
        let reply = if body.is_empty() { world.get(&path).await } else { world.post(&path, body).await };
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        let body = reply.json();
        let (error_type, error) = refusal(&body);
        assert!(error_type == "bad_data" && error.contains(expected), "{path}: {body}");
    }
    let path = range("up");
    let plain = world.send(Method::POST, &path, &[("content-type", "application/json")], "{}").await;
    let bare = world.send(Method::GET, &path, &[], "query=up").await;
    for (reply, expected) in [(plain, "body: is not a form"), (bare, "body: belongs to POST only")] {
        assert!(reply.status == 400 && refusal(&reply.json()).1.contains(expected), "{}", reply.text());
    }
    assert_eq!(world.upstream.requests().len(), sent);
}

#[tokio::test]
async fn proxy_rejects_repeated_parameters() {
    let world = world().await;
    world.upstream.on_rules(Reply::rules(json!([])));
    for (endpoint, expected, names) in [
        ("query_range", "query=up&start=0&end=60&step=15", &["query", "start", "end", "step"][..]),
        ("query", "query=up&time=60", &["query", "time"]),
        ("rules", "", &["type"]),
    ] {
        for name in names {
            let value = match *name {
                "query" => "up",
                "type" => "alert",
                _ => "60",
            };
            let rest: Vec<&str> =
                expected.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            let (rest, pair) = (rest.join("&"), format!("{name}={value}"));
            let path = format!("{API}/{endpoint}?{rest}");
            let mut replies = vec![world.get(&format!("{path}&{pair}&{pair}")).await];
            if endpoint != "rules" {
                replies
                    .push(world.post(&format!("{API}/{endpoint}"), &format!("{rest}&{pair}&{pair}")).await);
                replies.push(world.post(&format!("{path}&{pair}"), &pair).await);
            }
            for reply in replies {
                assert_eq!(reply.status, 400, "{endpoint} {name}: {}", reply.text());
                let body = reply.json();
                assert!(refusal(&body).1.contains("more than once"), "{endpoint} {name}: {body}");
            }
        }
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn proxy_errors_have_the_form_and_status_of_prometheus() {
    let world = world().await;
    for (i, (reply, status, error_type, expected)) in [
        (Reply::refusal(400, "bad_data", "1:1: parse error"), 400, "bad_data", "1:1: parse error"),
        (Reply::refusal(422, "execution", "many-to-many"), 422, "execution", "many-to-many"),
        (Reply::refusal(503, "timeout", "query timed out"), 504, "timeout", "query timed out"),
        (Reply::refusal(503, "unavailable", "TSDB not ready"), 503, "unavailable", "TSDB not ready"),
        (Reply::refusal(500, "internal", "boom"), 502, "internal", "boom"),
        (Reply::http(401, &[], "who?"), 502, "unavailable", "rejected the portal"),
        (
            Reply::html(200, "<!doctype html><title>Sign in"),
            502,
            "internal",
            "did not answer like Prometheus",
        ),
        (Reply::reset(), 502, "unavailable", "is not answering"),
        (Reply::cut_by_length(r#"{"status":"success"}"#, 5), 502, "internal", "incomplete"),
        (Reply::huge(33, true), 502, "internal", "too much"),
        (Reply::hang(), 504, "timeout", "in time"),
    ]
    .into_iter()
    .enumerate()
    {
        let query = format!("fault_{i}");
        world.upstream.on(&query, reply);
        let reply = world.get(&range(&query)).await;
        assert_eq!(reply.status, status, "{i}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/json");
        let body = reply.json();
        let (found, error) = refusal(&body);
        assert!(found == error_type && error.contains(expected), "{i}: {body}");
        assert!(!error.contains("Sign in") && !error.contains(&world.upstream.address.to_string()), "{body}");
    }
}

#[tokio::test]
async fn proxy_header_selects_the_instance_by_exact_name() {
    let other = Upstream::start().await;
    other.on("up", Reply::matrix(&[(&[("job", "other")], 1.0)]));
    let own = InstanceSettings { proxy_path: "/prometheus-other/api".into(), ..other.instance("other") };
    let world = World::with(CATALOG, |settings| settings.instances.push(own)).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "default")], 1.0)]));
    let job = |reply: &world::Reply| reply.json()["data"]["result"][0]["metric"]["job"].clone();
    let by_path = "/api/proxy/prometheus-other/api/query_range?query=up&start=0&end=0&step=1";
    for (path, name, expected) in [
        (range("up").as_str(), None, "default"),
        (range("up").as_str(), Some(""), "default"),
        (range("up").as_str(), Some("default"), "default"),
        (range("up").as_str(), Some("other"), "other"),
        (by_path, None, "other"),
        (by_path, Some("default"), "default"),
    ] {
        let headers: Vec<_> = name.iter().map(|name| ("x-prometheus-service-name", *name)).collect();
        let reply = world.get_with(path, &headers).await;
        assert_eq!(job(&reply), expected, "{path} {name:?}: {}", reply.text());
    }
    for name in ["Other", "othe", "other,default", "../other", "żółć"] {
        let reply = world.get_with(&range("up"), &[("x-prometheus-service-name", name)]).await;
        assert_eq!(reply.status, 404, "{name}");
        let body = reply.json();
        let (error_type, error) = refusal(&body);
        assert!(
            error_type == "not_found" && error.contains(name) && error.contains("default, other"),
            "{body}"
        );
    }
    let twice = [("x-prometheus-service-name", "other"), ("x-prometheus-service-name", "default")];
    assert_eq!(world.get_with(&range("up"), &twice).await.status, 400);
}

#[tokio::test]
async fn proxy_treats_a_restricted_instance_as_unknown() {
    let other = Upstream::start().await;
    other.on_any(Reply::matrix(&[(&[], 1.0)]));
    let own = InstanceSettings { proxy_path: "/secret/api".into(), ..other.instance("secret") };
    let world = World::with(CATALOG, |settings| {
        settings.instances.push(own);
        settings.routing.allowed.insert(InstanceName::new("secret"), vec![Conditions::default()]);
    })
    .await;
    let by_path = world.get("/api/proxy/secret/api/query?query=up").await;
    let no_path = world.get("/api/proxy/nothing/api/query?query=up").await;
    assert_eq!((by_path.status.as_u16(), by_path.json()), (404, no_path.json()));
    let of = async |name| world.get_with(&range("up"), &[("x-prometheus-service-name", name)]).await;
    let (secret, nobody) = (of("secret").await, of("nobody").await);
    assert_eq!(secret.status, 404);
    assert_eq!(secret.text(), nobody.text().replace("nobody", "secret"));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn proxy_serves_no_other_endpoint() {
    let world = world().await;
    world.upstream.on_any(Reply::json(200, &json!({"status": "success", "data": []})));
    for path in [
        "/labels",
        "/label/__name__/values",
        "/series?match[]=up",
        "/targets",
        "/status/config",
        "/admin/tsdb/snapshot",
        "/query_range/../labels",
        "/query_range%2f..%2flabels",
        "/query_exemplars?query=up&start=0&end=1",
        "/query_rang",
        "/query/",
        "/",
        "",
        "x/query?query=up",
    ] {
        let reply = world.get(&format!("{API}{path}")).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        assert_eq!(refusal(&reply.json()).0, "not_found");
    }
    for path in ["/api/proxy/query?query=up", "/api/proxy/other/api/query?query=up", "/api/proxy/"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    for (method, path, allowed) in [
        (Method::PUT, range("up"), "GET, HEAD, POST"),
        (Method::DELETE, format!("{API}/query?query=up"), "GET, HEAD, POST"),
        (Method::OPTIONS, range("up"), "GET, HEAD, POST"),
        (Method::POST, format!("{API}/rules"), "GET, HEAD"),
    ] {
        let reply = world.ask(method, &path, &[]).await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, allowed), "{path}");
        refusal(&reply.json());
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn proxy_needs_ad_hoc_queries() {
    let world = World::with(CATALOG, |settings| settings.web.ad_hoc = false).await;
    for path in [range("up"), format!("{API}/rules?type=alert"), format!("{API}/labels")] {
        let reply = world.get(&path).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
        let body = reply.json();
        assert!(refusal(&body).1.contains("Custom queries are off"), "{body}");
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn proxy_returns_only_parsed_data() {
    let world = world().await;
    let body = json!({
        "status": "success",
        "secret": "s3cret",
        "data": {"resultType": "matrix", "stats": {"secret": "s3cret"}, "result": [
            {"metric": {"job": "<b>"}, "values": [[1.234, "1"], [2, "5"]], "secret": "s3cret"}
        ]},
        "warnings": ["half of it"],
        "infos": ["a remark"],
    });
    world.upstream.on("odd", Reply::json(200, &body));
    let reply = world.get(&range("odd")).await;
    let message = "1 samples stood between two steps and were left out by the portal";
    assert_eq!(
        reply.json(),
        json!({
            "status": "success",
            "data": {"resultType": "matrix", "result": [{"metric": {"job": "<b>"}, "values": [[1.234, "1"]]}]},
            "warnings": ["half of it", message],
            "infos": ["a remark"],
        })
    );
    let rules = json!([{"name": "g", "rules": [
        {"name": "A", "type": "alerting", "secret": "s3cret", "alerts": [{"labels": {"alertname": "A"}, "secret": "s3cret"}]},
        {"name": "r", "type": "recording", "query": "s3cret"},
    ]}]);
    world.upstream.on_rules(Reply::rules(rules));
    let reply = world.get(&format!("{API}/rules")).await;
    assert!(!reply.text().contains("s3cret"), "{}", reply.text());
    assert_eq!(reply.json()["infos"], json!(["recording rules are not part of this answer"]));
}

#[tokio::test]
async fn proxy_shares_equal_queries() {
    let world = world().await;
    world.upstream.on("slow", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(300)));
    world.upstream.on_rules(Reply::rules(json!([])).after(Duration::from_millis(300)));
    let (path, rules) = (range("slow"), format!("{API}/rules?type=alert"));
    let readers = (0..20).flat_map(|_| [world.get(&path), world.get(&rules)]);
    for reply in futures_util::future::join_all(readers).await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let page = world.get("/catalog/default/component/alerting/alerts.json").await;
    assert_eq!(page.status, 200);
    assert_eq!(world.upstream.requests().len(), 2, "the page shares the rules too");
}

#[tokio::test]
async fn proxy_marks_a_stale_answer_with_a_warning_and_its_time() {
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].scrape_interval = Duration::from_millis(100);
    })
    .await;
    let groups = json!([{"name": "g", "rules": [{"name": "A", "type": "alerting", "state": "firing"}]}]);
    let whole = json!({"status": "success", "data": {"groups": groups}, "warnings": ["a store is down"]});
    world.upstream.on_rules(Reply::json(200, &whole));
    let now = || clock::now().as_second();
    let rules = format!("{API}/rules?type=alert");
    let begun = now();
    let fresh = world.get(&rules).await.json();
    assert_eq!(fresh["warnings"], json!(["a store is down"]));
    world.upstream.on_rules(Reply::refusal(500, "internal", "gone"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let reply = world.get(&rules).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let old = reply.json();
    assert_eq!(old["data"], fresh["data"]);
    let warnings: Vec<&str> =
        old["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let at = warnings[0].strip_prefix("As of ").unwrap().split(" UTC: ").next();
    let at: jiff::Timestamp = format!("{}Z", at.unwrap().replace(' ', "T")).parse().unwrap();
    assert!((begun..=begun + 5).contains(&at.as_second()), "{warnings:?}");
    assert!(warnings[0].ends_with("UTC: Prometheus failed."), "{warnings:?}");
    assert_eq!(warnings[1], "a store is down");
    let page = world.get("/catalog/default/component/alerting/alerts.json").await.json();
    assert_eq!(page["stale"], true);
}

#[tokio::test]
async fn proxy_returns_all_pages_of_rules_at_once() {
    let world = world().await;
    let group = |name: &str| json!({"name": name, "rules": [{"name": name, "type": "alerting"}]});
    world.upstream.on_rules(Reply::rules(json!([group("a"), group("b")])));
    for paging in ["", "&group_limit=1", "&group_limit=1&group_next_token=t"] {
        let data = &world.get(&format!("{API}/rules?type=alert{paging}")).await.json()["data"];
        assert_eq!((data["groups"].as_array().unwrap().len(), &data["groupNextToken"]), (2, &Value::Null));
    }
}

#[tokio::test]
async fn proxy_is_below_the_path_of_the_portal() {
    let world = World::with(CATALOG, |settings| {
        settings.web.base_url = Some("https://portal.example/deep/down".parse().unwrap());
    })
    .await;
    world.upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    assert_eq!(world.get(&format!("/deep/down{}", range("up"))).await.status, 200);
    let reply = world.get(&format!("/deep/down{API}/labels")).await;
    assert_eq!((reply.status.as_u16(), refusal(&reply.json()).0), (404, "not_found"));
}
