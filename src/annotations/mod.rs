//! What an entity's annotations request. Pure: text in, specification and problems out.

mod alert;
mod labels;
mod misspelled_keys;
mod mistaken;
pub mod params;
mod rule;
mod scale;
mod spec;
mod template;
mod unit;

use crate::catalog::Entity;
use crate::page_params::PageDefaults;

pub use crate::page_params::GraphType;
pub use alert::AlertNames;
pub use labels::Matchers;
pub use misspelled_keys::{misspelled, nearest_key};
pub use mistaken::pasted;
pub use rule::{GraphSpec, MAX_GRAPHS, read_dimensions};
pub use scale::Scale;
pub use spec::{AlertSpec, MonitoringSpec};
pub use template::Templates;
pub use unit::Unit;

pub const RULE: &str = "prometheus.io/rule";
pub const ALERT: &str = "prometheus.io/alert";
pub const LABELS: &str = "prometheus.io/labels";
pub const SERVICE_NAME: &str = "prometheus.io/service-name";
pub const PARAMS: &str = "promenade.io/params";

/// The annotations that request a graph, alerts or an instance.
pub const ASKING: [&str; 4] = [RULE, ALERT, LABELS, SERVICE_NAME];
/// All annotations that the portal reads.
pub const KNOWN: [&str; 5] = [RULE, ALERT, LABELS, SERVICE_NAME, PARAMS];

/// The longest annotation that is read, in bytes.
pub const MAX_ANNOTATION_BYTES: usize = 65_536;

/// The entity's own defaults of page parameters. [`MonitoringSpec`] has the problems with them.
pub fn defaults_of(entity: &Entity) -> PageDefaults {
    let value = entity.annotation(PARAMS).filter(|value| value.len() <= MAX_ANNOTATION_BYTES);
    value.map(|value| params::read(value).0).unwrap_or_default()
}

/// Whether the entity has anything to show, as the plugin's `isPrometheusAvailable` decides it. An annotation that
/// could not be read counts too, and one whose key is misspelt.
pub fn is_available(entity: &Entity) -> bool {
    let is_written = ASKING.iter().any(|key| is_requested(entity, key)) || entity.has_rival();
    is_written || misspelled_keys::has_misspelled(entity, &ASKING)
}

/// Whether the annotation requests something. An empty one requests nothing, as in the plugin, except for labels:
/// their author wanted to select alerts, and no matcher at all would select every alert.
fn is_requested(entity: &Entity, key: &str) -> bool {
    let is_empty_choice = key == LABELS && entity.annotations.contains_key(key);
    entity.annotation(key).is_some() || is_empty_choice || entity.has_lost(key)
}
