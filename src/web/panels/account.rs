//! Details of a page: annotations, the instance and why, queries sent, problems.

use askama::Template;

use super::{ProblemsPanel, counted, times};
use crate::annotations::{GraphSpec, nearest_key};
use crate::catalog::{Annotation, Entity, SharedText};
use crate::monitoring::Period;
use crate::web::request::View;

/// Longer annotations are cut, in characters.
const MAX_VALUE: usize = 2_000;

#[derive(Template)]
#[template(path = "panels/account.html")]
pub struct AccountPanel<'a> {
    pub view: &'a View,
    pub entity: &'a Entity,
    pub problems: Option<ProblemsPanel>,
}

impl askama::filters::HtmlSafe for AccountPanel<'_> {}

impl AccountPanel<'_> {
    /// Those that the portal knows or might mean, by name.
    fn annotations(&self) -> Vec<(&SharedText, &Annotation)> {
        let is_own = |name: &str| Annotation::is_own(name) || nearest_key(name).is_some();
        self.entity.annotations.iter().filter(|(name, _)| is_own(name)).collect()
    }

    /// `2 queries to prod`: shown while it is closed.
    fn short(&self) -> String {
        let queries = usize::from(self.view.spec.alerts.is_some()) + self.view.spec.graphs.len();
        match &self.view.instance {
            Ok(to) => format!("{} to {}", counted(queries, "query", "queries"), to.name()),
            Err(_) => "no instance".to_owned(),
        }
    }

    fn sends_queries(&self) -> bool {
        let spec = &self.view.spec;
        self.view.instance.is_ok() && (spec.alerts.is_some() || !spec.graphs.is_empty())
    }

    fn query(&self, graph: &GraphSpec) -> String {
        graph.query.as_ref().map_or_else(|| graph.source.clone(), ToString::to_string)
    }

    /// The range and step of a graph's query, or why it is not sent.
    fn note(&self, graph: &GraphSpec) -> String {
        let instance = self.view.instance_settings();
        let requested = instance.and_then(|instance| self.view.params.period.requested(instance));
        match (&graph.query, requested) {
            (None, _) => "not sent: it is invalid".to_owned(),
            (Some(_), None) => "not sent: the range is in the future".to_owned(),
            (Some(_), Some(Period { from, to, step, .. })) => {
                let step = times::seconds(step.unwrap_or_default().as_secs_f64());
                format!("from {from} to {to}, every {step}")
            }
        }
    }
}
