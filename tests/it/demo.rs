//! The demo's catalog and its Prometheus match, and the demo answers like a real Prometheus.

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
    AlertState, Instance, InstanceName, InstanceSettings, Instances, Origin, RuleHealth, Window, is_absent,
};
use promenade::upstream::ErrorKind;
use serde_json::{Value, json};
use url::Url;

/// What the catalog gets wrong on purpose.
const UNKNOWN_QUERY: &str = "recommendations_nobody_records_this";
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
async fn demo_knows_every_query_of_its_catalog_but_one() {
    let prometheus = DemoPrometheus::start().unwrap();
    let instances = instances(prometheus.address());
    let (mut refused, mut samples, mut most_series) = (Vec::new(), 0, 0);
    for (entity, spec) in specs().iter().filter(|(_, spec)| spec.service_name.is_none()) {
        for query in spec.graphs.iter().filter_map(|graph| graph.query.as_ref()) {
            match default(&instances).query_range(query, window(), Origin::Known).await {
                Ok(matrix) => {
                    assert_eq!((matrix.off_grid, matrix.histograms.len()), (0, 0), "{entity}: {query}");
                    let values = matrix.series.iter().flat_map(|series| &series.values);
                    samples += values.filter(|value| !is_absent(**value)).count();
                    most_series = most_series.max(matrix.series.len());
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::BadQuery, "{entity}: {query}: {error}");
                    assert!(error.said.as_ref().is_some_and(|text| text.contains("demo")), "{error:?}");
                    refused.push(query.as_str().to_owned());
                }
            }
        }
    }
    assert_eq!(refused, [UNKNOWN_QUERY]);
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
        ("query", "service:http_request_duration_seconds:quantile{service=\"payments\"}"),
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
            "__name__": "service:http_request_duration_seconds:quantile",
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
async fn demo_rejects_bad_requests_with_bad_data() {
    let prometheus = DemoPrometheus::start().unwrap();
    let known = "sum by (client) (rate(checkout_sessions_total[5m]))";
    let cases = [
        ("query_range", ["up", "0", "60", "15"], "only knows the queries of the demo's own catalog"),
        ("query_range", [known, "0", "60", "0"], "zero or negative query resolution step widths"),
        ("query_range", [known, "0", "11001", "1"], "exceeded maximum resolution of 11,000 points"),
        ("query_range", [known, "60", "0", "1"], "end timestamp must not be before start time"),
    ];
    for (path, [query, start, end, step], sentence) in cases {
        let parameters = [("query", query), ("start", start), ("end", end), ("step", step)];
        let (status, refusal) = ask(&prometheus, &format!("/api/v1/{path}"), &parameters, None).await;
        assert_eq!(
            (status, &refusal["status"], &refusal["errorType"]),
            (400, &json!("error"), &json!("bad_data"))
        );
        assert!(refusal["error"].as_str().unwrap().contains(sentence), "{refusal}");
    }
    let (status, refusal) = ask(&prometheus, "/api/v1/rules", &[("type", "alarm")], None).await;
    assert_eq!((status, &refusal["errorType"]), (400, &json!("bad_data")));
}
