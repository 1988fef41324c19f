//! What a server says of itself: told to the operator, and never with the portal's own headers in it.

use std::time::Duration;

use promenade::alertmanager::AlertmanagerSettings;
use promenade::prometheus::{InstanceName, InstanceSettings};
use secrecy::SecretString;
use serde_json::json;
use world::World;
use world::markup::words;
use world::upstream::{Reply, Upstream};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: tills, annotations: {prometheus.io/alert: all, prometheus.io/rule: up}}
"#;
const ENTITY: &str = "/catalog/default/component/tills";
const PAGE_404: &str =
    "<!DOCTYPE html><title>Error 404 (Not Found)</title><p>The requested URL was not found.";

#[tokio::test]
async fn server_without_rules_is_called_that_and_draws_its_graphs() {
    for reply in [
        Reply::html(404, PAGE_404),
        Reply::http(404, &[("Content-Type", "text/plain")], "404 page not found\n"),
        Reply::json(404, &json!({"error": {"code": 404, "message": "Method not found."}})),
        Reply::refusal(404, "not_found", "the ruler is off"),
        Reply::http(405, &[], ""),
        Reply::http(501, &[], "not implemented"),
    ] {
        let world = World::of(CATALOG).await;
        world.upstream.on("up", Reply::matrix(&[(&[("job", "till")], 1.0)]));
        world.upstream.on_rules(reply);
        // More often than it takes to hold an instance for one that is down.
        for _ in 0..8 {
            let data = world.get(&format!("{ENTITY}/alerts.json?x={}", fastrand())).await;
            let (status, body) = (data.status.as_u16(), data.json());
            assert_eq!((status, &body["error"]["kind"]), (502, &json!("upstream_error")), "{body}");
            let message = body["error"]["message"].as_str().unwrap();
            assert!(
                message.contains("Prometheus has no /rules") && message.contains("status 40")
                    || message.contains("status 501"),
                "{message}"
            );
        }
        let page = world.get(ENTITY).await;
        let text = words(page.text());
        assert!(text.contains("Prometheus has no /rules"), "{text}");
        for wrong in ["login page", "like Prometheus", "No alerts", "nothing firing"] {
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
        let graph = world.get(&format!("{ENTITY}/graphs/1.json")).await;
        assert_eq!((graph.status.as_u16(), graph.json()["series"].as_array().unwrap().len()), (200, 1));
    }
}

/// So that each request is one of its own.
fn fastrand() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_nanos()
}

fn alertmanager(at: &Upstream, headers: Vec<(String, SecretString)>) -> AlertmanagerSettings {
    let url: url::Url = format!("http://{}/am", at.address).parse().unwrap();
    AlertmanagerSettings { ui_url: url.clone(), url, headers, timeout: Duration::from_secs(2) }
}

#[tokio::test]
async fn status_page_lists_what_always_fails_and_what_it_says() {
    let manager = Upstream::start().await;
    manager.on_any(Reply::http(502, &[], "no backend\nat all"));
    let own = alertmanager(&manager, Vec::new());
    let world = World::with(CATALOG, |all| {
        all.alertmanagers.insert(InstanceName::new("default"), own);
    })
    .await;
    let status = async || words(world.get("/status").await.text());
    assert!(!status().await.contains("has answered no request"));
    let said = format!("no org id for {}", world.upstream.address);
    world.upstream.on_any(Reply::http(401, &[("Content-Type", "text/plain")], &said));
    world.get(ENTITY).await;
    let text = status().await;
    for part in [
        "default has answered no request for query_range since",
        "default has answered no request for rules since",
        "unauthorized , status 401: no org id for [address]:",
        "the Alertmanager of default has answered no request for alerts since",
        "upstream_error , status 502: no backend at all",
    ] {
        let (text, part) = (text.replace(' ', ""), part.replace(' ', ""));
        assert!(text.contains(&part), "{part} in {text}");
    }
    assert!(!text.contains("127.0.0.1"), "{text}");
    let page = words(world.get(ENTITY).await.text());
    assert!(page.contains("rejected the portal's credentials") && !page.contains("no org id"), "{page}");
    world.upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    tokio::time::sleep(Duration::from_secs(9)).await;
    world.get(&format!("{ENTITY}/graphs/1.json")).await;
    let text = status().await;
    assert!(!text.contains("query_range") && text.contains("no request for rules"), "{text}");
}

/// Every header of the portal that the server received.
fn repeated(request: &world::upstream::Request) -> String {
    let all =
        ["authorization", "x-scope-orgid", "cookie"].map(|name| request.header(name).unwrap_or_default());
    format!("seen: {}", all.join(" / "))
}

/// Scripts answers that repeat headers in every text that they may have.
fn repeat_headers(upstream: &Upstream) {
    upstream.on_any(Reply::computed(|request| {
        let seen = repeated(request);
        let token = seen.split(' ').nth(2).unwrap_or_default().to_owned();
        let query = request.form("query").unwrap_or_default();
        let at = request.form("start").or(request.form("time")).unwrap_or_default().parse::<f64>().unwrap();
        let data = match query.as_str() {
            "text" => json!({"resultType": "string", "result": [at, token]}),
            _ if request.path.ends_with("/query") => {
                json!({"resultType": "vector", "result": [{"metric": {"l": token}, "value": [at, "1"]}]})
            }
            _ => json!({"resultType": "matrix", "result": [{"metric": {"l": token}, "values": [[at, "1"]]}]}),
        };
        let long = format!("{}{seen}", "x".repeat(1_990));
        let body = json!({"status": "success", "data": data, "warnings": [seen, long, {"odd": seen}],
            "infos": [seen], "error": seen, "errorType": seen});
        Reply::json(200, &body)
    }));
    upstream.on_rules(Reply::computed(|request| {
        let seen = repeated(request);
        let token = request.header("authorization").unwrap_or_default();
        let alert = json!({"labels": {"alertname": "A", "l": token}, "annotations": {"summary": token},
            "state": "firing", "activeAt": "2026-11-23T10:00:00Z", "value": "1"});
        let rule = |kind: &str| {
            json!({"name": "A", "type": kind, "state": "firing", "health": "err", "lastError": seen, "query": "up",
                "alerts": [alert.clone()], "lastEvaluation": "2026-11-23T10:00:00Z"})
        };
        let groups = json!([{"name": "g", "rules": [rule("alerting"), rule(&seen)]}]);
        Reply::json(200, &json!({"status": "success", "data": {"groups": groups, "warnings": [seen]},
            "warnings": [seen], "infos": [seen]}))
    }));
}

#[tokio::test]
async fn no_form_of_an_answer_repeats_a_header_of_the_portal() {
    let header = |(name, value): (&str, &str)| (name.to_owned(), SecretString::from(value.to_owned()));
    let headers = [
        ("Authorization", "Bearer canary-of-the-portal"),
        ("X-Scope-OrgID", "canary-tenant"),
        ("Cookie", "session=canary-in-a-cookie; theme=dark"),
    ]
    .map(header);
    let world = World::with(CATALOG, |all| {
        let own = all.instances.pop().unwrap();
        all.instances.push(InstanceSettings { headers: headers.to_vec(), ..own });
    })
    .await;
    repeat_headers(&world.upstream);
    let api = "/api/proxy/prometheus/api";
    let mut seen = 0;
    for path in [
        ENTITY.to_owned(),
        format!("{ENTITY}/alerts"),
        format!("{ENTITY}/alerts.json"),
        format!("{ENTITY}/alerts.csv"),
        format!("{ENTITY}/graphs/1.json"),
        format!("{ENTITY}/graphs/1.csv"),
        format!("{ENTITY}/graphs/1.svg"),
        format!("{ENTITY}/graphs"),
        "/graph?query=text".to_owned(),
        "/graph.json?query=text".to_owned(),
        "/alerts?alerts=all".to_owned(),
        "/go?alertname=A".to_owned(),
        "/status".to_owned(),
        "/".to_owned(),
        format!("{api}/rules"),
        format!("{api}/query?query=up&time=1"),
        format!("{api}/query_range?query=up&start=1&end=2&step=1"),
    ] {
        let reply = world.get(&path).await;
        assert!(!reply.text().contains("canary"), "{path}: {}", reply.text());
        seen += usize::from(reply.text().contains("[secret]"));
    }
    assert!(seen >= 12, "only {seen} of them repeat what the server says");
}
