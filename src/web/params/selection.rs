//! An alert table without an address: what `/go` selects.

use jiff::Timestamp;

use super::PageParams;
use crate::annotations::AlertNames;
use crate::promql::Matcher;
use crate::web::row_id::RowId;

/// The alerts of a table, with one row opened.
pub struct AlertSelection {
    pub instance: String,
    pub name: String,
    pub matchers: Vec<Matcher>,
    /// The window's start, if it has another than the default.
    pub from: Option<Timestamp>,
    pub row: RowId,
    pub is_active: bool,
}

impl PageParams {
    /// As if the address had the selection. Its links have it.
    pub fn select(mut self, selection: AlertSelection) -> Self {
        let AlertSelection { instance, name, matchers, from, row, is_active } = selection;
        let mut give = |name: &str, value: String| self.given.push((name.to_owned(), value));
        if let Some(from) = from {
            self.from = from.as_millisecond().to_string();
            give("from", self.from.clone());
            give("to", self.to.clone());
            self.period.from = from;
        }
        if !is_active {
            give("showInactiveAlerts", "true".to_owned());
        }
        give("alert", row.to_string());
        give("instance", instance.clone());
        give("alerts", name.clone());
        if !matchers.is_empty() {
            give("labels", matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        }
        self.table.show_inactive |= !is_active;
        self.table.alert = Some(row);
        self.custom.instance = Some(instance);
        self.custom.alerts = Some(AlertNames::Named(vec![name]));
        self.custom.matchers = Some(matchers).filter(|matchers| !matchers.is_empty());
        self
    }
}
