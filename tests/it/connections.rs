//! Connections that are idle, slow, too large, or too many; and the listener of operators.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use promenade::clock;
use promenade::config::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use world::upstream::Reply;
use world::{ONE_GRAPH, World};

use crate::config::{check_faults, load};

const GRAPH: &str = "/catalog/default/component/payments/graphs/1.json";
const MOST_HEAD: usize = 16 * 1024;

/// At most so many connections, with a long keep-alive, so that only the limit closes them.
fn at_most(connections: usize) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.serving.most_connections = Some(connections);
        settings.serving.pace.keep_alive = Duration::from_secs(7_200);
    }
}

async fn connected(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Sends a request on a connection that stays open. Returns the status and the body.
async fn ask_on(stream: &mut TcpStream, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await?;
    answer_of(stream).await
}

async fn answer_of(stream: &mut TcpStream) -> std::io::Result<(u16, Vec<u8>)> {
    let mut read = Vec::new();
    let (head, mut body) = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            break (String::from_utf8(read).unwrap().to_lowercase(), body);
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let length: usize =
        head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((head[9..12].parse().unwrap(), body))
}

/// Reads until the other side closes.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    read.expect("the connection is closed").expect("and not reset");
    String::from_utf8(rest).unwrap()
}

/// How long `/healthz` takes on a connection of its own.
async fn healthz(world: &World) -> Duration {
    let began: Instant = clock::stopwatch();
    let mut stream = connected(world.address).await;
    let (status, body) = ask_on(&mut stream, "/healthz").await.unwrap();
    assert_eq!((status, body.as_slice()), (200, b"ok\n".as_slice()));
    began.elapsed()
}

#[tokio::test]
async fn oldest_idle_connection_is_closed_for_a_new_one() {
    let world = World::with(ONE_GRAPH, at_most(4)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = connected(world.address).await;
        assert_eq!(ask_on(&mut stream, "/healthz").await.unwrap().0, 200);
        held.push(stream);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first one moves again, so the second one is the oldest.
    assert_eq!(ask_on(&mut held[0], "/healthz").await.unwrap().0, 200);
    healthz(&world).await;
    assert_eq!(rest_of(&mut held[1]).await, "");
    for i in [0, 2, 3] {
        assert_eq!(ask_on(&mut held[i], "/healthz").await.unwrap().0, 200, "{i}");
    }
}

#[tokio::test]
async fn running_request_is_never_closed_for_a_new_connection() {
    let patient = |settings: &mut Settings| {
        at_most(4)(settings);
        settings.instances[0].timeout = Duration::from_secs(20);
    };
    let world = World::with(ONE_GRAPH, patient).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]).after(Duration::from_secs(1)));
    let mut asking = connected(world.address).await;
    asking.write_all(format!("GET {GRAPH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    while world.upstream.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut heads = Vec::new();
    for _ in 0..20 {
        let mut stream = connected(world.address).await;
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        heads.push(stream);
    }
    healthz(&world).await;
    let (status, body) = answer_of(&mut asking).await.unwrap();
    assert_eq!(status, 200);
    assert!(body.ends_with(b"}"));
}

#[tokio::test]
async fn health_answers_quickly_while_connections_are_exhausted() {
    let world = World::with(ONE_GRAPH, at_most(100)).await;
    let mut held = Vec::new();
    for i in 0..600 {
        let mut stream = connected(world.address).await;
        match i % 3 {
            0 => {}
            1 => stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap(),
            _ => drop(ask_on(&mut stream, "/healthz").await.unwrap()),
        }
        held.push(stream);
    }
    let mut took = Vec::new();
    for _ in 0..20 {
        took.push(healthz(&world).await);
    }
    took.sort_unstable();
    // The median: other tests run beside this one.
    assert!(took[10] < Duration::from_millis(100), "{took:?}");
    let metrics = world.get("/metrics").await;
    assert!(
        metrics
            .text()
            .contains(r#"promenade_http_connections_closed_total{listener="main",reason="for_another"}"#)
    );
}

#[tokio::test]
async fn idle_connections_are_closed_sooner_when_half_are_in_use() {
    let pressed = |settings: &mut Settings| {
        settings.serving.most_connections = Some(8);
        settings.serving.pace.keep_alive = Duration::from_secs(20);
    };
    let world = World::with(ONE_GRAPH, pressed).await;
    let mut alone = connected(world.address).await;
    assert_eq!(ask_on(&mut alone, "/healthz").await.unwrap().0, 200);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(ask_on(&mut alone, "/healthz").await.unwrap().0, 200, "there are enough slots");
    // Six of eight: a fortieth of the keep-alive.
    let mut others = Vec::new();
    for _ in 0..6 {
        let mut stream = connected(world.address).await;
        assert_eq!(ask_on(&mut stream, "/healthz").await.unwrap().0, 200);
        others.push(stream);
    }
    assert_eq!(rest_of(&mut alone).await, "");
}

#[tokio::test]
async fn head_over_16_kib_is_rejected_and_the_answer_arrives() {
    let world = World::of(ONE_GRAPH).await;
    let head = |length: usize| {
        let frame = "GET /healthz HTTP/1.1\r\nhost: x\r\nx: \r\n\r\n".len();
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(length - frame))
    };
    let mut stream = connected(world.address).await;
    for _ in 0..2 {
        stream.write_all(head(MOST_HEAD).as_bytes()).await.unwrap();
        assert_eq!(answer_of(&mut stream).await.unwrap().0, 200, "16 KiB are taken");
    }
    // On a connection that was good so far, and on new ones, of any size.
    for (mut stream, length) in [
        (stream, MOST_HEAD + 1),
        (connected(world.address).await, MOST_HEAD + 1),
        (connected(world.address).await, 120_000),
        (connected(world.address).await, 1_000_000),
    ] {
        stream.write_all(head(length).as_bytes()).await.unwrap();
        let answer = rest_of(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{length}: {answer:?}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
        assert!(answer.contains("frame-ancestors 'self'"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    // A head without end is rejected without waiting.
    let mut stream = connected(world.address).await;
    stream.write_all(&head(MOST_HEAD + 4).as_bytes()[..MOST_HEAD + 1]).await.unwrap();
    assert!(rest_of(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn pipelined_requests_are_all_answered() {
    let world = World::of(ONE_GRAPH).await;
    let mut stream = connected(world.address).await;
    let requests = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(4_000);
    let (mut reading, mut writing) = stream.split();
    let write = async {
        writing.write_all(requests.as_bytes()).await.unwrap();
        writing.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    };
    let mut answers = String::new();
    let (_, read) = tokio::join!(write, reading.read_to_string(&mut answers));
    read.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 4_001);
}

#[tokio::test]
async fn slow_head_is_rejected_on_every_request_of_a_connection() {
    let hasty = |settings: &mut Settings| settings.serving.pace.head = Duration::from_secs(1);
    let world = World::with(ONE_GRAPH, hasty).await;
    let mut stream = connected(world.address).await;
    assert_eq!(ask_on(&mut stream, "/healthz").await.unwrap().0, 200);
    // Idle for longer than a head may take.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(ask_on(&mut stream, "/healthz").await.unwrap().0, 200);
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let answer = rest_of(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
    assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
    // Without the start of a request, nothing is rejected.
    assert_eq!(rest_of(&mut connected(world.address).await).await, "");
}

/// A connection with a small receive buffer, so that unread bytes wait at the portal.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(address).await.unwrap()
}

fn measured_each_second(settings: &mut Settings) {
    settings.instances[0].timeout = Duration::from_secs(20);
    settings.serving.pace.reader_window = Duration::from_secs(1);
}

#[tokio::test]
async fn reader_that_takes_nothing_is_disconnected() {
    let world = World::with(ONE_GRAPH, measured_each_second).await;
    world.upstream.on("up", Reply::constants(1_000));
    let whole = world.get(GRAPH).await.body;
    assert!(whole.len() > 1_000_000, "{}", whole.len());
    let mut stream = narrow(world.address).await;
    stream.write_all(format!("GET {GRAPH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    for _ in 0..200 {
        if world.get("/metrics").await.text().contains(r#"reason="slow_reader"} 1"#) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.unwrap();
    assert!(ended.is_err(), "reset, so that the response is not mistaken for a complete one");
    assert!(rest.len() < whole.len());
}

#[tokio::test]
async fn slow_reader_above_the_minimum_rate_gets_everything() {
    let world = World::with(ONE_GRAPH, measured_each_second).await;
    world.upstream.on("up", Reply::constants(1_000));
    let length = world.get(GRAPH).await.body.len();
    let mut stream = narrow(world.address).await;
    stream.write_all(format!("GET {GRAPH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    // For some windows 200 kB a second, then the rest at once.
    let mut read = vec![0; 20_000];
    let mut count = 0;
    for _ in 0..35 {
        count += stream.read(&mut read).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(count < length, "{count}");
    let mut rest = Vec::new();
    while count + rest.len() < length {
        assert!(stream.read_buf(&mut rest).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn admin_listener_serves_health_metrics_and_status() {
    let apart = |settings: &mut Settings| {
        settings.serving.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        settings.web.admin_apart = true;
    };
    let world = World::with(ONE_GRAPH, apart).await;
    let admin = world.admin.unwrap();
    for (path, of_readers, of_operators) in [
        ("/healthz", 200, 200),
        ("/readyz", 200, 200),
        ("/metrics", 404, 200),
        ("/status", 404, 200),
        ("/", 200, 404),
        (GRAPH, 422, 404),
    ] {
        let on = async |address| {
            let mut stream = connected(address).await;
            ask_on(&mut stream, path).await.unwrap().0
        };
        assert_eq!((on(world.address).await, on(admin).await), (of_readers, of_operators), "{path}");
    }
    assert!(!world.get("/").await.text().contains("/status"), "no page links to where nothing is");
    let mut stream = connected(admin).await;
    let (_, page) = ask_on(&mut stream, "/status").await.unwrap();
    let page = String::from_utf8(page).unwrap();
    let style = page.split("href=\"").find(|text| text.contains(".css\"")).unwrap();
    let style = style.split('"').next().unwrap();
    assert_eq!(ask_on(&mut stream, style).await.unwrap().0, 200, "the page has its style: {style}");
}

async fn metrics(admin: SocketAddr) -> String {
    let (_, body) = ask_on(&mut connected(admin).await, "/metrics").await.unwrap();
    String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn admin_listener_answers_while_readers_use_every_connection() {
    let full = |settings: &mut Settings| {
        settings.serving.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        settings.serving.most_connections = Some(2);
    };
    let world = World::with(ONE_GRAPH, full).await;
    world.upstream.on("up", Reply::hang());
    let mut asking = Vec::new();
    for i in 1..=2 {
        let mut stream = connected(world.address).await;
        stream.write_all(format!("GET {GRAPH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        asking.push(stream);
        let now = format!("promenade_http_connections{{listener=\"main\"}} {i}\n");
        while !metrics(world.admin.unwrap()).await.contains(&now) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    while world.upstream.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut refused = connected(world.address).await;
    let mut rest = Vec::new();
    let _ = refused.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "all are in the middle of a request");
    let mut stream = connected(world.admin.unwrap()).await;
    assert_eq!(ask_on(&mut stream, "/healthz").await.unwrap().0, 200);
    for stream in &mut asking {
        assert_eq!(answer_of(stream).await.unwrap().0, 504, "those that waited are answered");
    }
}

#[test]
fn admin_listen_is_valid_or_reported() {
    let settings = |text: &str| load(&[text]).unwrap();
    let none = settings("promenade: {listen: '127.0.0.1:7080'}");
    assert_eq!((none.serving.admin_listen, none.web.admin_apart), (None, false));
    let apart = settings("promenade: {adminListen: 'localhost:7081'}");
    assert_eq!(apart.serving.admin_listen.unwrap().to_string(), "127.0.0.1:7081");
    assert!(apart.web.admin_apart && apart.web.ad_hoc);
    let open = "promenade: {adminListen: '0.0.0.0:7081', auth: {allowUnauthenticated: true}}";
    assert!(settings(open).web.ad_hoc, "readers are still of this machine");
    let check = check_faults;
    check("promenade: {adminListen: 7081}", &[("promenade.adminListen", "is not an address and port")]);
    check("promenade: {adminListen: ''}", &[("promenade.adminListen", "is not an address and port")]);
    check("promenade: {adminListen: '127.0.0.1:7080'}", &[("promenade.adminListen", "use another port")]);
    let both = "{listen: '127.0.0.1:1', adminListen: '0.0.0.0:1', auth: {allowUnauthenticated: true}}";
    check(&format!("promenade: {both}"), &[("promenade.adminListen", "use another port")]);
    let key = "promenade.auth.allowUnauthenticated";
    let message = "promenade.adminListen is an address beyond this machine";
    check("promenade: {adminListen: '0.0.0.0:7081'}", &[(key, message)]);
}
