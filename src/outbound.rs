//! HTTP clients as the portal wants them: no redirects, no proxies, deadlines, a size cap.

use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The name that a server gives to one answer, as it sent it.
pub use reqwest::header::HeaderValue as ETag;

/// The most bytes of a good answer, once decompressed. Room for about 900 series of 1,440 points
/// (26 bytes of JSON each), which is more than a graph can show; eight of them in flight stay within 256 MiB.
pub const MAX_BODY: usize = 32 << 20;
/// Of an answer that is an error only this much is looked at.
const MAX_ERROR_BODY: usize = 256 << 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest silence within a body.
const READ_IDLE: Duration = Duration::from_secs(5);
/// Shorter than servers keep an idle connection, so that we seldom write into a closed one.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// A `Date` header that is longer is none.
const LONGEST_DATE: usize = 64;
/// Headers that belong to the message and not to the operator.
const RESERVED: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "te", "connection", "upgrade", "accept-encoding"];

/// A client for one target. It sends its headers with every request, so hold one for each target.
/// The caller sets the total deadline: dropping a call ends it.
pub struct HttpClient(reqwest::Client);

/// An HTTP answer, read to its end (of an error: at least its beginning).
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    /// To be given back to [`HttpClient::get_unless`].
    pub etag: Option<ETag>,
    /// What the server's clock said when it answered; None where it said nothing that can be read.
    pub date: Option<Timestamp>,
    pub body: Vec<u8>,
}

/// Why there is no whole answer. The texts hold no URL and no header.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("no connection: {0}")]
    Connect(String),
    #[error("the TLS certificate is not accepted: {0}")]
    Certificate(String),
    #[error("no TLS connection: {0}")]
    Tls(String),
    #[error("the connection ended before an answer: {0}")]
    Lost(String),
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
    #[error("the answer was cut short: {detail}")]
    Cut { status: u16, detail: String },
    #[error("the answer stalled: no byte for {} s", READ_IDLE.as_secs())]
    Stalled { status: u16 },
    #[error("the answer is larger than {} MiB", MAX_BODY >> 20)]
    TooLarge { status: u16 },
}

impl HttpClient {
    /// `secure: false` does not check TLS certificates. Fails with a sentence that shows no header's value.
    pub fn new(target: &Url, headers: &[(String, SecretString)], secure: bool) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("promenade/", env!("CARGO_PKG_VERSION")))
            .default_headers(header_map(headers)?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .tls_danger_accept_invalid_certs(!secure);
        if target.scheme() != "https" {
            // Without this the builder wants the system's CA bundle, which plain HTTP never needs.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map(Self).map_err(|e| {
            format!(
                "no HTTPS client can be built ({}); is a CA bundle (ca-certificates) installed?",
                causes(&e.without_url())
            )
        })
    }

    pub async fn get(&self, url: Url) -> Result<Reply, Fault> {
        self.get_unless(url, None).await
    }

    /// Status 304 and no body when the answer would be the one that carried this ETag.
    pub async fn get_unless(&self, url: Url, etag: Option<&ETag>) -> Result<Reply, Fault> {
        let request = self.0.get(url);
        send(match etag {
            Some(etag) => request.header(IF_NONE_MATCH, etag),
            None => request,
        })
        .await
    }

    pub async fn post_form(&self, url: Url, form: &[(&str, &str)]) -> Result<Reply, Fault> {
        send(self.0.post(url).form(form)).await
    }
}

fn header_map(headers: &[(String, SecretString)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    map.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // Compressing costs Prometheus far more time than the link saves; gzip that comes anyway is read.
    map.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in headers {
        let known = HeaderName::try_from(name.as_str()).map_err(|_| format!("'{name}' is no header name"))?;
        if RESERVED.contains(&known.as_str()) {
            return Err(format!("the header {name} cannot be set"));
        }
        let mut value = HeaderValue::try_from(value.expose_secret())
            .map_err(|_| format!("the value of header {name} cannot be sent"))?;
        value.set_sensitive(true);
        map.insert(known, value);
    }
    Ok(map)
}

async fn send(request: RequestBuilder) -> Result<Reply, Fault> {
    let mut response = request.send().await.map_err(|e| fault(e.without_url()))?;
    let status = response.status();
    let content_type =
        response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_ascii_lowercase);
    let etag = response.headers().get(ETAG).cloned();
    let date = response.headers().get(DATE).and_then(|v| date(v.to_str().ok()?));
    if status == StatusCode::PARTIAL_CONTENT {
        // We never ask for a part.
        let detail = "status 206 says that it is only a part".to_owned();
        return Err(Fault::Cut { status: status.as_u16(), detail });
    }
    let body = if status.is_success() {
        whole_body(&mut response).await?
    } else {
        beginning_of_body(&mut response).await
    };
    Ok(Reply { status: status.as_u16(), content_type, etag, date, body })
}

/// A time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`, which RFC 2822 reads too.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    (text.len() <= LONGEST_DATE).then(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok()).flatten()
}

async fn whole_body(response: &mut Response) -> Result<Vec<u8>, Fault> {
    let status = response.status().as_u16();
    let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if announced > MAX_BODY {
        return Err(Fault::TooLarge { status });
    }
    let mut body = Vec::with_capacity(announced.min(1 << 20));
    loop {
        match tokio::time::timeout(READ_IDLE, response.chunk()).await {
            Err(_) => return Err(Fault::Stalled { status }),
            Ok(Err(e)) => return Err(Fault::Cut { status, detail: causes(&e.without_url()) }),
            Ok(Ok(None)) => return Ok(body),
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() > MAX_BODY => {
                return Err(Fault::TooLarge { status });
            }
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
        }
    }
}

/// What can be had of an error's body; its status says enough if that is nothing.
async fn beginning_of_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(READ_IDLE, response.chunk()).await {
        body.extend(chunk.iter().take(MAX_ERROR_BODY - body.len()));
        if body.len() >= MAX_ERROR_BODY {
            break;
        }
    }
    body
}

fn fault(error: reqwest::Error) -> Fault {
    let text = causes(&error);
    if error.is_connect() || error.is_dns() {
        let is_tls = chain(&error).filter_map(|e| e.downcast_ref::<io::Error>()).any(is_tls);
        match is_tls {
            true if text.contains("certificate") => Fault::Certificate(text),
            true => Fault::Tls(text),
            false => Fault::Connect(text),
        }
    } else if chain(&error).any(|e| e.is::<io::Error>()) || text.contains("connection closed") {
        Fault::Lost(text)
    } else {
        Fault::NotHttp(text)
    }
}

/// rustls' own errors come as data that cannot be read, which nothing else is while connecting. What wraps them
/// does not name them as its source.
fn is_tls(error: &io::Error) -> bool {
    let within =
        |e: &io::Error| e.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()).is_some_and(is_tls);
    error.kind() == io::ErrorKind::InvalidData || within(error)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e: &&'a (dyn Error + 'static)| (*e).source())
}

/// The causes of an error, outermost first; the error itself only says that sending failed.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = chain(error).skip(1).map(ToString::to_string).collect();
    parts.dedup();
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

#[cfg(test)]
mod tests;
