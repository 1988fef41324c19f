//! Errors of Prometheus and Alertmanager as text for readers.

use actix_web::http::StatusCode;

use super::ErrorText;
use crate::upstream::{ErrorKind, InstanceName, UpstreamError, Who};

/// Why Alertmanager did not answer, as the end of a sentence.
pub fn describe_alertmanager(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unreachable | ErrorKind::Certificate | ErrorKind::Tls => "Alertmanager is not answering",
        ErrorKind::Timeout => "Alertmanager did not answer in time",
        ErrorKind::Unauthorized => "Alertmanager rejected the portal's credentials",
        ErrorKind::NotTheApi | ErrorKind::HtmlPage => "the server did not answer like Alertmanager",
        ErrorKind::Incomplete => "Alertmanager sent an incomplete answer",
        ErrorKind::TooLarge => "Alertmanager sent too much data",
        ErrorKind::BadQuery
        | ErrorKind::TooManySamples
        | ErrorKind::TooManyPoints
        | ErrorKind::TooLongRange
        | ErrorKind::Overloaded
        | ErrorKind::NoRules
        | ErrorKind::Upstream => "Alertmanager failed",
    }
}

/// An instance as the subject of a sentence.
pub(super) fn subject(instance: &InstanceName) -> String {
    match instance.as_str() {
        InstanceName::DEFAULT => "Prometheus".to_owned(),
        name => format!("Prometheus {name}"),
    }
}

pub(super) fn prometheus(error: &UpstreamError) -> ErrorText {
    let who = match &error.who {
        Who::Prometheus(instance) => subject(instance),
        Who::Alertmanager(_) => "Alertmanager".to_owned(),
        Who::Backstage => "Backstage".to_owned(),
    };
    let kind = error.kind;
    let explanation = match (kind, error.status) {
        (ErrorKind::Upstream, Some(status)) => format!("It answered with status {status}."),
        (ErrorKind::NoRules, Some(status)) => {
            format!("It answered the request for its rules with status {status}. {}", explanation(kind))
        }
        _ => explanation(kind).to_owned(),
    };
    let said = error.said.clone().filter(|said| !said.trim().is_empty());
    ErrorText {
        said,
        ..ErrorText::new(status(kind), kind.as_str(), title(kind, &who), explanation, advice(kind))
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadQuery
        | ErrorKind::TooManySamples
        | ErrorKind::TooManyPoints
        | ErrorKind::TooLongRange => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unreachable
        | ErrorKind::Certificate
        | ErrorKind::Tls
        | ErrorKind::Unauthorized
        | ErrorKind::NotTheApi
        | ErrorKind::HtmlPage
        | ErrorKind::NoRules
        | ErrorKind::Incomplete
        | ErrorKind::TooLarge
        | ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
    }
}

fn title(kind: ErrorKind, who: &str) -> String {
    match kind {
        ErrorKind::BadQuery => format!("{who} rejected the query"),
        ErrorKind::TooManySamples => format!("The query reads more samples than {who} allows"),
        ErrorKind::TooManyPoints => format!("The range has more points than {who} allows"),
        ErrorKind::TooLongRange => format!("The range is longer than {who} allows"),
        ErrorKind::TooLarge => format!("{who} sent too much data"),
        ErrorKind::Timeout => format!("{who} did not answer in time"),
        ErrorKind::Overloaded => format!("{who} is busy"),
        ErrorKind::Unreachable => format!("{who} is not answering"),
        ErrorKind::Certificate => format!("The TLS certificate of {who} was rejected"),
        ErrorKind::Tls => format!("{who} does not answer over TLS"),
        ErrorKind::Unauthorized => format!("{who} rejected the portal's credentials"),
        ErrorKind::NotTheApi | ErrorKind::HtmlPage => format!("{who} did not answer like Prometheus"),
        ErrorKind::NoRules => format!("{who} has no /rules"),
        ErrorKind::Incomplete => format!("{who} sent an incomplete answer"),
        ErrorKind::Upstream => format!("{who} failed"),
    }
}

fn explanation(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadQuery => "The query was sent, but Prometheus could not evaluate it.",
        // The instance's limit is no mistake of the query's author.
        ErrorKind::TooManySamples => "The query is valid, but exceeds the instance's memory limit.",
        ErrorKind::TooManyPoints => "The query is valid, but at this step each series has too many points.",
        ErrorKind::TooLongRange => "The query is valid, but the instance limits how long a range may be.",
        ErrorKind::TooLarge => "The answer is larger than the portal's limit.",
        ErrorKind::Timeout => "The instance is slow, or the query reads too much.",
        ErrorKind::Overloaded => "The instance has more queries than it can answer now.",
        ErrorKind::Unreachable => "The portal could not connect to it, or the connection broke.",
        ErrorKind::Certificate => {
            "The certificate is untrusted, expired or for another host, so no query was sent."
        }
        ErrorKind::Tls => "The instance's address begins with https, but the TLS handshake failed.",
        ErrorKind::Unauthorized => "The portal's own credentials were rejected, not yours.",
        ErrorKind::NotTheApi => {
            "The answer was a page, a redirect or other data; it may be a proxy or login page."
        }
        ErrorKind::HtmlPage => "It may be a proxy or login page.",
        ErrorKind::NoRules => "So the state of alerts is unknown here. Graphs do not need rules.",
        ErrorKind::Incomplete => "The answer was cut short or lacked a part, so none of it is shown.",
        ErrorKind::Upstream => "It answered with an error.",
    }
}

/// What the reader can do.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadQuery => "Fix the query and try again.",
        ErrorKind::TooManySamples => "Try a shorter range, select fewer series, or use a recording rule.",
        ErrorKind::TooManyPoints => "Try a longer step or a shorter range.",
        ErrorKind::TooLongRange => "Try a shorter range.",
        ErrorKind::TooLarge => "Select fewer series, a shorter range or a longer step.",
        ErrorKind::Timeout => "Try a shorter range or a longer step.",
        ErrorKind::Overloaded => "Try again in a moment.",
        ErrorKind::Unreachable => "It may be down; contact its operators.",
        ErrorKind::Certificate => {
            "The instance's operators can fix it; the portal's operators can trust its issuer, or set secure: \
             false in its proxy entry."
        }
        ErrorKind::Tls | ErrorKind::NotTheApi => "The portal's operators can check the instance's address.",
        ErrorKind::Unauthorized => "The portal's operators can fix its configuration.",
        ErrorKind::HtmlPage => "The portal's operators can check the instance's address and credentials.",
        ErrorKind::NoRules => {
            "Choose an instance that evaluates rules. The portal's operators can check the instance's address."
        }
        ErrorKind::Incomplete => "Try again.",
        ErrorKind::Upstream => "Try again. If it fails again, contact its operators.",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::monitoring::Failure;

    fn error(kind: ErrorKind) -> UpstreamError {
        let who = Who::Prometheus(InstanceName::new("prod"));
        UpstreamError::new(who, kind, "connect to 10.0.0.7 failed").with_status(500)
    }

    #[test]
    fn every_kind_has_the_contracts_status() {
        let cases = [
            (ErrorKind::BadQuery, 422, "bad_query"),
            (ErrorKind::TooManySamples, 422, "bad_query"),
            (ErrorKind::TooManyPoints, 422, "bad_query"),
            (ErrorKind::TooLongRange, 422, "bad_query"),
            (ErrorKind::Overloaded, 503, "overloaded"),
            (ErrorKind::Timeout, 504, "timeout"),
            (ErrorKind::Unreachable, 502, "unreachable"),
            (ErrorKind::Unauthorized, 502, "unauthorized"),
            (ErrorKind::Certificate, 502, "unreachable"),
            (ErrorKind::Tls, 502, "unreachable"),
            (ErrorKind::HtmlPage, 502, "not_prometheus"),
            (ErrorKind::NotTheApi, 502, "not_prometheus"),
            (ErrorKind::Incomplete, 502, "incomplete"),
            (ErrorKind::TooLarge, 502, "too_large"),
            (ErrorKind::NoRules, 502, "upstream_error"),
            (ErrorKind::Upstream, 502, "upstream_error"),
        ];
        for (kind, status, word) in cases {
            let text = ErrorText::of(&Failure::Prometheus(Arc::new(error(kind))));
            assert_eq!((text.status.as_u16(), text.kind), (status, word));
            assert!(text.title.contains("Prometheus prod"), "{}", text.title);
            assert!(!text.message().contains("10.0.0.7"), "what the operator reads is not the reader's");
            assert!(!text.advice.is_empty());
        }
    }

    #[test]
    fn prometheus_own_words_are_repeated() {
        let said = Some("1:3: parse error <b>".to_owned());
        let error = UpstreamError { said, ..error(ErrorKind::BadQuery) };
        let text = ErrorText::of(&Failure::Prometheus(Arc::new(error)));
        assert!(text.message().ends_with("Prometheus said: 1:3: parse error <b>"));
    }
}
