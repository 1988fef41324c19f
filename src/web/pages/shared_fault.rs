//! The failure that several panels of a page have in common: the page says it once.

use crate::upstream::Who;
use crate::web::page_error::ErrorText;
use crate::web::panels::folding::is_of_instance;
use crate::web::panels::times::Moment;
use crate::web::panels::{AlertsPanel, GraphPanel};
use crate::web::request::View;

pub struct SharedFault {
    pub text: ErrorText,
    /// Since when the instance does not answer, if it answers nothing.
    pub since: Option<Moment>,
}

impl SharedFault {
    /// Folds the panels that have it.
    pub fn of(
        view: &View,
        alerts: Option<&mut AlertsPanel<'_>>,
        graphs: &mut [GraphPanel<'_>],
    ) -> Option<Self> {
        let of_alerts = alerts.as_ref().and_then(|panel| panel.fault());
        let all: Vec<&ErrorText> =
            of_alerts.into_iter().chain(graphs.iter().filter_map(GraphPanel::fault)).collect();
        let count = |fault: &ErrorText| all.iter().filter(|other| **other == fault).count();
        // What is wrong with a query is said beside it.
        let of_instance = all.iter().filter(|fault| is_of_instance(fault));
        let text = of_instance.max_by_key(|fault| count(fault)).filter(|fault| count(fault) > 1)?;
        let text = (**text).clone();
        if let Some(panel) = alerts.filter(|panel| panel.fault() == Some(&text)) {
            panel.share();
        }
        graphs.iter_mut().filter(|panel| panel.fault() == Some(&text)).for_each(GraphPanel::share);
        let own = view.routed().ok().map(|routed| Who::Prometheus(routed.name().clone()));
        let silent = view.portal.monitoring.silent_servers();
        let since = silent.into_iter().find(|server| Some(&server.who) == own.as_ref());
        Some(Self { text, since: since.map(|server| Moment::of(&server.since, &view.params)) })
    }
}
