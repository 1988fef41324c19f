//! The alert states of all entities at once: counted for a whole snapshot, kept until it or an answer changes.

mod cache;
mod counter;
mod entities;
mod entity_alerts;
mod latest;
mod subscriptions;
#[cfg(test)]
mod tests;

pub use cache::Overviews;
pub use entities::Overview;
pub use entity_alerts::{EntityAlerts, bit};
