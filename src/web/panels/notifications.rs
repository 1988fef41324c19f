//! The alerts that a page notifies its reader of.

use serde::Serialize;

use super::cut;
use crate::monitoring::AlertTable;
use crate::prometheus::{AlertState, RowId};

/// The most alerts that a page compares.
const MOST: usize = 200;
/// Characters of a name and of a summary.
const LONGEST: usize = 200;

/// Id, name and summary of an alert.
#[derive(Serialize)]
struct FiringAlert(RowId, String, String);

/// The alerts that fire and are not suppressed, worst first, as JSON.
pub fn firing(table: &AlertTable) -> String {
    let fires = table.rows.iter().filter(|row| row.state() == AlertState::Firing && !row.is_suppressed());
    let firing = fires.take(MOST).map(|row| {
        let annotations = row.annotations();
        let summary = annotations.get("summary").or_else(|| annotations.get("description"));
        FiringAlert(row.id(), cut(row.name(), LONGEST), cut(summary.unwrap_or_default(), LONGEST))
    });
    serde_json::to_string(&firing.collect::<Vec<_>>()).unwrap_or_default()
}
