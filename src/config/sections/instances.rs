//! The instances: `prometheus`, the proxy entries that it names, and the portal's own settings for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::values::{base_url, http_url, number, seconds};
use super::{headers, rewrite};
use crate::config::key::{ConfigKey, suggestion};
use crate::prometheus::{InstanceName, InstanceSettings, Severities, UNSTABLE_TAIL};

const DEFAULT_PATH: &str = "/prometheus/api";
const SCRAPE_INTERVAL: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CONCURRENT: usize = 8;
/// The longest name of an instance, in characters.
const MAX_NAME: usize = 253;

/// An instance before its proxy entry is read. Its other settings may have faults.
pub(super) struct NamedInstance<'a> {
    pub(super) name: String,
    proxy_path: String,
    ui_url: Option<Url>,
    /// The name may be shown in a fault.
    is_literal: bool,
    /// The key that a missing proxy entry is a fault of.
    key: ConfigKey<'a>,
}

/// Proxy entries by their path in one form: `/prometheus/api`.
type Proxies<'a> = BTreeMap<String, ConfigKey<'a>>;

/// The names that may be shown in a fault.
pub(super) fn literal_names<'n>(named: &'n [NamedInstance<'_>]) -> Vec<&'n str> {
    named.iter().filter(|one| one.is_literal).map(|one| one.name.as_str()).collect()
}

/// The instances without faults, and all that have a name.
pub(super) fn read<'a>(
    root: &ConfigKey<'a>,
    severities: &Arc<Severities>,
) -> (Vec<InstanceSettings>, Vec<NamedInstance<'a>>) {
    let prometheus = root.get("prometheus");
    prometheus.only(&["proxyPath", "uiUrl", "instances"], &[]);
    let proxies = proxies(&root.get("proxy"));
    let ui_url = prometheus.get("uiUrl").parse(http_url);
    let named = distinct(named(&prometheus, &proxies), unnamed(&prometheus, &proxies));
    let own = root.get("promenade").get("instances");
    for (name, value) in own.entries() {
        if !named.iter().any(|one| one.name == name) {
            value.fault(format!("unknown instance{}", suggestion(name, &literal_names(&named))));
        }
    }
    let found = named.iter().filter_map(|one| {
        // The pages of one Prometheus do not know the series of another.
        let of_default = ui_url.as_ref().filter(|_| one.name == InstanceName::DEFAULT);
        let ui_url = one.ui_url.as_ref().or(of_default).cloned();
        let severities = severities.clone();
        Some(InstanceSettings { ui_url, severities, ..instance(one, &proxies, &own)? })
    });
    (found.collect(), named)
}

/// Both of Backstage's forms; what `endpoints` holds wins.
fn proxies<'a>(proxy: &ConfigKey<'a>) -> Proxies<'a> {
    let mut found = Proxies::new();
    if !proxy.is_present() {
        return found;
    }
    let old_form = proxy.entries().into_iter().filter(|(key, _)| key.starts_with('/'));
    let all = old_form.chain(proxy.get("endpoints").entries());
    for (key, entry) in all.filter(|(_, entry)| entry.is_written()) {
        found.insert(in_one_form(key), entry);
    }
    found
}

fn in_one_form(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The instances that have a name: those of the list, or else those that the proxy entries' paths name.
fn named<'a>(prometheus: &ConfigKey<'a>, proxies: &Proxies<'a>) -> Vec<NamedInstance<'a>> {
    let list = prometheus.get("instances");
    if list.is_present() {
        return list.items().iter().filter_map(listed).collect();
    }
    let of_proxy = |(path, entry): (&String, &ConfigKey<'a>)| {
        let name = path.strip_prefix("/prometheus-")?.strip_suffix("/api")?;
        (!name.is_empty() && !name.contains('/')).then(|| NamedInstance {
            name: name.to_owned(),
            proxy_path: path.clone(),
            ui_url: None,
            is_literal: true,
            key: entry.clone(),
        })
    };
    proxies.iter().filter_map(of_proxy).collect()
}

/// An item of `prometheus.instances`.
fn listed<'a>(item: &ConfigKey<'a>) -> Option<NamedInstance<'a>> {
    item.only(&["name", "proxyPath", "uiUrl"], &[]);
    if !item.is_map() {
        return None;
    }
    let required = |key: &str| item.get(key).required(&format!("an instance needs a `{key}`"));
    let name_key = required("name");
    let name = name_key.parse(|text| match text {
        "" => Err("is empty".to_owned()),
        _ if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) => {
            Err("is not a valid instance name".to_owned())
        }
        _ => Ok(text.to_owned()),
    });
    let key = required("proxyPath");
    let proxy_path = key.parse(|text| Ok(in_one_form(text)));
    let ui_url = item.get("uiUrl").parse(http_url);
    let is_literal = name_key.is_literal();
    Some(NamedInstance { name: name?, proxy_path: proxy_path?, ui_url, is_literal, key })
}

/// The instance without a name, which is there when its proxy entry is; a path that was written must have one.
fn unnamed<'a>(prometheus: &ConfigKey<'a>, proxies: &Proxies<'a>) -> Option<NamedInstance<'a>> {
    let key = prometheus.get("proxyPath");
    let proxy_path = if key.is_present() {
        key.parse(|text| Ok(in_one_form(text)))?
    } else {
        proxies.contains_key(DEFAULT_PATH).then(|| DEFAULT_PATH.to_owned())?
    };
    Some(NamedInstance {
        name: InstanceName::DEFAULT.to_owned(),
        proxy_path,
        ui_url: None,
        is_literal: true,
        key,
    })
}

/// Each name once. A listed `default` is the unnamed instance, if both mean the same proxy entry.
fn distinct<'a>(
    listed: Vec<NamedInstance<'a>>,
    unnamed: Option<NamedInstance<'a>>,
) -> Vec<NamedInstance<'a>> {
    let mut found: Vec<NamedInstance<'a>> = Vec::new();
    for next in listed.into_iter().chain(unnamed) {
        match found.iter().find(|known| known.name == next.name) {
            None => found.push(next),
            Some(known) if next.name == InstanceName::DEFAULT => {
                if known.proxy_path != next.proxy_path {
                    let message =
                        "`default` is the instance of `prometheus.proxyPath`, which has another proxy path";
                    known.key.fault(message);
                }
            }
            Some(_) => next.key.fault("another instance has the same name"),
        }
    }
    found
}

/// One instance from its proxy entry and its keys under `promenade.instances`.
fn instance(
    named: &NamedInstance<'_>,
    proxies: &Proxies<'_>,
    own: &ConfigKey<'_>,
) -> Option<InstanceSettings> {
    let own = own.get(&named.name);
    own.only(
        &["scrapeInterval", "maxConcurrent", "timeout", "unstableTail", "allowedEntities", "alertmanager"],
        &[],
    );
    let (scrape_interval, timeout) = (scrape_interval(&own), timeout(&own));
    let max_concurrent = max_concurrent(&own);
    let unstable_tail = own.get("unstableTail").parse(|text| seconds(text, 1..=86_400));
    let Some(entry) = proxies.get(&named.proxy_path) else {
        named.key.fault(format!("no proxy entry has this path: {}", named.key.shown()));
        return None;
    };
    let secure = entry.get("secure").flag().unwrap_or(true);
    let headers = headers::read(&entry.get("headers"));
    let api = api(entry, &named.proxy_path)?;
    Some(InstanceSettings {
        name: InstanceName::new(&named.name),
        proxy_path: named.proxy_path.clone(),
        api,
        headers,
        secure,
        ui_url: None,
        scrape_interval,
        max_concurrent,
        timeout,
        unstable_tail: unstable_tail.unwrap_or(UNSTABLE_TAIL),
        severities: Arc::default(),
    })
}

pub(super) fn scrape_interval(own: &ConfigKey<'_>) -> Duration {
    own.get("scrapeInterval").parse(|text| seconds(text, 1..=86_400)).unwrap_or(SCRAPE_INTERVAL)
}

pub(super) fn timeout(own: &ConfigKey<'_>) -> Duration {
    own.get("timeout").parse(|text| seconds(text, 1..=300)).unwrap_or(TIMEOUT)
}

pub(super) fn max_concurrent(own: &ConfigKey<'_>) -> usize {
    own.get("maxConcurrent").parse(|text| number(text, 1..=256)).unwrap_or(MAX_CONCURRENT)
}

/// The entry's target, which is the whole entry in its short form, as its path rules rewrite it.
fn api(entry: &ConfigKey<'_>, proxy_path: &str) -> Option<Url> {
    let target = if entry.is_map() { entry.get("target") } else { entry.clone() };
    let target_url = target.required("a proxy entry needs a `target`").parse(base_url);
    let rules = entry.get("pathRewrite");
    // All texts first: each may have a fault.
    let written: Vec<_> = rules.entries().into_iter().map(|(pattern, to)| (pattern, to.text())).collect();
    let pairs = written.into_iter().map(|(pattern, to)| Some((pattern.to_owned(), to?.value)));
    let pairs: Vec<(String, String)> = pairs.collect::<Option<_>>()?;
    let given = rules.is_present().then_some(pairs.as_slice());
    match rewrite::api(&target_url?, proxy_path, given) {
        Ok(api) => Some(api),
        Err(message) => {
            rules.fault(message);
            None
        }
    }
}
