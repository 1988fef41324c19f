//! `promenade check`: what is wrong with a config and a catalog, each finding with its place.

mod entity;
mod finding;
mod habits;
mod keys;
mod online;
mod places;
mod report;

use std::sync::Arc;
use std::thread;

pub use entity::Led;
pub use finding::Finding;
pub use online::Online;
pub use report::{Report, text};

use crate::annotations;
use crate::catalog::{Entity, SourceFault};
use crate::monitoring::RoutingSettings;

/// Entities that one thread looks at, at least: fewer are not worth a thread.
const ENTITIES_PER_THREAD: usize = 256;

/// Findings about files, YAML and the shape of entities.
pub fn of_faults(faults: &[SourceFault]) -> Vec<Finding> {
    faults.iter().map(Finding::of_fault).collect()
}

/// A config that leads nowhere, although entities ask for an instance.
pub fn of_instances(entities: &[Arc<Entity>], routing: &RoutingSettings) -> Option<Finding> {
    let asking = entities.iter().filter(|entity| annotations::is_available(entity)).count();
    let told = format!("no instance of Prometheus is configured, and {asking} entities ask for one");
    (!entity::can_lead(routing) && asking > 0).then(|| Finding::of_config("prometheus", told))
}

/// Findings about what entities ask for, without asking anybody, and the instances that they are led to.
/// `routing` is None when it is not known who is led where.
pub fn of_entities(entities: &[Arc<Entity>], routing: Option<&RoutingSettings>) -> (Vec<Finding>, Vec<Led>) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = entities.len().div_ceil(threads).max(ENTITIES_PER_THREAD);
    let judge = |part: &[Arc<Entity>]| {
        let (mut findings, mut led) = (Vec::new(), Vec::new());
        for judged in part.iter().map(|entity| entity::judge(entity, routing)) {
            findings.extend(judged.findings);
            led.extend(judged.led);
        }
        (findings, led)
    };
    thread::scope(|scope| {
        let running: Vec<_> =
            entities.chunks(share).map(|part| (part, scope.spawn(move || judge(part)))).collect();
        // A share whose thread ended early is looked at again, here.
        let joined = running.into_iter().map(|(part, thread)| thread.join().unwrap_or_else(|_| judge(part)));
        let (findings, led): (Vec<_>, Vec<_>) = joined.unzip();
        (findings.into_iter().flatten().collect(), led.into_iter().flatten().collect())
    })
}
