//! What an opened row of the alert table shows: its silences, links, annotations, labels, rule and graph.

use askama::Template;
use url::Url;

use super::prose::{ProsePart, label_parts, prose};
use super::times::Moment;
use super::{OutLink, PanelContext};
use crate::monitoring::{AlertRow, AlertTable, AlertmanagerStatus, Failure};
use crate::prometheus::{Float, InstanceName, RowId};
use crate::upstream::SentTime;
use crate::web::links::{Link, Source, new_silence, safe_href};
use crate::web::page_error::ErrorText;

/// The answer to a row that was opened.
#[derive(Template)]
#[template(path = "panels/alert_details.html")]
pub struct AlertDetails<'a> {
    context: PanelContext<'a>,
    details: Result<Option<RowDetails>, ErrorText>,
    /// An answer that lacks something does not say that the alert ended.
    is_complete: bool,
}

impl<'a> AlertDetails<'a> {
    pub fn of(context: PanelContext<'a>, answer: Result<&AlertTable, Failure>, id: RowId) -> Self {
        let of = |table: &AlertTable| {
            // Readers of `/go` may not be allowed to see the table.
            let may_not = matches!(context.source, Source::AdHoc) && !context.ad_hoc;
            let go = may_not.then_some(&table.instance);
            table.row(id).map(|row| RowDetails::of(&context, row, go, table.silences.ui_url()))
        };
        let is_complete = answer.as_ref().is_ok_and(|table| table.evidence().is_complete());
        Self { context, is_complete, details: answer.map(of).map_err(|failure| ErrorText::of(&failure)) }
    }
}

/// The details of one row.
#[derive(Clone, Debug)]
pub struct RowDetails {
    pub row: AlertRow,
    pub id: RowId,
    /// Runbook, dashboard, a new silence.
    pub links: Vec<OutLink>,
    /// The page with this row open.
    pub link: Link,
    /// The same at the time of this page. `/go` has no time range.
    pub fixed: Option<Link>,
    /// The graph of its expression.
    pub graph: Link,
}

impl RowDetails {
    /// `go`: the instance of a row that links to `/go`; `alertmanager`: the address of its user interface.
    pub fn of(
        context: &PanelContext<'_>,
        row: &AlertRow,
        go: Option<&InstanceName>,
        alertmanager: Option<&Url>,
    ) -> Self {
        let id = row.id();
        let link = context.row(row, go);
        Self {
            id,
            links: row
                .annotations()
                .iter()
                .filter_map(|pair| out(row, pair))
                .chain(alertmanager.and_then(|url| silence(row, url)))
                .collect(),
            fixed: go.is_none().then(|| context.links.fixed(link.clone())),
            link,
            graph: context.alert_graph(id),
            row: row.clone(),
        }
    }

    /// An annotation in full.
    pub fn prose(&self, text: &str) -> Vec<ProsePart> {
        prose(&self.row, text)
    }

    /// The value of a label in full.
    pub fn label(&self, value: &str) -> Vec<ProsePart> {
        label_parts(&self.row, value)
    }

    /// As precise as Prometheus sent it.
    pub fn value(&self) -> Option<Float> {
        self.row.value().map(Float)
    }

    /// When the rule was evaluated.
    pub fn evaluated(&self, context: &PanelContext<'_>) -> Option<Moment> {
        let at = self.row.rule().last_evaluation.as_ref().and_then(SentTime::at)?;
        Some(context.moment(&at))
    }
}

/// The link of an annotation whose name says what it leads to. The template of a rule leads nowhere.
fn out(row: &AlertRow, (name, value): (&str, &str)) -> Option<OutLink> {
    let text = match name {
        "runbook_url" | "runbook" => "Runbook",
        "dashboard_url" | "dashboard" => "Dashboard",
        _ => return None,
    };
    let is_template = row.alert().is_none() && value.contains("{{");
    safe_href(value).filter(|_| !is_template).map(|href| OutLink { text, href })
}

/// Alertmanager may have more labels than the instance sends.
fn silence(row: &AlertRow, alertmanager: &Url) -> Option<OutLink> {
    let labels = row.suppression().map(AlertmanagerStatus::labels);
    let href = match labels {
        _ if row.alert().is_none() => return None,
        Some(labels) => new_silence(alertmanager, &labels),
        None => new_silence(alertmanager, row.labels()),
    };
    Some(OutLink { text: "Silence", href })
}
