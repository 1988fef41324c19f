//! From the config as it is written to each module's own settings.

mod alertmanagers;
mod backstage;
mod headers;
mod instances;
mod portal;
mod rewrite;
mod routing;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

pub use values::base_url;

use super::Settings;
use super::key::ConfigKey;
use crate::catalog::{CatalogSettings, FileLocation};

/// Reads every key that the portal knows. None, or faults, when something is wrong.
pub(super) fn read(root: &ConfigKey<'_>, listen: Option<SocketAddr>) -> Option<Settings> {
    let promenade = root.get("promenade");
    let severities = Arc::new(portal::severities(&promenade.get("severity")));
    let (instances, named) = instances::read(root, &severities);
    let alertmanagers = alertmanagers::read(&promenade.get("instances"), &instances);
    let routing = routing::read(&promenade, &named, &severities);
    let mut catalog = catalog(&root.get("catalog"));
    catalog.backstage = backstage::read(&promenade.get("catalog"));
    promenade.only(&portal::KEYS, &[]);
    portal::plugin(&promenade.get("plugin"));
    let listen = portal::address(&promenade, listen);
    let serving = portal::serving(&promenade, listen);
    let web = portal::web(root, listen, serving.admin_listen.is_some());
    let store = portal::store(&promenade.get("cache"));
    Some(Settings { listen: listen?, serving, web, instances, alertmanagers, routing, catalog, store })
}

/// `catalog.locations`: those of type file are read, the others counted.
fn catalog(catalog: &ConfigKey<'_>) -> CatalogSettings {
    let (mut files, mut not_read) = (Vec::new(), BTreeMap::<String, usize>::new());
    if !catalog.is_map() {
        catalog.entries();
        return CatalogSettings::default();
    }
    for location in catalog.get("locations").items() {
        let kind = location.get("type").required("a location needs a `type`").text();
        let Some(kind) = kind.map(|text| text.value) else { continue };
        if kind != "file" {
            *not_read.entry(kind).or_default() += 1;
            continue;
        }
        let target = location.get("target").required("a location needs a `target`");
        match target.text() {
            Some(text) if text.value.is_empty() => target.fault("a location needs a `target`"),
            Some(text) => files.push(FileLocation {
                target: text.value,
                bases: bases(&target),
                place: target.location(),
            }),
            None => {}
        }
    }
    CatalogSettings { files, not_read, ..CatalogSettings::default() }
}

/// Backstage's own templates write targets as its backend sees them, from `packages/backend`.
fn bases(target: &ConfigKey<'_>) -> Vec<PathBuf> {
    let Some(directory) = target.directory() else { return Vec::new() };
    vec![directory.to_path_buf(), directory.join("packages/backend")]
}
