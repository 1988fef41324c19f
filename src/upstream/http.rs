//! The HTTP client: no redirects, no proxies of the environment, a deadline, a size limit, no secrets in errors.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::heard::{in_one_line, text_of};
use super::{ErrorKind, Fingerprint, HeaderSecrets, InstanceName, UpstreamError, Who};

/// The name that a server gives to one answer, as it sent it.
pub use reqwest::header::HeaderValue as ETag;

/// The most bytes of a good answer, once decompressed. Room for about 900 series of 1,440 points
/// (26 bytes of JSON each), which is more than a graph can show; eight concurrent ones stay within 256 MiB.
pub const MAX_BODY: usize = 32 << 20;
/// The most bytes of an error's body that are read.
const MAX_ERROR_BODY: usize = 256 << 10;
/// The longest text of an error, in characters: parts of it are the server's.
const MAX_TEXT: usize = 2_000;
/// The most characters that are repeated of an answer of an unknown form.
const MAX_HEARD: usize = 300;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Before a failed connection is tried once more.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// The longest silence within a body.
const READ_IDLE: Duration = Duration::from_secs(5);
/// Shorter than servers keep an idle connection, so that we seldom write into a closed one.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// A longer `Date` header is ignored.
const LONGEST_DATE: usize = 64;
/// Headers of the connection or the body, which the client sets itself.
pub const RESERVED_HEADERS: [&str; 12] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "content-length",
    "content-type",
    "accept-encoding",
];

/// A client for one server. Every request carries its headers, so each server needs a client of its own.
/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct HttpClient {
    who: Who,
    client: reqwest::Client,
    secrets: HeaderSecrets,
    /// Of everything by which a server knows who asks.
    sender: Fingerprint,
    timeout: Duration,
}

/// An HTTP answer, read to its end (of an error: at least its beginning).
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    /// For [`HttpClient::get_unless`].
    pub etag: Option<ETag>,
    /// The server's own time when it answered; None without a readable `Date`.
    pub date: Option<Timestamp>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn is_html(&self) -> bool {
        self.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"))
            || self.body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
    }
}

impl HttpClient {
    /// `secure: false` does not check TLS certificates. `timeout` is for [`HttpClient::within`]. Fails with a
    /// sentence that shows no header's value.
    pub fn new(
        who: Who,
        target: &Url,
        headers: &[(String, SecretString)],
        secure: bool,
        timeout: Duration,
    ) -> Result<Self, String> {
        // The first call decides for the whole process; every later one fails, and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
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
        let client = builder.build().map_err(|e| {
            format!(
                "no HTTPS client can be built ({}); is a CA bundle (ca-certificates) installed?",
                causes(&e.without_url())
            )
        })?;
        let (secrets, sender) = (HeaderSecrets::of(headers), sender(headers, secure));
        Ok(Self { who, client, secrets, sender, timeout })
    }

    /// The same headers and connections for a target of a routing rule.
    pub fn for_target(&self, name: &InstanceName, timeout: Duration) -> Self {
        Self { who: Who::Prometheus(name.clone()), timeout, ..self.clone() }
    }

    pub async fn get(&self, url: Url) -> Result<Reply, UpstreamError> {
        self.get_unless(url, None).await
    }

    /// Status 304 and no body if the answer still has this ETag.
    pub async fn get_unless(&self, url: Url, etag: Option<&ETag>) -> Result<Reply, UpstreamError> {
        let request = self.client.get(url);
        self.send(match etag {
            Some(etag) => request.header(IF_NONE_MATCH, etag),
            None => request,
        })
        .await
    }

    pub async fn post_form(&self, url: Url, form: &[(&str, String)]) -> Result<Reply, UpstreamError> {
        self.send(self.client.post(url).form(form)).await
    }

    /// What is left of the deadline of a request that began at `begun`.
    pub fn left(&self, begun: Instant) -> Duration {
        self.timeout.saturating_sub(begun.elapsed())
    }

    /// Ends `work` at the deadline.
    pub async fn within<T>(
        &self,
        begun: Instant,
        work: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        tokio::time::timeout(self.left(begun), work).await.unwrap_or_else(|_| {
            Err(self.error(ErrorKind::Timeout, &format!("no answer within {:?}", self.timeout)))
        })
    }

    /// A failure of this server. `detail` may repeat the server's text: it is redacted, shortened, and writes no
    /// line of its own into a log.
    pub fn error(&self, kind: ErrorKind, detail: &str) -> UpstreamError {
        let detail = self.redacted(detail).replace(char::is_control, " ");
        UpstreamError::new(self.who.clone(), kind, &detail)
    }

    /// A text of the server, shortened and without the portal's credentials: a server that repeats a header, or the
    /// credential in it, must not bring it to a page or a log.
    pub fn redacted(&self, text: &str) -> String {
        let text = self.secrets.redacted(text);
        match text.char_indices().nth(MAX_TEXT) {
            Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
            None => text.into_owned(),
        }
    }

    /// Of everything that answers depend on beside a query. `fixed`: the parameters of all requests.
    pub fn fingerprint(&self, base: &Url, fixed: &[(&str, &str)]) -> Fingerprint {
        let fixed = fixed.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        Fingerprint::of([base.as_str().as_bytes(), self.sender.as_bytes()].into_iter().chain(fixed))
    }

    /// The values of its headers.
    pub fn secrets(&self) -> &HeaderSecrets {
        &self.secrets
    }

    /// A failure that an answer of an unknown form tells. What the answer says is for the operator.
    pub fn error_of(&self, kind: ErrorKind, detail: &str, reply: &Reply) -> UpstreamError {
        let error = self.error(kind, detail);
        let heard = in_one_line(&self.secrets.redacted(&text_of(&reply.body, reply.is_html())), MAX_HEARD);
        if heard.is_empty() {
            return error;
        }
        UpstreamError {
            detail: format!("{}; the answer says: {heard}", error.detail),
            heard: Some(heard),
            ..error
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, UpstreamError> {
        let again = request.try_clone();
        let mut sent = request.send().await;
        if let (Err(error), Some(again)) = (&sent, again)
            && has_no_connection(error)
        {
            // The server has not seen the request.
            tokio::time::sleep(RETRY_PAUSE).await;
            sent = again.send().await;
        }
        let mut response = sent.map_err(|e| self.transport_error(&e.without_url()))?;
        let status = response.status();
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_ascii_lowercase);
        let etag = response.headers().get(ETAG).cloned();
        let date = response.headers().get(DATE).and_then(|v| date(v.to_str().ok()?));
        let body = match status {
            // The portal never requests a part.
            StatusCode::PARTIAL_CONTENT => Err(self.cut("status 206 says that it is only a part")),
            _ if status.is_success() => self.whole_body(&mut response).await,
            _ => Ok(beginning_of_body(&mut response).await),
        };
        let body = body.map_err(|error| error.with_status(status.as_u16()))?;
        let body = self.secrets.without_credentials(body);
        Ok(Reply { status: status.as_u16(), content_type, etag, date, body })
    }

    async fn whole_body(&self, response: &mut Response) -> Result<Vec<u8>, UpstreamError> {
        let too_large = || {
            let detail = format!("the answer is larger than {} MiB", MAX_BODY >> 20);
            self.error(ErrorKind::TooLarge, &detail)
        };
        let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if announced > MAX_BODY {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced.min(1 << 20));
        loop {
            match tokio::time::timeout(READ_IDLE, response.chunk()).await {
                Err(_) => {
                    let detail = format!("the answer stalled: no byte for {} s", READ_IDLE.as_secs());
                    return Err(self.error(ErrorKind::Timeout, &detail));
                }
                Ok(Err(e)) => return Err(self.cut(&causes(&e.without_url()))),
                Ok(Ok(None)) => return Ok(body),
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > MAX_BODY => return Err(too_large()),
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            }
        }
    }

    fn cut(&self, detail: &str) -> UpstreamError {
        self.error(ErrorKind::Incomplete, &format!("the answer was cut short: {detail}"))
    }

    fn transport_error(&self, error: &reqwest::Error) -> UpstreamError {
        let text = causes(error);
        let (kind, what) = if error.is_connect() || error.is_dns() {
            match is_of_tls(error) {
                true if text.contains("certificate") => {
                    (ErrorKind::Certificate, "the TLS certificate is not accepted")
                }
                true => (ErrorKind::Tls, "no TLS connection"),
                false => (ErrorKind::Unreachable, "no connection"),
            }
        } else if chain(error).any(|e| e.is::<io::Error>()) || text.contains("connection closed") {
            (ErrorKind::Unreachable, "the connection ended before an answer")
        } else {
            (ErrorKind::NotTheApi, "the answer is not HTTP")
        };
        self.error(kind, &format!("{what}: {text}"))
    }
}

/// The URL of an endpoint below a base URL. Fails with a sentence when that is no HTTP URL.
pub fn endpoint(base: &Url, path: &[&str]) -> Result<Url, String> {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| "the target is no http URL".to_owned())?.pop_if_empty().extend(path);
    Ok(url)
}

fn header_map(headers: &[(String, SecretString)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    map.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // Compression costs Prometheus far more time than the link saves. Unasked gzip is decoded all the same.
    map.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in headers {
        let known = HeaderName::try_from(name.as_str()).map_err(|_| format!("'{name}' is no header name"))?;
        if RESERVED_HEADERS.contains(&known.as_str()) {
            return Err(format!("the header {name} cannot be set"));
        }
        let mut value = HeaderValue::try_from(value.expose_secret())
            .map_err(|_| format!("the value of header {name} cannot be sent"))?;
        value.set_sensitive(true);
        map.insert(known, value);
    }
    Ok(map)
}

/// Of the headers, in whatever order they are configured. Without certificates another server may answer.
fn sender(headers: &[(String, SecretString)], secure: bool) -> Fingerprint {
    let header = |(name, value): &(String, SecretString)| (name.to_ascii_lowercase(), value.clone());
    let mut headers: Vec<_> = headers.iter().map(header).collect();
    headers.sort_by(|(name, _), (other, _)| name.cmp(other));
    let texts = headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.expose_secret().as_bytes()]);
    let checked: &[u8] = if secure { b"checked" } else { b"unchecked" };
    Fingerprint::of(std::iter::once(checked).chain(texts))
}

/// A time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`, which RFC 2822 reads too.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    (text.len() <= LONGEST_DATE).then(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok()).flatten()
}

/// As much of an error's body as arrives; the status alone is enough otherwise.
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

fn has_no_connection(error: &reqwest::Error) -> bool {
    (error.is_connect() || error.is_dns()) && !is_of_tls(error)
}

fn is_of_tls(error: &reqwest::Error) -> bool {
    chain(error).filter_map(|e| e.downcast_ref::<io::Error>()).any(is_tls)
}

/// rustls reports its errors as invalid data, which no other error is while connecting. The errors that wrap them do
/// not name them as their source.
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
