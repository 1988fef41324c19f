//! What an entity's annotations ask for. Pure: text in, specification and problems out.

mod alert;
mod faults;
mod labels;
mod mistaken;
pub mod params;
mod rule;
mod spec;
mod template;
mod unit;

use crate::catalog::Entity;
use crate::page_params::PageDefaults;

pub use crate::page_params::GraphType;
pub use rule::{MAX_GRAPHS, read_dimensions};
pub use spec::{AlertNames, AlertSpec, GraphSpec, Matchers, MonitoringSpec};
pub use template::Templates;
pub use unit::Unit;

pub const RULE: &str = "prometheus.io/rule";
pub const ALERT: &str = "prometheus.io/alert";
pub const LABELS: &str = "prometheus.io/labels";
pub const SERVICE_NAME: &str = "prometheus.io/service-name";
pub const PARAMS: &str = "promenade.io/params";

/// Those that make an entity ask for something.
pub const ASKING: [&str; 4] = [RULE, ALERT, LABELS, SERVICE_NAME];
/// All that the portal reads.
pub const KNOWN: [&str; 5] = [RULE, ALERT, LABELS, SERVICE_NAME, PARAMS];

/// The longest annotation that is read, in bytes.
pub const MAX_ANNOTATION_BYTES: usize = 65_536;

/// The entity's own defaults of page parameters. [`MonitoringSpec`] has the problems with them.
pub fn defaults_of(entity: &Entity) -> PageDefaults {
    let value = entity.annotation(PARAMS).filter(|value| value.len() <= MAX_ANNOTATION_BYTES);
    value.map(|value| params::read(value).0).unwrap_or_default()
}

/// Whether the entity has anything for this portal, as the plugin's `isPrometheusAvailable` decides it; an
/// annotation that could not be read is something to show.
pub fn is_available(entity: &Entity) -> bool {
    ASKING.iter().any(|key| is_asked(entity, key)) || entity.has_rival()
}

/// Whether the annotation asks for something. An empty one asks for nothing, as in the plugin, but for labels: one
/// who wrote them meant to choose, and an empty list would widen the choice to all.
fn is_asked(entity: &Entity, key: &str) -> bool {
    let is_empty_choice = key == LABELS && entity.annotations.contains_key(key);
    entity.annotation(key).is_some() || is_empty_choice || entity.has_lost(key)
}
