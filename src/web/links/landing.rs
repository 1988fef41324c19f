//! Links to where an alert is shown: an entity's page with its row opened, over the time of the firing.

use jiff::Timestamp;

use super::{Links, address};
use crate::catalog::EntityRef;
use crate::prometheus::Labels;
use crate::promql::{MatchOp, Matcher};
use crate::web::RowId;
use crate::web::params::AT;

/// Where on an entity's page a link leads.
#[derive(Clone, Debug, Default)]
pub struct Landed {
    /// The row, and whether it is shown without being asked for.
    pub row: Option<(RowId, bool)>,
    /// The window; None: the page's own.
    pub from: Option<Timestamp>,
    /// None: now.
    pub to: Option<Timestamp>,
    /// The labels of an alert that is over, of which the page tells.
    pub over: Option<Labels>,
    /// When it fired, as an address had it.
    pub at: Option<String>,
}

impl Links<'_> {
    /// `/go` with the labels of an alert.
    pub fn go(&self, labels: &[(&str, &str)]) -> String {
        address(format!("{}/go", self.prefix), labels.iter().copied())
    }

    /// The entity's page, on that row over that time. What the address of this page says of time does not count.
    pub fn landing(&self, entity: &EntityRef, landed: &Landed) -> String {
        let own = ["from", "to", "range"];
        let timed = landed.from.is_some();
        let text = |at: Timestamp| at.as_millisecond().to_string();
        let (from, to) = (landed.from.map(text), landed.to.map_or_else(|| "now".to_owned(), text));
        let over = landed.over.as_ref().map(matchers);
        let row = landed.row.map(|(row, _)| row.to_string());
        let inactive = landed.row.is_some_and(|(_, is_active)| !is_active);
        let more = [
            ("from", from.as_deref()),
            ("to", Some(to.as_str()).filter(|_| timed)),
            ("alert", row.as_deref()),
            ("showInactiveAlerts", inactive.then_some("true")),
            ("landed", over.as_deref()),
            (AT, landed.at.as_deref()),
        ];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let kept = self.kept().filter(|(name, _)| !(timed && own.contains(name)));
        let page = address(self.path(entity, ""), kept.chain(more));
        match &row {
            Some(row) => format!("{page}#alert-{row}"),
            None => page,
        }
    }
}

fn matchers(labels: &Labels) -> String {
    let matcher = |(name, value): (&str, &str)| Matcher::new(name, MatchOp::Equal, value).ok();
    labels.iter().filter_map(matcher).map(|m| m.to_string()).collect::<Vec<_>>().join(",")
}
