//! When the alert of a link from chat ended.

use askama::Template;

use super::times::Moment;
use crate::monitoring::{Failure, Firing};
use crate::prometheus::Labels;
use crate::web::page_error::ErrorText;
use crate::web::params::PageParams;

/// The panel with id `landed`.
#[derive(Template)]
#[template(path = "panels/resolved_alert.html")]
pub struct ResolvedAlertPanel {
    pub name: String,
    /// The other labels.
    pub labels: Vec<(String, String)>,
    pub ended: Ended,
}

impl askama::filters::HtmlSafe for ResolvedAlertPanel {}

/// When the alert ended.
pub enum Ended {
    Known {
        from: Moment,
        /// It was already firing then.
        is_cut: bool,
        until: Moment,
    },
    /// Later than the query looked.
    LongAfter { from: Moment, is_cut: bool },
    /// Prometheus has no record of the firing.
    NoRecord,
    /// Why Prometheus could not be queried.
    Failed(String),
}

impl ResolvedAlertPanel {
    pub fn of(labels: &Labels, episode: Result<Option<Firing>, Failure>, params: &PageParams) -> Self {
        let moment = |at| Moment::of(at, params.period.now, &params.zone);
        let ended = match episode {
            Err(failure) => Ended::Failed(ErrorText::of(&failure).title),
            Ok(None) => Ended::NoRecord,
            Ok(Some(Firing { from, is_cut, until: Some(until), .. })) => {
                Ended::Known { from: moment(from), is_cut, until: moment(until) }
            }
            Ok(Some(Firing { from, is_cut, until: None, .. })) => {
                Ended::LongAfter { from: moment(from), is_cut }
            }
        };
        let others = labels.iter().filter(|(name, _)| *name != "alertname");
        Self {
            name: labels.get("alertname").unwrap_or("The alert").to_owned(),
            labels: others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ended,
        }
    }
}
