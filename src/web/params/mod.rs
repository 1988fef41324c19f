//! Query strings as settled values: a bad value is a message and the default, never an error page.

mod catalog;
mod columns;
mod custom;
mod defaults;
mod go;
mod legend;
mod pairs;
mod prometheus;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use catalog::CatalogParams;
pub use columns::{ColumnParams, ExtraColumn, Source};
pub use custom::{CustomParams, has_regex};
pub use defaults::PageDefaults;
pub use go::{AT, GoParams, INSTANCE, LandedParams};
pub use legend::{LegendColumn, LegendOrder, LegendParams};
pub use table::{DEFAULT_ROWS, PageSize, SortKey, SortOrder, TableParams};
pub(super) use time::in_one_unit;

use super::facts::routed_parameters;
use super::{PageError, Subject, WebSettings};
use crate::annotations::params::read_max_series;
use crate::annotations::{GraphType, defaults_of};
use crate::clock;
use crate::monitoring::{Monitoring, Period};
use crate::promql::parse_duration;
use pairs::{Pairs, shown};

/// More lines than this nobody tells apart.
const DEFAULT_MAX_SERIES: usize = 50;

/// The longest time between two refreshes: browsers' timers overflow at 24 days.
const LONGEST_REFRESH_SECS: u64 = 86_400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The zone that times are written in.
#[derive(Clone, Debug)]
pub enum Zone {
    /// UTC here; the script rewrites the times for the reader's own zone.
    Browser,
    Named(TimeZone),
}

impl Zone {
    /// The zone that the server writes and rounds in.
    pub fn time_zone(&self) -> TimeZone {
        match self {
            Self::Browser => TimeZone::UTC,
            Self::Named(zone) => zone.clone(),
        }
    }

    /// `browser`, `utc` or an IANA name, as the address has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Browser => "browser",
            Self::Named(zone) if *zone == TimeZone::UTC => "utc",
            Self::Named(zone) => zone.iana_name().unwrap_or("utc"),
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "browser" => return Ok(Self::Browser),
            "utc" | "etc/utc" => return Ok(Self::Named(TimeZone::UTC)),
            _ => {}
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
        (text.len() <= 64 && text.chars().all(plain))
            .then(|| TimeZone::get(text).ok())
            .flatten()
            .map(Self::Named)
            .ok_or_else(|| {
                format!("no time zone is called {}; try Europe/Berlin, utc or browser", shown(text))
            })
    }
}

/// A parameter whose value could not be used, for the message on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamProblem {
    pub parameter: &'static str,
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
    pub theme: Option<Theme>,
    pub zone: Zone,
    pub graph_type: Option<GraphType>,
    pub view_table: bool,
    /// The most series that a chart draws.
    pub max_series: usize,
    pub legends: LegendParams,
    pub table: TableParams,
    pub catalog: CatalogParams,
    pub custom: CustomParams,
    pub landed: LandedParams,
    pub problems: Vec<ParamProblem>,
    /// The pairs of the address that were understood, in canonical order: what links keep.
    pub given: Vec<(String, String)>,
    /// The names among `given` that routing rules look at: every link keeps them, or it would lead elsewhere.
    pub routed: Vec<String>,
    /// The parameters whose default is not the portal's own, so that leaving one out says something.
    defaulted: Vec<String>,
}

impl PageParams {
    /// Never fails: what cannot be understood is a problem, and the default stands in its place.
    pub fn read(query: &str, defaults: &PageDefaults, now: Timestamp) -> Self {
        let pairs = Pairs::of(query).over(&defaults.others);
        Self::settle(pairs, None, defaults, now)
    }

    /// The same of a custom page, which also understands addresses of Prometheus' own graph page.
    /// Compiles the regexes of `labels`.
    pub fn read_custom(query: &str, defaults: &PageDefaults, now: Timestamp) -> Self {
        let mut pairs = Pairs::of(query).over(&defaults.others);
        let more = prometheus::translate(&mut pairs, defaults.range);
        Self::settle(pairs, Some(more), defaults, now)
    }

    fn settle(mut pairs: Pairs, more: Option<Vec<String>>, defaults: &PageDefaults, now: Timestamp) -> Self {
        let default_zone = || Zone::read(&defaults.tz).unwrap_or(Zone::Browser);
        let zone = pairs.value("tz", Zone::read).unwrap_or_else(default_zone);
        let span = time::Span::read(&mut pairs, defaults.range, &zone.time_zone(), now);
        let step = pairs.value("step", |text| parse_duration(text).map_err(|fault| fault.to_string()));
        let live = span.to_text == "now";
        let refresh_secs = refresh(&mut pairs).unwrap_or_else(|| default_refresh(defaults, live));
        let kiosk = pairs.flag("kiosk", &["tv"]).unwrap_or(false);
        let theme = pairs.value("theme", |text| match text {
            "light" => Ok(Theme::Light),
            "dark" => Ok(Theme::Dark),
            _ => Err(format!("{} is no theme; there are light and dark", shown(text))),
        });
        let graph_type = pairs.value("graphType", |text| match text {
            "line" => Ok(GraphType::Line),
            "area" => Ok(GraphType::Area),
            _ => Err(format!("{} is no graph type; there are line and area", shown(text))),
        });
        let view_table = pairs.value("view", |text| match text {
            "table" => Ok(true),
            "chart" => Ok(false),
            _ => Err(format!("{} is no view; there are table and chart", shown(text))),
        });
        let max_series = pairs.value("maxSeries", |text| {
            read_max_series(text).map_err(|told| format!("{} {told}", shown(text)))
        });
        let legends = LegendParams::read(&mut pairs);
        let table = TableParams::read(&mut pairs);
        let catalog = CatalogParams::read(&mut pairs);
        let custom = CustomParams::read(&mut pairs, more);
        let landed = LandedParams::read(&mut pairs, now);
        let (problems, given) = pairs.finish();
        let defaulted = defaults.others.iter().map(|(name, _)| name.clone()).collect();
        let period = Period { from: span.from, to: span.to, now, step };
        let view_table = view_table.unwrap_or(false);
        Self {
            from: span.from_text,
            to: span.to_text,
            period,
            refresh_secs,
            kiosk,
            theme,
            zone,
            graph_type,
            view_table,
            max_series: max_series.unwrap_or(DEFAULT_MAX_SERIES),
            legends,
            table,
            catalog,
            custom,
            landed,
            problems,
            given,
            routed: Vec::new(),
            defaulted,
        }
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

    /// How often a graph asks again: never where its window cannot have other samples.
    pub fn graph_refresh(&self) -> Option<u32> {
        self.refresh_secs.filter(|_| !self.is_fixed())
    }

    /// Whether the address itself says so, rather than a default.
    pub fn is_given(&self, parameter: &str) -> bool {
        self.given.iter().any(|(name, value)| name == parameter && !value.is_empty())
    }

    /// What a link says to turn a flag off: nothing where that is its default.
    pub fn off(&self, flag: &str) -> Option<&'static str> {
        self.defaulted.iter().any(|name| name == flag).then_some("false")
    }

    /// The length of the window.
    pub fn range(&self) -> Duration {
        Duration::try_from(self.period.to.duration_since(self.period.from)).unwrap_or_default()
    }
}

impl FromRequest for PageParams {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    /// The clock is read here, once for each request. On a page of an entity its own defaults count.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let settings = request.app_data::<web::Data<WebSettings>>();
        let settings = settings.ok_or_else(|| PageError::internal("the settings", &"they are not wired"));
        let own = Subject::of(request).map(|subject| defaults_of(&subject.entity)).unwrap_or_default();
        let monitoring = request.app_data::<web::Data<Monitoring>>();
        let query = request.query_string();
        let routed = monitoring.map(|m| routed_parameters(query, m.routing())).unwrap_or_default();
        ready(settings.map(|s| Self::read(query, &s.defaults.under(own), clock::now()).routed_by(routed)))
    }
}

/// None: the address says nothing that could be used.
fn refresh(pairs: &mut Pairs) -> Option<Option<u32>> {
    match read_refresh(&pairs.text("refresh")?) {
        Ok(secs) => {
            pairs.keep("refresh", secs.map_or_else(|| "0".to_owned(), |s| format!("{s}s")));
            Some(secs)
        }
        Err(message) => {
            pairs.refuse("refresh", message);
            None
        }
    }
}

fn default_refresh(defaults: &PageDefaults, live: bool) -> Option<u32> {
    let refresh = defaults.refresh.filter(|_| live)?;
    u32::try_from(refresh.as_secs().clamp(1, LONGEST_REFRESH_SECS)).ok()
}

/// Whole seconds, at least one: htmx takes a fraction for zero. `0` and the empty text mean off.
fn read_refresh(text: &str) -> Result<Option<u32>, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if text.is_empty() || (!number.is_empty() && number.bytes().all(|b| b == b'0')) {
        return Ok(None);
    }
    let every = parse_duration(text).map_err(|fault| fault.to_string())?;
    let secs = every.as_secs() + u64::from(every.subsec_nanos() > 0);
    if secs > LONGEST_REFRESH_SECS {
        return Err(format!("{} is longer than a day", shown(text)));
    }
    Ok(u32::try_from(secs.max(1)).ok())
}
