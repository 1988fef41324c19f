//! `promenade check`: what is wrong with a config and a catalog, each finding with its place.

mod description;
mod entity;
mod finding;
mod matchers;
mod migration;
mod online;
mod report;

use std::sync::Arc;
use std::thread;

pub use description::{FoundInterval, InstanceDescription};
pub use finding::Finding;
pub use online::check_online;
pub use report::{Report, RoutedEntity, plain, text};

use crate::annotations;
use crate::catalog::Entity;
use crate::monitoring::RoutingSettings;

/// The least entities for one thread: fewer are not worth a thread.
const ENTITIES_PER_THREAD: usize = 256;

/// A config without instances, although entities need one.
pub fn of_instances(entities: &[Arc<Entity>], routing: &RoutingSettings) -> Option<Finding> {
    let with_monitoring = entities.iter().filter(|entity| annotations::is_available(entity)).count();
    let message = format!("no Prometheus instance is configured, and {with_monitoring} entities need one");
    (!entity::has_routes(routing) && with_monitoring > 0).then(|| Finding::of_config("prometheus", message))
}

/// What can be found of entities without an instance's answer, and the instance of each entity with monitoring.
/// `routing` is None when the config is not known.
pub fn of_entities(entities: &[Arc<Entity>], routing: Option<&RoutingSettings>) -> Report {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = entities.len().div_ceil(threads).max(ENTITIES_PER_THREAD);
    let check = |part: &[Arc<Entity>]| {
        let mut report = Report::default();
        part.iter().for_each(|entity| entity::check_entity(entity, routing, &mut report));
        report
    };
    thread::scope(|scope| {
        let running: Vec<_> =
            entities.chunks(share).map(|part| (part, scope.spawn(move || check(part)))).collect();
        let mut all = Report::default();
        for (part, thread) in running {
            // A share whose thread ended early is checked again, here.
            all.add(thread.join().unwrap_or_else(|_| check(part)));
        }
        all
    })
}
