//! Where a link from chat lands: one owner is led to, several are listed, and an alert without one stands for itself.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::Shell;
use super::unowned::Unowned;
use crate::annotations::{ALERT, LABELS, MonitoringSpec, SERVICE_NAME};
use crate::catalog::Catalog;
use crate::clock;
use crate::monitoring::{
    Activity, AlertIndexer, AlertQuery, AlertRow, Firing, Lookup, MatchedEntity, Monitoring,
};
use crate::page_params::Zone;
use crate::prometheus::InstanceName;
use crate::promql::{MatchOp, Matcher, quote};
use crate::web::links::{AlertLink, Link};
use crate::web::panels::AlertsPanel;
use crate::web::panels::missing::single_quoted;
use crate::web::panels::times::Moment;
use crate::web::params::{AT, GoParams, ParamProblem};
use crate::web::{CachePolicy, Links, PageError, PageParams, RowId, WebSettings, form};

/// What a graph shows before the alert became active, and behind its end.
const LEAD_IN: SignedDuration = SignedDuration::from_hours(1);
const LEAD_OUT: SignedDuration = SignedDuration::from_mins(30);
/// Labels that mostly say whose an alert is.
const TELLING: [&str; 7] = ["service", "app", "job", "component", "namespace", "team", "severity"];

#[derive(Template)]
#[template(path = "pages/go.html")]
pub struct GoPage<'a> {
    pub shell: Shell<'a>,
    /// `HighLoad`, or empty.
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub owners: Vec<Choice>,
    pub beyond: usize,
    pub silent: Vec<String>,
    /// Instances that answered, but not completely.
    pub unsure: Vec<String>,
    /// Some entities could not be looked at.
    pub is_untried: bool,
    /// Some alerts of an instance were not looked at.
    pub is_cut: bool,
    /// Not every instance is open to all.
    pub is_closed: bool,
    /// The catalog lacks the entities of Backstage, which could never be read.
    pub is_partial: bool,
    pub alerts: Option<AlertsPanel>,
    pub elsewhere: Vec<(String, Link)>,
    pub yaml: String,
}

/// An owner among several.
pub struct Choice {
    pub title: String,
    pub href: Link,
    pub kind: String,
    pub namespace: String,
    pub instance: String,
    pub state: &'static str,
    pub text: &'static str,
    pub count: usize,
    /// When the instance said this, if it does not answer now.
    pub not_since: Option<Moment>,
}

pub async fn show(
    request: HttpRequest,
    keeper: web::Data<AlertIndexer>,
    catalog: web::Data<Catalog>,
    monitoring: web::Data<Monitoring>,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let now = clock::now();
    let mut asked = GoParams::read(request.query_string(), now);
    asked.wanted.ad_hoc = settings.ad_hoc;
    let owners = keeper.owners().await.ok_or(PageError::CatalogNotRead)?;
    let mut landing = monitoring.look_up(&owners, &asked.wanted, now).await;
    if let Some(problem) = no_such_instance(&monitoring, &landing, &asked.wanted) {
        asked.problems.push(problem);
        asked.wanted.instance = None;
        landing = monitoring.look_up(&owners, &asked.wanted, now).await;
    }
    let mut params = PageParams::read("", &settings.defaults, now);
    let links = settings.links(&params);
    let text = bad_time(&asked, request.query_string());
    let at = Fired { at: asked.wanted.at, text, now, ad_hoc: settings.ad_hoc };
    if let Some(owner) = landing.only() {
        let landed = at.landed(&monitoring, owner).await;
        return Ok(led_to(&links.entity_alert(&owner.entity.reference, &landed)));
    }
    let choices = landing.entities.iter().map(|owner| Choice::of(owner, links, &at, &params.zone)).collect();
    params.problems = asked.problems;
    let unowned = Unowned::of(&monitoring, &settings, &landing, &asked.wanted, now).await;
    let is_open = |name: &InstanceName| monitoring.instance(Some(name.as_str())).is_ok();
    let is_closed = !monitoring.instances().all(|instance| is_open(instance.name()));
    let page = GoPage::of(&settings, &params, &asked.wanted, &landing, choices, unowned);
    let backstage = catalog.backstage();
    let is_partial = backstage.is_some_and(|state| state.failing.is_some() && state.good_at.is_none());
    let page = GoPage { is_closed, is_partial, ..page };
    form::html(&request, &page, CachePolicy::Live)
}

/// The reply that leads to a page of the portal.
pub fn led_to(page: &Link) -> HttpResponse {
    HttpResponse::build(StatusCode::FOUND)
        .insert_header((LOCATION, page.to_string()))
        .insert_header((CACHE_CONTROL, CachePolicy::Live.header()))
        .finish()
}

/// An instance that nobody has, told as one that is open to nobody.
fn no_such_instance(monitoring: &Monitoring, landing: &Lookup, wanted: &AlertQuery) -> Option<ParamProblem> {
    let name = wanted.instance.as_deref().filter(|_| landing.entities.is_empty())?;
    monitoring.instance(Some(name)).is_err().then(|| {
        let message = format!("unknown Prometheus instance {}", quote(name));
        ParamProblem { parameter: "__instance", message }
    })
}

/// A time that cannot be read goes along, so that the page that is led to tells it.
fn bad_time(asked: &GoParams, query: &str) -> Option<String> {
    asked.problems.iter().any(|problem| problem.parameter == AT).then(|| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let text = pairs.find(|(name, _)| name == AT).map(|(_, value)| value.chars().take(100).collect());
        text.unwrap_or_default()
    })
}

/// When an alert fired, as far as the address says it.
pub struct Fired {
    pub at: Option<Timestamp>,
    /// The text of a time that cannot be read.
    pub text: Option<String>,
    pub now: Timestamp,
    /// Whether labels of the address may be sent to an instance as they are.
    pub ad_hoc: bool,
}

impl Fired {
    /// Where the owner's page is entered: of an alert that is over, its instance is asked when that was.
    pub async fn landed(&self, monitoring: &Monitoring, owner: &MatchedEntity) -> AlertLink {
        if owner.state != Activity::Resolved || owner.labels.is_empty() {
            return self.entry(owner, None);
        }
        let labels = owner.labels.clone();
        let wanted = AlertQuery { labels, at: self.at, instance: None, ad_hoc: self.ad_hoc };
        let own = MonitoringSpec::of_alerts(&owner.entity).alerts;
        let episode = monitoring.last_firing(&owner.instance, &wanted, own.as_ref(), self.now).await;
        self.entry(owner, episode.ok().flatten().as_ref())
    }

    fn entry(&self, owner: &MatchedEntity, episode: Option<&Firing>) -> AlertLink {
        let row = owner.row();
        let over =
            (owner.state == Activity::Resolved && !owner.labels.is_empty()).then(|| owner.labels.clone());
        let at = self.text.clone().or_else(|| Some(self.at?.to_string()).filter(|_| over.is_some()));
        let (from, to) = self.window(row, episode, over.is_some());
        let row = owner.shown_row();
        AlertLink { row: row.map(|row| (RowId::of(row), row.is_active())), from, to, resolved: over, at }
    }

    /// From before the alert became active, up to now or beyond its end.
    pub fn window(
        &self,
        row: Option<&AlertRow>,
        episode: Option<&Firing>,
        is_over: bool,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let waited = row.map_or(0.0, |row| row.rule().duration).clamp(0.0, 1e9);
        let waited = SignedDuration::try_from_secs_f64(waited).unwrap_or_default();
        let before = |at: Timestamp, by| at.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH);
        let fired = [self.at, episode.map(|episode| episode.from)].into_iter().flatten();
        let active = fired.map(|at| before(at, waited)).chain(row.and_then(AlertRow::active_at)).min();
        // A minute's grid, so that all who follow the link ask the same.
        let from = active.map(|at| before(at, LEAD_IN).as_second().max(0) / 60 * 60);
        let from = from.and_then(|second| Timestamp::from_second(second).ok());
        let end = episode.and_then(|episode| episode.until).filter(|_| is_over);
        let to = end.and_then(|until| until.checked_add(LEAD_OUT).ok()).filter(|to| *to < self.now);
        (from, to.filter(|_| from.is_some()))
    }
}

impl Choice {
    fn of(owner: &MatchedEntity, links: Links<'_>, fired: &Fired, zone: &Zone) -> Self {
        let (state, text) = match owner.state {
            Activity::Active(state) => (state.as_str(), state.as_str()),
            Activity::Resolved => ("inactive", "not active"),
            Activity::Unknown => ("unknown", "unknown"),
        };
        let reference = &owner.entity.reference;
        let not_since = owner.stale_since.filter(|_| owner.state != Activity::Unknown);
        Self {
            title: owner.entity.display_name().to_owned(),
            href: links.entity_alert(reference, &fired.entry(owner, None)),
            kind: owner.entity.kind.clone(),
            namespace: reference.namespace().to_owned(),
            instance: owner.instance.name().to_string(),
            state,
            text,
            count: owner.rows.iter().filter(|row| row.is_active()).count(),
            not_since: not_since.map(|at| Moment::of(at, fired.now, zone)),
        }
    }
}

impl<'a> GoPage<'a> {
    fn of(
        settings: &'a WebSettings,
        params: &'a PageParams,
        wanted: &AlertQuery,
        landing: &Lookup,
        owners: Vec<Choice>,
        unowned: Unowned,
    ) -> Self {
        let name = wanted.name().unwrap_or_default().to_owned();
        let others = wanted.labels.iter().filter(|(label, _)| *label != "alertname");
        let title = if name.is_empty() { "An alert" } else { name.as_str() };
        // Every parameter of the address is a label, so no link to this page can change how it looks.
        let shell = Shell::new(settings, params, "", title);
        let row = landing.unowned.first().and_then(|(instance, rows)| Some((instance, rows.first()?)));
        Self {
            shell,
            labels: others.map(|(label, value)| (label.to_owned(), value.to_owned())).collect(),
            yaml: if owners.is_empty() { yaml(wanted, row) } else { String::new() },
            is_closed: false,
            is_partial: false,
            owners,
            beyond: landing.beyond,
            silent: landing.silent.iter().map(ToString::to_string).collect(),
            unsure: landing.unsure.iter().map(ToString::to_string).collect(),
            is_untried: landing.is_partial,
            is_cut: landing.is_cut,
            alerts: unowned.alerts,
            elsewhere: unowned.elsewhere,
            name,
        }
    }

    /// More entities may show it.
    fn may_have_more(&self) -> bool {
        self.is_untried || self.is_cut || !self.silent.is_empty() || !self.unsure.is_empty()
    }

    /// Every instance answered completely, and is open to every entity.
    fn all_checked(&self) -> bool {
        self.silent.is_empty() && self.unsure.is_empty() && !self.is_closed
    }
}

/// What to add to a catalog file to own the alert.
fn yaml(wanted: &AlertQuery, row: Option<(&InstanceName, &AlertRow)>) -> String {
    let name = row.map_or(wanted.name().unwrap_or_default(), |(_, row)| row.name());
    let labels = row.map_or(&wanted.labels, |(_, row)| row.labels());
    let telling = TELLING.into_iter().filter_map(|label| Some((label, labels.get(label)?)));
    let matchers =
        telling.take(2).filter_map(|(label, value)| Matcher::new(label, MatchOp::Equal, value).ok());
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
