//! The catalog page and a team's page over 100,000 entities: one search as a reader types, over a real socket.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use promenade::app::App;
use promenade::catalog::search::Filter;
use promenade::catalog::source::{FileSource, SourceMerger};
use promenade::catalog::{CatalogSettings, EntityRef, Snapshot};
use promenade::clock;
use promenade::config::Settings;
use promenade::metrics::Metrics;
use promenade::monitoring::RoutingSettings;
use promenade::page_params::PageDefaults;
use promenade::prometheus::{InstanceName, InstanceSettings, UNSTABLE_TAIL};
use promenade::serving::ServingSettings;
use promenade::store::StoreSettings;
use promenade::web::WebSettings;

const ENTITIES: usize = 100_000;
const PER_FILE: usize = 1_000;
const TYPED: [&str; 12] = [
    "p",
    "pa",
    "pay",
    "paym",
    "service-9",
    "service-99",
    "team-7",
    "system-12",
    "zebra",
    "e",
    "java tier",
    "1 2 3",
];
const ROUNDS: usize = 50;

/// Components of 2,000 teams and 5,000 systems; one in four asks for an alert of its own.
fn catalog() -> CatalogSettings {
    let file = |f: usize| {
        let mut text = String::new();
        for i in f * PER_FILE..(f + 1) * PER_FILE {
            let alert = if i.is_multiple_of(4) {
                format!(
                    "prometheus.io/alert: \"Alert{}\", prometheus.io/labels: service=service-{i}",
                    i % 500
                )
            } else {
                String::new()
            };
            let _ = write!(
                text,
                "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: service-{i}, \
                 description: Payments and parcels of customer {i}, tags: [java, tier-{}], annotations: {{{alert}}}}}\n\
                 spec: {{type: service, owner: team-{}, system: system-{}, lifecycle: production}}\n",
                i % 4,
                i % 2_000,
                i % 5_000
            );
        }
        let text: &'static str = text.leak();
        ("catalog.yaml", text)
    };
    CatalogSettings { embedded: (0..ENTITIES / PER_FILE).map(file).collect(), ..CatalogSettings::default() }
}

/// 500 rules, 2,000 firing alerts.
fn rules() -> String {
    let alert = |i: usize| {
        format!(
            r#"{{"labels":{{"alertname":"Alert{}","service":"service-{}","severity":"page"}},"annotations":{{}},"state":"firing","activeAt":"2026-11-23T10:00:00Z","value":"1"}}"#,
            i * 4 % 500,
            i * 4
        )
    };
    let rule = |n: usize| {
        let alerts: Vec<String> = (0..2_000).filter(|i| i * 4 % 500 == n).map(alert).collect();
        format!(
            r#"{{"state":"firing","name":"Alert{n}","query":"up","duration":0,"labels":{{}},"annotations":{{}},"alerts":[{}],"health":"ok","lastEvaluation":"2026-11-23T10:00:00Z","type":"alerting"}}"#,
            alerts.join(",")
        )
    };
    let rules: Vec<String> = (0..500).map(rule).collect();
    format!(
        r#"{{"status":"success","data":{{"groups":[{{"name":"g","file":"f","interval":15,"rules":[{}]}}]}}}}"#,
        rules.join(",")
    )
}

/// An instance that only has these rules.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = rules();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

fn settings(upstream: SocketAddr, catalog: CatalogSettings) -> Settings {
    let instance = InstanceSettings {
        name: InstanceName::new("default"),
        proxy_path: "/prometheus/api".to_owned(),
        api: format!("http://{upstream}/api/v1/").parse().unwrap(),
        headers: Vec::new(),
        secure: true,
        ui_url: None,
        // Short, so that answers change during typing.
        scrape_interval: Duration::from_secs(1),
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        unstable_tail: UNSTABLE_TAIL,
        severities: Arc::default(),
    };
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        serving: ServingSettings::default(),
        web: WebSettings {
            title: "Bench".to_owned(),
            base_url: None,
            frame_ancestors: Vec::new(),
            parent_origins: Vec::new(),
            defaults: PageDefaults::default(),
            ad_hoc: true,
            demo: false,
            admin_apart: false,
        },
        instances: vec![instance],
        alertmanagers: Default::default(),
        routing: RoutingSettings::default(),
        catalog,
        store: StoreSettings { max_bytes: 64 << 20 },
    }
}

/// One answer, whole, over a connection of its own; the time from the request's first byte to the answer's last.
fn timed(address: SocketAddr, path: &str) -> (Duration, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: bench\r\nHX-Request: true\r\nConnection: close\r\n\r\n");
    let begun = clock::stopwatch();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let took = begun.elapsed();
    assert!(reply.starts_with(b"HTTP/1.1 200"), "{path}");
    (took, reply.len())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default();
    eprintln!("{what}: p50 {:?}, p99 {:?}, worst {:?} of {}", at(50), at(99), at(100), times.len());
}

/// The memory of this process, in MiB.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or_default();
    pages * 4 / 1024
}

fn over_http(catalog: CatalogSettings) {
    let upstream = upstream();
    let (tell_address, address) = std::sync::mpsc::channel();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let before = resident();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let app = App::start(settings(upstream, catalog)).await.expect("it starts");
            tell_address.send(app.address()).unwrap();
            app.run().await.unwrap();
        });
    });
    let address = address.recv().unwrap();
    eprintln!("the portal with the catalog again: {} MiB resident", resident() - before);
    let (first, _) = timed(address, "/");
    eprintln!("the first page, which reads every annotation: {first:?}");
    eprintln!("with the overview: {} MiB resident", resident() - before);
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        for typed in TYPED {
            let typed = typed.replace(' ', "+");
            times.push(timed(address, &format!("/?search={typed}")).0);
            if round.is_multiple_of(5) {
                times.push(timed(address, &format!("/?search={typed}&state=firing&owner=team-{round}")).0);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    tell("a search over HTTP", times);
    let page = |path: &str| (0..100).map(|_| timed(address, path).0).collect();
    tell("the members of a system over HTTP", page("/catalog/default/system/system-12/members"));
    eprintln!("after all: {} MiB resident", resident() - before);
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut catalog = catalog();
    let systems = |i: usize| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: system-{i}}}\nspec: {{owner: team-1, domain: all}}\n"
        )
    };
    let systems: String = (0..5_000).map(systems).collect();
    let domain = "---\napiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: all}\n";
    catalog.embedded.push(("systems.yaml", format!("{systems}{domain}").leak()));
    let before = resident();
    let source = FileSource::open(catalog.clone(), SourceMerger::alone(Metrics::new().catalog), clock::now());
    let snapshot: Arc<Snapshot> = source.catalog().snapshot();
    let entities = snapshot.entities.len();
    assert_eq!(entities, ENTITIES + 5_001, "{:?}", snapshot.faults.first());
    eprintln!("the catalog of {entities} entities: {} B each", ((resident() - before) << 20) / entities);
    let mut group = criterion.benchmark_group("catalog_page_100k");
    for typed in ["e", "pay", "service-99", "zebra"] {
        let filter = Filter { search: typed.to_owned(), ..Filter::default() };
        group.bench_function(format!("search/{typed}"), |b| b.iter(|| snapshot.search(&filter, &[])));
    }
    for (name, of) in [("system", "system:system-12"), ("domain_of_all", "domain:all")] {
        let of = EntityRef::parse(of).unwrap();
        group.bench_function(format!("roll_up/{name}"), |b| b.iter(|| snapshot.members(&of)));
    }
    group.finish();
    drop((snapshot, source));
    over_http(catalog);
    criterion.final_summary();
}
