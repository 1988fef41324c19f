//! Query strings as typed values. A bad value is a message and the default, never an error page.

mod columns;
mod custom;
mod folding;
mod go;
mod graphs;
mod instant;
mod legend;
mod order;
mod pairs;
mod prometheus;
mod selection;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

pub use columns::ColumnParams;
pub use custom::{CustomParams, FurtherQuery, has_regex};
pub use folding::{FOLDED, Folding};
pub use go::{AT, GoParams, INSTANCE, THEME};
pub use graphs::{CHOICES, GraphParams, is_of_single_graph};
pub use legend::{LegendColumn, LegendParams};
pub use order::{ColumnOrder, OrderKey};
pub use table::{SortKey, TableParams};

use crate::catalog::EntityRef;
use crate::catalog::search::Filter;
use crate::chart::svg::Theme;
use crate::monitoring::{Period, bit};
use crate::page_params::{PageDefaults, Refresh, Zone, read_max_series};
use crate::prometheus::Labels;
use crate::promql::parse_duration;
use instant::TimeReader;
use pairs::Pairs;

/// The parameters that the script sets in addresses of pages or panels. A routing rule that named one would send the
/// requests of a page to another instance than the page.
pub const SET_BY_SCRIPT: [&str; 11] =
    ["drawn", "since", "folded", "from", "to", "range", "page", "series", "hide", "notify", "alert"];

/// The value of `kind` for all kinds.
pub const ALL_KINDS: &str = "all";
/// The most entities that an address names as others that show an alert.
pub const MOST_ALSO: usize = 20;
/// More lines than this cannot be told apart.
const DEFAULT_MAX_SERIES: usize = 50;

/// A parameter whose value could not be used, for the message on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamProblem {
    pub parameter: Cow<'static, str>,
    pub message: String,
}

/// All that a page's address says.
#[derive(Clone, Debug)]
pub struct PageParams {
    /// The relative or absolute texts, as the address has them: `now-1h`, `now`.
    pub from: String,
    pub to: String,
    pub period: Period,
    /// Whole seconds, never 0; None: off.
    pub refresh_secs: Option<u32>,
    pub kiosk: bool,
    /// The reader wants to be notified of alerts that begin to fire.
    pub notify: bool,
    pub theme: Option<Theme>,
    pub zone: Zone,
    pub graphs: GraphParams,
    pub view_table: bool,
    /// The most series that a chart draws.
    pub max_series: usize,
    pub legends: LegendParams,
    pub table: TableParams,
    /// Which entities the catalog lists.
    pub catalog: Filter,
    pub custom: CustomParams,
    /// The labels of the resolved alert that a link from `/go` selects.
    pub resolved_labels: Option<Labels>,
    /// The time at which that alert fired.
    pub resolved_at: Option<Timestamp>,
    /// Other entities that show the alert of a link from `/go`. No link keeps them.
    pub also: Vec<EntityRef>,
    pub problems: Vec<ParamProblem>,
    /// The pairs of the address that were understood, in canonical order: what links keep.
    pub given: Vec<(String, String)>,
    /// The names among `given` that routing rules look at: every link keeps them, or it would lead elsewhere.
    pub routed: Vec<String>,
}

impl PageParams {
    /// Never fails. A value that cannot be read is a problem, and its default is used.
    pub fn read(query: &str, defaults: &PageDefaults, now: Timestamp) -> Self {
        Self::of_pairs(Pairs::of(query), None, defaults, now)
    }

    /// Reads the address of a custom page, which may be one of Prometheus' own graph page.
    /// Compiles the regexes of `labels`.
    pub fn read_custom(query: &str, defaults: &PageDefaults, now: Timestamp) -> Self {
        let mut pairs = Pairs::of(query);
        let further = prometheus::translate(&mut pairs, defaults.range());
        Self::of_pairs(pairs, Some(further), defaults, now)
    }

    /// `further`: see [`CustomParams::read`].
    fn of_pairs(
        mut pairs: Pairs,
        further: Option<Vec<FurtherQuery>>,
        defaults: &PageDefaults,
        now: Timestamp,
    ) -> Self {
        let zone = pairs.value("tz", str::parse).unwrap_or_else(|| defaults.zone());
        let reader = TimeReader { zone: zone.time_zone(), fiscal_year: defaults.fiscal_year(), now };
        let window = time::PageWindow::read(&mut pairs, defaults.range(), &reader);
        let step = pairs.value_or("step", defaults.step, parse_duration);
        let default_refresh = if window.to_text == "now" { defaults.refresh() } else { Refresh::Off };
        let mut params = Self {
            from: window.from_text,
            to: window.to_text,
            period: Period { from: window.from, to: window.to, now, step },
            refresh_secs: read_refresh(&mut pairs, default_refresh).secs(),
            kiosk: read_kiosk(&mut pairs),
            notify: pairs.flag("notify", None).unwrap_or(false),
            theme: pairs.value("theme", str::parse),
            zone,
            graphs: GraphParams::read(&mut pairs, defaults),
            view_table: pairs.value("view", is_table).unwrap_or(false),
            max_series: pairs
                .value_or("maxSeries", defaults.max_series, read_max_series)
                .unwrap_or(DEFAULT_MAX_SERIES),
            legends: LegendParams::read(&mut pairs),
            table: TableParams::read(&mut pairs, defaults),
            catalog: read_filter(&mut pairs),
            custom: CustomParams::read(&mut pairs, further),
            resolved_labels: pairs.value("landed", go::read_labels),
            resolved_at: pairs.value(AT, |text| go::read_time(text, now)),
            also: pairs
                .texts("also")
                .iter()
                .take(MOST_ALSO)
                .filter_map(|text| EntityRef::parse(text))
                .collect(),
            problems: Vec::new(),
            given: Vec::new(),
            routed: Vec::new(),
        };
        params.catalog.search.clone_from(&params.table.search);
        params.catalog.states = params.table.states.iter().fold(0, |all, state| all | bit(*state));
        (params.problems, params.given) = pairs.finish();
        params
    }

    /// With the pairs that routing rules look at; a parameter of our own stays what it is.
    pub fn routed_by(mut self, pairs: Vec<(String, String)>) -> Self {
        for (name, value) in pairs {
            if !self.is_given(&name) {
                self.given.push((name.clone(), value));
            }
            self.routed.push(name);
        }
        self
    }

    /// Whether the window ends at `now`, so that it moves.
    pub fn is_live(&self) -> bool {
        self.to == "now"
    }

    /// Whether the window stands still: both ends are moments, and both have passed.
    pub fn is_fixed(&self) -> bool {
        !self.from.starts_with("now") && !self.to.starts_with("now") && self.period.to <= self.period.now
    }

    /// Whether the page does not follow the time: its window has ended, or is fetched only once.
    pub fn is_frozen(&self) -> bool {
        !self.is_live() && (self.period.to < self.period.now || self.refresh_secs.is_none())
    }

    /// How often a graph asks again: never where its window cannot have other samples.
    pub fn graph_refresh(&self) -> Option<u32> {
        self.refresh_secs.filter(|_| !self.is_fixed())
    }

    /// Whether the address itself says so, rather than a default.
    pub fn is_given(&self, parameter: &str) -> bool {
        self.given.iter().any(|(name, value)| name == parameter && !value.is_empty())
    }

    /// The length of the window.
    pub fn range(&self) -> Duration {
        Duration::try_from(self.period.to.duration_since(self.period.from)).unwrap_or_default()
    }
}

/// Filters of the catalog by a facet's value. Its search and its states are those of the table.
fn read_filter(pairs: &mut Pairs) -> Filter {
    let mut facet = |name| pairs.value(name, |text| Ok(text.to_lowercase()));
    let kind = facet("kind");
    Filter {
        search: String::new(),
        leaves_out_groups: kind.is_none(),
        kind: kind.filter(|kind| kind != ALL_KINDS),
        namespace: facet("namespace"),
        owner: facet("owner"),
        system: facet("system"),
        states: 0,
    }
}

/// An empty value means never.
fn read_refresh(pairs: &mut Pairs, default: Refresh) -> Refresh {
    let Some(text) = pairs.text("refresh") else { return default };
    match text.parse::<Refresh>() {
        Ok(refresh) => {
            pairs.keep("refresh", refresh.to_string());
            refresh
        }
        Err(end) => {
            pairs.refuse_value("refresh", &text, &end);
            default
        }
    }
}

/// Grafana's `tv` is a kiosk too.
fn read_kiosk(pairs: &mut Pairs) -> bool {
    if pairs.text("kiosk").as_deref() == Some("tv") {
        pairs.keep("kiosk", "tv".to_owned());
        return true;
    }
    pairs.flag("kiosk", None).unwrap_or(false)
}

fn is_table(text: &str) -> Result<bool, String> {
    match text {
        "table" => Ok(true),
        "chart" => Ok(false),
        _ => Err("is neither chart nor table".to_owned()),
    }
}
