//! `promenade check`: what is wrong with a config and a catalog, each finding with its place.

mod entity;
mod finding;
mod migration;
mod misspelled_keys;
mod online;
mod report;

use std::sync::Arc;
use std::thread;

pub use entity::RoutedEntity;
pub use finding::Finding;
pub use online::Online;
pub use report::{Report, text};

use crate::annotations;
use crate::catalog::Entity;
use crate::diagnostic::Diagnostic;
use crate::monitoring::RoutingSettings;

/// The least entities for one thread: fewer are not worth a thread.
const ENTITIES_PER_THREAD: usize = 256;

/// Findings about files, YAML and the shape of entities.
pub fn of_faults(faults: Vec<Diagnostic>) -> Vec<Finding> {
    faults.into_iter().map(Finding::from).collect()
}

/// A config without instances, although entities need one.
pub fn of_instances(entities: &[Arc<Entity>], routing: &RoutingSettings) -> Option<Finding> {
    let with_monitoring = entities.iter().filter(|entity| annotations::is_available(entity)).count();
    let message = format!("no Prometheus instance is configured, and {with_monitoring} entities need one");
    (!entity::has_routes(routing) && with_monitoring > 0).then(|| Finding::of_config("prometheus", message))
}

/// Findings about entities that need no instance's answer, and the instance of each entity with monitoring.
/// `routing` is None when the config is not known.
pub fn of_entities(
    entities: &[Arc<Entity>],
    routing: Option<&RoutingSettings>,
) -> (Vec<Finding>, Vec<RoutedEntity>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = entities.len().div_ceil(threads).max(ENTITIES_PER_THREAD);
    let check = |part: &[Arc<Entity>]| {
        let (mut findings, mut routed) = (Vec::new(), Vec::new());
        for report in part.iter().map(|entity| entity::check_entity(entity, routing)) {
            findings.extend(report.findings);
            routed.extend(report.routed);
        }
        (findings, routed)
    };
    thread::scope(|scope| {
        let running: Vec<_> =
            entities.chunks(share).map(|part| (part, scope.spawn(move || check(part)))).collect();
        // A share whose thread ended early is checked again, here.
        let joined = running.into_iter().map(|(part, thread)| thread.join().unwrap_or_else(|_| check(part)));
        let (findings, routed): (Vec<_>, Vec<_>) = joined.unzip();
        (findings.into_iter().flatten().collect(), routed.into_iter().flatten().collect())
    })
}
