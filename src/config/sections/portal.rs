//! The portal's own keys: `app` and `promenade`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::values::{base_url, bytes, origin, socket_address};
use crate::config::key::ConfigKey;
use crate::page_params::{ExtraColumn, MAX_EXTRA_COLUMNS, PageDefaults, read_extra_columns};
use crate::prometheus::Severities;
use crate::serving::ServingSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7080);
const TITLE: &str = "Promenade";
const CACHE_BYTES: u64 = 256 << 20;
pub(super) const KEYS: [&str; 13] = [
    "listen",
    "adminListen",
    "auth",
    "adHocQueries",
    "embedding",
    "defaults",
    "fiscalYearStart",
    "instances",
    "cache",
    "catalog",
    "routing",
    "plugin",
    "severity",
];

/// `promenade.plugin`: the packages of `config/backstage` read it from the same file; Promenade does not.
pub(super) fn plugin(key: &ConfigKey<'_>) {
    key.only(&["baseUrl", "target"], &[]);
}

/// `promenade.cache`.
pub(super) fn store(cache: &ConfigKey<'_>) -> StoreSettings {
    cache.only(&["maxBytes"], &[]);
    StoreSettings { max_bytes: cache.get("maxBytes").parse(bytes).unwrap_or(CACHE_BYTES) }
}

/// `promenade.severity`: which label says how bad an alert is, and the order of its values.
pub(super) fn severities(key: &ConfigKey<'_>) -> Severities {
    key.only(&["label", "order"], &[]);
    let label = key.get("label").parse(|text| match text {
        "" => Err("is empty".to_owned()),
        _ => Ok(text.to_owned()),
    });
    let list = key.get("order");
    let mut order: Vec<String> = Vec::new();
    for item in list.items() {
        let word = item.parse(|text| match text {
            "" => Err("is empty".to_owned()),
            _ if order.iter().any(|known| known.eq_ignore_ascii_case(text)) => {
                Err("is there twice".to_owned())
            }
            _ => Ok(text.to_owned()),
        });
        order.extend(word);
    }
    if order.len() > Severities::MOST {
        list.fault(format!("has more than {} severities", Severities::MOST));
    }
    if order.is_empty() {
        order.extend(Severities::ORDER.map(str::to_owned));
    }
    Severities::new(label.unwrap_or_else(|| Severities::LABEL.to_owned()), &order)
}

pub(super) fn web(root: &ConfigKey<'_>, address: Option<SocketAddr>, admin_apart: bool) -> WebSettings {
    let promenade = root.get("promenade");
    let embedding = promenade.get("embedding");
    embedding.only(&["frameAncestors", "parentOrigins"], &[]);
    let app = root.get("app");
    let title = app.get("title").text().map(|text| text.value).filter(|title| !title.is_empty());
    let ad_hoc = promenade.get("adHocQueries").flag();
    WebSettings {
        title: title.unwrap_or_else(|| TITLE.to_owned()),
        base_url: app.get("baseUrl").parse(base_url),
        frame_ancestors: origins(&embedding.get("frameAncestors")),
        parent_origins: origins(&embedding.get("parentOrigins")),
        defaults: defaults(&promenade),
        ad_hoc: ad_hoc.unwrap_or_else(|| address.is_some_and(is_loopback)),
        demo: false,
        admin_apart,
    }
}

/// Where to listen: beyond loopback only if the config allows anybody. None: the address has a fault.
pub(super) fn address(promenade: &ConfigKey<'_>, listen: Option<SocketAddr>) -> Option<SocketAddr> {
    promenade.get("auth").only(&["allowUnauthenticated"], &[]);
    let written = promenade.get("listen");
    let from_config = if written.is_present() { written.parse(socket_address) } else { Some(LISTEN) };
    let address = listen.or(from_config)?;
    let whose = if listen.is_some() { "the command line" } else { "promenade.listen" };
    allowed(promenade, address, whose);
    Some(address)
}

/// Operators may have a listener of their own, under the same rule. `readers` is the address of the other one.
pub(super) fn serving(promenade: &ConfigKey<'_>, readers: Option<SocketAddr>) -> ServingSettings {
    let key = promenade.get("adminListen");
    let admin_listen = key.parse(socket_address);
    if let Some(address) = admin_listen {
        if readers.is_some_and(|readers| are_one(readers, address)) {
            key.fault("is the same address as `promenade.listen`; use another port");
        }
        allowed(promenade, address, "promenade.adminListen");
    }
    ServingSettings { admin_listen, ..ServingSettings::default() }
}

/// Whether one listener would be in the other's way. Port 0 is any that is free.
fn are_one(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    let is_same = a == b || a.is_unspecified() || b.is_unspecified();
    one.port() == other.port() && one.port() != 0 && is_same
}

/// A fault if the address is open to others and `allowUnauthenticated` is not set.
fn allowed(promenade: &ConfigKey<'_>, address: SocketAddr, whose: &str) {
    let key = promenade.get("auth").get("allowUnauthenticated");
    let open = key.flag();
    let is_open = open == Some(true) || (key.is_present() && open.is_none());
    if !is_loopback(address) && !is_open {
        key.fault(format!(
            "{whose} is an address beyond this machine, so anybody could read the pages; \
             set `promenade.auth.allowUnauthenticated: true` to allow that"
        ));
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn origins(list: &ConfigKey<'_>) -> Vec<String> {
    let items = list.items();
    let mut origins: Vec<String> = items.iter().filter_map(|item| item.parse(origin)).collect();
    origins.dedup();
    origins
}

fn defaults(promenade: &ConfigKey<'_>) -> PageDefaults {
    const COLUMNS: &str = "extraColumns";
    let defaults = promenade.get("defaults");
    defaults.only(&PageDefaults::NAMES, &[]);
    let mut found = PageDefaults::default();
    for name in PageDefaults::NAMES.into_iter().filter(|name| *name != COLUMNS) {
        defaults.get(name).parse(|text| match text {
            "" if name != "refresh" => Err("is empty".to_owned()),
            text => found.set(name, text),
        });
    }
    let list = defaults.get(COLUMNS);
    let columns: Vec<ExtraColumn> =
        list.items().into_iter().filter_map(|item| item.parse(read_extra_columns)).flatten().collect();
    if columns.len() > MAX_EXTRA_COLUMNS {
        list.fault(format!("names more than {MAX_EXTRA_COLUMNS} columns"));
    }
    found.fiscal_year = promenade.get("fiscalYearStart").parse(str::parse);
    found.extra_columns = Some(columns).filter(|columns| !columns.is_empty());
    found.over(&PageDefaults::built_in())
}
