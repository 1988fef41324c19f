//! Faults of an instance: each has its kind, is reported within the deadline, and affects only that instance.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use promenade::clock;
use promenade::metrics::Metrics;
use promenade::prometheus::{Instance, InstanceSettings, Instances, Matrix, Origin};
use promenade::upstream::{ErrorKind, UpstreamError};
use secrecy::SecretString;
use serde_json::json;
use world::questions::{NamedStore, query, question, store, window};
use world::upstream::{Reply, Upstream};

const GOOD: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1699999995,"1"]]}]}}"#;

fn client(settings: &InstanceSettings) -> Instance {
    Instance::new(settings.clone(), &Metrics::new().upstream).unwrap()
}

async fn ask(upstream: &Upstream) -> Result<Matrix, UpstreamError> {
    let settings = InstanceSettings { timeout: Duration::from_secs(1), ..upstream.instance("default") };
    client(&settings).query_range(&query("up"), window(0), Origin::Known).await
}

#[tokio::test]
async fn each_fault_has_its_kind_within_the_deadline() {
    use ErrorKind as K;
    let upstream = Upstream::start().await;
    let html = "<html><title>Sign in</title></html>";
    let cut = &GOOD[..GOOD.len() - 9];
    for (what, reply, kind, expected) in [
        ("500", Reply::html(500, "oops"), K::Upstream, None),
        ("422", Reply::refusal(422, "execution", "many-to-many"), K::BadQuery, Some("many-to-many")),
        ("400", Reply::refusal(400, "bad_data", "parse error"), K::BadQuery, Some("parse error")),
        ("503 timeout", Reply::refusal(503, "timeout", "timed out"), K::Timeout, Some("timed out")),
        ("503", Reply::html(503, html), K::Overloaded, None),
        ("429", Reply::http(429, &[("Retry-After", "1")], ""), K::Overloaded, None),
        ("401", Reply::html(401, html), K::Unauthorized, None),
        ("403", Reply::json(403, &json!({"message": "no"})), K::Unauthorized, None),
        ("404", Reply::http(404, &[], "404 page not found"), K::NotTheApi, None),
        ("status error", Reply::refusal(200, "execution", "boom"), K::BadQuery, Some("boom")),
        ("html", Reply::html(200, html), K::HtmlPage, None),
        ("other JSON", Reply::json(200, &json!({"ok": true})), K::NotTheApi, None),
        ("no data", Reply::json(200, &json!({"status": "success"})), K::Incomplete, None),
        ("empty", Reply::http(200, &[], ""), K::Incomplete, None),
        ("cut by length", Reply::cut_by_length(GOOD, 9), K::Incomplete, None),
        ("cut in chunks", Reply::cut_in_chunks(GOOD), K::Incomplete, None),
        ("cut by close", Reply::ended_by_close(cut), K::Incomplete, None),
        ("reset within", Reply::reset_within(GOOD), K::Incomplete, None),
        ("bad gzip", Reply::http(200, &[("Content-Encoding", "gzip")], GOOD), K::Incomplete, None),
        ("only a part", Reply::http(206, &[("Content-Range", "bytes 0-9/99")], GOOD), K::Incomplete, None),
        ("not UTF-8", Reply::http(200, &[], b"{\"status\":\"\xff\"}"), K::Incomplete, None),
        ("reset", Reply::reset(), K::Unreachable, None),
        ("closed", Reply::raw(""), K::Unreachable, None),
        ("no HTTP", Reply::raw("SSH-2.0-OpenSSH_9.9\r\n"), K::NotTheApi, None),
        ("redirect", Reply::redirect("http://127.0.0.1:9/"), K::NotTheApi, None),
        ("hang", Reply::hang(), K::Timeout, None),
        ("stall", Reply::stall(), K::Timeout, None),
        ("drip", Reply::drip(Duration::from_millis(50)), K::Timeout, None),
    ] {
        upstream.on("up", reply);
        let begun = clock::stopwatch();
        let error = ask(&upstream).await.expect_err(what);
        assert_eq!((error.kind, error.said.as_deref()), (kind, expected), "{what}: {error}");
        assert!(begun.elapsed() < Duration::from_millis(2_500), "{what}: {:?}", begun.elapsed());
        let message = format!("{error} {error:?}");
        assert!(!message.contains("127.0.0.1") && !message.contains("http://"), "{what}: {message}");
    }
}

#[tokio::test]
async fn answers_are_read_in_every_framing() {
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
async fn query_arrives_unchanged() {
    let upstream = Upstream::start().await;
    let odd = r#"sum(rate(x{a="b & c # d % e ; ü + \" '"}[5m])) + 1"#;
    upstream.on(odd, Reply::matrix(&[(&[("job", "a")], 2.0)]));
    upstream.on_rules(Reply::rules(json!([])));
    let client = client(&upstream.instance("default"));
    let matrix = client.query_range(&query(odd), window(0), Origin::Known).await.unwrap();
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
async fn redirects_are_not_followed_and_headers_go_only_to_their_instance() {
    let (one, other) = (Upstream::start().await, Upstream::start().await);
    one.on_any(Reply::redirect(other.api().as_str()));
    let with = |upstream: &Upstream, name: &str, value: &str| InstanceSettings {
        headers: vec![("X-Scope-OrgID".into(), SecretString::from(value.to_owned()))],
        ..upstream.instance(name)
    };
    let (one_client, other_client) =
        (client(&with(&one, "one", "first")), client(&with(&other, "other", "second")));
    let error = one_client.query_range(&query("up"), window(0), Origin::Known).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::NotTheApi, Some(302)));
    assert_eq!(one_client.rules().await.unwrap_err().kind, ErrorKind::NotTheApi);
    assert!(other.requests().is_empty());

    other.on_any(Reply::matrix(&[]));
    other_client.query_range(&query("up"), window(0), Origin::Known).await.unwrap();
    assert!(one.requests().iter().all(|r| r.header("x-scope-orgid") == Some("first")));
    assert!(other.requests().iter().all(|r| r.header("x-scope-orgid") == Some("second")));
}

#[tokio::test]
async fn credential_repeated_by_an_instance_is_redacted() {
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
    let error = client(&settings).query_range(&query("up"), window(0), Origin::Known).await.unwrap_err();
    assert_eq!(error.said.as_deref(), Some("who is [secret]"));
    assert!(!format!("{error} {error:?} {settings:?}").contains("canary"));
}

#[tokio::test]
async fn only_a_failed_connection_is_retried_once() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::reset());
    ask(&upstream).await.unwrap_err();
    assert_eq!(upstream.requests().len(), 1, "the instance received the query, so it is not sent again");

    let address = upstream.address;
    drop(upstream);
    let settings = InstanceSettings {
        api: format!("http://{address}/api/v1/").parse().unwrap(),
        ..Upstream::start().await.instance("default")
    };
    let client = client(&settings);
    let error = client.query_range(&query("up"), window(0), Origin::Known).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);

    let back = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let upstream = Upstream::start_at(address).await;
        upstream.on("up", Reply::matrix(&[]));
        upstream
    });
    client
        .query_range(&query("up"), window(0), Origin::Known)
        .await
        .expect("the second try meets the instance");
    assert_eq!(back.await.unwrap().requests().len(), 1);
}

#[tokio::test]
async fn target_without_tls_or_dns_name_is_unreachable() {
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
        let error = client(&settings).query_range(&query("up"), window(0), Origin::Known).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable, "{api}: {error}");
        assert!(!error.to_string().contains("no-such-host"), "{error}");
    }
}

#[tokio::test]
async fn dropped_request_closes_its_connection() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::hang());
    let client = client(&upstream.instance("default"));
    let (up, grid) = (query("up"), window(0));
    let asking = client.query_range(&up, grid, Origin::Known);
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
async fn warnings_count_towards_the_size_of_an_answer() {
    let upstream = Upstream::start().await;
    let remarks = |data| {
        let (infos, warnings) = (["i".repeat(1 << 20)], ["w".repeat(1 << 20)]);
        Reply::json(200, &json!({"status": "success", "data": data, "infos": infos, "warnings": warnings}))
    };
    upstream.on("up", remarks(json!({"resultType": "matrix", "result": []})));
    upstream.on_rules(remarks(json!({"groups": []})));
    let client = client(&upstream.instance("default"));
    let matrix = client.query_range(&query("up"), window(0), Origin::Known).await.unwrap();
    let rules = client.rules().await.unwrap();
    for (infos, warnings, weight) in
        [(&matrix.infos, &matrix.warnings, matrix.weight()), (&rules.infos, &rules.warnings, rules.weight())]
    {
        let bytes: usize = infos.iter().chain(warnings).map(String::capacity).sum();
        assert!(infos.len() == 1 && warnings.len() == 1 && bytes < 10_000, "{bytes}");
        assert!(weight > bytes, "{weight}");
    }
}

#[tokio::test]
async fn too_large_answer_is_cut_off_early() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let client = client(&settings);
    for (what, reply) in [
        ("announced", Reply::huge(200, true)),
        ("in chunks", Reply::huge(200, false)),
        ("gzip bomb", Reply::gzip_bomb(500)),
    ] {
        upstream.on("up", reply);
        let error = client.query_range(&query("up"), window(0), Origin::Known).await.expect_err(what);
        assert_eq!(error.kind, ErrorKind::TooLarge, "{what}: {error}");
    }
    let huge_error = Reply::huge_error(200);
    upstream.on("up", huge_error);
    assert_eq!(
        client.query_range(&query("up"), window(0), Origin::Known).await.unwrap_err().kind,
        ErrorKind::Upstream
    );
    assert!(upstream.sent_bytes() < 60 << 20, "{}", upstream.sent_bytes());
}

/// Runs `test` of this file alone in a process with these variables.
fn alone(test: &str, variables: &[(&str, &str)]) -> String {
    let name = format!("upstream_faults::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &name, "--include-ignored", "--nocapture"]).envs(variables.iter().copied());
    let run = command.output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success() && text.contains("1 passed"), "{text}");
    text
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    let dead = "http://127.0.0.1:9";
    let proxies = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, dead));
    alone("answers_are_read_in_every_framing", &proxies);
}

/// The most memory that this process ever had, in kB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "started alone by memory_stays_flat, so that only its own memory is measured"]
async fn memory_of_many_large_answers_in_turn_is_bounded() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let client = client(&settings);
    upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    client.query_range(&query("up"), window(0), Origin::Known).await.unwrap();
    let before = peak_kb();
    for reply in
        [Reply::huge(200, false), Reply::gzip_bomb(500), Reply::huge(200, false), Reply::huge(200, true)]
    {
        upstream.on("up", reply);
        let error = client.query_range(&query("up"), window(0), Origin::Known).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
    }
    let grown = (peak_kb() - before) / 1024;
    assert!(grown < 64, "grown by {grown} MiB");
}

/// So many MiB of samples for the time range of a question, each a different number. A part of it has the same series.
fn large(mib: usize) -> Reply {
    Reply::computed(move |request| {
        let at = |name| request.form(name).unwrap().parse::<i64>().unwrap();
        let (start, end, step) = (at("start"), at("end"), at("step"));
        let mut body = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
        let one = 41 * r#",[1700000000,"1000.5"]"#.len();
        for series in 0..(mib << 20) / one {
            let comma = if series > 0 { "," } else { "" };
            body += &format!("{comma}{{\"metric\":{{\"i\":\"{series}\"}},\"values\":[[{start},\"0\"]");
            let mut at = start;
            while at < end {
                at += step;
                body += &format!(",[{at},\"{series}.5\"]");
            }
            body += "]}";
        }
        Reply::http(200, &[("Content-Type", "application/json")], body + "]}}")
    })
}

#[tokio::test]
#[ignore = "started alone by memory_stays_flat, so that only its own memory is measured"]
async fn memory_of_eight_large_answers_and_their_readers_is_bounded() {
    const BOUND: u64 = 8 << 20;
    let upstream = Upstream::start().await;
    upstream.on_any(large(2));
    let settings = InstanceSettings { timeout: Duration::from_secs(60), ..upstream.instance("default") };
    let metrics = Metrics::new();
    let instances = Arc::new(Instances::new(vec![settings], &metrics.upstream).unwrap());
    let store = NamedStore::new(instances, BOUND, &metrics);
    store.ask(question("default", "up", 0)).await.unwrap();
    let before = peak_kb();
    for round in 0..4 {
        let readers: Vec<_> = (0..8 * 50)
            .map(|reader| {
                let (store, question) =
                    (store.clone(), question("default", &format!("up + {}", reader % 8), round * 15));
                tokio::spawn(async move { store.ask(question).await.unwrap().value.series.len() })
            })
            .collect();
        for reader in readers {
            assert!(reader.await.unwrap() > 1_000);
        }
        let fill = store.fill();
        assert!(fill.bytes <= BOUND, "{fill:?}");
    }
    // The 400 readers of a round have 8 questions. Of a set that was too large the older part is requested too.
    let requests = upstream.requests().len();
    assert!((1 + 4 * 8..=1 + 8 + 3 * 8 * 2).contains(&requests), "{requests} requests");
    let grown = (peak_kb() - before) / 1024;
    // Of each in flight: its body, what was read of it so far, and what the scripted upstream still sends.
    assert!(grown < 8 * (2 + 2 + 4) + 24, "grown by {grown} MiB");
}

#[tokio::test]
#[ignore = "started alone by memory_stays_flat, so that only its own memory is measured"]
async fn memory_of_a_thousand_waiting_readers_is_bounded() {
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::matrix(&[(&[], 1.0)]).after(Duration::from_secs(2)));
    let settings = InstanceSettings {
        max_concurrent: 20,
        timeout: Duration::from_secs(60),
        ..upstream.instance("default")
    };
    let (store, _) = store(vec![settings]);
    let before = peak_kb();
    let readers: Vec<_> = (0..20_000)
        .map(|reader| {
            let (store, question) = (store.clone(), question("default", &format!("up + {}", reader % 20), 0));
            tokio::spawn(async move { store.ask(question).await.is_ok() })
        })
        .collect();
    for reader in readers {
        assert!(reader.await.unwrap());
    }
    assert_eq!(upstream.requests().len(), 20);
    let each = (peak_kb() - before) / 20;
    assert!(each < 4 * 1_000, "{each} B for each who waits");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_flat() {
    alone("memory_of_many_large_answers_in_turn_is_bounded", &[]);
    alone("memory_of_eight_large_answers_and_their_readers_is_bounded", &[]);
    alone("memory_of_a_thousand_waiting_readers_is_bounded", &[]);
}
