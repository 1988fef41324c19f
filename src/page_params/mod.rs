//! The parameters of a page. An address, an entity's annotation and the config share one grammar for them.
//!
//! A reader's error completes the sentence `"VALUE" ...`, so that each caller shows the value as it may.

mod columns;
mod table;
mod time;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use columns::{ColumnSource, ExtraColumn, MAX_EXTRA_COLUMNS, read_extra_columns};
pub use table::{PageSize, read_max_series, read_whole_number};
pub use time::{FiscalYear, Refresh, Zone, in_one_unit, offset, read_range};

use crate::promql::parse_duration;

/// How much of a value [`quoted`] repeats, in characters.
const MAX_QUOTED_CHARS: usize = 60;
const RANGE: Duration = Duration::from_secs(3600);
const REFRESH: Refresh = Refresh::Every(30);

/// How a graph draws its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum GraphType {
    #[default]
    Line,
    Area,
    /// The value at the end of the range, as a tile.
    Stat,
}

impl GraphType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Area => "area",
            Self::Stat => "stat",
        }
    }
}

impl FromStr for GraphType {
    type Err = String;

    /// Case does not matter.
    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Line, Self::Area, Self::Stat]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| "is none of line, area and stat".to_owned())
    }
}

/// Values for the parameters that an address leaves out: an entity's own, or those of the config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageDefaults {
    pub range: Option<Duration>,
    pub step: Option<Duration>,
    pub graph_type: Option<GraphType>,
    /// For pages whose window ends now.
    pub refresh: Option<Refresh>,
    pub zone: Option<Zone>,
    pub show_inactive: Option<bool>,
    pub show_labels: Option<bool>,
    pub show_annotations: Option<bool>,
    /// Never an empty list.
    pub extra_columns: Option<Vec<ExtraColumn>>,
    pub page_size: Option<PageSize>,
    pub max_series: Option<usize>,
    /// What `now/fy` and `now/fQ` mean. Only the config sets it.
    pub fiscal_year: Option<FiscalYear>,
}

impl PageDefaults {
    /// The parameters that can have a default, by their names in an address.
    pub const NAMES: [&str; 11] = [
        "range",
        "step",
        "graphType",
        "refresh",
        "tz",
        "showInactiveAlerts",
        "showLabels",
        "showAnnotations",
        "extraColumns",
        "pageSize",
        "maxSeries",
    ];

    /// Whether the bare name of a parameter, with an empty value, means yes.
    pub fn is_flag(name: &str) -> bool {
        matches!(name, "showInactiveAlerts" | "showLabels" | "showAnnotations")
    }

    /// An hour, refreshed every 30 seconds, in the browser's time zone.
    pub fn built_in() -> Self {
        Self {
            range: Some(RANGE),
            refresh: Some(REFRESH),
            zone: Some(Zone::Browser),
            fiscal_year: Some(FiscalYear::default()),
            ..Self::default()
        }
    }

    /// Sets one of [`Self::NAMES`].
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        match name {
            "range" => self.range = Some(read_range(text)?),
            "step" => self.step = Some(parse_duration(text)?),
            "graphType" => self.graph_type = Some(text.parse()?),
            "refresh" => self.refresh = Some(text.parse()?),
            "tz" => self.zone = Some(text.parse()?),
            "showInactiveAlerts" => self.show_inactive = Some(read_flag(text)?),
            "showLabels" => self.show_labels = Some(read_flag(text)?),
            "showAnnotations" => self.show_annotations = Some(read_flag(text)?),
            "extraColumns" => self.extra_columns = Some(read_extra_columns(text)?),
            "pageSize" => self.page_size = Some(text.parse()?),
            "maxSeries" => self.max_series = Some(read_max_series(text)?),
            _ => return Err("belongs to a parameter that cannot have a default".to_owned()),
        }
        Ok(())
    }

    /// These, and `base` for what they leave out.
    pub fn over(self, base: &Self) -> Self {
        Self {
            range: self.range.or(base.range),
            step: self.step.or(base.step),
            graph_type: self.graph_type.or(base.graph_type),
            refresh: self.refresh.or(base.refresh),
            zone: self.zone.or_else(|| base.zone.clone()),
            show_inactive: self.show_inactive.or(base.show_inactive),
            show_labels: self.show_labels.or(base.show_labels),
            show_annotations: self.show_annotations.or(base.show_annotations),
            extra_columns: self.extra_columns.or_else(|| base.extra_columns.clone()),
            page_size: self.page_size.or(base.page_size),
            max_series: self.max_series.or(base.max_series),
            fiscal_year: self.fiscal_year.or(base.fiscal_year),
        }
    }

    pub fn range(&self) -> Duration {
        self.range.unwrap_or(RANGE)
    }

    pub fn refresh(&self) -> Refresh {
        self.refresh.unwrap_or(REFRESH)
    }

    pub fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or(Zone::Browser)
    }

    pub fn fiscal_year(&self) -> FiscalYear {
        self.fiscal_year.unwrap_or_default()
    }

    /// The values that are set, as an address writes them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let columns = self.extra_columns.as_ref().map(|columns| {
            let keys: Vec<String> = columns.iter().map(ToString::to_string).collect();
            keys.join(",")
        });
        let all = [
            ("range", self.range.map(in_one_unit)),
            ("step", self.step.map(|step| step.as_secs_f64().to_string())),
            ("graphType", self.graph_type.map(|graph_type| graph_type.as_str().to_owned())),
            ("refresh", text(self.refresh.as_ref())),
            ("tz", self.zone.as_ref().map(|zone| zone.name().to_owned())),
            ("showInactiveAlerts", text(self.show_inactive.as_ref())),
            ("showLabels", text(self.show_labels.as_ref())),
            ("showAnnotations", text(self.show_annotations.as_ref())),
            ("extraColumns", columns),
            ("pageSize", text(self.page_size.as_ref())),
            ("maxSeries", text(self.max_series.as_ref())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn text(value: Option<&impl fmt::Display>) -> Option<String> {
    value.map(ToString::to_string)
}

/// Reads a yes or no. The bare name of a parameter, with an empty value, means yes.
pub fn read_flag(text: &str) -> Result<bool, String> {
    match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// A value for a message: in quotes, and cut when it is long.
pub fn quoted(value: &str) -> String {
    let mut characters = value.chars();
    let head: String = characters.by_ref().take(MAX_QUOTED_CHARS).collect();
    let rest = if characters.next().is_some() { "..." } else { "" };
    format!("\"{head}{rest}\"")
}
