//! The rows that a link from chat means, when no entity owns them: what they say, without the table's controls.

use askama::Template;

use super::cells::Shows;
use super::family::{Family, Line, Writer};
use super::times::Moment;
use super::{Setting, Stale};
use crate::monitoring::{AlertRow, AlertTable, Failure};
use crate::prometheus::InstanceName;
use crate::web::RowId;
use crate::web::doubts::silences;
use crate::web::page_error::{Told, tell};
use crate::web::params::INSTANCE;

/// More rows are only counted.
const MOST_ROWS: usize = 20;

/// The panel with id `alerts`.
#[derive(Template)]
#[template(path = "panels/unowned.html")]
pub struct UnownedPanel {
    pub instance: String,
    pub body: Result<Rows, Told>,
}

impl askama::filters::HtmlSafe for UnownedPanel {}

pub struct Rows {
    pub as_of: Moment,
    pub stale: Option<Stale>,
    /// Why what is silenced is not known, or not newly.
    pub silences: Option<String>,
    pub shows: Shows,
    pub columns: usize,
    pub lines: Vec<Line>,
    pub beyond: usize,
}

impl UnownedPanel {
    /// Of the table only those that are `meant`.
    pub fn of(
        setting: &Setting<'_>,
        instance: &InstanceName,
        meant: &[RowId],
        answer: Result<AlertTable, Failure>,
    ) -> Self {
        let body = answer.map(|table| Rows::of(setting, instance, meant, &table)).map_err(|f| tell(&f));
        Self { instance: instance.to_string(), body }
    }
}

impl Rows {
    fn of(setting: &Setting<'_>, instance: &InstanceName, meant: &[RowId], table: &AlertTable) -> Self {
        let params = setting.params();
        let rows = table.rows.iter().filter(|row| meant.contains(&RowId::of(row)));
        let rows: Vec<AlertRow> = rows.cloned().collect();
        let mut writer = Writer::new(&rows, *setting, table.silences.ui_url());
        let line = |row: &AlertRow| match writer.one(row) {
            Family::One(line) => Some(Line { link: link(setting, instance, row), ..*line }),
            Family::Many { .. } => None,
        };
        let shows = Shows::of(&params.table.columns);
        let chosen = [shows.summary, shows.labels, shows.annotations];
        Self {
            as_of: Moment::of(table.as_of, params.period.now, &params.zone),
            stale: Stale::of(table.as_of, table.failure.as_ref(), params),
            silences: silences(&table.silences),
            shows,
            // State, name, severity, value and time are always there.
            columns: 5 + chosen.into_iter().filter(|is_shown| *is_shown).count(),
            lines: rows.iter().take(MOST_ROWS).filter_map(line).collect(),
            beyond: rows.len().saturating_sub(MOST_ROWS),
        }
    }
}

/// The page that this one row leads to.
fn link(setting: &Setting<'_>, instance: &InstanceName, row: &AlertRow) -> String {
    setting.links.go(row.labels().iter().chain([(INSTANCE, instance.as_str())])).to_string()
}
