//! The demo's catalog and its Prometheus match, and the demo answers like a real Prometheus and Alertmanager.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use promenade::annotations::{AlertNames, MonitoringSpec};
use promenade::catalog::CatalogSettings;
use promenade::catalog::source::{FileSource, SourceMerger};
use promenade::clock;
use promenade::demo::{CATALOG, DemoPrometheus};
use promenade::metrics::Metrics;
use promenade::prometheus::{
    AlertState, Instance, InstanceName, InstanceSettings, Instances, Origin, RuleHealth, UNSTABLE_TAIL,
    Window, is_absent,
};
use promenade::upstream::ErrorKind;
use serde_json::{Value, json};
use url::Url;

/// The queries without samples: an error that never happened, and what the catalog gets wrong on purpose.
const EMPTY_QUERIES: [&str; 2] =
    ["recommendations_nobody_records_this", "sum(rate(search_reindex_errors_total[5m]))"];
const UNKNOWN_ALERT: &str = "RecomendationsSlow";

fn instances(address: SocketAddr) -> Instances {
    let settings = InstanceSettings {
        name: InstanceName::new(InstanceName::DEFAULT),
        proxy_path: "/prometheus/api".to_owned(),
        api: Url::parse(&format!("http://{address}/api/v1/")).unwrap(),
        headers: Vec::new(),
        secure: true,
        ui_url: None,
        scrape_interval: Duration::from_secs(15),
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        unstable_tail: UNSTABLE_TAIL,
        severities: Arc::default(),
    };
    Instances::new(vec![settings], &Metrics::new().upstream).unwrap()
}

fn default(instances: &Instances) -> Arc<Instance> {
    instances.get(&InstanceName::new(InstanceName::DEFAULT)).unwrap().clone()
}

/// Every entity of the demo's catalog, by name.
fn specs() -> Vec<(String, MonitoringSpec)> {
    let settings = CatalogSettings { embedded: vec![CATALOG], ..CatalogSettings::default() };
    let snapshot = FileSource::open(settings, SourceMerger::alone(Metrics::new().catalog), clock::now())
        .catalog()
        .snapshot();
    assert_eq!(snapshot.faults, []);
    snapshot.entities.iter().map(|e| (e.name.clone(), MonitoringSpec::of(e))).collect()
}

/// The last hour.
fn window() -> Window {
    let now = clock::now().as_millisecond();
    Window::aligned(now - 3_600_000, now, Duration::from_secs(15)).unwrap()
}

#[actix_web::test]
async fn every_query_of_the_catalog_but_two_has_samples() {
    let prometheus = DemoPrometheus::start().unwrap();
    let instances = instances(prometheus.address());
    let (mut empty, mut samples, mut most_series) = (Vec::new(), 0, 0);
    for (entity, spec) in specs().iter().filter(|(_, spec)| spec.service_name.is_none()) {
        for query in spec.graphs.iter().filter_map(|graph| graph.query.as_ref()) {
            let matrix = default(&instances).query_range(query, window(), Origin::Known).await.unwrap();
            assert_eq!((matrix.off_grid, matrix.histograms.len()), (0, 0), "{entity}: {query}");
            let values = matrix.series.iter().flat_map(|series| &series.values);
            let found = values.filter(|value| !is_absent(**value)).count();
            if found == 0 {
                empty.push(query.as_str().to_owned());
            }
            samples += found;
            most_series = most_series.max(matrix.series.len());
        }
    }
    empty.sort_unstable();
    assert_eq!(empty, EMPTY_QUERIES);
    assert!(samples > 10_000, "only {samples} samples");
    assert_eq!(most_series, 24);
    prometheus.stop().await;
}

#[actix_web::test]
async fn demo_has_a_rule_for_every_alert_name_but_one() {
    let prometheus = DemoPrometheus::start().unwrap();
    let rules = default(&instances(prometheus.address())).rules().await.unwrap();
    let known: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
    let specs = specs();
    let named = specs.iter().filter(|(_, spec)| spec.service_name.is_none()).filter_map(|(_, spec)| {
        match &spec.alerts.as_ref()?.names {
            AlertNames::Named(names) => Some(names),
            AlertNames::All | AlertNames::Unnamed => None,
        }
    });
    let unknown: Vec<&String> = named.flatten().filter(|name| !known.contains(name.as_str())).collect();
    assert_eq!(unknown, [UNKNOWN_ALERT]);

    let states: BTreeSet<AlertState> = rules.rules.iter().map(|rule| rule.state).collect();
    assert_eq!(states.len(), 4, "{states:?}");
    for health in [RuleHealth::Ok, RuleHealth::Err, RuleHealth::Unknown] {
        assert!(rules.rules.iter().any(|rule| rule.health == health), "{health:?}");
    }
    assert!(rules.rules.iter().any(|rule| rule.last_evaluation.is_none()));
    let alerts = || rules.rules.iter().flat_map(|rule| &rule.alerts);
    assert!(alerts().any(|alert| alert.value.is_some_and(f64::is_nan)));
    assert!(alerts().all(|alert| alert.value.is_some() && alert.active_at.is_some()));
}

#[test]
fn only_the_documented_demo_entities_have_mistakes() {
    let specs = specs();
    let with_problems: Vec<&str> =
        specs.iter().filter(|(_, spec)| !spec.problems.is_empty()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(with_problems, ["recommendations"]);
    let spec = |name: &str| &specs.iter().find(|(entity, _)| entity == name).unwrap().1;
    let wrong = spec("recommendations");
    let broken: Vec<bool> = wrong.graphs.iter().map(|graph| graph.query.is_none()).collect();
    assert_eq!(broken, [true, false, false]);
    assert!(wrong.alerts.as_ref().unwrap().broken);
    let bare = spec("newsletter");
    assert!(bare.graphs.is_empty() && bare.alerts.is_none());
    let show_piece = spec("payments");
    assert_eq!(show_piece.graphs.len(), 5);
    assert!(show_piece.graphs.iter().all(|graph| graph.title.is_some()));
}

#[actix_web::test]
async fn unreachable_demo_instance_refuses_connections() {
    let prometheus = DemoPrometheus::start().unwrap();
    let error = default(&instances(prometheus.refusing_address().unwrap())).rules().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
}

/// The status and the JSON of an answer.
async fn ask(
    prometheus: &DemoPrometheus,
    path: &str,
    query: &[(&str, &str)],
    form: Option<&str>,
) -> (u16, Value) {
    let mut url = Url::parse(&format!("http://{}{path}", prometheus.address())).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    let http = world::client();
    let request = match form {
        None => http.get(url),
        Some(form) => {
            http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())
        }
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    #[expect(clippy::disallowed_methods, reason = "a test may read a whole body")]
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

#[actix_web::test]
async fn demo_answers_like_prometheus_by_get_and_post() {
    let prometheus = DemoPrometheus::start().unwrap();
    let query = [
        ("query", "payments_charge_duration_seconds{quantile!=\"0.99\"}"),
        ("start", "1795400000"),
        ("end", "2026-11-23T03:14:00.5+01:00"),
        ("step", "20.5"),
    ];
    let (status, got) = ask(&prometheus, "/api/v1/query_range", &query, None).await;
    assert_eq!(
        (status, &got["status"], &got["data"]["resultType"]),
        (200, &json!("success"), &json!("matrix"))
    );
    let series = &got["data"]["result"][1];
    assert_eq!(
        series["metric"],
        json!({
            "__name__": "payments_charge_duration_seconds",
            "instance": "10.0.1.17:8080",
            "job": "payments",
            "quantile": "0.9",
            "service": "payments"
        })
    );
    assert_eq!(
        [&series["values"][0][0], &series["values"][1][0]],
        [&json!(1_795_400_000), &json!(1_795_400_020.5)]
    );
    assert!(series["values"][0][1].as_str().unwrap().parse::<f64>().unwrap() > 0.0);

    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let (status, posted) = ask(&prometheus, "/api/v1/query_range", &[("step", "ignored")], Some(&form)).await;
    assert_eq!((status, &posted), (200, &got));

    let (status, instant) =
        ask(&prometheus, "/api/v1/query", &[query[0], ("time", "1795400000")], None).await;
    assert_eq!((status, &instant["data"]["resultType"]), (200, &json!("vector")));
    let (one, series) = (&instant["data"]["result"][1], &got["data"]["result"][1]);
    assert_eq!((&one["metric"], &one["value"]), (&series["metric"], &series["values"][0]));
}

#[actix_web::test]
async fn demo_rejects_bad_requests_in_the_words_of_prometheus() {
    let prometheus = DemoPrometheus::start().unwrap();
    let many = "pg_replication_lag_seconds * on (instance) pg_role";
    let cases = [
        (["up{", "0", "60", "15"], 400, "bad_data", "invalid parameter \"query\": "),
        (["up", "0", "60", "0"], 400, "bad_data", "zero or negative query resolution step widths"),
        (["up", "0", "11001", "1"], 400, "bad_data", "exceeded maximum resolution of 11,000 points"),
        (["up", "60", "0", "1"], 400, "bad_data", "end timestamp must not be before start time"),
        (["histogram_fraction(0, 1, up)", "0", "60", "15"], 400, "bad_data", "histogram_fraction"),
        ([many, "1795400000", "1795400060", "15"], 422, "execution", "many-to-many matching not allowed"),
    ];
    for ([query, start, end, step], expected, kind, sentence) in cases {
        let parameters = [("query", query), ("start", start), ("end", end), ("step", step)];
        let (status, refusal) = ask(&prometheus, "/api/v1/query_range", &parameters, None).await;
        assert_eq!(
            (status, &refusal["status"], &refusal["errorType"]),
            (expected, &json!("error"), &json!(kind)),
            "{refusal}"
        );
        assert!(refusal["error"].as_str().unwrap().contains(sentence), "{refusal}");
    }
    for (path, parameters) in [
        ("/api/v1/rules", [("type", "alarm")]),
        ("/api/v1/series", [("limit", "1")]),
        ("/api/v1/labels", [("match[]", "{")]),
        ("/api/v1/labels", [("start", "soon")]),
        ("/api/v1/metadata", [("limit", "few")]),
        ("/api/v1/label/a-b/values", [("limit", "1")]),
        ("/api/v1/label/1a/values", [("limit", "1")]),
    ] {
        let (status, refusal) = ask(&prometheus, path, &parameters, None).await;
        assert_eq!((status, &refusal["errorType"]), (400, &json!("bad_data")), "{path}: {refusal}");
    }
}

#[actix_web::test]
async fn demo_tells_its_labels_series_and_metrics() {
    let prometheus = DemoPrometheus::start().unwrap();
    let data = async |path: &str, parameters: &[(&str, &str)]| {
        let (status, answer) = ask(&prometheus, path, parameters, None).await;
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
        answer
    };
    let up = [("match[]", "up{job=~\"search|gateway\"}")];
    let series = data("/api/v1/series", &up).await["data"].clone();
    assert_eq!(series.as_array().unwrap().len(), 7, "{series}");
    assert_eq!(series[0], json!({"__name__": "up", "instance": "gw-1:9100", "job": "gateway"}));
    assert_eq!(data("/api/v1/labels", &up).await["data"], json!(["__name__", "instance", "job"]));
    assert_eq!(data("/api/v1/label/job/values", &up).await["data"], json!(["gateway", "search"]));
    let names = data("/api/v1/label/__name__/values", &[("limit", "2")]).await;
    assert_eq!(names["data"].as_array().unwrap().len(), 2, "{names}");
    assert_eq!(names["warnings"], json!(["results truncated due to limit"]));
    // Years in which nothing fired.
    let years =
        [("match[]", "{__name__=~\"ALERTS|up\",job!=\"gateway\"}"), ("start", "0"), ("end", "1700000000")];
    let long_ago = data("/api/v1/series", &years).await["data"].clone();
    assert!(long_ago.as_array().unwrap().iter().all(|series| series["__name__"] == "up"), "{long_ago}");
    assert_eq!(data("/api/v1/series", &[("match[]", "ALERTS"), years[1], years[2]]).await["data"], json!([]));
    let metadata = data("/api/v1/metadata", &[("metric", "pg_database_size_bytes")]).await["data"].clone();
    let expected = json!([{"type": "gauge", "help": "Disk space used by the database.", "unit": "bytes"}]);
    assert_eq!(metadata, json!({"pg_database_size_bytes": expected}));
    assert!(data("/api/v1/status/buildinfo", &[]).await["data"]["version"].is_string());
    let rules = data("/api/v1/rules", &[("rule_name[]", "SearchDown"), ("type", "alert")]).await;
    assert_eq!(rules["data"]["groups"][0]["rules"].as_array().unwrap().len(), 1, "{rules}");
    assert_eq!(data("/api/v1/rules", &[("type", "record")]).await["data"]["groups"], json!([]));
    let alerts = data("/api/v1/query", &[("query", "count(ALERTS{alertstate=\"firing\"})")]).await;
    let firing: f64 = alerts["data"]["result"][0]["value"][1].as_str().unwrap().parse().unwrap();
    assert!(firing > 20.0, "{alerts}");
}

#[actix_web::test]
async fn demo_alertmanager_has_the_firing_alerts_and_a_silence() {
    let prometheus = DemoPrometheus::start().unwrap();
    let path = |rest: &str| format!("{}/api/v2/{rest}", prometheus.alertmanager_path());
    let (status, alerts) = ask(&prometheus, &path("alerts"), &[], None).await;
    assert_eq!(status, 200);
    let named = |name: &str| -> Vec<Value> {
        let alerts = alerts.as_array().unwrap().iter();
        alerts.filter(|alert| alert["labels"]["alertname"] == name).cloned().collect()
    };
    assert_eq!(named("PaymentsHighErrorRatio").len(), 3);
    assert!(named("ShopOrdersDrop").is_empty(), "it is pending");
    let (_, silences) = ask(&prometheus, &path("silences"), &[], None).await;
    assert_eq!(silences[0]["status"]["state"], "active");
    for certificate in named("GatewayCertificateExpires") {
        let is_silenced = certificate["labels"]["certificate"] == "*.shop.example";
        let by = if is_silenced { json!([silences[0]["id"]]) } else { json!([]) };
        assert_eq!(certificate["status"]["silencedBy"], by, "{certificate}");
        let state = if is_silenced { "suppressed" } else { "active" };
        assert_eq!(certificate["status"]["state"], state);
    }
    let (_, loud) = ask(&prometheus, &path("alerts"), &[("silenced", "false")], None).await;
    assert_eq!(loud.as_array().unwrap().len() + 1, alerts.as_array().unwrap().len());
    let (status, _) = ask(&prometheus, &path("alerts"), &[("filter", "a=b")], None).await;
    assert_eq!(status, 400);
}
