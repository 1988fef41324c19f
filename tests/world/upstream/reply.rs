//! Answers of the scripted upstream: complete, faulty, cut off, or none.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use serde_json::{Value, json};

use super::{Connection, Request};
use crate::rules::group;

/// Labels and a constant value.
pub type Constant<'a> = (&'a [(&'a str, &'a str)], f64);

/// One scripted answer. Cheap to clone.
#[derive(Clone)]
pub struct Reply {
    delay: Duration,
    act: Act,
}

#[derive(Clone)]
enum Act {
    Whole {
        head: String,
        body: Arc<[u8]>,
    },
    Computed(Arc<dyn Fn(&Request) -> Reply + Send + Sync>),
    /// Exactly these bytes, then the end of the connection.
    Raw(Arc<[u8]>),
    /// These bytes, then another one every so often, for ever.
    Drip(Arc<[u8]>, Duration),
    /// These bytes, then the last ones again and again, so many times.
    Repeat {
        first: Arc<[u8]>,
        again: Arc<[u8]>,
        times: usize,
    },
    Hang,
    Reset(Arc<[u8]>),
}

impl Reply {
    fn of(act: Act) -> Self {
        Self { delay: Duration::ZERO, act }
    }

    /// The same, later.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Any status, headers and body, sent in order.
    pub fn http(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        Self::of(Act::Whole { head, body: body.as_ref().into() })
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::http(status, &[("Content-Type", "application/json")], body.to_string())
    }

    pub fn html(status: u16, body: &str) -> Self {
        Self::http(status, &[("Content-Type", "text/html")], body)
    }

    /// Prometheus' own error.
    pub fn refusal(status: u16, error_type: &str, error: &str) -> Self {
        Self::json(status, &json!({"status": "error", "errorType": error_type, "error": error}))
    }

    pub fn redirect(target: &str) -> Self {
        Self::http(302, &[("Location", target)], "")
    }

    /// `/rules` with one group of these rules.
    pub fn group<R: Into<Value>>(rules: impl IntoIterator<Item = R>) -> Self {
        Self::rules(json!([group("group", rules)]))
    }

    /// `/rules` with these groups.
    pub fn rules(groups: Value) -> Self {
        Self::json(200, &json!({"status": "success", "data": {"groups": groups}}))
    }

    /// A range answer with this result.
    pub fn result(result: Value) -> Self {
        Self::json(200, &json!({"status": "success", "data": {"resultType": "matrix", "result": result}}))
    }

    /// Series with a value at every instant of the requested time range.
    pub fn matrix(series: &[Constant<'_>]) -> Self {
        let series: Vec<(Value, String)> = series
            .iter()
            .map(|(labels, value)| {
                let metric = labels.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect();
                (Value::Object(metric), value.to_string())
            })
            .collect();
        Self::computed(move |request| {
            let at = |name| request.form(name).unwrap().parse::<f64>().unwrap();
            let (start, end, step) = (at("start"), at("end"), at("step"));
            let count = ((end - start) / step).round() as u32;
            let result = series.iter().map(|(metric, value)| {
                let values: Vec<Value> =
                    (0..=count).map(|i| json!([start + f64::from(i) * step, value])).collect();
                json!({"metric": metric, "values": values})
            });
            Self::result(result.collect())
        })
    }

    /// So many series of one long value at every instant: a large answer that is quickly made.
    pub fn constants(series: usize) -> Self {
        Self::computed(move |request| {
            let at = |name| request.form(name).unwrap().parse::<f64>().unwrap();
            let (start, end, step) = (at("start"), at("end"), at("step"));
            let count = ((end - start) / step).round() as u32;
            let value = |i| format!("[{},\"123456.78901234567\"]", start + f64::from(i) * step);
            let values = (0..=count).map(value).collect::<Vec<_>>().join(",");
            let one = |i| format!("{{\"metric\":{{\"i\":\"{i}\"}},\"values\":[{values}]}}");
            let all = (0..series).map(one).collect::<Vec<_>>().join(",");
            let body = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[";
            Self::http(200, &[("Content-Type", "application/json")], format!("{body}{all}]}}}}"))
        })
    }

    /// Computes the answer from the request.
    pub fn computed(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::of(Act::Computed(Arc::new(reply)))
    }

    /// Exactly these bytes, then the end of the connection.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::of(Act::Raw(bytes.as_ref().into()))
    }

    /// Announces its length and ends `missing` bytes before it.
    pub fn cut_by_length(body: &str, missing: usize) -> Self {
        let sent = &body[..body.len() - missing];
        Self::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{sent}", body.len()))
    }

    /// Chunked, and ends without the last chunk.
    pub fn cut_in_chunks(body: &str) -> Self {
        Self::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
            body.len()
        ))
    }

    /// Without a length: the end of the connection is the end of the body.
    pub fn ended_by_close(body: &str) -> Self {
        Self::raw(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}"))
    }

    /// Reads the request and never answers.
    pub fn hang() -> Self {
        Self::of(Act::Hang)
    }

    /// Sends a head and the beginning of a body, and then nothing.
    pub fn stall() -> Self {
        Self::drip(Duration::from_secs(3600))
    }

    /// One byte every so often, for ever.
    pub fn drip(every: Duration) -> Self {
        Self::of(Act::Drip(b"HTTP/1.1 200 OK\r\n\r\n{"[..].into(), every))
    }

    /// Takes the request and resets the connection.
    pub fn reset() -> Self {
        Self::of(Act::Reset(Arc::default()))
    }

    /// Resets the connection in the middle of the body.
    pub fn reset_within(body: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 1);
        Self::of(Act::Reset(head.as_bytes().into()))
    }

    /// So many MiB of samples, in chunks, or announced by a length.
    pub fn huge(mib: usize, announced: bool) -> Self {
        let head = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":["#;
        let again = r#"[1435781430.781,"1"],"#.repeat((64 << 10) / 21);
        let times = (mib << 20) / again.len();
        let (first, again) = if announced {
            let length = head.len() + again.len() * times;
            (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}"), again)
        } else {
            let first = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{head}\r\n",
                head.len()
            );
            (first, format!("{:x}\r\n{again}\r\n", again.len()))
        };
        Self::of(Act::Repeat { first: first.as_bytes().into(), again: again.as_bytes().into(), times })
    }

    /// Status 500 with so many MiB of text.
    pub fn huge_error(mib: usize) -> Self {
        let first = b"HTTP/1.1 500 Oops\r\n\r\n"[..].into();
        Self::of(Act::Repeat { first, again: vec![b'x'; 1 << 16].into(), times: mib << 4 })
    }

    /// So many MiB of blanks in a few kB of gzip. The stream never ends.
    pub fn gzip_bomb(mib: usize) -> Self {
        let mut block = Vec::with_capacity(1 << 16);
        let mut deflate = Compress::new(Compression::fast(), false);
        deflate.compress_vec(&vec![b' '; 1 << 20], &mut block, FlushCompress::Full).unwrap();
        // After a full flush a block does not depend on earlier ones, so it can be repeated.
        let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
        bytes.extend(block.repeat(mib));
        Self::http(200, &[("Content-Encoding", "gzip")], bytes)
    }

    pub fn gzip(body: &str) -> Self {
        Self::http(200, &[("Content-Encoding", "gzip")], gzipped(body.as_bytes()))
    }

    /// Sends the answer. Returns false if the connection cannot be used again.
    pub(super) async fn play(&self, request: &Request, connection: &mut Connection<'_>) -> bool {
        tokio::time::sleep(self.delay).await;
        match &self.act {
            Act::Computed(reply) => Box::pin(reply(request).play(request, connection)).await,
            Act::Whole { head, body } => {
                let length = body.len();
                connection.write(format!("{head}Content-Length: {length}\r\n\r\n").as_bytes()).await
                    && connection.write(body).await
            }
            Act::Raw(bytes) => {
                connection.write(bytes).await;
                false
            }
            Act::Drip(first, every) => {
                connection.write(first).await;
                while connection.write(b" ").await {
                    tokio::time::sleep(*every).await;
                }
                false
            }
            Act::Repeat { first, again, times } => {
                let mut alive = connection.write(first).await;
                for _ in 0..*times {
                    alive = alive && connection.write(again).await;
                }
                false
            }
            Act::Hang => {
                connection.wait_for_end().await;
                false
            }
            Act::Reset(first) => {
                connection.write(first).await;
                // A pause, so that the first bytes are read: a reset discards unread bytes.
                tokio::time::sleep(Duration::from_millis(20)).await;
                connection.stream.set_zero_linger().unwrap();
                false
            }
        }
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
