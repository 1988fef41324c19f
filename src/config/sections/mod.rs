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

use super::Settings;
use super::reader::Reader;
use crate::catalog::{CatalogSettings, FileLocation};

/// Reads every key that the portal knows. None, or faults, when something is wrong.
pub(super) fn read(root: &Reader<'_>, listen: Option<SocketAddr>) -> Option<Settings> {
    let (instances, named) = instances::read(root);
    let alertmanagers = alertmanagers::read(&root.get("promenade").get("instances"), &instances);
    let routing = routing::read(root, &named);
    let mut catalog = catalog(&root.get("catalog"));
    catalog.backstage = backstage::read(&root.get("promenade").get("catalog"));
    let portal = portal::read(root, listen);
    let (listen, serving, web, store) = portal?;
    Some(Settings { listen, serving, web, instances, alertmanagers, routing, catalog, store })
}

/// `catalog.locations`: those of type file are read, the others counted.
fn catalog(catalog: &Reader<'_>) -> CatalogSettings {
    let (mut files, mut not_read) = (Vec::new(), BTreeMap::<String, usize>::new());
    if !catalog.is_map() {
        catalog.entries();
        return CatalogSettings::default();
    }
    for location in catalog.get("locations").items() {
        let kind = location.get("type");
        let Some(kind_text) = kind.text() else {
            if !kind.is_present() {
                kind.fault("a location needs a `type`");
            }
            continue;
        };
        if kind_text.value != "file" {
            *not_read.entry(kind_text.value).or_default() += 1;
            continue;
        }
        let target = location.get("target");
        match target.text() {
            Some(text) if text.value.is_empty() => target.fault("a location needs a `target`"),
            Some(text) => files.push(FileLocation {
                target: text.value,
                bases: bases(&target),
                place: target.location(),
            }),
            None if !target.is_present() => target.fault("a location needs a `target`"),
            None => {}
        }
    }
    CatalogSettings { files, not_read, ..CatalogSettings::default() }
}

/// Backstage's own templates write targets as its backend sees them, from `packages/backend`.
fn bases(target: &Reader<'_>) -> Vec<PathBuf> {
    let Some(directory) = target.directory() else { return Vec::new() };
    vec![directory.to_path_buf(), directory.join("packages/backend")]
}
