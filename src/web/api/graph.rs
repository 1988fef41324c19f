//! `{entity}/graphs/{n}.json`: a graph's series in columns, at full precision.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::{seconds, sheets, strict};
use crate::annotations::{MonitoringSpec, Unit};
use crate::monitoring::{Failure, Graph, Monitoring, Stat, StatValue};
use crate::prometheus::{Float, Labels, is_absent};
use crate::web::{
    CachePolicy, Chosen, Facts, GraphNumber, Making, PageError, PageParams, Subject, WebSettings, form,
};

/// From this many samples on, writing takes long enough to be in the way of others on the same thread.
const MANY_SAMPLES: usize = 50_000;

pub async fn show(
    request: HttpRequest,
    subject: Subject,
    number: GraphNumber,
    params: PageParams,
    facts: Facts,
    monitoring: web::Data<Monitoring>,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let graph = asked(&subject, number, &params, &facts, &monitoring, &settings).await?;
    json(&request, graph, &params).await
}

/// `{entity}/graphs/{n}.csv`
pub async fn sheet(
    request: HttpRequest,
    subject: Subject,
    number: GraphNumber,
    params: PageParams,
    facts: Facts,
    monitoring: web::Data<Monitoring>,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let graph = asked(&subject, number, &params, &facts, &monitoring, &settings).await?;
    let number = number.0.to_string();
    sheets::graph(&request, &[subject.reference().name(), "graph", &number], graph).await
}

/// The graph of an address that asks for a data form.
pub(super) async fn asked(
    subject: &Subject,
    number: GraphNumber,
    params: &PageParams,
    facts: &Facts,
    monitoring: &Monitoring,
    settings: &WebSettings,
) -> Result<Graph, PageError> {
    strict(params)?;
    let spec = MonitoringSpec::of(&subject.entity);
    if spec.graphs.is_empty() && params.custom.query.is_none() {
        return Err(PageError::Failed(Failure::NoAnnotation));
    }
    let chosen = Chosen::of(&subject.entity, &spec, number.0, params, settings.ad_hoc)?;
    chosen.readable()?;
    let routed = monitoring.route(&subject.entity, &spec, &facts.0).map_err(PageError::unknown_instance)?;
    let (instance, one) = (&routed.instance, &chosen.spec);
    let graph = match chosen.is_ad_hoc {
        true => monitoring.ad_hoc_graph(instance, one, &params.period).await,
        false => monitoring.graph(instance, one, &params.period).await,
    };
    graph.map_err(PageError::Failed)
}

/// A graph as JSON, whoever asked for it.
pub async fn json(
    request: &HttpRequest,
    graph: Graph,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let graph_type = params.graph_type.unwrap_or(graph.graph_type);
    let written = Written(Graph { graph_type, ..graph });
    if written.samples() < MANY_SAMPLES {
        return form::json(request, &written, CachePolicy::Live);
    }
    let making = made_of(request, &written.0);
    form::json_aside(request, written, making, CachePolicy::Live).await
}

/// What a graph's forms are made of: the instance's answer, and all that is written beside its series.
pub(super) fn made_of(request: &HttpRequest, graph: &Graph) -> Option<Making> {
    let beside = GraphForm { series: Vec::new(), ..GraphForm::of(graph) };
    Making::of(&graph.given, request.path(), &(beside, &graph.names))
}

/// A graph that is written as its data form.
struct Written(Graph);

impl Written {
    fn samples(&self) -> usize {
        let matrix = &self.0.answer.value;
        matrix.window.len().saturating_mul(matrix.series.len())
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        GraphForm::of(&self.0).serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphForm<'a> {
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
    /// What the portal itself has to say: a raised step, histograms that are left out.
    notices: &'a [String],
    series: Vec<SeriesForm<'a>>,
    dropped_series: usize,
    /// Where the instance answered with values in place of series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stats: Vec<StatForm<'a>>,
}

#[derive(Serialize)]
struct SeriesForm<'a> {
    name: &'a str,
    labels: &'a Labels,
    values: Values<'a>,
}

#[derive(Serialize)]
struct StatForm<'a> {
    name: &'a str,
    labels: &'a Labels,
    time: serde_json::Number,
    value: StatValueForm<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StatValueForm<'a> {
    Number(Float),
    Text(&'a str),
}

impl<'a> StatForm<'a> {
    fn of(stat: &'a Stat) -> Self {
        let value = match &stat.value {
            StatValue::Number(number) => StatValueForm::Number(Float(*number)),
            StatValue::Text(text) => StatValueForm::Text(text),
        };
        Self { name: &stat.name, labels: &stat.labels, time: seconds(stat.at_ms), value }
    }
}

/// `null` where there is no sample.
struct Values<'a>(&'a [f64]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            list.serialize_element(&(!is_absent(*value)).then_some(Float(*value)))?;
        }
        list.end()
    }
}

impl<'a> GraphForm<'a> {
    fn of(graph: &'a Graph) -> Self {
        let matrix = &*graph.answer.value;
        let series = matrix.series.iter().zip(&graph.names).map(|(series, name)| SeriesForm {
            name,
            labels: &series.labels,
            values: Values(&series.values),
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
            stats: graph.stats.iter().map(StatForm::of).collect(),
        }
    }
}
