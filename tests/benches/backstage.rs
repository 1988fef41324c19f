//! Backstage's catalog of 100,000 entities, read over a real socket: how long a first, an unchanged and a changed
//! reading take, and what they leave in memory.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use promenade::catalog::source::{BackstageSource, FileSource, SourceMerger};
use promenade::catalog::{BackstageSettings, Catalog, CatalogSettings};
use promenade::clock;
use promenade::metrics::Metrics;

const ENTITIES: usize = 100_000;
/// One entity in so many has monitoring annotations.
const WITH_GRAPH: usize = 10;
const PAGE: usize = 500;

/// As a real catalog sends a component: about 950 bytes.
fn entity(i: usize, version: usize) -> String {
    let ours = if i.is_multiple_of(WITH_GRAPH) {
        format!(
            r#","prometheus.io/rule":"sum by (code) (rate(requests{{job=\"svc-{i}\"}}[5m]))|code","prometheus.io/alert":"all""#
        )
    } else {
        String::new()
    };
    let place = format!("url:https://git.example/acme/svc-{i}/blob/main/catalog-info.yaml");
    format!(
        r#"{{"kind":"Component","metadata":{{"namespace":"default","annotations":{{"backstage.io/managed-by-location":"{place}","backstage.io/managed-by-origin-location":"{place}","backstage.io/view-url":"{place}","github.com/project-slug":"acme/svc-{i}"{ours}}},"name":"svc-{i:06}","title":"Service {i}","description":"Version {version} of the service number {i}, which does what it does","tags":["java","data"],"uid":"00000000-0000-0000-0000-{i:012}","etag":"{i:040}"}},"spec":{{"type":"service","lifecycle":"production","owner":"team-{}","system":"system-{}"}},"relations":[{{"type":"ownedBy","targetRef":"group:default/team-{}"}},{{"type":"partOf","targetRef":"system:default/system-{}"}}],"apiVersion":"backstage.io/v1alpha1"}}"#,
        i % 300,
        i % 900,
        i % 300,
        i % 900,
    )
}

fn page(first: usize, version: usize) -> String {
    let items: Vec<String> = (first..first + PAGE).map(|i| entity(i, version)).collect();
    let next = first + PAGE;
    let info = if next < ENTITIES { format!(r#"{{"nextCursor":"{next}"}}"#) } else { "{}".to_owned() };
    format!(r#"{{"items":[{}],"totalItems":{ENTITIES},"pageInfo":{info}}}"#, items.join(","))
}

/// Serves one connection; an ETag is the version of a page.
fn serve(stream: &TcpStream, versions: &RwLock<Vec<usize>>, whole: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let mut out = stream;
    loop {
        let first = lines.next()?.ok()?;
        let mut etag = String::new();
        for line in lines.by_ref() {
            let line = line.ok()?;
            if line.is_empty() {
                break;
            }
            etag = line.to_lowercase().strip_prefix("if-none-match: ").map_or(etag, str::to_owned);
        }
        let cursor = first.split("cursor=").nth(1).and_then(|rest| rest.split([' ', '&']).next());
        let first: usize = cursor.map_or(0, |text| text.parse().unwrap());
        let version = versions.read().unwrap()[first / PAGE];
        let current = format!("w/\"{version}\"");
        if etag == current {
            write!(out, "HTTP/1.1 304 Not Modified\r\netag: {current}\r\n\r\n").ok()?;
            continue;
        }
        let body = page(first, version);
        whole.fetch_add(1, Ordering::SeqCst);
        let json = "content-type: application/json";
        write!(
            out,
            "HTTP/1.1 200 OK\r\n{json}\r\netag: {current}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
    }
}

/// The memory of this process, in MiB: now and at its peak.
fn resident() -> (usize, usize) {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<usize>().ok()
    };
    (field("VmRSS:").unwrap_or(0) >> 10, field("VmHWM:").unwrap_or(0) >> 10)
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = clock::stopwatch();
    while !holds() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (now, most) = resident();
    eprintln!("{what}: {:.2?}, {now} MiB resident, {most} MiB at most", since.elapsed());
}

fn good_at(catalog: &Catalog) -> Option<jiff::Timestamp> {
    catalog.backstage().and_then(|state| state.good_at)
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let versions = Arc::new(RwLock::new(vec![0; ENTITIES / PAGE]));
    let whole = Arc::new(AtomicUsize::new(0));
    let (theirs, counting) = (versions.clone(), whole.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (versions, whole) = (theirs.clone(), counting.clone());
            std::thread::spawn(move || serve(&stream, &versions, &whole));
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let metrics = Metrics::new();
    let joined = SourceMerger::with_backstage(metrics.catalog.clone());
    let catalog = joined.catalog();
    let _files = FileSource::open(CatalogSettings::default(), joined.clone(), clock::now());
    let (now, _) = resident();
    eprintln!("before: {now} MiB resident; a page has {} kB", page(0, 0).len() / 1000);
    let settings = BackstageSettings { base_url, token: None, interval: Duration::from_secs(3600) };
    let source = BackstageSource::start(settings, joined, metrics.backstage.clone()).unwrap();
    until("first reading", || catalog.snapshot().entities.len() == ENTITIES);

    let mut seen = good_at(&catalog);
    let mut again = |what: &str| {
        until(what, || good_at(&catalog).is_some_and(|at| Some(at) > seen));
        seen = good_at(&catalog);
    };
    std::thread::sleep(Duration::from_millis(200));
    again_of(&source, || again("unchanged: 200 answers of 304"));
    versions.write().unwrap()[150] = 1;
    again_of(&source, || again("one page changed"));
    assert!(
        catalog
            .snapshot()
            .entities
            .iter()
            .any(|e| e.description.as_ref().is_some_and(|d| d.starts_with("Version 1")))
    );
    versions.write().unwrap().fill(2);
    again_of(&source, || again("every page changed"));
    assert_eq!(whole.load(Ordering::SeqCst), 401);
}

fn again_of(source: &BackstageSource, wait: impl FnOnce()) {
    source.waker().notify_one();
    wait();
}
