//! `promenade check --online`: what the instances' answers add.

use serde_json::{Value, json};
use tempfile::TempDir;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

use super::{Ended, check, component, directory, pointed_at};

/// Runs the check beside the scripted upstream.
async fn check_online(directory: &TempDir, arguments: &'static [&'static str]) -> Ended {
    let path = directory.path().to_owned();
    tokio::task::spawn_blocking(move || check(&path, arguments)).await.unwrap()
}

const ONLINE: [&str; 6] = ["--config", "app-config.yaml", "--online", "--format", "json", "a.yaml"];

#[tokio::test]
async fn check_online_finds_names_queries_and_dimensions_without_data() {
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::group([Rule::new("HighLoad")]));
    upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0), (&[("job", "b")], 1.0)]));
    upstream.on("nothing", Reply::result(json!([])));
    // Its first samples are younger than the last point of the range.
    upstream.on(
        "fresh",
        Reply::computed(|request| match request.path.contains("query_range") {
            true => Reply::result(json!([])),
            false => Reply::json(
                200,
                &json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [7, "1"]}]}}),
            ),
        }),
    );
    upstream.on("refused", Reply::refusal(422, "execution", "many-to-many matching not allowed"));
    let config = format!("proxy: {{/prometheus/api: '{}'}}\n", upstream.api());
    let catalog = component(
        "shop",
        "prometheus.io/rule: 'up|job, up|zone;jbo|title=\"x\", nothing, refused, fresh'\n    \
         prometheus.io/alert: 'HighLoad, HighLaod'",
    );
    let directory = directory(&[("app-config.yaml", &config), ("a.yaml", &catalog)]);
    let ended = check_online(&directory, &ONLINE).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (1, ""), "{}", ended.stdout);
    let found = ended.findings();
    let found: Vec<(String, &str, &str, Option<&str>)> = found
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str();
            let (severity, message) = (text("severity").unwrap(), text("message").unwrap());
            (pointed_at(directory.path(), f), severity, message, text("suggestion"))
        })
        .collect();
    let expected = [
        ("zone".to_owned(), "warning", "none of the query's 2 series has this label", None),
        ("jbo".to_owned(), "warning", "none of the query's 2 series has this label", Some("job")),
        ("nothing".to_owned(), "warning", "the query returned nothing from default in the last day", None),
        (
            "refused".to_owned(),
            "error",
            "default rejected the query: many-to-many matching not allowed",
            None,
        ),
        ("HighLaod".to_owned(), "error", "default has no alerting rule of this name", Some("HighLoad")),
    ];
    assert_eq!(found, expected, "{}", ended.stdout);
    let sent = upstream.requests().iter().filter(|r| r.form("query").as_deref() == Some("up")).count();
    assert_eq!(sent, 1, "equal queries are sent once");
    assert_eq!(ended.json()["summary"]["online"], true);
}

#[tokio::test]
async fn check_online_tells_alerts_and_metrics_apart_by_their_names() {
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::group([Rule::new("disk_fills"), Rule::new("Till is down")]));
    upstream.on("disk_fills", Reply::result(json!([])));
    upstream.on("Till is down", Reply::refusal(400, "bad_data", "unexpected identifier"));
    upstream.on_names(Reply::json(200, &json!({"status": "success", "data": ["shop_errors"]})));
    let config = format!("proxy: {{/prometheus/api: '{}'}}\n", upstream.api());
    let catalog = component(
        "shop",
        "prometheus.io/rule: 'disk_fills, Till is down'\n    prometheus.io/alert: 'shop_errors,Gone'",
    );
    let directory = directory(&[("app-config.yaml", &config), ("a.yaml", &catalog)]);
    let ended = check_online(&directory, &ONLINE).await;
    let found = ended.findings();
    let has = |place: &str, part: &str| {
        let is_it = |f: &Value| {
            pointed_at(directory.path(), f) == place
                && f["message"].as_str().is_some_and(|m| m.contains(part))
        };
        assert!(found.iter().any(is_it), "{place}: {part}: {}", ended.stdout);
    };
    has(
        "disk_fills",
        "no metric of this name, but an alert; write the annotation prometheus.io/alert: disk_fills",
    );
    has("Till is down", "but an alert; write the annotation prometheus.io/alert: Till is down");
    has("shop_errors", "but a metric; for its graph, write the annotation prometheus.io/rule: shop_errors");
    has("Gone", "default has no alerting rule of this name");
}

#[tokio::test]
async fn check_online_names_matchers_that_no_alert_can_satisfy() {
    let upstream = Upstream::start().await;
    let open = Rule::new("Open").query("sum by (zone) (x) > 0").label("severity", "warning");
    let firing = Alert::firing("Firing").label("severity", "page").label("pod", "till-7");
    upstream.on_rules(Reply::group([
        open,
        Rule::new("Firing").query("sum(x)").label("severity", "page").alert(firing),
    ]));
    let config = format!("proxy: {{/prometheus/api: '{}'}}\n", upstream.api());
    let labels = |name: &str, labels: &str| component(name, &format!("prometheus.io/labels: '{labels}'"));
    let catalog = [
        labels("known", "severity=warning,zone=b,alertname=Open,severity!=x,team="),
        labels("alert", "pod=till-7,severity=~\"pa.*\""),
        labels("slip", "severity=warnin"),
        labels("name", "alertname=Opne,zone=a"),
        labels("absent", "team=shop"),
    ];
    let directory = directory(&[("app-config.yaml", &config), ("a.yaml", &catalog.join("---\n"))]);
    let ended = check_online(&directory, &ONLINE).await;
    let found = ended.findings();
    let found: Vec<(String, &str, &str, Option<&str>)> = found
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str();
            (
                pointed_at(directory.path(), f),
                text("severity").unwrap(),
                text("message").unwrap(),
                text("suggestion"),
            )
        })
        .collect();
    let message = |matcher: &str| format!("no rule and no alert of default satisfies {matcher}");
    let (slip, name, absent) =
        (message("severity=\"warnin\""), message("alertname=\"Opne\""), message("team=\"shop\""));
    let expected = [
        ("warnin".to_owned(), "warning", slip.as_str(), Some("warning")),
        ("Opne".to_owned(), "warning", name.as_str(), Some("Open")),
        ("shop".to_owned(), "warning", absent.as_str(), None),
    ];
    assert_eq!(found, expected, "{}", ended.stdout);
}

#[tokio::test]
async fn check_online_reports_an_unreachable_instance_once_and_queries_the_others() {
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::rules(json!([])));
    upstream.on_any(Reply::html(200, "<html>Please log in</html>"));
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let config = format!(
        "proxy: {{/prometheus/api: '{}', /prometheus-gone/api: 'http://{address}/api/v1/'}}\n",
        upstream.api()
    );
    let gone =
        "prometheus.io/service-name: gone\n    prometheus.io/rule: up,node_load1\n    prometheus.io/alert: A";
    let catalog =
        [component("a", gone), component("b", gone), component("c", "prometheus.io/rule: up")].join("---\n");
    let directory = directory(&[("app-config.yaml", &config), ("a.yaml", &catalog)]);
    let ended = check_online(&directory, &ONLINE).await;
    assert_eq!(ended.status, 2, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.findings(), Vec::<Value>::new());
    let failures = ended.json()["failures"].clone();
    let failures: Vec<&str> = failures.as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    let [default, gone] = failures.as_slice() else { panic!("{failures:?}") };
    assert!(default.contains("instance default left 1 question unanswered (not_prometheus"), "{default}");
    assert!(gone.contains("instance gone left 5 questions unanswered (unreachable"), "{gone}");
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
}
