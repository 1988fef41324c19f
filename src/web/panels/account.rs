//! Details of a page: annotations, the instance and why, queries sent, problems.

use askama::Template;

use super::{Field, ProblemsPanel, counted, cut, times};
use crate::annotations::{GraphSpec, MonitoringSpec};
use crate::catalog::{Annotation, Entity};
use crate::monitoring::{Period, Routed};
use crate::web::page_error::ErrorText;

/// Longer annotations are cut, in characters.
const MAX_VALUE: usize = 2_000;

#[derive(Template)]
#[template(path = "panels/account.html")]
pub struct AccountPanel {
    /// Those that the portal knows or might mean, by name.
    pub annotations: Vec<Field>,
    pub instance: Option<Routed>,
    /// Why there is no instance.
    pub fault: Option<ErrorText>,
    /// Every query of the page, whether or not its answer is shown yet.
    pub queries: Vec<SentQuery>,
    pub problems: Option<ProblemsPanel>,
    /// `2 queries to prod`: shown while it is closed.
    pub short: String,
}

impl askama::filters::HtmlSafe for AccountPanel {}

/// What one panel sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentQuery {
    /// `Graph 1`
    pub what: String,
    /// None: no PromQL is sent.
    pub query: Option<String>,
    pub note: String,
}

impl AccountPanel {
    pub fn of(entity: &Entity, spec: &MonitoringSpec, routed: Option<&Routed>, period: &Period) -> Self {
        let own = entity.annotations.iter().filter(|(name, _)| Annotation::is_own(name));
        let field = |(name, annotation): (&String, &Annotation)| Field {
            name: name.clone(),
            text: cut(&annotation.value, MAX_VALUE),
            href: None,
        };
        let queries = routed.map(|routed| SentQuery::all(spec, routed, period)).unwrap_or_default();
        let short = routed.map_or_else(
            || "no instance".to_owned(),
            |to| format!("{} to {}", counted(queries.len(), "query", "queries"), to.name()),
        );
        Self {
            annotations: own.map(field).collect(),
            instance: routed.cloned(),
            fault: None,
            queries,
            problems: None,
            short,
        }
    }
}

impl SentQuery {
    fn all(spec: &MonitoringSpec, routed: &Routed, period: &Period) -> Vec<Self> {
        let requested = period.requested(routed.settings());
        let rules = spec.alerts.iter().map(|_| Self {
            what: "Alerts".to_owned(),
            query: None,
            note: "all alerting rules of the instance; the annotations select from them".to_owned(),
        });
        let graphs = (1..).zip(&spec.graphs).map(|(number, graph)| Self::graph(number, graph, requested));
        rules.chain(graphs).collect()
    }

    fn graph(number: usize, graph: &GraphSpec, requested: Option<Period>) -> Self {
        let note = match (&graph.query, requested) {
            (None, _) => "not sent: it is invalid".to_owned(),
            (Some(_), None) => "not sent: the range is in the future".to_owned(),
            (Some(_), Some(Period { from, to, step, .. })) => {
                let step = times::seconds(step.unwrap_or_default().as_secs_f64());
                format!("from {from} to {to}, every {step}")
            }
        };
        let query = graph.query.as_ref().map_or_else(|| graph.source.clone(), ToString::to_string);
        Self { what: format!("Graph {number}"), query: Some(query), note }
    }
}
