//! What the demo's Prometheus says of itself: its series, labels and metrics, its version and configuration.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use super::replies::{bad_data, ended, failed, refusal, written};
use super::request::RequestParameters;
use super::{DemoAnswers, alertmanager};
use crate::clock;
use crate::engine::{EngineLabels, is_label_name};
use crate::prometheus::Labels;
use crate::promql::Matcher;

/// Without a start, series are looked for in the day before the end.
const A_DAY_MS: i64 = 86_400_000;

pub fn routes(config: &mut ServiceConfig) {
    let series = web::resource("/api/v1/series");
    let labels = web::resource("/api/v1/labels");
    config
        .service(series.route(web::get().to(all_series)).route(web::post().to(all_series)))
        .service(labels.route(web::get().to(label_names)).route(web::post().to(label_names)))
        .route("/api/v1/label/{name}/values", web::get().to(label_values))
        .route("/api/v1/metadata", web::get().to(metadata))
        .route("/api/v1/status/buildinfo", web::get().to(build_info))
        .route("/api/v1/status/config", web::get().to(configuration));
}

#[derive(Serialize)]
struct Listed<T> {
    status: &'static str,
    data: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

fn listed<T: Serialize>(data: T) -> HttpResponse {
    HttpResponse::Ok().json(Listed { status: "success", data, warnings: Vec::new() })
}

/// The first `limit` of a list.
fn cut<T: Serialize>(mut data: Vec<T>, parameters: &RequestParameters) -> HttpResponse {
    let limit = match parameters.limit() {
        Ok(limit) => limit.unwrap_or(usize::MAX),
        Err(error) => return bad_data(&error),
    };
    let is_cut = data.len() > limit;
    data.truncate(limit);
    let warnings = if is_cut { vec!["results truncated due to limit"] } else { Vec::new() };
    HttpResponse::Ok().json(Listed { status: "success", data, warnings })
}

/// The labels of the series that a request selects.
async fn selected(
    parameters: &RequestParameters,
    answers: &DemoAnswers,
) -> Result<Vec<EngineLabels>, HttpResponse> {
    let now = clock::now().as_millisecond();
    let end = parameters.instant("end", now).map_err(|error| bad_data(&error))?;
    let start =
        parameters.instant("start", end.saturating_sub(A_DAY_MS)).map_err(|error| bad_data(&error))?;
    let selectors = Matcher::read_selectors(parameters.all("match[]"))
        .map_err(|fault| bad_data(&format!("invalid parameter \"match[]\": {fault}")))?;
    let engine = answers.newest_engine().ok_or_else(ended)?;
    match web::block(move || engine.select(&selectors, (start, end), now)).await {
        Ok(found) => found.map_err(|error| refusal(&error)),
        Err(error) => Err(failed(&error)),
    }
}

async fn all_series(request: HttpRequest, body: Bytes, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &body);
    if parameters.all("match[]").next().is_none() {
        return bad_data("no match[] parameter provided");
    }
    match selected(&parameters, &answers).await {
        Ok(found) => cut(found.iter().map(written).collect::<Vec<Labels>>(), &parameters),
        Err(refused) => refused,
    }
}

async fn label_names(request: HttpRequest, body: Bytes, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &body);
    match selected(&parameters, &answers).await {
        Ok(found) => {
            let names: BTreeSet<&str> =
                found.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
            cut(names.into_iter().collect(), &parameters)
        }
        Err(refused) => refused,
    }
}

async fn label_values(request: HttpRequest, name: Path<String>, answers: Data<DemoAnswers>) -> HttpResponse {
    if !is_label_name(&name) {
        return bad_data(&format!("invalid label name: {:?}", name.as_str()));
    }
    let parameters = RequestParameters::of(&request, &[]);
    match selected(&parameters, &answers).await {
        Ok(found) => {
            let values: BTreeSet<&str> = found.iter().filter_map(|labels| labels.get(&name)).collect();
            cut(values.into_iter().collect(), &parameters)
        }
        Err(refused) => refused,
    }
}

async fn metadata(request: HttpRequest, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &[]);
    let limit = match parameters.limit() {
        Ok(limit) => limit.unwrap_or(usize::MAX),
        Err(error) => return bad_data(&error),
    };
    let wanted = parameters.first("metric");
    let chosen = answers.metrics.iter().filter(|(name, _)| wanted.is_empty() || *name == wanted);
    listed(chosen.take(limit).map(|(name, help)| (name, [help])).collect::<BTreeMap<_, _>>())
}

async fn build_info() -> HttpResponse {
    listed(json!({
        "version": concat!(env!("CARGO_PKG_VERSION"), "-promenade-demo"),
        "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": "",
    }))
}

async fn configuration(request: HttpRequest) -> HttpResponse {
    let yaml = format!(
        "global:\n  scrape_interval: 15s\n  evaluation_interval: 15s\nalerting:\n  alertmanagers:\n  \
         - path_prefix: {}\n    static_configs:\n    - targets:\n      - {}\n",
        alertmanager::PATH,
        request.app_config().local_addr(),
    );
    listed(json!({ "yaml": yaml }))
}
