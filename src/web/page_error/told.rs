//! The words: every fault as a sentence for readers, with its status and the kind that scripts see.

use actix_web::http::StatusCode;

use super::PageError;
use super::instances::{no_such_instance, unknown_instance};
use crate::monitoring::Failure;
use crate::prometheus::{Cause, ErrorKind, InstanceName, PrometheusError};

/// The kind of our own fault, which no table of the contract names.
const INTERNAL: &str = "internal";
const NOT_FOUND: &str = "not_found";
const BAD_PARAMETER: &str = "bad_parameter";

/// A fault as its reader meets it: what failed, whose fault it is, what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub status: StatusCode,
    /// The contract's word: `timeout`.
    pub kind: &'static str,
    /// A few words, as a heading.
    pub title: String,
    /// A sentence or two.
    pub explanation: String,
    /// What Prometheus itself said, verbatim and not to be trusted.
    pub said: Option<String>,
    /// What the reader can do; empty when there is nothing.
    pub advice: String,
}

impl Told {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &str,
        explanation: &str,
        advice: &str,
    ) -> Self {
        let (title, explanation) = (title.to_owned(), explanation.to_owned());
        Self { status, kind, title, explanation, said: None, advice: advice.to_owned() }
    }

    /// All of it in one line, as the data forms say it.
    pub fn message(&self) -> String {
        let mut message = format!("{}: {}", self.title, self.explanation);
        if let Some(said) = &self.said {
            message.push_str(" It said: ");
            message.push_str(said);
        }
        message
    }
}

/// Words a panel's failure for its reader. The operator's log has had a line when the instance failed, and
/// needs none for each reader.
pub fn tell(failure: &Failure) -> Told {
    tracing::debug!(fault = %for_operator(failure), "a panel has no answer");
    worded(failure)
}

/// Why an Alertmanager has no answer, as the end of a sentence.
pub fn alertmanager_says(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unreachable => "Alertmanager does not answer",
        ErrorKind::Timeout => "Alertmanager did not answer in time",
        ErrorKind::Unauthorized => "Alertmanager refuses the portal's credentials",
        ErrorKind::NotPrometheus => "what answers for Alertmanager is none",
        ErrorKind::Incomplete => "Alertmanager sent an incomplete answer",
        ErrorKind::TooLarge => "Alertmanager sent too much",
        ErrorKind::BadQuery
        | ErrorKind::TooManySamples
        | ErrorKind::TooManyPoints
        | ErrorKind::Overloaded
        | ErrorKind::Upstream => "Alertmanager failed",
    }
}

pub(super) fn for_operator(failure: &Failure) -> String {
    match failure {
        Failure::Prometheus(error) => error.to_string(),
        Failure::UnknownInstance(unknown) => match &unknown.asked {
            Some(asked) => format!("no instance is called {asked:?}: {}", unknown.reason),
            None => format!("no instance for the entity: {}", unknown.reason),
        },
        Failure::BrokenQuery => "the annotation's query is broken".to_owned(),
        Failure::NoAnnotation => "no annotation".to_owned(),
        Failure::NoSuchGraph { graphs } => format!("no such graph among {graphs}"),
        Failure::InTheFuture => "the period lies in the future".to_owned(),
        Failure::Late => "Prometheus did not answer in time".to_owned(),
    }
}

impl PageError {
    pub fn told(&self) -> Told {
        match self {
            Self::NoSuchPage => Told::new(
                StatusCode::NOT_FOUND,
                NOT_FOUND,
                "Page not found",
                "The portal has no page at this address.",
                "Check the address, or find the entity in the catalog.",
            ),
            Self::NoSuchEntity(reference) => Told::new(
                StatusCode::NOT_FOUND,
                NOT_FOUND,
                "Entity not found",
                &format!("The catalog has no entity {reference}."),
                "It may be new, renamed or gone, or its file may be broken: the status page lists the \
                 catalog's faults.",
            ),
            Self::NoSuchGraph { graphs } => no_such_graph(*graphs),
            Self::BadParameters(problems) => {
                let each =
                    problems.iter().map(|problem| format!("{}: {}", problem.parameter, problem.message));
                let all = each.collect::<Vec<_>>().join("; ");
                let title = "The address has a parameter that cannot be used";
                Told::new(StatusCode::BAD_REQUEST, BAD_PARAMETER, title, &format!("{all}."), "")
            }
            Self::AdHocForbidden => ad_hoc_forbidden(),
            Self::NoSuchInstance(unknown) => no_such_instance(unknown),
            Self::BrokenQuery(problem) => Told::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                ErrorKind::BadQuery.as_str(),
                "The query cannot be read",
                &format!("It was not sent: {problem}."),
                "",
            ),
            Self::CatalogNotRead => catalog_not_read(),
            Self::Failed(failure) => worded(failure),
            Self::MethodNotAllowed => Told::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This page can only be read",
                "It answers GET and HEAD, and no other method.",
                "",
            ),
            Self::Internal(_) => Told::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                INTERNAL,
                "The portal failed",
                "This is the portal's own fault. Its log has the details, under the request's id.",
                "Try again; if it stays, tell those who run the portal.",
            ),
            Self::Refused(status) => Told::new(
                *status,
                if status.is_server_error() { INTERNAL } else { "bad_request" },
                status.canonical_reason().unwrap_or("The request was refused"),
                "The portal cannot answer a request of this shape.",
                "",
            ),
        }
    }
}

fn catalog_not_read() -> Told {
    Told::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "catalog_not_read",
        "The catalog is still being read",
        "It is not known yet which entity shows what.",
        "Try again in a moment.",
    )
}

fn ad_hoc_forbidden() -> Told {
    Told::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "Custom queries are off",
        "This portal asks only what the annotations of entities name.",
        "An entity's own graphs and alerts are on its page. Those who run the portal can allow more: \
         promenade.adHocQueries.",
    )
}

fn no_such_graph(graphs: usize) -> Told {
    let explanation = match graphs {
        0 => "The entity has no graph.".to_owned(),
        1 => "The entity has one graph.".to_owned(),
        several => format!("The entity has {several} graphs, numbered from 1."),
    };
    let advice = "The annotation prometheus.io/rule lists them.";
    Told::new(StatusCode::NOT_FOUND, NOT_FOUND, "Graph not found", &explanation, advice)
}

fn worded(failure: &Failure) -> Told {
    match failure {
        Failure::Prometheus(error) => prometheus(error),
        Failure::UnknownInstance(unknown) => unknown_instance(unknown),
        Failure::BrokenQuery => Told::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::BadQuery.as_str(),
            "The query cannot be read",
            "The query in the annotation prometheus.io/rule is broken, so it was not sent.",
            "Mend the annotation in the entity's catalog file.",
        ),
        Failure::NoAnnotation => Told::new(
            StatusCode::NOT_FOUND,
            "no_annotation",
            "Nothing is asked for",
            "The entity has no annotation for this.",
            "Add it to the entity's catalog file.",
        ),
        Failure::NoSuchGraph { graphs } => no_such_graph(*graphs),
        Failure::InTheFuture => Told::new(
            StatusCode::BAD_REQUEST,
            BAD_PARAMETER,
            "This time has not come yet",
            "The whole period lies in the future.",
            "Choose an earlier from.",
        ),
        Failure::Late => Told::new(
            StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Timeout.as_str(),
            "Prometheus did not answer in time",
            "The page did not wait any longer for its answer.",
            "Reload the page.",
        ),
    }
}

/// An instance as the subject of a sentence.
pub(super) fn subject(instance: &InstanceName) -> String {
    match instance.as_str() {
        InstanceName::DEFAULT => "Prometheus".to_owned(),
        name => format!("Prometheus {name}"),
    }
}

fn prometheus(error: &PrometheusError) -> Told {
    let who = subject(&error.instance);
    let (status, title, explanation, advice) =
        error.cause.map_or_else(|| sentences(error, &who), |cause| of_cause(cause, &who));
    let said = error.said.clone().filter(|said| !said.trim().is_empty());
    Told { said, ..Told::new(status, error.kind.as_str(), &title, &explanation, advice) }
}

/// The same as [`sentences`], where more is known than the kind.
fn of_cause(cause: Cause, who: &str) -> (StatusCode, String, String, &'static str) {
    let (title, explanation, advice) = match cause {
        Cause::Page => (
            format!("What answers for {who} is no Prometheus"),
            "This looks like a proxy or login page, not Prometheus.",
            "Those who run the portal can check the instance's address and credentials.",
        ),
        Cause::Certificate => (
            format!("The certificate of {who} is not accepted"),
            "The TLS certificate at the instance's address is not trusted, has expired, or is another host's, so \
             nothing was asked.",
            "Those who run the instance can mend it; those who run the portal can trust its issuer, or set secure: \
             false in its proxy entry.",
        ),
        Cause::Tls => (
            format!("{who} does not answer over TLS"),
            "The instance's address begins with https, and what answers there speaks no TLS, or not as the portal \
             does.",
            "Those who run the portal can check the instance's address.",
        ),
    };
    (StatusCode::BAD_GATEWAY, title, explanation.to_owned(), advice)
}

/// Status, title, explanation and advice for each kind.
fn sentences(error: &PrometheusError, who: &str) -> (StatusCode, String, String, &'static str) {
    let bad_gateway = StatusCode::BAD_GATEWAY;
    match error.kind {
        ErrorKind::BadQuery | ErrorKind::TooManySamples | ErrorKind::TooManyPoints => {
            of_query(error.kind, who)
        }
        ErrorKind::Overloaded => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{who} is busy"),
            "More is asked of this instance than it can answer now.".to_owned(),
            "Try again in a moment.",
        ),
        ErrorKind::Timeout => (
            StatusCode::GATEWAY_TIMEOUT,
            format!("{who} did not answer in time"),
            "The instance is slow, or the query asks for too much.".to_owned(),
            "Try a shorter range or a longer step.",
        ),
        ErrorKind::Unreachable => (
            bad_gateway,
            format!("{who} does not answer"),
            "No connection to the instance could be made, or it broke.".to_owned(),
            "The instance or the network may be down: ask those who run them.",
        ),
        ErrorKind::Unauthorized => (
            bad_gateway,
            format!("{who} refuses the portal"),
            "The instance does not accept the portal's own credentials. Yours have no part in it.".to_owned(),
            "Those who run the portal can mend its configuration.",
        ),
        ErrorKind::NotPrometheus => (
            bad_gateway,
            format!("What answers for {who} is no Prometheus"),
            "The answer was a page, a redirect or some other data, perhaps of a login or a proxy.".to_owned(),
            "Those who run the portal can check the instance's address.",
        ),
        ErrorKind::Incomplete => (
            bad_gateway,
            format!("{who} sent an incomplete answer"),
            "The answer was cut short or lacked a part, so none of it is shown.".to_owned(),
            "Try again.",
        ),
        ErrorKind::TooLarge => (
            bad_gateway,
            format!("{who} sent too much"),
            "The answer is larger than the portal takes.".to_owned(),
            "Ask for fewer series, a shorter range or a longer step.",
        ),
        ErrorKind::Upstream => (
            bad_gateway,
            format!("{who} failed"),
            match error.status {
                Some(status) => format!("The instance answered with status {status}."),
                None => "The instance answered with an error.".to_owned(),
            },
            "Try again; if it stays, ask those who run the instance.",
        ),
    }
}

/// What an instance refuses of the query itself: a limit of the instance is no mistake of the query's author.
fn of_query(kind: ErrorKind, who: &str) -> (StatusCode, String, String, &'static str) {
    let (title, explanation, advice) = match kind {
        ErrorKind::TooManySamples => (
            format!("The query reads more than {who} allows"),
            "The query is right, but the instance guards its memory and refused it.",
            "Try a shorter range, select fewer series, or have the query recorded by a rule.",
        ),
        ErrorKind::TooManyPoints => (
            format!("The range has more points than {who} allows"),
            "The query is right, but at this step each series would have too many points.",
            "Try a longer step or a shorter range.",
        ),
        _ => (
            format!("{who} refuses the query"),
            "The query reached Prometheus, which cannot evaluate it.",
            "Mend the query.",
        ),
    };
    (StatusCode::UNPROCESSABLE_ENTITY, title, explanation.to_owned(), advice)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::monitoring::UnknownInstance;
    use crate::monitoring::routing::Reason;

    fn error(kind: ErrorKind) -> PrometheusError {
        PrometheusError {
            kind,
            cause: None,
            instance: InstanceName::new("prod"),
            detail: "connect to 10.0.0.7 failed".to_owned(),
            said: None,
            status: Some(500),
            was_asked: true,
        }
    }

    #[test]
    fn every_kind_has_the_contracts_status() {
        let cases = [
            (ErrorKind::BadQuery, 422, "bad_query"),
            (ErrorKind::TooManySamples, 422, "bad_query"),
            (ErrorKind::TooManyPoints, 422, "bad_query"),
            (ErrorKind::Overloaded, 503, "overloaded"),
            (ErrorKind::Timeout, 504, "timeout"),
            (ErrorKind::Unreachable, 502, "unreachable"),
            (ErrorKind::Unauthorized, 502, "unauthorized"),
            (ErrorKind::NotPrometheus, 502, "not_prometheus"),
            (ErrorKind::Incomplete, 502, "incomplete"),
            (ErrorKind::TooLarge, 502, "too_large"),
            (ErrorKind::Upstream, 502, "upstream_error"),
        ];
        for (kind, status, word) in cases {
            let told = tell(&Failure::Prometheus(Arc::new(error(kind))));
            assert_eq!((told.status.as_u16(), told.kind), (status, word));
            assert!(told.title.contains("Prometheus prod"), "{}", told.title);
            assert!(!told.message().contains("10.0.0.7"), "what the operator reads is not the reader's");
            assert!(!told.advice.is_empty());
        }
    }

    #[test]
    fn an_unknown_instance_names_the_known_ones() {
        let check = |asked: Option<&str>, known: &[&str], expected: &str| {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            let reason = Reason::Denied { instance: InstanceName::new("hidden") };
            let unknown = UnknownInstance { asked: asked.map(str::to_owned), known, reason };
            let message = tell(&Failure::UnknownInstance(unknown)).message();
            assert!(message.contains(expected) && !message.contains("hidden"), "{message}");
        };
        check(Some("stage"), &["default", "prod"], "called \"stage\"");
        check(Some("stage"), &["default", "prod"], "default, prod");
        check(None, &["prod"], "to no instance. Configured are: prod.");
        check(None, &[], "No instance is configured for it.");
    }

    #[test]
    fn prometheus_own_words_are_repeated() {
        let said = Some("1:3: parse error <b>".to_owned());
        let error = PrometheusError { said, ..error(ErrorKind::BadQuery) };
        let told = tell(&Failure::Prometheus(Arc::new(error)));
        assert!(told.message().ends_with("It said: 1:3: parse error <b>"));
    }
}
