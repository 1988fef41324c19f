//! Puts what came back instead of an answer into its kind.

use super::wire::{WireFault, refusal};
use super::{Cause, ErrorKind};
use crate::outbound::{Fault, Reply};

/// The longest text of another party that is kept, in characters.
const MAX_SAID: usize = 2_000;
const PAGE: &str = "this looks like a proxy or login page, not Prometheus";

/// Of Prometheus, Mimir, Thanos and VictoriaMetrics, in small letters.
const TOO_MANY_POINTS: [&str; 3] =
    ["exceeded maximum resolution", "too many points for the given", "maxpointspertimeseries"];
const TOO_MANY_SAMPLES: [&str; 9] = [
    "would load too many samples",
    "exceeds the number of samples limit",
    "err-mimir-max-",
    "exceeded series limit",
    "exceeded sample limit",
    "exceeded chunks limit",
    "maxsamplesperquery",
    "maxuniquetimeseries",
    "not enough memory for processing",
];

/// A failed attempt, before it is known whose it was.
#[derive(Debug)]
pub struct Refusal {
    pub kind: ErrorKind,
    pub cause: Option<Cause>,
    pub detail: String,
    pub said: Option<String>,
    pub status: Option<u16>,
}

impl Refusal {
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        // Parts of it are the instance's: it must not write lines of its own into our log.
        let detail = detail.into().replace(char::is_control, " ");
        Self { kind, cause: None, detail, said: None, status: None }
    }

    fn page() -> Self {
        Self { cause: Some(Cause::Page), ..Self::new(ErrorKind::NotPrometheus, PAGE) }
    }

    /// Of a question without a query: Prometheus cannot have meant one.
    pub fn of_no_query(self) -> Self {
        if self.kind.is_of_query() { Self { kind: ErrorKind::Upstream, ..self } } else { self }
    }

    fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Of a connection that failed, or of a good answer that could not be read to its end.
    pub fn of_fault(fault: &Fault) -> Self {
        let cause = match fault {
            Fault::Certificate(_) => Some(Cause::Certificate),
            Fault::Tls(_) => Some(Cause::Tls),
            _ => None,
        };
        let (kind, status) = match fault {
            Fault::Connect(_) | Fault::Lost(_) | Fault::Certificate(_) | Fault::Tls(_) => {
                (ErrorKind::Unreachable, None)
            }
            Fault::NotHttp(_) => (ErrorKind::NotPrometheus, None),
            Fault::Cut { status, .. } => (ErrorKind::Incomplete, Some(*status)),
            Fault::Stalled { status } => (ErrorKind::Timeout, Some(*status)),
            Fault::TooLarge { status } => (ErrorKind::TooLarge, Some(*status)),
        };
        Self { status, cause, ..Self::new(kind, clipped(&fault.to_string())) }
    }

    /// Of a body that came with a good status.
    pub fn of_wire(fault: WireFault, status: u16) -> Self {
        let refusal = match fault {
            WireFault::Refused { error_type, said } => refused(&error_type, &said, status),
            WireFault::Page => Self::page(),
            WireFault::NotPrometheus(detail) => Self::new(ErrorKind::NotPrometheus, clipped(&detail)),
            WireFault::Incomplete(detail) => Self::new(ErrorKind::Incomplete, clipped(&detail)),
            WireFault::TooLarge(detail) => Self::new(ErrorKind::TooLarge, detail),
        };
        refusal.with_status(status)
    }

    /// Of an answer whose status says that it is none.
    pub fn of_status(reply: &Reply) -> Self {
        let status = reply.status;
        let plain = |kind, detail: &str| Self::new(kind, detail).with_status(status);
        match (status, refusal(&reply.body)) {
            (300..=399, _) => plain(
                ErrorKind::NotPrometheus,
                "the answer is a redirect, which is not followed; is the target right, or is a login in between?",
            ),
            (401 | 403, _) => plain(ErrorKind::Unauthorized, "the configured credential was refused"),
            (_, Some(WireFault::Refused { error_type, said })) => {
                refused(&error_type, &said, status).with_status(status)
            }
            (429 | 503, _) => plain(ErrorKind::Overloaded, "the instance says that it is overloaded"),
            (408 | 504, _) => plain(ErrorKind::Timeout, "a server in between gave up waiting"),
            (400..=499, _) if is_html(reply) => Self::page().with_status(status),
            (400..=499, _) => plain(
                ErrorKind::NotPrometheus,
                "there is no Prometheus API at the target; does its path end in /api/v1?",
            ),
            _ => plain(ErrorKind::Upstream, "the instance answered with an error"),
        }
    }
}

/// The kind of an error that Prometheus told in its own JSON, by its `errorType`, else by the status.
fn refused(error_type: &str, said: &str, status: u16) -> Refusal {
    let kind = match (error_type, status) {
        ("timeout", _) => ErrorKind::Timeout,
        ("bad_data" | "execution", _) | (_, 400 | 422) if says(said, &TOO_MANY_POINTS) => {
            ErrorKind::TooManyPoints
        }
        ("bad_data" | "execution", _) | (_, 400 | 422) if says(said, &TOO_MANY_SAMPLES) => {
            ErrorKind::TooManySamples
        }
        ("bad_data" | "execution", _) => ErrorKind::BadQuery,
        ("unavailable" | "too_many_requests", _) | (_, 429 | 503) => ErrorKind::Overloaded,
        (_, 400 | 422) => ErrorKind::BadQuery,
        (_, 504) => ErrorKind::Timeout,
        _ => ErrorKind::Upstream,
    };
    let said = clipped(said);
    Refusal {
        said: Some(said.clone()).filter(|s| !s.is_empty()),
        ..Refusal::new(kind, format!("{}: {said}", clipped(error_type)))
    }
}

fn says(said: &str, any: &[&str]) -> bool {
    let said = said.to_lowercase();
    any.iter().any(|words| said.contains(words))
}

fn is_html(reply: &Reply) -> bool {
    reply.content_type.as_deref().is_some_and(|t| t.starts_with("text/html"))
        || reply.body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
}

fn clipped(text: &str) -> String {
    text.chars().take(MAX_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, content_type: &str, body: &str, kind: ErrorKind, said: Option<&str>) {
        let reply = Reply {
            status,
            content_type: Some(content_type.into()),
            etag: None,
            date: None,
            body: body.as_bytes().to_vec(),
        };
        let got = Refusal::of_status(&reply);
        assert_eq!(
            (got.kind, got.said.as_deref(), got.status),
            (kind, said, Some(status)),
            "{status} {body}"
        );
    }

    #[test]
    fn every_status_has_its_kind() {
        use ErrorKind as K;
        let json = |t: &str| format!(r#"{{"status":"error","errorType":"{t}","error":"because"}}"#);
        for (status, error_type, kind) in [
            (400, "bad_data", K::BadQuery),
            (422, "execution", K::BadQuery),
            (422, "canceled", K::BadQuery),
            (503, "timeout", K::Timeout),
            (503, "canceled", K::Overloaded),
            (503, "unavailable", K::Overloaded),
            (429, "too_many_requests", K::Overloaded),
            (404, "not_found", K::Upstream),
            (500, "internal", K::Upstream),
            (504, "gateway", K::Timeout),
        ] {
            check(status, "application/json", &json(error_type), kind, Some("because"));
        }
        check(403, "application/json", &json("forbidden"), K::Unauthorized, None);
        for (status, kind) in [
            (301, K::NotPrometheus),
            (304, K::NotPrometheus),
            (400, K::NotPrometheus),
            (401, K::Unauthorized),
            (404, K::NotPrometheus),
            (405, K::NotPrometheus),
            (429, K::Overloaded),
            (500, K::Upstream),
            (502, K::Upstream),
            (503, K::Overloaded),
            (504, K::Timeout),
        ] {
            check(status, "text/html; charset=utf-8", "<html>", kind, None);
            check(status, "text/plain", "", kind, None);
        }
    }

    #[test]
    fn limits_of_an_instance_are_no_mistake_in_the_query() {
        use ErrorKind as K;
        for (error_type, said, kind) in [
            (
                "execution",
                "query processing would load too many samples into memory in query execution",
                K::TooManySamples,
            ),
            (
                "bad_data",
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing",
                K::TooManyPoints,
            ),
            ("execution", "the query exceeded the limit (err-mimir-max-chunks-per-query)", K::TooManySamples),
            ("422", "cannot select more than -search.maxSamplesPerQuery=1 samples", K::TooManySamples),
            ("execution", "found duplicate series for the match group", K::BadQuery),
            ("timeout", "would load too many samples", K::Timeout),
            ("internal", "exceeded sample limit", K::Upstream),
        ] {
            let status = if error_type == "internal" { 500 } else { 422 };
            assert_eq!(refused(error_type, said, status).kind, kind, "{said}");
        }
    }

    #[test]
    fn good_statuses_go_by_the_body() {
        let of = |fault| Refusal::of_wire(fault, 200).kind;
        let refused = |t: &str| WireFault::Refused { error_type: t.into(), said: "x".into() };
        assert_eq!(of(refused("bad_data")), ErrorKind::BadQuery);
        assert_eq!(of(refused("timeout")), ErrorKind::Timeout);
        assert_eq!(of(refused("")), ErrorKind::Upstream);
        assert_eq!(of(WireFault::Incomplete("x".into())), ErrorKind::Incomplete);
    }

    #[test]
    fn what_others_say_is_kept_short() {
        let said = refused("bad_data", &"é".repeat(100_000), 400).said.unwrap();
        assert_eq!(said.chars().count(), MAX_SAID);
    }

    #[test]
    fn what_others_say_writes_no_line_of_our_log() {
        let refusal = refused("bad_data", "a\nERROR b\x1b[31m", 400);
        assert_eq!(refusal.detail, "bad_data: a ERROR b [31m");
        assert_eq!(refusal.said.as_deref(), Some("a\nERROR b\x1b[31m"), "for the reader it is verbatim");
    }
}
