//! The alert states of all entities at once: counted for a whole snapshot, kept until it or an answer changes.

mod cache;
mod entities;
mod subscriptions;
#[cfg(test)]
mod tests;

pub use cache::Overviews;
pub use entities::{EntityAlerts, Overview, bit};
