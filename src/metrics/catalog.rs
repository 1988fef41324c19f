//! The catalog and its sources.

use prometheus_client::registry::Registry;

use super::{Counters, Gauge, Gauges, count, registered};

#[derive(Clone)]
pub struct CatalogMetrics {
    entities: Gauge,
    faults: Gauge,
}

impl CatalogMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            entities: registered(registry, "catalog_entities", "Entities in the catalog"),
            faults: registered(registry, "catalog_faults", "Faults of the catalog's sources"),
        }
    }

    pub fn set(&self, entities: usize, faults: usize) {
        self.entities.set(count(entities));
        self.faults.set(count(faults));
    }
}

/// Backstage's catalog as a source. Prints no figure where Backstage is no source.
#[derive(Clone)]
pub struct BackstageMetrics {
    pages: Counters<1>,
    entities: Gauges<1>,
    good_at: Gauges<1>,
    failing: Gauges<1>,
}

impl BackstageMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            pages: registered(
                registry,
                "catalog_backstage_pages",
                "Pages of Backstage's catalog, by how asking for them ended",
            ),
            entities: registered(registry, "catalog_source_entities", "Entities of the last good reading"),
            good_at: registered(
                registry,
                "catalog_source_last_success_timestamp_seconds",
                "When a source was last seen whole, changed or not",
            ),
            failing: registered(
                registry,
                "catalog_source_failing",
                "1 while a source cannot be read and its last good state is shown",
            ),
        }
    }

    /// `outcome`: `read`, `unchanged` (304), `same` (the bytes as before), `failed`.
    pub fn page(&self, outcome: &'static str) {
        self.pages.get_or_create(&[("outcome", outcome.into())]).inc();
    }

    /// `good_at` in epoch seconds, if there was a good reading.
    pub fn set(&self, entities: usize, good_at: Option<i64>, failing: bool) {
        let labels = [("source", "backstage".into())];
        self.entities.get_or_create(&labels).set(count(entities));
        self.failing.get_or_create(&labels).set(failing.into());
        if let Some(at) = good_at {
            self.good_at.get_or_create(&labels).set(at);
        }
    }
}
