//! What `/go` shows of an alert besides its entities: an alert table, or only its rows where ad-hoc queries are off.

use jiff::Timestamp;

use super::alert_target::AlertTime;
use super::panel_context;
use crate::monitoring::{Activity, AlertQuery, AlertRow, Lookup, RoutingInput};
use crate::prometheus::InstanceName;
use crate::prometheus::RowId;
use crate::web::links::{Link, Page, Source};
use crate::web::panels::{AlertsPanel, PanelContext};
use crate::web::params::{INSTANCE, PageParams};
use crate::web::request::{Access, Portal, View, ViewSubject};

#[derive(Default)]
pub struct Unmatched<'a> {
    /// The alert table; only the rows themselves where the table needs a permission.
    pub alerts: Option<AlertsPanel<'a>>,
    /// Further instances with such an alert, and where each shows it.
    pub elsewhere: Vec<(String, Link)>,
}

impl<'a> Unmatched<'a> {
    /// `view`: from [`view_of_first`]. `page`: the address of the ad-hoc alert table.
    pub async fn of(view: Option<&'a View>, page: &'a Link, lookup: &'a Lookup, query: &AlertQuery) -> Self {
        let mut unowned = with_rows(lookup);
        let (Some(view), Some((instance, first, rows))) = (view, unowned.next()) else {
            return Self::default();
        };
        let elsewhere = unowned.map(|(name, row, _)| {
            let link = match view.portal.settings.allows(Access::AdHoc) {
                true => view_of_row(&view.portal, name, row, query, view.params.period.now)
                    .links()
                    .to(Page::Alerts(Source::AdHoc)),
                false => view.links().go(query.labels.iter().chain([(INSTANCE, name.as_str())])),
            };
            (name.to_string(), link)
        });
        Self { elsewhere: elsewhere.collect(), alerts: alerts(view, page, instance, first, rows).await }
    }
}

/// The instances that have the alert, each with its first row and all its rows. Where entities show it, only the instance of
/// the first of them.
fn with_rows(lookup: &Lookup) -> impl Iterator<Item = (&InstanceName, &AlertRow, &[AlertRow])> {
    let shown = lookup.entities.iter().find(|entity| matches!(entity.state, Activity::Active(_)));
    let shown = shown.map(|entity| (entity.instance.name(), entity.rows.as_slice()));
    let unowned = lookup.unowned.iter().map(|(instance, rows)| (instance, rows.as_slice()));
    unowned.chain(shown).filter_map(|(instance, rows)| Some((instance, rows.first()?, rows)))
}

/// The rows on one instance.
async fn alerts<'a>(
    view: &'a View,
    page: &'a Link,
    instance: &InstanceName,
    first: &'a AlertRow,
    rows: &'a [AlertRow],
) -> Option<AlertsPanel<'a>> {
    let settings = view.instance_settings()?;
    // No link to this page opens a row for its parent, so the parent gets no message.
    let context = PanelContext { name: first.name(), tells_parent: false, ..panel_context(view, page) };
    let answer = view.alerts(view.params.table.show_inactive).await;
    Some(match view.authorize_alerts() {
        Ok(()) => AlertsPanel::of(context, Some(settings), Some(answer), false),
        Err(_) => {
            let ids: Vec<RowId> = rows.iter().map(AlertRow::id).collect();
            AlertsPanel::of_rows(context, instance, &ids, answer)
        }
    })
}

/// The alert table of the first instance that has the alert. None: no instance has it.
pub fn view_of_first(portal: &Portal, lookup: &Lookup, query: &AlertQuery, now: Timestamp) -> Option<View> {
    let (instance, row, _) = with_rows(lookup).next()?;
    Some(view_of_row(portal, instance, row, query, now))
}

/// The alert table of an instance that shows the alert, its first row opened.
fn view_of_row(
    portal: &Portal,
    instance: &InstanceName,
    row: &AlertRow,
    query: &AlertQuery,
    now: Timestamp,
) -> View {
    let (from, _) = AlertTime { at: query.at, text: None, now }.window(Some(row), None);
    let params = PageParams::read("", &portal.settings.defaults, now);
    let params = params.select(instance, row, &query.labels, from);
    View::new(ViewSubject::AdHoc(None), params, RoutingInput::default(), portal.clone())
}
