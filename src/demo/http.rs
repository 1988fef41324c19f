//! The demo's Prometheus over HTTP: its paths and parameters.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use url::form_urlencoded;

use super::DemoAnswers;
use super::queries::{self, DemoQuery};
use super::rules;
use super::steps::Steps;
use super::waves::Story;
use crate::clock;
use crate::prometheus::wire::{RulesChoice, write_error, write_instant, write_rules};
use crate::prometheus::{InstantAnswer, InstantSample, InstantValue, Rules, SampleValue, SeriesSamples};

/// Binds a free loopback port. The server works once it is awaited or spawned.
pub fn serve(story: Story, answers: DemoAnswers) -> io::Result<(SocketAddr, Server)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let answers = Data::new(answers);
    let app = move || App::new().app_data(Data::new(story)).app_data(answers.clone()).configure(routes);
    let server =
        HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run();
    Ok((address, server))
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/query_range")
                .route(web::get().to(query_range))
                .route(web::post().to(query_range)),
        )
        .service(web::resource("/api/v1/query").route(web::get().to(query)).route(web::post().to(query)))
        .route("/api/v1/rules", web::get().to(rules))
        .default_service(web::to(elsewhere));
}

const UNKNOWN: &str = "invalid parameter \"query\": this is the demo's Prometheus, \
     and it only knows the queries of the demo's own catalog";

async fn query_range(
    request: HttpRequest,
    body: Bytes,
    story: Data<Story>,
    answers: Data<DemoAnswers>,
) -> HttpResponse {
    let parameters = parameters(&request, &body);
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let steps = match Steps::read(text("start"), text("end"), text("step")) {
        Ok(steps) => steps,
        Err(error) => return bad_data(&error),
    };
    let Some(known) = queries::find(&answers.queries, text("query")) else { return bad_data(UNKNOWN) };
    let now = clock::now().as_millisecond();
    let series = known.series.iter().map(|series| SeriesSamples {
        floats: series.samples(*story.get_ref(), steps, now),
        labels: series.labels(),
        histograms: Vec::new(),
    });
    let value = InstantValue::Matrix(series.filter(|series| !series.floats.is_empty()).collect());
    success(value, known)
}

async fn query(
    request: HttpRequest,
    body: Bytes,
    story: Data<Story>,
    answers: Data<DemoAnswers>,
) -> HttpResponse {
    let parameters = parameters(&request, &body);
    let now = clock::now();
    let at = parameters.get("time").cloned().unwrap_or_else(|| now.as_second().to_string());
    let steps = match Steps::read(&at, &at, "1") {
        Ok(steps) => steps,
        Err(error) => return bad_data(&error),
    };
    let text = parameters.get("query").map_or("", String::as_str);
    let Some(known) = queries::find(&answers.queries, text) else {
        return bad_data(UNKNOWN);
    };
    let samples = known.series.iter().filter_map(|series| {
        let (at_ms, value) =
            series.samples(*story.get_ref(), steps, now.as_millisecond()).into_iter().next()?;
        Some(InstantSample { labels: series.labels(), at_ms, value: SampleValue::Float(value) })
    });
    success(InstantValue::Vector(samples.collect()), known)
}

fn success(value: InstantValue, known: &DemoQuery) -> HttpResponse {
    let answer = InstantAnswer { at_ms: 0, value, warnings: Vec::new(), infos: known.infos.clone() };
    HttpResponse::Ok().json(write_instant(&answer, None, &[]))
}

async fn rules(request: HttpRequest, story: Data<Story>, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = parameters(&request, &[]);
    let kind = parameters.get("type").map_or("", String::as_str);
    if !["", "alert", "record"].contains(&kind) {
        return bad_data(&format!("invalid parameter \"type\": not supported value {kind:?}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
    let now = clock::now().as_second() as f64;
    // All its rules are alerting rules.
    let rules = match kind {
        "record" => Rules::default(),
        _ => rules::evaluated(&answers.rules, *story.get_ref(), now),
    };
    HttpResponse::Ok().json(write_rules(&rules, &RulesChoice::default(), &[], &[]))
}

/// The target of the portal's links to Prometheus.
async fn elsewhere(request: HttpRequest) -> HttpResponse {
    let (status, text) = match request.path() {
        "/" | "/graph" | "/query" | "/alerts" => (
            StatusCode::OK,
            "This is the demo's Prometheus. Its own pages are not part of the demo: \
             with a real Prometheus, this link opens the same query or alerts there.\n",
        ),
        _ => (StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text)
}

/// The parameters of the form and of the address. As in Go, the form wins, and the first value of a name.
fn parameters(request: &HttpRequest, form: &[u8]) -> BTreeMap<String, String> {
    let address = form_urlencoded::parse(request.query_string().as_bytes());
    let mut all = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form).chain(address) {
        all.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    all
}

fn bad_data(error: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(write_error("bad_data", error))
}
