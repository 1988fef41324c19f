//! What the portal knows of itself, for its status page: no secret, and no address that only the portal uses.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::links::safe_href;
use super::{PageError, WebSettings};
use crate::annotations::Unit;
use crate::catalog::{BackstageState, Catalog, Snapshot};
use crate::chart::format::number;
use crate::monitoring::routing::RuleTarget;
use crate::monitoring::{Monitoring, RoutingSettings};
use crate::page_params::in_one_unit;
use crate::prometheus::Failing;
use crate::store::StoreFill;

/// Everything that the status page tells.
#[derive(Clone, Debug)]
pub struct StatusFacts {
    /// The catalog as it is served: entities, faults, when it was read.
    pub catalog: Arc<Snapshot>,
    /// How Backstage's catalog was last read; None where it is no source, or was not read yet.
    pub backstage: Option<Arc<BackstageState>>,
    pub instances: Vec<InstanceFacts>,
    /// Instances that fail, targets of rules too.
    pub failing: Vec<Failing>,
    pub cache: StoreFill,
    pub config: Vec<ConfigFact>,
    pub version: &'static str,
}

/// An instance as people may know it.
#[derive(Clone, Debug)]
pub struct InstanceFacts {
    pub name: String,
    /// Its address in Backstage: `/prometheus/api`.
    pub proxy_path: String,
    /// Where people open it; None also when the address holds credentials.
    pub ui_url: Option<String>,
    pub scrape_interval: Duration,
    pub timeout: Duration,
    pub max_concurrent: usize,
    /// How many headers are sent with each question; never which, nor their values.
    pub headers: usize,
    /// False: its TLS certificate is not checked.
    pub secure: bool,
}

/// One setting as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFact {
    /// `promenade.defaults.range`
    pub key: &'static str,
    pub value: String,
}

impl FromRequest for StatusFacts {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| PageError::internal("the status", &"it is not wired")))
    }
}

impl StatusFacts {
    fn of(request: &HttpRequest) -> Option<Self> {
        let catalog = request.app_data::<web::Data<Catalog>>()?;
        let monitoring = request.app_data::<web::Data<Monitoring>>()?;
        let settings = request.app_data::<web::Data<WebSettings>>()?;
        let instances = monitoring.instances().map(|instance| &instance.settings);
        let instances = instances.map(|instance| InstanceFacts {
            name: instance.name.to_string(),
            proxy_path: instance.proxy_path.clone(),
            ui_url: instance.ui_url.as_ref().and_then(|url| safe_href(url.as_str())),
            scrape_interval: instance.scrape_interval,
            timeout: instance.timeout,
            max_concurrent: instance.max_concurrent,
            headers: instance.headers.len(),
            secure: instance.secure,
        });
        Some(Self {
            catalog: catalog.snapshot(),
            backstage: catalog.backstage(),
            instances: instances.collect(),
            failing: monitoring.failing(),
            cache: monitoring.store_fill(),
            config: config(settings, monitoring.routing()),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}

impl StatusFacts {
    /// How full the cache is and what it did, in a line.
    pub fn cache_sentence(&self) -> String {
        let bytes = |count: u64| number(count as f64, &Unit::Bytes);
        let lookups = self.cache.lookups.iter().map(|(result, count)| format!("{count} {result}"));
        let lookups = lookups.collect::<Vec<_>>().join(", ");
        let (used, max) = (bytes(self.cache.bytes), bytes(self.cache.max_bytes));
        format!("{} answers, {used} of {max}; lookups since start: {lookups}", self.cache.answers)
    }
}

fn config(settings: &WebSettings, routing: &RoutingSettings) -> Vec<ConfigFact> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let defaults = &settings.defaults;
    let refresh = defaults.refresh().secs().map(|secs| format!("{secs}s"));
    let others =
        defaults.pairs().into_iter().filter(|(name, _)| !matches!(*name, "range" | "refresh" | "tz"));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    let facts = [
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
    facts.into_iter().map(|(key, value)| ConfigFact { key, value }).collect()
}

/// Each rule in its order, and where it leads.
fn rules(routing: &RoutingSettings) -> Vec<String> {
    let rules = routing.rules.iter().map(|rule| match &rule.outcome {
        RuleTarget::Instance(name) => format!("{} selects {name}", rule.name),
        RuleTarget::Target(_) => format!("{} builds target addresses", rule.name),
    });
    rules.collect()
}

fn listed(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(", "))
}
