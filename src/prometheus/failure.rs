//! The kind of a failure, from a status, an error in Prometheus' JSON, or a body that is none.

use super::request::Request;
use super::wire::{WireFault, error_of};
use crate::upstream::{ErrorKind, HttpClient, Reply, UpstreamError};

const PAGE: &str = "this looks like a proxy or login page, not Prometheus";
/// How servers answer a request for a path that they do not have.
const NOT_FOUND: u16 = 404;
const NOT_ALLOWED: u16 = 405;
const GONE: u16 = 410;
const NOT_IMPLEMENTED: u16 = 501;
/// How they refuse a request that they have read.
const BAD_REQUEST: u16 = 400;
const UNPROCESSABLE: u16 = 422;
/// A longer text is more than a message.
const LONGEST_MESSAGE: usize = 2_000;
/// How a text says that a path is not known, in lower case. Some name the paths that are.
const UNKNOWN_PATH: [&str; 4] = ["unsupported path", "unknown path", "not found", "/api/v1/"];
/// Of Prometheus, Mimir, Thanos and VictoriaMetrics, in lower case.
const TOO_MANY_POINTS: [&str; 3] =
    ["exceeded maximum resolution", "too many points for the given", "maxpointspertimeseries"];
/// Of Cortex, Thanos' front end and Mimir.
const TOO_LONG_RANGE: [&str; 3] =
    ["query time range exceeds the limit", "err-mimir-max-total-query-length", "err-mimir-max-query-length"];
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

/// Of a body with a good status.
pub fn of_wire(http: &HttpClient, fault: WireFault, reply: &Reply) -> UpstreamError {
    let status = reply.status;
    let error = match fault {
        WireFault::Error { error_type, message } => of_message(http, &error_type, &message, status),
        WireFault::Html => http.error_of(ErrorKind::HtmlPage, PAGE, reply),
        WireFault::NotPrometheus(detail) => http.error(ErrorKind::NotTheApi, &detail),
        WireFault::Incomplete(detail) => http.error(ErrorKind::Incomplete, &detail),
        WireFault::TooLarge(detail) => http.error(ErrorKind::TooLarge, &detail),
    };
    error.with_status(status)
}

/// Of an answer with any other status.
pub fn of_status(http: &HttpClient, request: &Request<'_>, reply: &Reply) -> UpstreamError {
    let of = |kind, detail| http.error_of(kind, detail, reply);
    let error = match (reply.status, error_of(&reply.body)) {
        (300..=399, _) => of(
            ErrorKind::NotTheApi,
            "the answer is a redirect, which is not followed; is the target right, or is a login in between?",
        ),
        (401 | 403, _) => of(ErrorKind::Unauthorized, "the configured credential was rejected"),
        (NOT_FOUND | NOT_ALLOWED | GONE | NOT_IMPLEMENTED, said) if matches!(request, Request::Rules(_)) => {
            without_rules(http, said, reply)
        }
        (BAD_REQUEST | UNPROCESSABLE, said)
            if matches!(request, Request::Rules(_)) && is_no_path(said.as_ref(), reply) =>
        {
            without_rules(http, said, reply)
        }
        (status, Some(WireFault::Error { error_type, message })) => {
            of_message(http, &error_type, &message, status)
        }
        (BAD_REQUEST | UNPROCESSABLE, _) if request.is_query() && is_message(reply) => refused(http, reply),
        (429 | 503, _) => of(ErrorKind::Overloaded, "the instance reports overload"),
        (408 | 504, _) => of(ErrorKind::Timeout, "a server in between gave up waiting"),
        (400..=499, _) if reply.is_html() => of(ErrorKind::HtmlPage, PAGE),
        (400..=499, _) => of(
            ErrorKind::NotTheApi,
            "there is no Prometheus API at the target; does its path end in /api/v1?",
        ),
        _ => of(ErrorKind::Upstream, "the instance answered with an error"),
    };
    error.with_status(reply.status)
}

fn without_rules(http: &HttpClient, said: Option<WireFault>, reply: &Reply) -> UpstreamError {
    let detail = "the instance has no /rules, or the target's path is wrong";
    let error = http.error_of(ErrorKind::NoRules, detail, reply);
    let said = said.and_then(WireFault::into_message).map(|said| http.redacted(&said));
    UpstreamError { said: said.filter(|said| !said.is_empty()), ..error }
}

/// Whether a server does not take the path, as opposed to Prometheus' own refusal and to a page in between.
fn is_no_path(said: Option<&WireFault>, reply: &Reply) -> bool {
    match said {
        Some(WireFault::Error { message, .. }) => has_any(message, &["unsupported path"]),
        _ => is_message(reply) && has_any(&String::from_utf8_lossy(&reply.body), &UNKNOWN_PATH),
    }
}

/// Whether the answer is a short text, as front ends send it in place of Prometheus' JSON.
fn is_message(reply: &Reply) -> bool {
    let is_plain = reply.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"));
    is_plain && !reply.is_html() && reply.body.len() <= LONGEST_MESSAGE && !reply.body.trim_ascii().is_empty()
}

/// A query that was refused in plain text.
fn refused(http: &HttpClient, reply: &Reply) -> UpstreamError {
    let error = http.error_of(ErrorKind::BadQuery, "the query was rejected", reply);
    let kind = error.heard.as_deref().map_or(ErrorKind::BadQuery, of_query);
    UpstreamError { kind, said: error.heard.clone(), ..error }
}

/// Why a query was refused.
fn of_query(message: &str) -> ErrorKind {
    match message {
        _ if has_any(message, &TOO_MANY_POINTS) => ErrorKind::TooManyPoints,
        _ if has_any(message, &TOO_LONG_RANGE) => ErrorKind::TooLongRange,
        _ if has_any(message, &TOO_MANY_SAMPLES) => ErrorKind::TooManySamples,
        _ => ErrorKind::BadQuery,
    }
}

/// An error in Prometheus' own JSON, by its `errorType`, else by the status.
fn of_message(http: &HttpClient, error_type: &str, message: &str, status: u16) -> UpstreamError {
    let is_query = matches!((error_type, status), ("bad_data" | "execution", _) | (_, 400 | 422));
    let kind = match (error_type, status) {
        ("timeout", _) => ErrorKind::Timeout,
        _ if is_query && of_query(message) != ErrorKind::BadQuery => of_query(message),
        ("bad_data" | "execution", _) => ErrorKind::BadQuery,
        ("unavailable" | "too_many_requests", _) | (_, 429 | 503) => ErrorKind::Overloaded,
        (_, 400 | 422) => ErrorKind::BadQuery,
        (_, 504) => ErrorKind::Timeout,
        _ => ErrorKind::Upstream,
    };
    let said = Some(http.redacted(message)).filter(|said| !said.is_empty());
    UpstreamError { said, ..http.error(kind, &format!("{error_type}: {message}")) }
}

fn has_any(message: &str, parts: &[&str]) -> bool {
    let message = message.to_lowercase();
    parts.iter().any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;
    use crate::prometheus::Origin;
    use crate::upstream::{InstanceName, Who};

    fn http() -> HttpClient {
        let (who, target) = (Who::Prometheus(InstanceName::new("a")), Url::parse("http://h/").unwrap());
        HttpClient::new(who, &target, &[], true, Duration::from_secs(1)).unwrap()
    }

    fn reply(status: u16, content_type: &str, body: &str) -> Reply {
        let (content_type, body) = (Some(content_type.into()), body.as_bytes().to_vec());
        Reply { status, content_type, etag: None, date: None, body }
    }

    fn check(status: u16, content_type: &str, body: &str, kind: ErrorKind, said: Option<&str>) {
        let reply = reply(status, content_type, body);
        let got = of_status(&http(), &Request::MetricNames, &reply);
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
            (301, K::NotTheApi),
            (304, K::NotTheApi),
            (400, K::NotTheApi),
            (401, K::Unauthorized),
            (404, K::NotTheApi),
            (405, K::NotTheApi),
            (429, K::Overloaded),
            (500, K::Upstream),
            (502, K::Upstream),
            (503, K::Overloaded),
            (504, K::Timeout),
        ] {
            let is_page = kind == K::NotTheApi && status >= 400;
            let of_html = if is_page { K::HtmlPage } else { kind };
            check(status, "text/html; charset=utf-8", "<html>", of_html, None);
            check(status, "text/plain", "", kind, None);
        }
    }

    #[test]
    fn a_server_without_rules_is_called_that() {
        let json = r#"{"status":"error","errorType":"not_found","error":"the ruler is off"}"#;
        let unsupported =
            r#"{"status":"error","errorType":"400","error":"unsupported path requested: /rules"}"#;
        for (status, content_type, body, kind, said) in [
            (404, "text/plain", "404 page not found\n", ErrorKind::NoRules, None),
            (404, "text/html", "<title>Error 404</title>", ErrorKind::NoRules, None),
            (404, "application/json", json, ErrorKind::NoRules, Some("the ruler is off")),
            (404, "", "", ErrorKind::NoRules, None),
            (405, "text/plain", "", ErrorKind::NoRules, None),
            (410, "text/plain", "", ErrorKind::NoRules, None),
            (501, "text/plain", "", ErrorKind::NoRules, None),
            (403, "text/plain", "", ErrorKind::Unauthorized, None),
            (302, "text/plain", "", ErrorKind::NotTheApi, None),
            (400, "text/html", "<html>", ErrorKind::HtmlPage, None),
            (400, "text/plain; charset=utf-8", "Bad Request. Use /api/v1/query", ErrorKind::NoRules, None),
            (422, "text/plain", "unsupported path requested", ErrorKind::NoRules, None),
            (400, "text/plain", "Bad Request", ErrorKind::NotTheApi, None),
            (422, "text/plain", "no org id", ErrorKind::NotTheApi, None),
            (
                400,
                "application/json",
                unsupported,
                ErrorKind::NoRules,
                Some("unsupported path requested: /rules"),
            ),
            (400, "application/json", "{}", ErrorKind::NotTheApi, None),
            (500, "text/plain", "", ErrorKind::Upstream, None),
        ] {
            let got = of_status(&http(), &Request::Rules(None), &reply(status, content_type, body));
            assert_eq!((got.kind, got.said.as_deref()), (kind, said), "{status} {body}");
            if body == "Bad Request" {
                assert_eq!(got.heard.as_deref(), Some(body), "for the operator");
            }
        }
    }

    #[test]
    fn a_query_may_be_refused_in_plain_text() {
        use ErrorKind as K;
        let limit = "the query time range exceeds the limit (query length: 2160h0m0s, limit: 720h0m0s)";
        let query = crate::promql::PromQl::read("up").0.unwrap();
        let headers = [("Authorization".to_owned(), "Bearer abcdefgh".into())];
        let (who, target) = (Who::Prometheus(InstanceName::new("a")), Url::parse("http://h/").unwrap());
        let http = HttpClient::new(who, &target, &headers, true, Duration::from_secs(1)).unwrap();
        let request = Request::Query { query: &query, at_ms: 0, origin: Origin::Known };
        for (status, content_type, body, kind, said) in [
            (400, "text/plain; charset=utf-8", &*format!("{limit}\n"), K::TooLongRange, Some(limit)),
            (422, "text/plain", "no\x1b such\n tenant", K::BadQuery, Some("no such tenant")),
            (400, "text/plain", "bad token Bearer abcdefgh", K::BadQuery, Some("bad token [secret]")),
            (400, "text/plain", "<html>limit</html>", K::HtmlPage, None),
            (400, "text/html", "limit", K::HtmlPage, None),
            (400, "text/plain", " \n", K::NotTheApi, None),
            (400, "text/plain", &"x".repeat(2_001), K::NotTheApi, None),
            (400, "application/json", "{}", K::NotTheApi, None),
            (413, "text/plain", "too large", K::NotTheApi, None),
        ] {
            let got = of_status(&http, &request, &reply(status, content_type, body));
            assert_eq!((got.kind, got.said.as_deref()), (kind, said), "{status} {body}");
        }
    }

    #[test]
    fn the_operator_reads_what_the_answer_says() {
        for (status, content_type, body, heard) in [
            (401, "text/plain", "no org id\n", Some("no org id")),
            (403, "application/json", r#"{"message":"Forbidden"}"#, Some(r#"{"message":"Forbidden"}"#)),
            (302, "text/html", "<a href=x>Found</a>", Some("Found")),
            (404, "text/plain", "default backend - 404", Some("default backend - 404")),
            (502, "text/html", "<h1>Bad Gateway</h1><hr>nginx", Some("Bad Gateway nginx")),
            (503, "text/plain", "no healthy upstream", Some("no healthy upstream")),
            (504, "text/plain", "gave up\nERROR x", Some("gave up ERROR x")),
            (500, "text/plain", " \n", None),
        ] {
            let got = of_status(&http(), &Request::MetricNames, &reply(status, content_type, body));
            assert_eq!((got.heard.as_deref(), got.said.as_deref()), (heard, None), "{status} {body}");
            assert_eq!(got.detail.contains("the answer says"), heard.is_some(), "{}", got.detail);
            assert!(heard.is_none_or(|heard| got.detail.ends_with(heard)), "{}", got.detail);
        }
        let page = of_wire(&http(), WireFault::Html, &reply(200, "text/html", "<title>Sign in</title>"));
        assert_eq!((page.kind, page.heard.as_deref()), (ErrorKind::HtmlPage, Some("Sign in")));
        let long = of_status(&http(), &Request::MetricNames, &reply(500, "text/plain", &"x".repeat(100_000)));
        assert!(long.detail.len() < 400, "{}", long.detail.len());
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
            (
                "bad_data",
                "the query time range exceeds the limit (query length: 721h0m0s, limit: 720h0m0s)",
                K::TooLongRange,
            ),
            ("execution", "found duplicate series for the match group", K::BadQuery),
            ("timeout", "would load too many samples", K::Timeout),
            ("internal", "exceeded sample limit", K::Upstream),
        ] {
            let status = if error_type == "internal" { 500 } else { 422 };
            assert_eq!(of_message(&http(), error_type, said, status).kind, kind, "{said}");
        }
    }

    #[test]
    fn good_statuses_go_by_the_body() {
        let of = |fault| of_wire(&http(), fault, &reply(200, "application/json", "")).kind;
        let error = |t: &str| WireFault::Error { error_type: t.into(), message: "x".into() };
        assert_eq!(of(error("bad_data")), ErrorKind::BadQuery);
        assert_eq!(of(error("timeout")), ErrorKind::Timeout);
        assert_eq!(of(error("")), ErrorKind::Upstream);
        assert_eq!(of(WireFault::Incomplete("x".into())), ErrorKind::Incomplete);
    }

    #[test]
    fn messages_are_kept_short() {
        let error = of_message(&http(), "bad_data", &"é".repeat(100_000), 400);
        assert_eq!(error.said.unwrap().chars().count(), 2_000);
        assert_eq!(error.detail.chars().count(), 2_000);
    }

    #[test]
    fn a_message_writes_no_line_of_its_own_into_the_log() {
        let error = of_message(&http(), "bad_data", "a\nERROR b\x1b[31m", 400);
        assert_eq!(error.detail, "bad_data: a ERROR b [31m");
        assert_eq!(error.said.as_deref(), Some("a\nERROR b\x1b[31m"), "for the reader it is verbatim");
    }
}
