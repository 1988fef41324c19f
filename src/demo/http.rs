//! The demo Prometheus over HTTP: its paths, parameters and JSON.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde::{Serialize, Serializer};
use url::form_urlencoded;

use super::queries;
use super::range::Range;
use super::rules;
use super::waves::Story;
use crate::clock;

/// Binds a free loopback port. The server works once it is awaited or spawned.
pub fn serve(story: Story) -> io::Result<(SocketAddr, Server)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || App::new().app_data(Data::new(story)).configure(routes))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
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

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Answer<T> {
    Success {
        data: T,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        infos: &'static [&'static str],
    },
    Error {
        error_type: &'static str,
        error: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryData<T> {
    result_type: &'static str,
    result: Vec<T>,
}

#[derive(Serialize)]
struct SampleData {
    metric: BTreeMap<&'static str, &'static str>,
    value: (Instant, String),
}

#[derive(Serialize)]
struct SeriesData {
    metric: BTreeMap<&'static str, &'static str>,
    values: Vec<(Instant, String)>,
}

/// Epoch milliseconds, written as Prometheus writes a time: seconds, with a fraction only if there is one.
struct Instant(i64);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            return serializer.serialize_i64(self.0 / 1000);
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

async fn query_range(request: HttpRequest, body: Bytes, story: Data<Story>) -> HttpResponse {
    let asked = parameters(&request, &body);
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let range = match Range::read(text("start"), text("end"), text("step")) {
        Ok(range) => range,
        Err(error) => return bad_data(error),
    };
    let Some(known) = queries::find(text("query")) else {
        return bad_data(UNKNOWN.to_owned());
    };
    let now = clock::now().as_millisecond();
    let result = (known.series)(*story.get_ref())
        .into_iter()
        .map(|series| SeriesData {
            values: series.samples(range, now).into_iter().map(|(at, v)| (Instant(at), number(v))).collect(),
            metric: series.labels.into_iter().collect(),
        })
        .filter(|series| !series.values.is_empty())
        .collect();
    HttpResponse::Ok()
        .json(Answer::Success { data: QueryData { result_type: "matrix", result }, infos: known.infos })
}

async fn query(request: HttpRequest, body: Bytes, story: Data<Story>) -> HttpResponse {
    let asked = parameters(&request, &body);
    let now = clock::now();
    let at = asked.get("time").cloned().unwrap_or_else(|| now.as_second().to_string());
    let range = match Range::read(&at, &at, "1") {
        Ok(range) => range,
        Err(error) => return bad_data(error),
    };
    let Some(known) = queries::find(asked.get("query").map_or("", String::as_str)) else {
        return bad_data(UNKNOWN.to_owned());
    };
    let result = (known.series)(*story.get_ref())
        .into_iter()
        .filter_map(|series| {
            let (at, value) = series.samples(range, now.as_millisecond()).into_iter().next()?;
            Some(SampleData {
                value: (Instant(at), number(value)),
                metric: series.labels.into_iter().collect(),
            })
        })
        .collect();
    HttpResponse::Ok()
        .json(Answer::Success { data: QueryData { result_type: "vector", result }, infos: known.infos })
}

async fn rules(request: HttpRequest, story: Data<Story>) -> HttpResponse {
    let asked = parameters(&request, &[]);
    let kind = asked.get("type").map_or("", String::as_str);
    if !["", "alert", "record"].contains(&kind) {
        return bad_data(format!("invalid parameter \"type\": not supported value {kind:?}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
    let now = clock::now().as_second() as f64;
    let data = rules::data(*story.get_ref(), now, kind == "alert");
    HttpResponse::Ok().json(Answer::Success { data, infos: &[] })
}

/// Where links out of the portal lead.
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

/// Of a form and of the address; the form wins, as in Go, and so does the first value of a name.
fn parameters(request: &HttpRequest, form: &[u8]) -> BTreeMap<String, String> {
    let address = form_urlencoded::parse(request.query_string().as_bytes());
    let mut all = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form).chain(address) {
        all.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    all
}

fn bad_data(error: String) -> HttpResponse {
    HttpResponse::BadRequest().json(Answer::<()>::Error { error_type: "bad_data", error })
}

/// As Prometheus writes a sample: shortest digits that read back the same, no exponent.
fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, number};

    #[test]
    fn samples_are_written_as_prometheus_writes_them() {
        let cases = [(0.1, "0.1"), (1e21, "1000000000000000000000"), (2.0, "2"), (-0.5, "-0.5")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(number), ["NaN", "+Inf", "-Inf"]);
        let times = [1_795_400_000_000, 1_795_400_000_250]
            .map(|ms| serde_json::to_string(&Instant(ms)).expect("JSON"));
        assert_eq!(times, ["1795400000", "1795400000.25"]);
    }
}
