//! What `/go` shows of an alert that no entity owns: a custom table, or only its rows where those are off.

use jiff::Timestamp;

use super::go::Fired;
use crate::annotations::{AlertNames, AlertSpec, Matchers, MonitoringSpec};
use crate::monitoring::{AlertQuery, AlertRow, Lookup, Monitoring};
use crate::prometheus::{InstanceName, Labels};
use crate::promql::{MatchOp, Matcher};
use crate::web::links::{Link, Page, Source};
use crate::web::panels::{AlertsPanel, PanelContext};
use crate::web::params::INSTANCE;
use crate::web::{PageParams, RowId, WebSettings};

/// The rows of an alert that no entity owns.
#[derive(Default)]
pub struct Unowned {
    /// The custom table; only the rows themselves where custom tables are off.
    pub alerts: Option<AlertsPanel>,
    /// Further instances that have some, with the page of each.
    pub elsewhere: Vec<(String, Link)>,
}

impl Unowned {
    pub async fn of(
        monitoring: &Monitoring,
        settings: &WebSettings,
        landing: &Lookup,
        wanted: &AlertQuery,
        now: Timestamp,
    ) -> Self {
        if !landing.entities.is_empty() {
            return Self::default();
        }
        let mut found = landing.unowned.iter();
        let Some((name, rows)) = found.next() else { return Self::default() };
        let elsewhere = found.filter_map(|(name, rows)| {
            let query = match settings.ad_hoc {
                true => address(name, rows.first()?, wanted, now),
                false => String::new(),
            };
            let params = PageParams::read_custom(&query, &settings.defaults, now);
            let links = settings.links(&params);
            let page = match settings.ad_hoc {
                true => links.to(Page::Alerts(Source::AdHoc)),
                false => links.go(wanted.labels.iter().chain([(INSTANCE, name.as_str())])),
            };
            Some((name.to_string(), page))
        });
        let shown = Self::shown(monitoring, settings, (name, rows), wanted, now).await;
        Self { elsewhere: elsewhere.collect(), ..shown }
    }

    async fn shown(
        monitoring: &Monitoring,
        settings: &WebSettings,
        (name, rows): (&InstanceName, &[AlertRow]),
        wanted: &AlertQuery,
        now: Timestamp,
    ) -> Self {
        let (Ok(instance), Some(row)) = (monitoring.instance(Some(name.as_str())), rows.first()) else {
            return Self::default();
        };
        let params = PageParams::read_custom(&address(name, row, wanted, now), &settings.defaults, now);
        let links = settings.links(&params);
        let page = links.to(Page::Alerts(Source::AdHoc));
        let setting = PanelContext {
            links,
            source: Source::AdHoc,
            name: row.name(),
            page: page.path(),
            tells_parent: false,
            ad_hoc: settings.ad_hoc,
            drawn: None,
        };
        let names = AlertNames::Named(vec![row.name().to_owned()]);
        let matchers = Matchers::All(told_of(&wanted.labels, row));
        let alerts = AlertSpec { names, matchers, broken: false };
        let spec = MonitoringSpec { alerts: Some(alerts), ..MonitoringSpec::default() };
        let answer = monitoring.alerts(instance, &spec, params.table.show_inactive, params.period.now).await;
        let ids: Vec<RowId> = rows.iter().map(RowId::of).collect();
        let alerts = match settings.ad_hoc {
            true => AlertsPanel::of(&setting, Some(&instance.settings), Some(answer), false),
            false => AlertsPanel::of_rows(&setting, name, &ids, answer),
        };
        Self { alerts: Some(alerts), ..Self::default() }
    }
}

/// What of the address the row has too.
fn told_of(labels: &Labels, row: &AlertRow) -> Vec<Matcher> {
    let told = labels
        .iter()
        .filter(|(label, value)| *label != "alertname" && row.labels().get(label) == Some(value));
    told.filter_map(|(label, value)| Matcher::new(label, MatchOp::Equal, value).ok()).collect()
}

/// The query string of the custom page that shows the alert, its first row opened.
fn address(instance: &InstanceName, row: &AlertRow, wanted: &AlertQuery, now: Timestamp) -> String {
    let fired = Fired { at: wanted.at, text: None, now, ad_hoc: wanted.ad_hoc };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("alerts", row.name()).append_pair("instance", instance.as_str());
    let labels = told_of(&wanted.labels, row).iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    if !labels.is_empty() {
        query.append_pair("labels", &labels);
    }
    if let (Some(from), _) = fired.window(Some(row), None, false) {
        query.append_pair("from", &from.as_millisecond().to_string()).append_pair("to", "now");
    }
    query.append_pair("alert", &RowId::of(row).to_string());
    if !row.is_active() {
        query.append_pair("showInactiveAlerts", "true");
    }
    query.finish()
}
