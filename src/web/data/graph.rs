//! A graph as JSON: its series in columns, at full precision.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Serialize, Serializer};

use super::seconds;
use crate::annotations::Unit;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::prometheus::{Float, Labels, is_absent};
use crate::web::page_error::PageError;
use crate::web::panels::remarks::grid;
use crate::web::params::PageParams;
use crate::web::reply::{self, ReplyKey};

/// From this many samples on, writing takes long enough to be in the way of others on the same thread.
const MANY_SAMPLES: usize = 50_000;

/// Without times, but with a notice where its points are beside the clock of the page's zone. Single values have no
/// points.
pub async fn json(
    request: &HttpRequest,
    mut graph: Graph,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let matrix = &graph.answer.value;
    graph.notices.extend(grid(matrix.window, &params.zone).filter(|_| matrix.instant.is_none()));
    if matrix.window.len().saturating_mul(matrix.series.len()) < MANY_SAMPLES {
        return reply::json(request, &GraphJson::of(&graph));
    }
    let key = key(request, &graph, "");
    reply::large_json(request, key, move || serde_json::to_vec(&GraphJson::of(&graph))).await
}

/// What a graph's data depends on: the instance's answer, and everything else in the reply. `zone` is the zone of its
/// times, if they have one.
pub(super) fn key(request: &HttpRequest, graph: &Graph, zone: &str) -> Option<ReplyKey> {
    let beside = GraphJson { series: Vec::new(), ..GraphJson::of(graph) };
    ReplyKey::of(&graph.given, request.path(), &(beside, &graph.names, zone))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphJson<'a> {
    query: &'a str,
    title: &'a str,
    graph_type: &'static str,
    instance: &'a str,
    start: serde_json::Number,
    end: serde_json::Number,
    step: serde_json::Number,
    unit: Option<&'a str>,
    as_of: serde_json::Number,
    stale: bool,
    warnings: &'a [String],
    infos: &'a [String],
    /// Remarks of the portal: a raised step, points beside the clock of the zone, histograms that it leaves out.
    notices: &'a [String],
    series: Vec<GraphSeriesJson<'a>>,
    dropped_series: usize,
    /// Where the instance answered with values in place of series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stats: Vec<StatJson<'a>>,
}

#[derive(Serialize)]
struct GraphSeriesJson<'a> {
    name: &'a str,
    labels: &'a Labels,
    #[serde(serialize_with = "samples")]
    values: &'a [f64],
}

#[derive(Serialize)]
struct StatJson<'a> {
    name: &'a str,
    labels: &'a Labels,
    time: serde_json::Number,
    #[serde(serialize_with = "stat_value")]
    value: &'a StatValue,
}

fn stat_value<S: Serializer>(value: &StatValue, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        StatValue::Number(number) => Float(*number).serialize(serializer),
        StatValue::Text(text) => text.serialize(serializer),
    }
}

/// `null` where there is no sample.
fn samples<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| (!is_absent(*value)).then_some(Float(*value))))
}

impl<'a> GraphJson<'a> {
    fn of(graph: &'a Graph) -> Self {
        let matrix = &*graph.answer.value;
        let stat = |stat: &'a Stat| StatJson {
            name: &stat.name,
            labels: &stat.labels,
            time: seconds(stat.at_ms),
            value: &stat.value,
        };
        let series = matrix.series.iter().zip(&graph.names).map(|(series, name)| GraphSeriesJson {
            name,
            labels: &series.labels,
            values: &series.values,
        });
        Self {
            query: &graph.query,
            title: &graph.title,
            graph_type: graph.graph_type.as_str(),
            instance: graph.instance.as_str(),
            start: seconds(matrix.window.start_ms()),
            end: seconds(matrix.window.end_ms()),
            step: seconds(matrix.window.step_ms()),
            unit: (graph.unit != Unit::None).then(|| graph.unit.as_str()),
            as_of: seconds(graph.answer.as_of.as_millisecond()),
            stale: graph.answer.is_stale(),
            warnings: &matrix.warnings,
            infos: &matrix.infos,
            notices: &graph.notices,
            series: series.collect(),
            // No limit on series is set yet, so none is ever left out.
            dropped_series: 0,
            stats: graph.stats.iter().map(stat).collect(),
        }
    }
}
