//! The demo's Prometheus over HTTP: queries and rules.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use super::replies::{bad_data, ended, failed, refusal, written};
use super::request::RequestParameters;
use super::{DemoAnswers, alertmanager, metric_names};
use crate::clock;
use crate::engine::{Engine, EngineError, Evaluated};
use crate::prometheus::wire::{RulesChoice, write_instant, write_rules};
use crate::prometheus::{InstantAnswer, InstantSample, InstantValue, Rules, SampleValue, SeriesSamples};
use crate::promql::Matcher;

/// As Prometheus: longer than a client keeps an idle connection. The one that closes first must be the client.
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// Binds a free loopback port. The server works once it is awaited or spawned.
pub fn serve(answers: DemoAnswers) -> io::Result<(SocketAddr, Server)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let answers = Data::new(answers);
    let app = move || App::new().app_data(answers.clone()).configure(routes);
    let server = HttpServer::new(app)
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
    Ok((address, server))
}

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/query_range")
                .route(web::get().to(query_range))
                .route(web::post().to(query_range)),
        )
        .service(web::resource("/api/v1/query").route(web::get().to(query)).route(web::post().to(query)))
        .route("/api/v1/rules", web::get().to(rules))
        .configure(metric_names::routes)
        .configure(alertmanager::routes)
        .route("/-/healthy", web::get().to(|| async { "The demo's Prometheus is Healthy.\n" }))
        .route("/-/ready", web::get().to(|| async { "The demo's Prometheus is Ready.\n" }))
        .default_service(web::to(elsewhere));
}

async fn query_range(request: HttpRequest, body: Bytes, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &body);
    let (steps, limit) = match (parameters.steps(), parameters.limit()) {
        (Ok(steps), Ok(limit)) => (steps, limit),
        (Err(error), _) | (_, Err(error)) => return bad_data(&error),
    };
    let query = parameters.first("query").to_owned();
    let evaluate = move |engine: &Engine, now| engine.range(&query, steps, now);
    evaluated(&answers, parameters.first("query"), evaluate, steps.1, limit).await
}

async fn query(request: HttpRequest, body: Bytes, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &body);
    let now = clock::now().as_millisecond();
    let (at, limit) = match (parameters.instant("time", now), parameters.limit()) {
        (Ok(at), Ok(limit)) => (at, limit),
        (Err(error), _) | (_, Err(error)) => return bad_data(&error),
    };
    let query = parameters.first("query").to_owned();
    let evaluate = move |engine: &Engine, now| engine.instant(&query, at, now);
    evaluated(&answers, parameters.first("query"), evaluate, at, limit).await
}

/// Evaluates on another thread: the server has only one.
async fn evaluated(
    answers: &DemoAnswers,
    query: &str,
    evaluate: impl FnOnce(&Engine, i64) -> Result<Evaluated, EngineError> + Send + 'static,
    at_ms: i64,
    limit: Option<usize>,
) -> HttpResponse {
    // Only queries of alerts wait for the first evaluation of the rules.
    let engine = if query.contains("ALERTS") {
        answers.evaluated().await.map(|state| state.engine.clone())
    } else {
        answers.newest_engine()
    };
    let Some(engine) = engine else { return ended() };
    let now = clock::now().as_millisecond();
    match web::block(move || evaluate(&engine, now)).await {
        Ok(Ok(value)) => success(value, at_ms, limit),
        Ok(Err(error)) => refusal(&error),
        Err(error) => failed(&error),
    }
}

fn success(value: Evaluated, at_ms: i64, limit: Option<usize>) -> HttpResponse {
    let value = match value {
        Evaluated::Scalar(value) => InstantValue::Scalar { at_ms, value },
        Evaluated::Text(text) => InstantValue::String { at_ms, text },
        Evaluated::Vector(samples) => {
            let samples = samples.into_iter().map(|(labels, value)| InstantSample {
                labels: written(&labels),
                at_ms,
                value: SampleValue::Float(value),
            });
            InstantValue::Vector(samples.collect())
        }
        Evaluated::Matrix(series) => {
            let series = series.into_iter().map(|(labels, points)| SeriesSamples {
                labels: written(&labels),
                floats: points.into_iter().map(|point| (point.at_ms, point.value)).collect(),
                histograms: Vec::new(),
            });
            InstantValue::Matrix(series.collect())
        }
    };
    let answer = InstantAnswer { at_ms, value, warnings: Vec::new(), infos: Vec::new() };
    HttpResponse::Ok().json(write_instant(&answer, limit, &[]))
}

async fn rules(request: HttpRequest, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &[]);
    let kind = parameters.first("type");
    if !["", "alert", "record"].contains(&kind) {
        return bad_data(&format!("invalid parameter \"type\": not supported value {kind:?}"));
    }
    let all = |name: &str| parameters.all(name).map(str::to_owned).collect();
    let selectors = match Matcher::read_selectors(parameters.all("match[]")) {
        Ok(selectors) => selectors,
        Err(error) => return bad_data(&format!("invalid parameter \"match[]\": {error}")),
    };
    let choice = RulesChoice {
        names: all("rule_name[]"),
        groups: all("rule_group[]"),
        files: all("file[]"),
        selectors,
        without_alerts: parameters.first("exclude_alerts") == "true",
    };
    let none = Rules::default();
    match answers.evaluated().await {
        // All its rules are alerting rules.
        Some(_) if kind == "record" => HttpResponse::Ok().json(write_rules(&none, &choice, &[], &[])),
        Some(state) => HttpResponse::Ok().json(write_rules(&state.rules, &choice, &[], &[])),
        None => ended(),
    }
}

/// The target of the portal's links to Prometheus and to Alertmanager.
async fn elsewhere(request: HttpRequest) -> HttpResponse {
    let (status, text) = match request.path() {
        "/" | "/graph" | "/query" | "/alerts" => (
            StatusCode::OK,
            "This is the demo's Prometheus. Its own pages are not part of the demo: \
             with a real Prometheus, this link opens the same query or alerts there.\n",
        ),
        "/alertmanager" | "/alertmanager/" => (
            StatusCode::OK,
            "This is the demo's Alertmanager. Its own pages are not part of the demo: \
             with a real Alertmanager, this link opens the silence there.\n",
        ),
        _ => (StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text)
}
