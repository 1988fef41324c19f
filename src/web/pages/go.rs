//! The target of links from chat. Redirects to the one entity that shows the alert, lists several, and shows the alert
//! itself if there is none.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::alert_target::AlertTime;
use super::unmatched::Unmatched;
use super::{Shell, redirect};
use crate::annotations::{ALERT, LABELS, SERVICE_NAME};
use crate::clock;
use crate::monitoring::{Activity, AlertIndexer, AlertQuery, AlertRow, Lookup, MatchedEntity, Monitoring};
use crate::prometheus::InstanceName;
use crate::promql::{MatchOp, Matcher, quote};
use crate::web::links::{Link, Links};
use crate::web::page_error::PageError;
use crate::web::panels::AlertsPanel;
use crate::web::panels::missing::single_quoted;
use crate::web::panels::times::Moment;
use crate::web::params::{AT, GoParams, PageParams, ParamProblem};
use crate::web::reply::{self, CachePolicy};
use crate::web::request::{Access, Portal};

/// Labels that usually name the service or team of an alert.
const TYPICAL: [&str; 7] = ["service", "app", "job", "component", "namespace", "team", "severity"];

#[derive(Template)]
#[template(path = "pages/go.html")]
pub struct GoPage<'a> {
    pub shell: Shell<'a>,
    /// `HighLoad`, or empty.
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub matches: Vec<MatchRow>,
    pub beyond: usize,
    pub silent: Vec<String>,
    /// Instances that answered, but not completely.
    pub unsure: Vec<String>,
    /// Some entities were not tested.
    pub is_untried: bool,
    /// Some alerts of an instance were not tested.
    pub is_cut: bool,
    /// Some instances are open to certain entities only.
    pub is_closed: bool,
    /// Backstage's entities are missing: it could never be read.
    pub is_partial: bool,
    pub alerts: Option<AlertsPanel>,
    pub elsewhere: Vec<(String, Link)>,
    pub yaml: String,
}

/// An entity among several.
pub struct MatchRow {
    pub title: String,
    pub href: Link,
    pub kind: String,
    pub namespace: String,
    pub instance: String,
    pub state: &'static str,
    pub text: &'static str,
    pub count: usize,
    /// The time of the state, if the instance does not answer now.
    pub not_since: Option<Moment>,
}

pub async fn show(
    request: HttpRequest,
    indexer: web::Data<AlertIndexer>,
    portal: Portal,
) -> Result<HttpResponse, PageError> {
    let now = clock::now();
    let (settings, monitoring) = (&portal.settings, &portal.monitoring);
    let mut params = GoParams::read(request.query_string(), now);
    params.query.ad_hoc = settings.allows(Access::AdHoc);
    let index = indexer.index().await.ok_or(PageError::CatalogNotRead)?;
    let mut lookup = monitoring.look_up(&index, &params.query, now).await;
    if let Some(problem) = no_such_instance(monitoring, &lookup, &params.query) {
        params.problems.push(problem);
        params.query.instance = None;
        lookup = monitoring.look_up(&index, &params.query, now).await;
    }
    let text = bad_time(&params, request.query_string());
    let time = AlertTime { at: params.query.at, text, now };
    let mut page_params = PageParams::read("", &settings.defaults, now);
    let links = settings.links(&page_params);
    if let Some(entity) = lookup.only() {
        let alert = time.link(&portal, entity).await;
        return Ok(redirect(&links.entity_alert(&entity.entity.reference, &alert)));
    }
    let matches = lookup.entities.iter().map(|entity| MatchRow::of(entity, links, &time)).collect();
    page_params.problems = params.problems;
    let unmatched = Unmatched::of(&portal, &lookup, &params.query, now).await;
    let page = GoPage::of(&portal, &page_params, &params.query, &lookup, matches, unmatched);
    reply::html(&request, &page, CachePolicy::Live)
}

/// An instance that is not configured. One that is not open to all looks the same.
fn no_such_instance(monitoring: &Monitoring, lookup: &Lookup, query: &AlertQuery) -> Option<ParamProblem> {
    let name = query.instance.as_deref().filter(|_| lookup.entities.is_empty())?;
    monitoring.instance(Some(name)).is_err().then(|| {
        let message = format!("unknown Prometheus instance {}", quote(name));
        ParamProblem { parameter: "__instance", message }
    })
}

/// A time that cannot be read. The redirect keeps it, so that the entity's page names the problem.
fn bad_time(params: &GoParams, query: &str) -> Option<String> {
    params.problems.iter().any(|problem| problem.parameter == AT).then(|| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let text = pairs.find(|(name, _)| name == AT).map(|(_, value)| value.chars().take(100).collect());
        text.unwrap_or_default()
    })
}

impl MatchRow {
    fn of(matched: &MatchedEntity, links: Links<'_>, time: &AlertTime) -> Self {
        let (state, text) = match matched.state {
            Activity::Active(state) => (state.as_str(), state.as_str()),
            Activity::Resolved => ("inactive", "not active"),
            Activity::Unknown => ("unknown", "unknown"),
        };
        let reference = &matched.entity.reference;
        let not_since = matched.stale_since.filter(|_| matched.state != Activity::Unknown);
        Self {
            title: matched.entity.display_name().to_owned(),
            href: links.entity_alert(reference, &time.link_over(matched, None)),
            kind: matched.entity.kind.clone(),
            namespace: reference.namespace().to_owned(),
            instance: matched.instance.name().to_string(),
            state,
            text,
            count: matched.rows.iter().filter(|row| row.is_active()).count(),
            not_since: not_since.map(|at| Moment::of(at, time.now, &links.params.zone)),
        }
    }
}

impl<'a> GoPage<'a> {
    fn of(
        portal: &'a Portal,
        params: &'a PageParams,
        query: &AlertQuery,
        lookup: &Lookup,
        matches: Vec<MatchRow>,
        unmatched: Unmatched,
    ) -> Self {
        let name = query.name().unwrap_or_default().to_owned();
        let others = query.labels.iter().filter(|(label, _)| *label != "alertname");
        let title = if name.is_empty() { "An alert" } else { name.as_str() };
        let row = lookup.unowned.first().and_then(|(instance, rows)| Some((instance, rows.first()?)));
        let monitoring = &portal.monitoring;
        let is_open = |name: &InstanceName| monitoring.instance(Some(name.as_str())).is_ok();
        let backstage = portal.catalog.backstage();
        Self {
            // Every parameter of the address is a label, so no link to this page can change how it looks.
            shell: Shell::new(&portal.settings, params, "", title),
            labels: others.map(|(label, value)| (label.to_owned(), value.to_owned())).collect(),
            yaml: if matches.is_empty() { yaml(query, row) } else { String::new() },
            is_closed: !monitoring.instances().all(|instance| is_open(instance.name())),
            is_partial: backstage.is_some_and(|state| state.failing.is_some() && state.good_at.is_none()),
            matches,
            beyond: lookup.beyond,
            silent: lookup.silent.iter().map(ToString::to_string).collect(),
            unsure: lookup.unsure.iter().map(ToString::to_string).collect(),
            is_untried: lookup.is_partial,
            is_cut: lookup.is_cut,
            alerts: unmatched.alerts,
            elsewhere: unmatched.elsewhere,
            name,
        }
    }

    /// More entities may show it than those listed.
    fn may_have_more(&self) -> bool {
        self.is_untried || self.is_cut || !self.silent.is_empty() || !self.unsure.is_empty()
    }

    /// Every instance answered completely, and is open to every entity.
    fn all_checked(&self) -> bool {
        self.silent.is_empty() && self.unsure.is_empty() && !self.is_closed
    }
}

/// The annotations that make an entity show the alert.
fn yaml(query: &AlertQuery, row: Option<(&InstanceName, &AlertRow)>) -> String {
    let name = row.map_or(query.name().unwrap_or_default(), |(_, row)| row.name());
    let labels = row.map_or(&query.labels, |(_, row)| row.labels());
    let typical = TYPICAL.into_iter().filter_map(|label| Some((label, labels.get(label)?)));
    let matchers =
        typical.take(2).filter_map(|(label, value)| Matcher::new(label, MatchOp::Equal, value).ok());
    let matchers = matchers.map(|m| m.to_string()).collect::<Vec<_>>().join(",");
    let odd = name.contains([',', '"']) || name == "all" || name.trim() != name;
    let name = if odd { quote(name) } else { name.to_owned() };
    let line = |key: &str, value: &str| format!("    {key}: {}\n", single_quoted(&value.replace('\n', " ")));
    let mut text = String::new();
    if !name.is_empty() {
        text.push_str(&line(ALERT, &name));
    }
    if !matchers.is_empty() {
        text.push_str(&line(LABELS, &matchers));
    }
    if let Some((instance, _)) = row.filter(|(instance, _)| instance.as_str() != InstanceName::DEFAULT) {
        text.push_str(&line(SERVICE_NAME, instance.as_str()));
    }
    text
}
