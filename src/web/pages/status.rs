//! The state of the portal: catalog, instances, cache, configuration. No secret, and no address that only the portal
//! uses.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::Timestamp;

use super::Shell;
use crate::annotations::Unit;
use crate::catalog::{BackstageState, Snapshot};
use crate::chart::format::number;
use crate::monitoring::routing::RuleTarget;
use crate::monitoring::{Monitoring, RoutingSettings};
use crate::page_params::{Zone, in_one_unit};
use crate::prometheus::{Instance, Outage};
use crate::store::StoreFill;
use crate::web::links::{Page, safe_href};
use crate::web::page_error::PageError;
use crate::web::panels::counted;
use crate::web::panels::times::{self, Moment};
use crate::web::params::PageParams;
use crate::web::reply;
use crate::web::request::Portal;
use crate::web::settings::WebSettings;

#[derive(Template)]
#[template(path = "pages/status.html", blocks = ["content"])]
pub struct StatusPage<'a> {
    pub shell: Shell<'a>,
    /// `14 entities from 1 file`
    pub read: String,
    pub loaded_at: Option<Moment>,
    pub faults: Vec<FaultLine>,
    /// Types of locations that no source reads, and how many each has.
    pub not_read: Vec<(String, usize)>,
    pub backstage: Option<BackstageLine>,
    pub instances: Vec<InstanceLine>,
    /// Instances that fail, targets of rules too.
    pub failing: Vec<FailingLine>,
    pub cache: String,
    pub config: Vec<SettingLine>,
    pub version: &'static str,
}

/// What Backstage's catalog holds, and as of when.
pub struct BackstageLine {
    /// `2,007 entities`
    pub entities: String,
    /// None when it could not be read yet.
    pub good_at: Option<Moment>,
    /// Since when it cannot be read, and how long that is.
    pub failing: Option<(Moment, String)>,
}

/// An instance that fails.
pub struct FailingLine {
    pub name: String,
    /// `unreachable`
    pub kind: &'static str,
    /// Since when, and how long that is.
    pub since: Moment,
    pub age: String,
}

/// A fault of a catalog file, or of Backstage.
pub struct FaultLine {
    /// `catalog/payments.yaml:12:5`
    pub place: String,
    pub message: String,
    pub kept_last_good: bool,
}

/// An instance as readers may know it: no secret, and no address that only the portal uses.
pub struct InstanceLine {
    pub name: String,
    /// Its address in Backstage: `/prometheus/api`.
    pub proxy_path: String,
    /// Where people open it; None also when the address holds credentials.
    pub ui_url: Option<String>,
    pub scrape_interval: String,
    pub timeout: String,
    pub max_concurrent: usize,
    /// The number of headers of each query; never their names or values.
    pub headers: usize,
    /// False: its TLS certificate is not checked.
    pub secure: bool,
    /// That its clock is off.
    pub skew: Option<String>,
}

/// A setting as the portal read it.
pub struct SettingLine {
    /// `promenade.defaults.range`
    pub key: &'static str,
    pub value: String,
}

pub async fn show(
    request: HttpRequest,
    params: PageParams,
    portal: Portal,
) -> Result<HttpResponse, PageError> {
    let Portal { settings, monitoring, catalog } = &portal;
    let link = settings.links(&params).to(Page::Status);
    let (now, zone) = (params.period.now, &params.zone);
    let (snapshot, backstage) = (catalog.snapshot(), catalog.backstage());
    let (entities, files) = (snapshot.entities.len(), snapshot.files_read);
    let page = StatusPage {
        shell: Shell { section: "status", ..Shell::new(settings, &params, link.path(), "Status") },
        read: format!("{} from {}", counted(entities, "entity", "entities"), counted(files, "file", "files")),
        loaded_at: snapshot.loaded_at.map(|at| Moment::of(at, now, zone)),
        faults: backstage
            .as_deref()
            .and_then(FaultLine::of_backstage)
            .into_iter()
            .chain(faults(&snapshot))
            .collect(),
        not_read: snapshot.not_read.iter().map(|(kind, count)| (kind.clone(), *count)).collect(),
        backstage: backstage.map(|state| BackstageLine::of(&state, now, zone)),
        instances: instances(monitoring),
        failing: monitoring.failing().iter().map(|failing| FailingLine::of(failing, now, zone)).collect(),
        cache: cache(&monitoring.store_fill()),
        config: config(settings, monitoring.routing()),
        version: env!("CARGO_PKG_VERSION"),
    };
    reply::page(&request, &page, &page.as_content())
}

fn faults(snapshot: &Snapshot) -> impl Iterator<Item = FaultLine> {
    snapshot.faults.iter().map(|fault| {
        let place = fault.location.as_ref().map_or_else(String::new, ToString::to_string);
        FaultLine { place, message: fault.message.clone(), kept_last_good: !fault.is_error() }
    })
}

fn instances(monitoring: &Monitoring) -> Vec<InstanceLine> {
    let skews = monitoring.skews();
    let span = |duration: Duration| times::seconds(duration.as_secs_f64());
    let line = |instance: &Arc<Instance>| {
        let settings = &instance.settings;
        let skew = skews.iter().find(|(name, _)| *name == settings.name);
        InstanceLine {
            name: settings.name.to_string(),
            proxy_path: settings.proxy_path.clone(),
            ui_url: settings.ui_url.as_ref().and_then(|url| safe_href(url.as_str())),
            scrape_interval: span(settings.scrape_interval),
            timeout: span(settings.timeout),
            max_concurrent: settings.max_concurrent,
            headers: settings.headers.len(),
            secure: settings.secure,
            skew: skew.map(|(name, skew)| skew.sentence(name)),
        }
    };
    monitoring.instances().map(line).collect()
}

/// How full the cache is, and its lookups.
fn cache(fill: &StoreFill) -> String {
    let bytes = |count: u64| number(count as f64, &Unit::Bytes);
    let lookups = fill.lookups.iter().map(|(result, count)| format!("{count} {result}"));
    let lookups = lookups.collect::<Vec<_>>().join(", ");
    let (used, max) = (bytes(fill.bytes), bytes(fill.max_bytes));
    format!("{} answers, {used} of {max}; lookups since start: {lookups}", fill.answers)
}

fn config(settings: &WebSettings, routing: &RoutingSettings) -> Vec<SettingLine> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let defaults = &settings.defaults;
    let refresh = defaults.refresh().secs().map(|secs| format!("{secs}s"));
    let others =
        defaults.pairs().into_iter().filter(|(name, _)| !matches!(*name, "range" | "refresh" | "tz"));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    let settings = [
        ("app.title", settings.title.clone()),
        ("app.baseUrl", or_none(settings.base_url.as_ref().and_then(|url| safe_href(url.as_str())))),
        ("promenade.adHocQueries", settings.ad_hoc.to_string()),
        ("promenade.embedding.frameAncestors", or_none(listed(&settings.frame_ancestors))),
        ("promenade.embedding.parentOrigins", or_none(listed(&settings.parent_origins))),
        ("promenade.defaults.range", in_one_unit(defaults.range())),
        ("promenade.defaults.refresh", refresh.unwrap_or_else(|| "off".to_owned())),
        ("promenade.defaults.tz", defaults.zone().name().to_owned()),
        ("promenade.defaults of other parameters", or_none(listed(&others))),
        ("promenade.routing", or_none(listed(&rules(routing)))),
    ];
    settings.into_iter().map(|(key, value)| SettingLine { key, value }).collect()
}

/// Each rule in its order, and its target.
fn rules(routing: &RoutingSettings) -> Vec<String> {
    let rules = routing.rules.iter().map(|rule| match &rule.target {
        RuleTarget::Instance(name) => format!("{} selects {name}", rule.name),
        RuleTarget::Target(_) => format!("{} builds target addresses", rule.name),
    });
    rules.collect()
}

fn listed(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(", "))
}

impl BackstageLine {
    fn of(state: &BackstageState, now: Timestamp, zone: &Zone) -> Self {
        let moment = |at| Moment::of(at, now, zone);
        Self {
            entities: counted(state.entities, "entity", "entities"),
            good_at: state.good_at.map(moment),
            failing: state.failing.as_ref().map(|failing| {
                let age = times::span(now.as_second() - failing.since.as_second());
                (moment(failing.since), age)
            }),
        }
    }
}

impl FailingLine {
    fn of(failing: &Outage, now: Timestamp, zone: &Zone) -> Self {
        Self {
            name: failing.failure.who.to_string(),
            kind: failing.failure.kind.as_str(),
            since: Moment::of(failing.since, now, zone),
            age: times::span(now.as_second() - failing.since.as_second()),
        }
    }
}

impl FaultLine {
    fn of_backstage(state: &BackstageState) -> Option<Self> {
        let message = state.failing.as_ref()?.message.clone();
        Some(Self { place: "Backstage".to_owned(), message, kept_last_good: state.good_at.is_some() })
    }
}
