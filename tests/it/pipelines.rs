//! Pipelined requests on a connection: while the first is answered, the others wait, within limits.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use world::upstream::Reply;
use world::{ONE_GRAPH, World};

const SLOW: &str = "GET /catalog/default/component/payments/graphs/1.json HTTP/1.1\r\nhost: x\r\n";
const QUICK: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// A portal with a graph that takes a second.
async fn slow_world() -> World {
    let world =
        World::with(ONE_GRAPH, |settings| settings.instances[0].timeout = Duration::from_secs(20)).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]).after(Duration::from_secs(1)));
    world
}

/// A connection with a first request that has reached the upstream.
async fn begun(world: &World, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    while world.upstream.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stream
}

/// Reads until there are so many answers; what came.
async fn answers(stream: &mut TcpStream, count: usize) -> String {
    let mut read = Vec::new();
    let reading = async {
        while String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count() < count {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0);
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(5), reading).await;
    let text = String::from_utf8(read).unwrap();
    assert!(ended.is_ok(), "{count} answers, not {text:?}");
    text
}

async fn metrics(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Whether only the connection that asks is left, within ten seconds or so.
async fn ends(world: &World) -> bool {
    for _ in 0..100 {
        if metrics(world.address).await.contains("promenade_http_connections{listener=\"main\"} 1\n") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test]
async fn connection_closes_after_its_last_request_whatever_follows() {
    let world = slow_world().await;
    let last = format!("{SLOW}content-length: 1\r\n\r\nx");
    let input = format!("{last}{}{}", "GET / HTTP/1.0\n\n".repeat(16), "a".repeat(400_000));
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    // The writing half stays open.
    let write = tokio::spawn(async move {
        let _ = writing.write_all(input.as_bytes()).await;
        writing
    });
    let mut answer = vec![0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.") && answer.ends_with(b" 200"), "{answer:?}");
    assert!(ends(&world).await, "its slot is free again");
    assert_eq!(world.get("/healthz").await.status, 200);
    drop(write.await.unwrap());
}

#[tokio::test]
async fn requests_that_arrive_during_a_long_pipeline_are_answered() {
    let world = slow_world().await;
    let mut stream = begun(&world, &format!("{SLOW}\r\n{}", QUICK.repeat(16))).await;
    stream.write_all(QUICK.repeat(3).as_bytes()).await.unwrap();
    let text = answers(&mut stream, 20).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 20, "{text}");
    stream.write_all(QUICK.as_bytes()).await.unwrap();
    answers(&mut stream, 1).await;
}

#[tokio::test]
async fn head_over_16_kib_is_rejected_after_another_request() {
    let world = slow_world().await;
    let mut stream = begun(&world, &format!("{SLOW}\r\n{QUICK}")).await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n{QUICK}", "y".repeat(20_000));
    stream.write_all(long.as_bytes()).await.unwrap();
    let text = answers(&mut stream, 3).await;
    let statuses: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "200", "431"]);
    assert!(text.contains("431 Request Header Fields Too Large\r\nx-content-type-options"), "{text}");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("HTTP/1.1"), "{rest}");
}

#[tokio::test]
async fn largest_form_is_read_in_small_chunks() {
    let world = slow_world().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let form = format!("query=up&start=0&end=60&step=15&x={}", "y".repeat(63_000));
    let mut request =
        "POST /api/proxy/prometheus/api/query_range HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\
                       content-type: application/x-www-form-urlencoded\r\n\r\n"
            .to_owned();
    for chunk in form.as_bytes().chunks(100) {
        request += &format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk));
    }
    request += "0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let text = answers(&mut stream, 1).await;
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
}
