//! When the alert of a link from chat ended.

use askama::Template;
use jiff::Timestamp;

use super::times::Moment;
use crate::monitoring::{Failure, Firing};
use crate::prometheus::Labels;
use crate::web::page_error::ErrorText;
use crate::web::params::PageParams;

/// The panel with id `landed`.
#[derive(Template)]
#[template(path = "panels/resolved_alert.html")]
pub struct ResolvedAlertPanel<'a> {
    pub labels: &'a Labels,
    /// None: Prometheus has no record of it.
    pub firing: Result<Option<Firing>, ErrorText>,
    pub params: &'a PageParams,
}

impl askama::filters::HtmlSafe for ResolvedAlertPanel<'_> {}

impl<'a> ResolvedAlertPanel<'a> {
    pub fn of(labels: &'a Labels, firing: Result<Option<Firing>, Failure>, params: &'a PageParams) -> Self {
        Self { labels, firing: firing.map_err(|failure| ErrorText::of(&failure)), params }
    }

    fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or("The alert")
    }

    fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().filter(|(name, _)| *name != "alertname")
    }

    fn moment(&self, at: &Timestamp) -> Moment {
        Moment::of(at, self.params)
    }
}
