//! A real VictoriaMetrics with vmalert, which sends it its rules.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use promenade::clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use world::catalog::{Entity, catalog};
use world::markup::words;
use world::{World, encoded};

use crate::prometheus::{free_port, on_path};

const RULES: &str = r#"
groups:
  - name: tills
    interval: 1s
    rules:
      - {alert: Loud, expr: "load > 0.5", labels: {severity: page}, annotations: {summary: "{{ $labels.zone }} is loud"}}
      - {alert: Waits, expr: "load > 0", for: 1h}
      - {alert: Quiet, expr: "load > 99"}
      - {record: "load:sum", expr: "sum(load)"}
"#;

struct Victoria {
    children: Vec<Child>,
    url: String,
    client: reqwest::Client,
    _dir: TempDir,
}

fn spawn(dir: &Path, program: &str, arguments: &[String]) -> Child {
    let log = fs::File::create(dir.join("log")).unwrap();
    let mut command = Command::new(on_path(program));
    command.current_dir(dir).args(arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn spawn_database(dir: &Path, port: u16, more: &[String]) -> Child {
    let listen = format!("-httpListenAddr=127.0.0.1:{port}");
    let own = ["-storageDataPath=data".to_owned(), "-retentionPeriod=1y".to_owned(), listen];
    spawn(dir, "victoria-metrics", &[&own, more].concat())
}

/// A VictoriaMetrics without vmalert.
pub fn serve(dir: &Path, port: u16) -> Child {
    spawn_database(dir, port, &[])
}

impl Drop for Victoria {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Victoria {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("rules.yml"), RULES).unwrap();
        let (port, rules_port) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{port}");
        let proxy = format!("-vmalert.proxyURL=http://127.0.0.1:{rules_port}");
        let database = spawn_database(dir.path(), port, &[proxy]);
        let alerts = spawn(
            dir.path(),
            "vmalert",
            &[
                "-rule=rules.yml".to_owned(),
                format!("-datasource.url={url}"),
                format!("-remoteWrite.url={url}"),
                "-notifier.url=http://127.0.0.1:9".to_owned(),
                format!("-httpListenAddr=127.0.0.1:{rules_port}"),
            ],
        );
        let started = Self { children: vec![database, alerts], url, client: world::client(), _dir: dir };
        started.fill().await;
        started
    }

    /// Four hours of three series, until the rules have seen them.
    async fn fill(&self) {
        let now = clock::now().as_second();
        let mut text = String::new();
        for at in (now - 4 * 3600..=now).step_by(15) {
            for (zone, value) in [("a", 0.25), ("b", 1.0), ("c", 0.75)] {
                let value = value + (at % 600) as f64 / 1e4;
                let _ = writeln!(text, "load{{zone=\"{zone}\"}} {value} {}", at * 1000);
            }
        }
        let import = format!("{}/api/v1/import/prometheus", self.url);
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let sent = self.client.post(&import).body(text.clone()).send().await;
            if sent.is_ok_and(|reply| reply.status().is_success()) {
                break;
            }
        }
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let rules = self.get("/api/v1/rules", &[]).await.to_string();
            if rules.contains("\"firing\"") && rules.contains("\"pending\"") {
                return;
            }
        }
        panic!("vmalert has no firing alert");
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url = url::Url::parse(&format!("{}{path}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        #[expect(clippy::disallowed_methods, reason = "a test may read a whole body")]
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn world(&self) -> World {
        let api = url::Url::parse(&format!("{}/api/v1/", self.url)).unwrap();
        let all = Entity::component("tills").alert("all").rule("load,scalar(load{zone=\"a\"}),\"a text\"");
        World::with(catalog([all]), |settings| settings.instances[0].api = api).await
    }
}

/// Times and values of the series of each zone.
fn samples(series: &Value) -> Vec<(String, Vec<(i64, f64)>)> {
    let zone = |one: &Value| one["metric"]["zone"].as_str().unwrap().to_owned();
    let point = |point: &Value| (point[0].as_i64().unwrap(), point[1].as_str().unwrap().parse().unwrap());
    let of = |one: &Value| (zone(one), one["values"].as_array().unwrap().iter().map(point).collect());
    let mut all: Vec<_> = series.as_array().unwrap().iter().map(of).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[tokio::test]
async fn samples_stand_where_they_were_asked_for() {
    let victoria = Victoria::start().await;
    let world = victoria.world().await;
    let now = clock::now().as_second();
    for step in [15, 60, 600] {
        // Beside the grid of the step, where VictoriaMetrics moves them for its cache.
        let (start, end) = ((now - 3 * 3600 + 7).to_string(), (now - 600).to_string());
        let text = step.to_string();
        let parameters =
            [("query", "load"), ("start", start.as_str()), ("end", end.as_str()), ("step", text.as_str())];
        let own = victoria.get("/api/v1/query_range", &[&parameters[..], &[("nocache", "1")]].concat()).await;
        let address =
            format!("/api/proxy/prometheus/api/query_range?query=load&start={start}&end={end}&step={step}");
        let ours = world.get(&address).await.json();
        assert!(ours["warnings"].is_null(), "{ours}");
        let (ours, own) = (samples(&ours["data"]["result"]), samples(&own["data"]["result"]));
        assert_eq!(ours, own);
        assert!(
            ours.iter()
                .all(|(_, points)| points.len() > 10 && (points[0].0 - (now - 3 * 3600 + 7)) % step == 0)
        );
        // A page is on the grid, where they stay.
        let data = world
            .get(&format!("/graph.json?query=load&from={start}000&to={end}000&step={step}"))
            .await
            .json();
        let (first, last) = (data["start"].to_string(), data["end"].to_string());
        let parameters =
            [("query", "load"), ("start", first.as_str()), ("end", last.as_str()), ("step", text.as_str())];
        let own = samples(&victoria.get("/api/v1/query_range", &parameters).await["data"]["result"]);
        assert_eq!((data["series"].as_array().unwrap().len(), own.len()), (3, 3), "{data}");
        for (series, (zone, own)) in data["series"].as_array().unwrap().iter().zip(own) {
            assert_eq!(series["labels"]["zone"], json!(zone));
            let at = |i: usize| data["start"].as_i64().unwrap() + i64::try_from(i).unwrap() * step;
            let values = series["values"].as_array().unwrap().iter().enumerate();
            let ours: Vec<_> = values.filter_map(|(i, value)| Some((at(i), value.as_f64()?))).collect();
            assert_eq!(ours, own, "{zone} at step {step}");
        }
        assert!(!data["notices"].to_string().contains("between two steps"), "{data}");
    }
}

#[tokio::test]
async fn alerts_of_vmalert_are_rows() {
    let victoria = Victoria::start().await;
    let world = victoria.world().await;
    let table = world.get("/catalog/default/component/tills/alerts.json?showInactiveAlerts").await.json();
    let rows: Vec<String> = table["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["name"], row["state"], row["labels"]["zone"]).replace('"', ""))
        .collect();
    let wanted = [
        "Loud firing b",
        "Loud firing c",
        "Waits pending a",
        "Waits pending b",
        "Waits pending c",
        "Quiet inactive null",
    ];
    assert_eq!(rows, wanted, "{table}");
    assert_eq!(
        (&table["state"], &table["complete"], &table["warnings"]),
        (&json!("firing"), &json!(true), &json!([]))
    );
    assert_eq!(table["alerts"][0]["labels"]["alertgroup"], "tills", "a label that vmalert adds");
    let page = words(world.get("/catalog/default/component/tills").await.text());
    assert!(page.contains("2 firing") && page.contains("3 pending") && page.contains("b is loud"), "{page}");
}

#[tokio::test]
async fn metricsql_values_and_errors_come_through() {
    let victoria = Victoria::start().await;
    let world = victoria.world().await;
    for query in ["sum(load) default 0", "range_avg(load{zone=\"a\"})", "WITH (x = load) x"] {
        let reply = world.get(&format!("/graph.json?query={}&range=1h", encoded(query))).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        assert!(!reply.json()["series"].as_array().unwrap().is_empty(), "{query}: {}", reply.text());
    }
    let tile = world.get("/catalog/default/component/tills/graphs/2.json").await.json();
    assert_eq!((&tile["graphType"], tile["stats"].as_array().unwrap().len()), (&json!("stat"), 1), "{tile}");
    for (query, message) in
        [("sum(load) defualt 0", "unparsed data"), ("no_such_function(load)", "no_such_function")]
    {
        let reply = world.get(&format!("/graph.json?query={}", encoded(query))).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status.as_u16(), &error["kind"]), (422, &json!("bad_query")), "{error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
    let empty = words(world.get("/graph?query=no_such_metric").await.text());
    assert!(empty.contains("There is no metric named no_such_metric"), "{empty}");
}
