//! What `/go` shows of an alert that no entity's annotations choose: an alert table, or only its rows where ad-hoc
//! queries are off.

use jiff::Timestamp;

use super::alert_target::AlertTime;
use super::panel_context;
use crate::monitoring::{AlertQuery, AlertRow, Lookup, RoutingInput};
use crate::prometheus::{InstanceName, Labels};
use crate::promql::{MatchOp, Matcher};
use crate::web::links::{Link, Page, Source};
use crate::web::panels::{AlertsPanel, PanelContext};
use crate::web::params::{AlertSelection, INSTANCE, PageParams};
use crate::web::request::{Access, Portal, Subject, View};
use crate::web::row_id::RowId;

#[derive(Default)]
pub struct Unmatched {
    /// The alert table; only the rows themselves where the table needs a permission.
    pub alerts: Option<AlertsPanel>,
    /// Further instances with such an alert, and where each shows it.
    pub elsewhere: Vec<(String, Link)>,
}

impl Unmatched {
    pub async fn of(portal: &Portal, lookup: &Lookup, query: &AlertQuery, now: Timestamp) -> Self {
        if !lookup.entities.is_empty() {
            return Self::default();
        }
        let mut found = lookup.unowned.iter();
        let Some((instance, rows)) = found.next() else { return Self::default() };
        let elsewhere = found.filter_map(|(name, rows)| {
            let page = match portal.settings.allows(Access::AdHoc) {
                true => view(portal, name, rows.first()?, query, now).links().to(Page::Alerts(Source::AdHoc)),
                false => {
                    let params = PageParams::read("", &portal.settings.defaults, now);
                    let labels = query.labels.iter().chain([(INSTANCE, name.as_str())]);
                    portal.settings.links(&params).go(labels)
                }
            };
            Some((name.to_string(), page))
        });
        let shown = Self::on(portal, instance, rows, query, now).await;
        Self { elsewhere: elsewhere.collect(), ..shown }
    }

    /// On one instance.
    async fn on(
        portal: &Portal,
        name: &InstanceName,
        rows: &[AlertRow],
        query: &AlertQuery,
        now: Timestamp,
    ) -> Self {
        let Some(row) = rows.first() else { return Self::default() };
        let view = view(portal, name, row, query, now);
        let Ok(instance) = &view.instance else { return Self::default() };
        let link = view.links().to(Page::Alerts(Source::AdHoc));
        // No link to this page opens a row for its parent, so the parent gets no message.
        let context = PanelContext { name: row.name(), tells_parent: false, ..panel_context(&view, &link) };
        let answer = view.alerts(view.params.table.show_inactive).await;
        let ids: Vec<RowId> = rows.iter().map(RowId::of).collect();
        let alerts = match view.authorize_alerts() {
            Ok(()) => AlertsPanel::of(&context, Some(instance.settings()), Some(answer), false),
            Err(_) => AlertsPanel::of_rows(&context, name, &ids, answer),
        };
        Self { alerts: Some(alerts), ..Self::default() }
    }
}

/// The alert table of an instance that shows the alert, its first row opened.
fn view(
    portal: &Portal,
    instance: &InstanceName,
    row: &AlertRow,
    query: &AlertQuery,
    now: Timestamp,
) -> View {
    let (from, _) = AlertTime { at: query.at, text: None, now }.window(Some(row), None);
    let params = PageParams::read("", &portal.settings.defaults, now).select(AlertSelection {
        instance: instance.to_string(),
        name: row.name().to_owned(),
        matchers: shared(&query.labels, row),
        from,
        row: RowId::of(row),
        is_active: row.is_active(),
    });
    View::new(Subject::AdHoc(None), params, RoutingInput::default(), portal.clone())
}

/// The labels of the address that the row has too.
fn shared(labels: &Labels, row: &AlertRow) -> Vec<Matcher> {
    let shared = labels
        .iter()
        .filter(|(label, value)| *label != "alertname" && row.labels().get(label) == Some(value));
    shared.filter_map(|(label, value)| Matcher::new(label, MatchOp::Equal, value).ok()).collect()
}
