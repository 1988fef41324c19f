//! What became of the alert that a link from chat was about, when it is over.

use askama::Template;

use super::times::Moment;
use crate::monitoring::{Episode, Failure};
use crate::prometheus::Labels;
use crate::web::PageParams;
use crate::web::page_error::tell;

/// The panel with id `landed`.
#[derive(Template)]
#[template(path = "panels/landed.html")]
pub struct LandedPanel {
    pub name: String,
    /// The other labels.
    pub labels: Vec<(String, String)>,
    pub ended: Ended,
}

impl askama::filters::HtmlSafe for LandedPanel {}

/// When the alert ended.
pub enum Ended {
    Known {
        from: Moment,
        /// It fired before that too.
        is_cut: bool,
        until: Moment,
    },
    /// It went on for longer than was looked.
    LongAfter { from: Moment, is_cut: bool },
    /// The instance remembers no such firing.
    NotKnown,
    /// Why the instance could not say it.
    Failed(String),
}

impl LandedPanel {
    pub fn of(labels: &Labels, episode: Result<Option<Episode>, Failure>, params: &PageParams) -> Self {
        let moment = |at| Moment::of(at, params.period.now, &params.zone);
        let ended = match episode {
            Err(failure) => Ended::Failed(tell(&failure).title),
            Ok(None) => Ended::NotKnown,
            Ok(Some(Episode { from, is_cut, until: Some(until), .. })) => {
                Ended::Known { from: moment(from), is_cut, until: moment(until) }
            }
            Ok(Some(Episode { from, is_cut, until: None, .. })) => {
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
