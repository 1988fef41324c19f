//! The state of the portal: catalog, instances, cache, configuration. No secret, and no address that only the portal
//! uses.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;
use url::Url;

use super::Shell;
use crate::annotations::Unit;
use crate::catalog::{BackstageState, Snapshot};
use crate::chart::format::{cut, number};
use crate::metrics::StoreCounts;
use crate::monitoring::routing::RuleTarget;
use crate::monitoring::{Monitoring, RoutingSettings, Skew};
use crate::page_params::in_one_unit;
use crate::prometheus::{InstanceName, InstanceSettings};
use crate::store::{LargeSet, StoreFill};
use crate::upstream::{Outage, RequestOutage, Who};
use crate::web::kept::{KeptFill, KeptReplies};
use crate::web::links::{Page, safe_href};
use crate::web::page_error::PageError;
use crate::web::panels::servers::ServerLine;
use crate::web::panels::times::{self, Moment};
use crate::web::panels::{Field, counted};
use crate::web::params::PageParams;
use crate::web::reply;
use crate::web::request::Portal;
use crate::web::settings::WebSettings;

/// Sets of series that are listed.
const MOST_SETS: usize = 10;
/// Of one set; the newest.
const MOST_EXTENTS: usize = 3;
/// Characters of a query.
const MOST_QUERY: usize = 120;

#[derive(Template)]
#[template(path = "pages/status.html", blocks = ["content"])]
pub struct StatusPage<'a> {
    pub shell: Shell<'a>,
    pub snapshot: &'a Snapshot,
    pub backstage: Option<Arc<BackstageState>>,
    pub monitoring: &'a Monitoring,
    pub servers: Vec<ServerLine>,
    pub skews: Vec<(InstanceName, Skew)>,
    pub cache: String,
    /// What the store has fetched and dropped.
    pub traffic: String,
    /// What takes the most memory, the largest first.
    pub sets: Vec<LargeSet>,
    /// Settings as the portal read them.
    pub config: Vec<Field>,
}

pub async fn show(
    request: HttpRequest,
    params: PageParams,
    portal: Portal,
    kept: web::Data<KeptReplies>,
) -> Result<HttpResponse, PageError> {
    let Portal { settings, monitoring, catalog } = &portal;
    let link = settings.links(&params).to(Page::Status);
    let fill = monitoring.store_fill();
    let servers = monitoring.servers(params.period.now).await;
    let page = StatusPage {
        shell: Shell { section: "status", ..Shell::new(settings, &params, link.path(), "Status") },
        snapshot: &catalog.snapshot(),
        backstage: catalog.backstage(),
        monitoring,
        servers: servers.into_iter().map(|server| ServerLine::of(server, &params)).collect(),
        skews: monitoring.skews(),
        cache: cache(&fill, &kept.fill()),
        traffic: traffic(&fill.counts),
        sets: monitoring.largest_sets(MOST_SETS),
        config: config(settings, monitoring.routing()),
    };
    reply::page(&request, &page, &page.as_content())
}

impl StatusPage<'_> {
    /// `14 entities from 1 file`
    fn read(&self) -> String {
        let (entities, files) = (self.snapshot.entities.len(), self.snapshot.files_read);
        format!("{} from {}", counted(entities, "entity", "entities"), counted(files, "file", "files"))
    }

    /// No file has a fault, and Backstage can be read. What annotations mean is not considered.
    fn is_read(&self) -> bool {
        let is_failing = self.backstage.as_ref().is_some_and(|backstage| backstage.failing.is_some());
        self.snapshot.faults.is_empty() && !is_failing
    }

    fn moment(&self, at: &Timestamp) -> Moment {
        Moment::of(at, self.shell.params)
    }

    /// How long ago.
    fn age(&self, since: &Timestamp) -> String {
        times::since(*since, self.shell.params.period.now)
    }

    /// No secret, and no address that only the portal uses, may be shown of these.
    fn instances(&self) -> impl Iterator<Item = &InstanceSettings> {
        self.monitoring.instances().map(|instance| &instance.settings)
    }

    /// Where people open it. None also when the address holds credentials.
    fn open(&self, instance: &InstanceSettings) -> Option<String> {
        safe_href(instance.ui_url.as_ref()?.as_str())
    }

    /// Which requests fail, although the instance may answer others.
    fn outages(&self) -> impl Iterator<Item = OutageNote> {
        self.monitoring.outages().into_iter().map(
            |RequestOutage { request, outage: Outage { since, failure } }| {
                let url = match &failure.who {
                    Who::Prometheus(name) => self.monitoring.target_url(name),
                    Who::Alertmanager(name) => self.monitoring.alertmanager_url(name).cloned(),
                    Who::Backstage => None,
                };
                let words = failure.words().map(|words| without_address(words, url.as_ref()));
                let (who, kind, status) = (failure.who.to_string(), failure.kind.as_str(), failure.status);
                OutageNote { who, request, since, kind, status, words }
            },
        )
    }

    /// The beginning of a set's query. None: a reader wrote it, and others need not know it.
    fn query(&self, set: &LargeSet) -> Option<String> {
        set.query.as_ref().map(|query| cut(query.as_str(), MOST_QUERY))
    }

    /// The newest extents of a set, in the order of time.
    fn extents(&self, set: &LargeSet) -> Vec<(Moment, Moment)> {
        let newest = set.extents.len().saturating_sub(MOST_EXTENTS);
        let newest = set.extents.iter().skip(newest);
        newest.map(|(from, to)| (self.moment(from), self.moment(to))).collect()
    }

    fn bytes(&self, set: &LargeSet) -> String {
        bytes(set.bytes.into())
    }

    /// How many extents are not listed.
    fn more_extents(&self, set: &LargeSet) -> usize {
        set.extents.len().saturating_sub(MOST_EXTENTS)
    }

    /// A sentence if its clock differs from ours.
    fn skew(&self, instance: &InstanceSettings) -> Option<String> {
        let (name, skew) = self.skews.iter().find(|(name, _)| *name == instance.name)?;
        Some(skew.sentence(name))
    }
}

/// A kind of request that a server fails to answer, and why the newest failed.
struct OutageNote {
    who: String,
    request: &'static str,
    since: Timestamp,
    kind: &'static str,
    status: Option<u16>,
    /// What the server says.
    words: Option<String>,
}

/// Some servers repeat where they were reached.
fn without_address(words: &str, url: Option<&Url>) -> String {
    let Some(url) = url else { return words.to_owned() };
    let path = url.path().trim_end_matches('/');
    let parts = url.host_str().into_iter().chain((path.len() > 1).then_some(path));
    parts.fold(words.to_owned(), |words, part| words.replace(part, "[address]"))
}

/// How full the cache is, and its lookups.
fn cache(fill: &StoreFill, kept: &KeptFill) -> String {
    let (used, max) = (bytes(fill.bytes + kept.bytes), bytes(fill.max_bytes + kept.max_bytes));
    let answers = many(fill.answers, "answer", "answers");
    let replies = many(kept.replies, "rendered reply", "rendered replies");
    let lookups = each(fill.counts.lookups.iter().copied());
    format!("{answers}, {replies}, {used} of {max}; lookups since start: {lookups}")
}

/// What was fetched for time ranges since the start, what not, and how many entries had to leave.
fn traffic(counts: &StoreCounts) -> String {
    let (received, saved) = (bytes(counts.received_bytes), bytes(counts.saved_bytes));
    let evictions = many(counts.evictions, "entry", "entries");
    let fetches = each(counts.fetches.iter().map(|(part, count)| (fetched(part), *count)));
    format!(
        "Fetches for time ranges: {fetches}. They received {received} and saved about {saved}. {evictions} left because the cache was full."
    )
}

/// What a fetch is of, by the label of its metric.
fn fetched(part: &str) -> &str {
    match part {
        "full" => "of everything",
        "tail" => "of missing or unstable samples",
        "heal" => "of samples an hour old",
        _ => "with nothing to fetch",
    }
}

/// `3 hit, 1 miss`
fn each<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    counts.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

fn many(count: u64, one: &str, many: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), one, many)
}

fn bytes(count: u64) -> String {
    number(count as f64, &Unit::Bytes)
}

fn config(settings: &WebSettings, routing: &RoutingSettings) -> Vec<Field> {
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
        ("promenade.fiscalYearStart", defaults.fiscal_year().to_string()),
        ("promenade.routing", or_none(listed(&rules(routing)))),
    ];
    settings.into_iter().map(|(key, text)| Field { name: key.to_owned(), text, href: None }).collect()
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
