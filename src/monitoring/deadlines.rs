//! How long pages wait. A fetch goes on in the store when no page waits for it any more.

use std::time::Duration;

/// A panel on a page of several panels; then the panel fetches itself.
pub const PANEL: Duration = Duration::from_millis(1_500);
/// An instance's rules, for a link from chat; then the instance counts as unknown.
pub const LOOKUP: Duration = Duration::from_secs(3);
/// An instance's rules, for the overview; then an older answer counts.
pub const OVERVIEW: Duration = Duration::from_millis(1_500);
/// Counting a large catalog's alerts for the first time, after the instances.
pub const COUNTING: Duration = Duration::from_millis(500);
/// A new overview, where the age of the one before leaves little of it.
pub const RENEWAL: Duration = Duration::from_millis(20);
/// Alertmanager, beside the rules.
pub const ALERTMANAGER: Duration = Duration::from_secs(1);
/// The index of a catalog, where an older one cannot answer.
pub const INDEX: Duration = Duration::from_millis(1_500);
/// The unit of a graph, after its samples; then the next answer has it.
pub const UNIT: Duration = Duration::from_millis(100);
/// Why a graph is empty, after its samples.
pub const EMPTY_REASON: Duration = Duration::from_millis(500);
/// The versions of servers.
pub const VERSION: Duration = Duration::from_millis(250);
