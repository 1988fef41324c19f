//! The instances: `prometheus`, the proxy entries that it names, and the portal's own settings for each.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::values::{base_url, http_url, number, seconds};
use super::{headers, rewrite};
use crate::config::reader::{Reader, suggestion};
use crate::prometheus::{InstanceName, InstanceSettings};

const DEFAULT_PATH: &str = "/prometheus/api";
pub(super) const SCRAPE_INTERVAL: Duration = Duration::from_secs(15);
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const MAX_CONCURRENT: usize = 8;
/// The longest name of an instance, in characters.
const MAX_NAME: usize = 253;

/// The name of an instance, whatever becomes of its settings.
pub(super) struct Named {
    pub(super) name: String,
    /// The name may be shown in a fault.
    pub(super) literal: bool,
}

/// An instance before its proxy entry is read.
struct Entry<'a> {
    name: String,
    proxy_path: String,
    ui_url: Option<Url>,
    /// The name may be shown in a fault.
    literal: bool,
    /// What a missing proxy entry is told of.
    key: Reader<'a>,
}

/// Proxy entries by their path in one form: `/prometheus/api`.
type Proxies<'a> = BTreeMap<String, Reader<'a>>;

pub(super) fn read(root: &Reader<'_>) -> (Vec<InstanceSettings>, Vec<Named>) {
    let prometheus = root.get("prometheus");
    prometheus.only(&["proxyPath", "uiUrl", "instances"], &[]);
    let proxies = proxies(&root.get("proxy"));
    let ui_url = prometheus.get("uiUrl").parse(http_url);
    let named = distinct(named(&prometheus, &proxies), unnamed(&prometheus, &proxies));
    let own = root.get("promenade").get("instances");
    let names: Vec<&str> = named.iter().map(|n| n.name.as_str()).collect();
    let literal: Vec<&str> = named.iter().filter(|n| n.literal).map(|n| n.name.as_str()).collect();
    for (name, value) in own.entries() {
        if !names.contains(&name) {
            value.fault(format!("unknown instance{}", suggestion(name, &literal)));
        }
    }
    let all = named.iter().map(|n| Named { name: n.name.clone(), literal: n.literal }).collect();
    let found = named.into_iter().filter_map(|mut named| {
        named.ui_url = named.ui_url.or_else(|| ui_url.clone());
        instance(named, &proxies, &own)
    });
    (found.collect(), all)
}

/// Both of Backstage's forms; what `endpoints` holds wins.
fn proxies<'a>(proxy: &Reader<'a>) -> Proxies<'a> {
    let mut found = Proxies::new();
    if !proxy.is_present() {
        return found;
    }
    let old_form = proxy.entries().into_iter().filter(|(key, _)| key.starts_with('/'));
    for (key, entry) in old_form.chain(proxy.get("endpoints").entries()) {
        found.insert(in_one_form(key), entry);
    }
    found
}

fn in_one_form(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The instances that have a name: listed, or else told by the proxy entries' own names.
fn named<'a>(prometheus: &Reader<'a>, proxies: &Proxies<'a>) -> Vec<Entry<'a>> {
    let listed = prometheus.get("instances");
    if !listed.is_present() {
        let seed = |(path, entry): (&String, &Reader<'a>)| {
            let name = path.strip_prefix("/prometheus-")?.strip_suffix("/api").filter(|n| !n.is_empty())?;
            (!name.contains('/')).then(|| Entry {
                name: name.to_owned(),
                proxy_path: path.clone(),
                ui_url: None,
                literal: true,
                key: entry.clone(),
            })
        };
        return proxies.iter().filter_map(seed).collect();
    }
    let mut found = Vec::new();
    for item in listed.items() {
        item.only(&["name", "proxyPath", "uiUrl"], &[]);
        if !item.is_map() {
            continue;
        }
        let required = |key: &str| {
            let value = item.get(key);
            if !value.is_present() {
                value.fault(format!("an instance needs a `{key}`"));
            }
            value
        };
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
        if let (Some(name), Some(proxy_path)) = (name, proxy_path) {
            found.push(Entry { name, proxy_path, ui_url, literal: name_key.is_literal(), key });
        }
    }
    found
}

/// The instance without a name, which is there when its proxy entry is; a path that was written must have one.
fn unnamed<'a>(prometheus: &Reader<'a>, proxies: &Proxies<'a>) -> Option<Entry<'a>> {
    let key = prometheus.get("proxyPath");
    let proxy_path = if key.is_present() {
        key.parse(|text| Ok(in_one_form(text)))?
    } else {
        proxies.contains_key(DEFAULT_PATH).then(|| DEFAULT_PATH.to_owned())?
    };
    Some(Entry { name: InstanceName::DEFAULT.to_owned(), proxy_path, ui_url: None, literal: true, key })
}

/// Each name once. A listed `default` is the unnamed instance, if both mean the same proxy entry.
fn distinct<'a>(listed: Vec<Entry<'a>>, unnamed: Option<Entry<'a>>) -> Vec<Entry<'a>> {
    let mut found: Vec<Entry<'a>> = Vec::new();
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
fn instance(named: Entry<'_>, proxies: &Proxies<'_>, own: &Reader<'_>) -> Option<InstanceSettings> {
    let own = own.get(&named.name);
    own.only(
        &["scrapeInterval", "maxConcurrent", "timeout", "allowedEntities", "alertmanager"],
        &["unstableTail"],
    );
    let time =
        |key: &str, most: u64, default| own.get(key).parse(|t| seconds(t, 1..=most)).unwrap_or(default);
    let scrape_interval = time("scrapeInterval", 86_400, SCRAPE_INTERVAL);
    let timeout = time("timeout", 300, TIMEOUT);
    let max_concurrent =
        own.get("maxConcurrent").parse(|text| number(text, 1..=256)).unwrap_or(MAX_CONCURRENT);
    let Some(entry) = proxies.get(&named.proxy_path) else {
        named.key.fault(format!("no proxy entry has this path: {}", named.key.shown()));
        return None;
    };
    let secure = entry.get("secure").flag().unwrap_or(true);
    let headers = headers::read(&entry.get("headers"));
    let api = api(entry, &named.proxy_path)?;
    Some(InstanceSettings {
        name: InstanceName::new(&named.name),
        proxy_path: named.proxy_path,
        api,
        headers,
        secure,
        ui_url: named.ui_url,
        scrape_interval,
        max_concurrent,
        timeout,
    })
}

/// The entry's target, which is the whole entry in its short form, as its path rules rewrite it.
fn api(entry: &Reader<'_>, proxy_path: &str) -> Option<Url> {
    let target = if entry.is_map() { entry.get("target") } else { entry.clone() };
    if !target.is_present() {
        target.fault("a proxy entry needs a `target`");
    }
    let target_url = target.parse(base_url);
    let rules = entry.get("pathRewrite");
    let written: Vec<_> =
        rules.entries().into_iter().map(|(pattern, to)| (pattern.to_owned(), to.text())).collect();
    let pairs = written.into_iter().map(|(pattern, to)| Some((pattern, to?.value)));
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
