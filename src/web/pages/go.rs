//! The target of links from chat. Redirects to the one entity that shows the alert, lists several, and shows the alert
//! itself if there is none.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::alert_target::AlertTime;
use super::unmatched::{self, Unmatched};
use super::{Shell, in_each_theme, redirect};
use crate::annotations::{ALERT, LABELS, SERVICE_NAME};
use crate::clock;
use crate::monitoring::{Activity, AlertIndexer, AlertQuery, AlertRow, Lookup, MatchedEntity, Monitoring};
use crate::prometheus::InstanceName;
use crate::promql::{MatchOp, Matcher, quote};
use crate::web::links::{AlertLink, Link, Page, Source};
use crate::web::page_error::PageError;
use crate::web::panels::missing::single_quoted;
use crate::web::panels::summary::StateText;
use crate::web::panels::times::Moment;
use crate::web::params::{AT, GoParams, MOST_ALSO, PageParams, ParamProblem};
use crate::web::reply;
use crate::web::request::{Access, Portal};

/// Labels that usually name the service or team of an alert.
const TYPICAL: [&str; 7] = ["service", "app", "job", "component", "namespace", "team", "severity"];

#[derive(Template)]
#[template(path = "pages/go.html")]
pub struct GoPage<'a> {
    pub shell: Shell<'a>,
    pub portal: &'a Portal,
    pub query: &'a AlertQuery,
    pub lookup: &'a Lookup,
    pub time: &'a AlertTime,
    /// The alert itself, where it is active.
    pub unmatched: Unmatched<'a>,
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
    let lookup = monitoring.look_up(&indexer, &params.query, now).await;
    let mut lookup = lookup.ok_or(PageError::CatalogNotRead)?;
    if let Some(problem) = no_such_instance(monitoring, &lookup, &params.query) {
        params.problems.push(problem);
        params.query.instance = None;
        let without = monitoring.look_up(&indexer, &params.query, now).await;
        lookup = without.ok_or(PageError::CatalogNotRead)?;
    }
    let text = bad_time(&params, request.query_string());
    let time = AlertTime { at: params.query.at, text, now };
    let mut page_params = PageParams::read(&params.look, &settings.defaults, now);
    let links = settings.links(&page_params);
    if let Some(best) = lookup.best() {
        let also = lookup.others().iter().map(|other| other.entity.reference.clone());
        let alert = AlertLink { also: also.take(MOST_ALSO).collect(), ..time.link(&portal, best).await };
        return Ok(redirect(&links.entity_alert(&best.entity.reference, &alert)));
    }
    page_params.problems.append(&mut params.problems);
    let table = settings.links(&page_params).to(Page::Alerts(Source::AdHoc));
    let view = unmatched::view_of_first(&portal, &lookup, &params.query, now);
    let title = params.query.name().unwrap_or("An alert");
    let themes = in_each_theme(&page_params, |theme| {
        settings.links(&page_params).go_in(request.query_string(), theme)
    });
    let page = GoPage {
        shell: Shell { themes, ..Shell::new(settings, &page_params, "", title) },
        unmatched: Unmatched::of(view.as_ref(), &table, &lookup, &params.query).await,
        portal: &portal,
        query: &params.query,
        lookup: &lookup,
        time: &time,
    };
    reply::html(&request, &page)
}

/// An instance that is not configured. One that is not open to all looks the same.
fn no_such_instance(monitoring: &Monitoring, lookup: &Lookup, query: &AlertQuery) -> Option<ParamProblem> {
    let name = query.instance.as_deref().filter(|_| lookup.entities.is_empty())?;
    monitoring.instance(Some(name)).is_err().then(|| {
        let message = format!("unknown Prometheus instance {}", quote(name));
        ParamProblem { parameter: "__instance".into(), message }
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

impl GoPage<'_> {
    /// `HighLoad`, or empty.
    fn name(&self) -> &str {
        self.query.name().unwrap_or_default()
    }

    /// The alert's labels besides its name.
    fn labels(&self) -> Vec<(&str, &str)> {
        self.query.labels.iter().filter(|(label, _)| *label != "alertname").collect()
    }

    fn href(&self, matched: &MatchedEntity) -> Link {
        self.shell.links.entity_alert(&matched.entity.reference, &self.time.link_over(matched, None))
    }

    /// The word for the state, and its class.
    fn state(&self, matched: &MatchedEntity) -> StateText {
        match matched.state {
            Activity::Active(state) => StateText::new(state.as_str(), state.as_str()),
            Activity::Resolved => StateText::new("inactive", "not active"),
            Activity::Unknown => StateText::new("unknown", "unknown"),
        }
    }

    /// How many rows of the alert are active.
    fn active(&self, matched: &MatchedEntity) -> usize {
        matched.rows.iter().filter(|row| row.is_active()).count()
    }

    /// The time of the state, if the instance does not answer now.
    fn not_since(&self, matched: &MatchedEntity) -> Option<Moment> {
        let at = matched.stale_since.filter(|_| matched.state != Activity::Unknown)?;
        Some(Moment::of(&at, self.shell.params))
    }

    /// Backstage's entities are missing: it could never be read.
    fn is_partial(&self) -> bool {
        let backstage = self.portal.catalog.backstage();
        backstage.is_some_and(|state| state.failing.is_some() && state.good_at.is_none())
    }

    /// More entities may show it than those listed.
    fn may_have_more(&self) -> bool {
        let lookup = self.lookup;
        lookup.is_partial
            || lookup.is_behind
            || lookup.is_cut
            || !lookup.silent.is_empty()
            || !lookup.unsure.is_empty()
    }

    /// Every instance answered completely, and is open to every entity.
    fn all_checked(&self) -> bool {
        let monitoring = &self.portal.monitoring;
        let is_open = |name: &InstanceName| monitoring.instance(Some(name.as_str())).is_ok();
        let all_open = monitoring.instances().all(|instance| is_open(instance.name()));
        self.lookup.silent.is_empty() && self.lookup.unsure.is_empty() && all_open
    }

    /// The annotations that make an entity show the alert.
    fn yaml(&self) -> String {
        let row = self.lookup.unowned.first().and_then(|(instance, rows)| Some((instance, rows.first()?)));
        yaml(self.query, row)
    }
}

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
