//! How long pages wait.

use std::time::Duration;

/// What a page waits for. A fetch goes on in the store when nobody waits for it any more.
pub struct Deadlines {
    /// A panel on a page of several panels; then the panel fetches itself.
    pub panel: Duration,
    /// An instance's rules, for a link from chat; then the instance counts as unknown.
    pub lookup: Duration,
    /// An instance's rules, for the overview; then an older answer counts.
    pub overview: Duration,
    /// Counting a large catalog's alerts, after the instances.
    pub counting: Duration,
    /// A new overview, while there is one that is still good.
    pub renewal: Duration,
    /// Alertmanager, beside the rules.
    pub alertmanager: Duration,
    /// The first index of a catalog.
    pub first_index: Duration,
    /// The index of a changed catalog; then the older one is used.
    pub next_index: Duration,
    /// The unit of a graph, after its samples; then the next answer has it.
    pub unit: Duration,
    /// Why a graph is empty, after its samples.
    pub empty_reason: Duration,
}

pub const DEADLINES: Deadlines = Deadlines {
    panel: Duration::from_millis(1_500),
    lookup: Duration::from_secs(3),
    overview: Duration::from_millis(1_500),
    counting: Duration::from_secs(5),
    renewal: Duration::from_millis(3),
    alertmanager: Duration::from_secs(1),
    first_index: Duration::from_millis(1_500),
    next_index: Duration::from_millis(200),
    unit: Duration::from_millis(100),
    empty_reason: Duration::from_millis(500),
};
