//! An instance that misbehaves: every fault has its kind, comes within the deadline, and stays with its instance.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use promenade::clock;
use promenade::metrics::{Metrics, UpstreamMetrics};
use promenade::prometheus::{
    Client, ErrorKind, InstanceName, InstanceSettings, Instances, Matrix, PrometheusError, Window,
};
use promenade::promql::PromQl;
use promenade::store::{Question, RulesQuestion, Scope, Store, StoreSettings};
use secrecy::SecretString;
use serde_json::json;

use crate::world::upstream::{Reply, Upstream};

const NOW_MS: i64 = 1_700_000_000_000;
const GOOD: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1699999995,"1"]]}]}}"#;

fn query(text: &str) -> PromQl {
    PromQl::read(text).0.unwrap()
}

/// Ten minutes up to a while after `NOW_MS`.
fn window(later_s: i64) -> Window {
    let end = NOW_MS + later_s * 1_000;
    Window::aligned(end - 600_000, end, Duration::from_secs(15)).unwrap()
}

fn client(settings: &InstanceSettings) -> Client {
    Client::new(settings, &UpstreamMetrics::default()).unwrap()
}

async fn ask(upstream: &Upstream) -> Result<Matrix, PrometheusError> {
    let settings = InstanceSettings { timeout: Duration::from_secs(1), ..upstream.instance("default") };
    client(&settings).query_range(&query("up"), window(0)).await
}

fn store(settings: Vec<InstanceSettings>) -> (Store, Metrics) {
    let metrics = Metrics::new();
    let instances = Arc::new(Instances::new(settings, &metrics.upstream).unwrap());
    let store = Store::new(instances, &StoreSettings { max_bytes: 64 << 20 }, metrics.store.clone());
    (store, metrics)
}

fn question(instance: &str, text: &str, later_s: i64) -> Question {
    Question {
        instance: InstanceName::new(instance),
        scope: Scope::Whole,
        query: query(text),
        window: window(later_s),
    }
}

#[tokio::test]
async fn every_fault_has_its_kind_within_the_deadline() {
    use ErrorKind as K;
    let upstream = Upstream::start().await;
    let html = "<html><title>Sign in</title></html>";
    let cut = &GOOD[..GOOD.len() - 9];
    for (what, reply, kind, said) in [
        ("500", Reply::html(500, "oops"), K::Upstream, None),
        ("422", Reply::refusal(422, "execution", "many-to-many"), K::BadQuery, Some("many-to-many")),
        ("400", Reply::refusal(400, "bad_data", "parse error"), K::BadQuery, Some("parse error")),
        ("503 timeout", Reply::refusal(503, "timeout", "timed out"), K::Timeout, Some("timed out")),
        ("503", Reply::html(503, html), K::Overloaded, None),
        ("429", Reply::http(429, &[("Retry-After", "1")], ""), K::Overloaded, None),
        ("401", Reply::html(401, html), K::Unauthorized, None),
        ("403", Reply::json(403, &json!({"message": "no"})), K::Unauthorized, None),
        ("404", Reply::http(404, &[], "404 page not found"), K::NotPrometheus, None),
        ("status error", Reply::refusal(200, "execution", "boom"), K::BadQuery, Some("boom")),
        ("html", Reply::html(200, html), K::NotPrometheus, None),
        ("other JSON", Reply::json(200, &json!({"ok": true})), K::NotPrometheus, None),
        ("no data", Reply::json(200, &json!({"status": "success"})), K::Incomplete, None),
        ("empty", Reply::http(200, &[], ""), K::Incomplete, None),
        ("cut by length", Reply::cut_by_length(GOOD, 9), K::Incomplete, None),
        ("cut in chunks", Reply::cut_in_chunks(GOOD), K::Incomplete, None),
        ("cut by close", Reply::ended_by_close(cut), K::Incomplete, None),
        ("reset within", Reply::reset_within(GOOD), K::Incomplete, None),
        ("bad gzip", Reply::http(200, &[("Content-Encoding", "gzip")], GOOD), K::Incomplete, None),
        ("not UTF-8", Reply::http(200, &[], b"{\"status\":\"\xff\"}"), K::Incomplete, None),
        ("reset", Reply::reset(), K::Unreachable, None),
        ("closed", Reply::raw(""), K::Unreachable, None),
        ("no HTTP", Reply::raw("SSH-2.0-OpenSSH_9.9\r\n"), K::NotPrometheus, None),
        ("redirect", Reply::redirect("http://127.0.0.1:9/"), K::NotPrometheus, None),
        ("hang", Reply::hang(), K::Timeout, None),
        ("stall", Reply::stall(), K::Timeout, None),
        ("drip", Reply::drip(Duration::from_millis(50)), K::Timeout, None),
    ] {
        upstream.on("up", reply);
        let begun = clock::stopwatch();
        let error = ask(&upstream).await.expect_err(what);
        assert_eq!((error.kind, error.said.as_deref()), (kind, said), "{what}: {error}");
        assert!(begun.elapsed() < Duration::from_millis(2_500), "{what}: {:?}", begun.elapsed());
        let told = format!("{error} {error:?}");
        assert!(!told.contains("127.0.0.1") && !told.contains("http://"), "{what}: {told}");
    }
}

#[tokio::test]
async fn good_answers_come_in_every_framing() {
    let upstream = Upstream::start().await;
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &GOOD[..5],
        GOOD.len() - 5,
        &GOOD[5..]
    );
    for reply in [
        Reply::http(200, &[], GOOD),
        Reply::ended_by_close(GOOD),
        Reply::raw(format!("HTTP/1.0 200 OK\r\n\r\n{GOOD}")),
        Reply::raw(chunked),
        Reply::gzip(GOOD),
        Reply::matrix(&[(&[], 1.0)]),
    ] {
        upstream.on("up", reply);
        let matrix = ask(&upstream).await.unwrap();
        let last = matrix.window.index_of(1_699_999_995_000).unwrap();
        assert_eq!(matrix.series[0].values[last], 1.0);
    }
}

#[tokio::test]
async fn a_question_arrives_as_it_was_asked() {
    let upstream = Upstream::start().await;
    let odd = r#"sum(rate(x{a="b & c # d % e ; ü + \" '"}[5m])) + 1"#;
    upstream.on(odd, Reply::matrix(&[(&[("job", "a")], 2.0)]));
    upstream.on_rules(Reply::rules(json!([])));
    let client = client(&upstream.instance("default"));
    let matrix = client.query_range(&query(odd), window(0)).await.unwrap();
    assert!(matrix.series[0].values.iter().all(|v| *v == 2.0));
    client.rules().await.unwrap();

    let requests = upstream.requests();
    let (range, rules) = (&requests[0], &requests[1]);
    assert_eq!((range.method.as_str(), range.path.as_str()), ("POST", "/api/v1/query_range"));
    assert_eq!((rules.method.as_str(), rules.path.as_str()), ("GET", "/api/v1/rules?type=alert"));
    let form = |name| range.form(name).unwrap();
    assert_eq!((form("query").as_str(), form("step").as_str()), (odd, "15"));
    assert_eq!((form("start").as_str(), form("end").as_str()), ("1699999395", "1699999995"));
    let timeout: u32 = form("timeout").strip_suffix("ms").unwrap().parse().unwrap();
    assert!((1_500..=1_800).contains(&timeout), "{timeout}");
    for request in &requests {
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("referer"), None);
        assert!(request.header("user-agent").unwrap().starts_with("promenade/"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_headers_stay_with_their_instance() {
    let (one, other) = (Upstream::start().await, Upstream::start().await);
    one.on_any(Reply::redirect(other.api().as_str()));
    let with = |upstream: &Upstream, name: &str, value: &str| InstanceSettings {
        headers: vec![("X-Scope-OrgID".into(), SecretString::from(value.to_owned()))],
        ..upstream.instance(name)
    };
    let (one_client, other_client) =
        (client(&with(&one, "one", "first")), client(&with(&other, "other", "second")));
    let error = one_client.query_range(&query("up"), window(0)).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::NotPrometheus, Some(302)));
    assert_eq!(one_client.rules().await.unwrap_err().kind, ErrorKind::NotPrometheus);
    assert!(other.requests().is_empty());

    other.on_any(Reply::matrix(&[]));
    other_client.query_range(&query("up"), window(0)).await.unwrap();
    assert!(one.requests().iter().all(|r| r.header("x-scope-orgid") == Some("first")));
    assert!(other.requests().iter().all(|r| r.header("x-scope-orgid") == Some("second")));
}

#[tokio::test]
async fn an_instance_that_repeats_our_credential_does_not_bring_it_to_a_page() {
    let upstream = Upstream::start().await;
    upstream.on(
        "up",
        Reply::computed(|request| {
            Reply::refusal(400, "bad_data", &format!("who is {}", request.header("authorization").unwrap()))
        }),
    );
    let settings = InstanceSettings {
        headers: vec![("Authorization".into(), SecretString::from("Bearer canary-7".to_owned()))],
        ..upstream.instance("default")
    };
    let error = client(&settings).query_range(&query("up"), window(0)).await.unwrap_err();
    assert_eq!(error.said.as_deref(), Some("who is [secret]"));
    assert!(!format!("{error} {error:?} {settings:?}").contains("canary"));
}

#[tokio::test]
async fn only_a_failed_connection_is_tried_again_and_once() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::reset());
    ask(&upstream).await.unwrap_err();
    assert_eq!(upstream.requests().len(), 1, "the instance saw the question, so it is not asked again");

    let address = upstream.address;
    drop(upstream);
    let settings = InstanceSettings {
        api: format!("http://{address}/api/v1/").parse().unwrap(),
        ..Upstream::start().await.instance("default")
    };
    let client = client(&settings);
    let error = client.query_range(&query("up"), window(0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);

    let back = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let upstream = Upstream::start_at(address).await;
        upstream.on("up", Reply::matrix(&[]));
        upstream
    });
    client.query_range(&query("up"), window(0)).await.expect("the second try meets the instance");
    assert_eq!(back.await.unwrap().requests().len(), 1);
}

#[tokio::test]
async fn a_target_without_tls_or_name_is_unreachable() {
    let upstream = Upstream::start().await;
    for api in
        [format!("https://{}/api/v1/", upstream.address), "http://no-such-host.invalid/api/v1/".to_owned()]
    {
        let settings = InstanceSettings {
            api: api.parse().unwrap(),
            secure: false,
            timeout: Duration::from_secs(8),
            ..upstream.instance("default")
        };
        let error = client(&settings).query_range(&query("up"), window(0)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable, "{api}: {error}");
        assert!(!error.to_string().contains("no-such-host"), "{error}");
    }
}

#[tokio::test]
async fn a_caller_who_leaves_the_client_closes_the_connection() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::hang());
    let client = client(&upstream.instance("default"));
    let (up, grid) = (query("up"), window(0));
    let asking = client.query_range(&up, grid);
    assert!(tokio::time::timeout(Duration::from_millis(200), asking).await.is_err());
    for _ in 0..50 {
        if upstream.open_connections() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the connection is still open");
}

#[tokio::test]
async fn a_full_queue_is_told_at_once_and_leaves_other_instances_alone() {
    let (slow, quick) = (Upstream::start().await, Upstream::start().await);
    slow.on_any(Reply::hang());
    quick.on_any(Reply::matrix(&[(&[], 1.0)]));
    slow.on_rules(Reply::rules(json!([])));
    let settings = InstanceSettings { max_concurrent: 2, ..slow.instance("slow") };
    let (store, _) = store(vec![settings, quick.instance("quick")]);
    let asked: Vec<_> = (0..40)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("slow", &format!("up + {i}"), 0)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(slow.requests().len(), 2);
    assert_eq!(asked.iter().filter(|a| a.is_finished()).count(), 6, "40 less 2 in flight and 32 waiting");
    let begun = clock::stopwatch();
    store.ask(question("quick", "up", 0)).await.unwrap();
    store.rules(RulesQuestion { instance: InstanceName::new("slow"), scope: Scope::Whole }).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    for one in asked {
        let kind = one.await.unwrap().unwrap_err().kind;
        assert!(matches!(kind, ErrorKind::Overloaded | ErrorKind::Timeout), "{kind:?}");
    }
}

#[tokio::test]
async fn a_hundred_equal_questions_are_one_request() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(200)));
    let (store, metrics) = store(vec![upstream.instance("default")]);
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("default", "up", 0)).await })
        })
        .collect();
    for one in asked {
        assert!(!one.await.unwrap().unwrap().is_stale());
    }
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 1);
    let text = metrics.encode();
    for (result, count) in [("miss", 1), ("shared", 99), ("hit", 1)] {
        let line = format!("promenade_store_lookups_total{{result=\"{result}\"}} {count}\n");
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_leader_who_leaves_does_not_restart_the_fetch() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]).after(Duration::from_millis(300)));
    let (store, _) = store(vec![upstream.instance("default")]);
    let start = || {
        let store = store.clone();
        tokio::spawn(async move { store.ask(question("default", "up", 0)).await })
    };
    let leader = start();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let others: Vec<_> = (0..20).map(|_| start()).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    leader.abort();
    for one in others {
        one.await.unwrap().unwrap();
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_failure_is_remembered_for_some_seconds() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::refusal(422, "execution", "boom"));
    let (store, _) = store(vec![upstream.instance("default")]);
    for _ in 0..5 {
        let error = store.ask(question("default", "up", 0)).await.unwrap_err();
        assert_eq!(error.said.as_deref(), Some("boom"));
    }
    assert_eq!(upstream.requests().len(), 1);
    upstream.on("up", Reply::matrix(&[]));
    tokio::time::sleep(Duration::from_millis(3_700)).await;
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn the_last_good_graph_stands_in_and_says_so() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    let (store, _) = store(vec![upstream.instance("default")]);
    let good = store.ask(question("default", "up", 0)).await.unwrap();
    upstream.on_any(Reply::html(502, "bad gateway"));
    upstream.on("up", Reply::html(502, "bad gateway"));

    let stale = store.ask(question("default", "up", 15)).await.unwrap();
    assert_eq!(stale.failure.as_ref().unwrap().kind, ErrorKind::Upstream);
    assert_eq!((stale.as_of, stale.value.window), (good.as_of, window(0)));
    let again = store.ask(question("default", "up", 15)).await.unwrap();
    assert!(again.is_stale(), "a remembered failure is told like the first");
    assert_eq!(upstream.requests().len(), 2);

    store.ask(question("default", "up + 1", 15)).await.expect_err("another query has no good answer");
    store.ask(question("default", "up", 3_600)).await.expect_err("an hour later it says too little");
    store.ask(question("default", "up", -86_400)).await.expect_err("yesterday is another graph");
}

#[tokio::test]
async fn rules_are_fetched_once_an_interval_and_stand_in_too() {
    let upstream = Upstream::start().await;
    let rule = json!({"name": "A", "type": "alerting", "state": "inactive", "health": "ok"});
    upstream.on_rules(Reply::rules(json!([{"name": "g", "rules": [rule]}])));
    let settings =
        InstanceSettings { scrape_interval: Duration::from_secs(1), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    let question = RulesQuestion { instance: InstanceName::new("default"), scope: Scope::Whole };
    for _ in 0..10 {
        let answer = store.rules(question.clone()).await.unwrap();
        assert_eq!((answer.value.rules[0].name.as_str(), answer.is_stale()), ("A", false));
    }
    assert_eq!(upstream.requests().len(), 1);
    upstream.on_rules(Reply::refusal(400, "bad_data", "odd"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let stale = store.rules(question).await.unwrap();
    assert_eq!(stale.failure.as_ref().unwrap().kind, ErrorKind::Upstream, "rules have no query to blame");
    assert_eq!((stale.value.rules.len(), upstream.requests().len()), (1, 2));
}

#[tokio::test]
async fn an_answer_with_warnings_is_not_kept_for_long() {
    let upstream = Upstream::start().await;
    let warned = |warnings: &[&str]| {
        let data = json!({"resultType": "matrix", "result": []});
        Reply::json(200, &json!({"status": "success", "data": data, "warnings": warnings}))
    };
    upstream.on("whole", warned(&[]));
    upstream.on("partial", warned(&["a store is down"]));
    let (store, _) = store(vec![upstream.instance("default")]);
    for wait_ms in [0, 0, 5_300] {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        store.ask(question("default", "whole", 0)).await.unwrap();
        store.ask(question("default", "partial", 0)).await.unwrap();
    }
    let times = |text: &str| upstream.requests().iter().filter(|r| r.form("query").unwrap() == text).count();
    // Both windows are long settled: only the warning shortens the life of one.
    assert_eq!((times("whole"), times("partial")), (1, 2));
}

#[tokio::test]
async fn an_unknown_instance_is_an_error() {
    let (store, _) = store(Vec::new());
    assert_eq!(store.ask(question("nowhere", "up", 0)).await.unwrap_err().kind, ErrorKind::Upstream);
}

#[tokio::test]
async fn what_is_too_large_ends_early() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let client = client(&settings);
    for (what, reply) in [
        ("announced", Reply::huge(200, true)),
        ("in chunks", Reply::huge(200, false)),
        ("gzip bomb", Reply::gzip_bomb(500)),
    ] {
        upstream.on("up", reply);
        let error = client.query_range(&query("up"), window(0)).await.expect_err(what);
        assert_eq!(error.kind, ErrorKind::TooLarge, "{what}: {error}");
    }
    let huge_error = Reply::huge_error(200);
    upstream.on("up", huge_error);
    assert_eq!(client.query_range(&query("up"), window(0)).await.unwrap_err().kind, ErrorKind::Upstream);
    assert!(upstream.sent_bytes() < 60 << 20, "{}", upstream.sent_bytes());
}

/// Runs `test` of this file alone in a process with these variables.
fn alone(test: &str, variables: &[(&str, &str)]) -> String {
    let name = format!("upstream_faults::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &name, "--include-ignored", "--nocapture"]).envs(variables.iter().copied());
    let run = command.output().unwrap();
    let told = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success() && told.contains("1 passed"), "{told}");
    told
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    let dead = "http://127.0.0.1:9";
    let proxies = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, dead));
    alone("good_answers_come_in_every_framing", &proxies);
}

/// The most memory that this process ever had, in kB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "started alone by memory_stays_flat, so that only its own memory is measured"]
async fn many_large_answers_one_after_the_other() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let client = client(&settings);
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    client.query_range(&query("up"), window(0)).await.unwrap();
    let before = peak_kb();
    for reply in
        [Reply::huge(200, false), Reply::gzip_bomb(500), Reply::huge(200, false), Reply::huge(200, true)]
    {
        upstream.on("up", reply);
        let error = client.query_range(&query("up"), window(0)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
    }
    let grown = (peak_kb() - before) / 1024;
    assert!(grown < 64, "grown by {grown} MiB");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_flat() {
    alone("many_large_answers_one_after_the_other", &[]);
}
