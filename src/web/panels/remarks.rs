//! Remarks on an answer: what is old, missing or doubtful in it. Pages, pictures and data forms print the same list.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::chart::{duration, gaps, points, unshown};
use super::counted;
use super::times::Moment;
use crate::chart::Plot;
use crate::monitoring::{AlertTable, Doubt, DoubtfulRule, Failure, Graph, Silences};
use crate::page_params::Zone;
use crate::prometheus::Window;
use crate::store::Answer;
use crate::upstream::UpstreamError;
use crate::web::page_error::{ErrorText, describe_alertmanager};
use crate::web::params::PageParams;

/// A remark names this many rules and counts the rest.
const MAX_NAMES: usize = 20;

const DAY_MS: i64 = 86_400_000;
/// With shorter steps nobody expects points on the hour.
const LEAST_GRID_MS: i64 = 15 * 60_000;

/// How much a remark matters, which decides how it looks and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Below the panel.
    Info,
    /// An older answer.
    Stale,
    Warning,
    Unknown,
    Error,
}

impl Level {
    pub fn class(self) -> &'static str {
        match self {
            Self::Info => "foot",
            Self::Error => "bad",
            Self::Stale | Self::Warning | Self::Unknown => "warn",
        }
    }

    /// The class of the lead's colour.
    pub fn state(self) -> &'static str {
        match self {
            Self::Info => "muted",
            Self::Error => "firing",
            Self::Unknown => "unknown",
            Self::Stale | Self::Warning => "pending",
        }
    }

    /// None where there is no icon.
    pub fn icon(self) -> Option<&'static str> {
        match self {
            Self::Info => None,
            Self::Stale => Some("stale"),
            Self::Unknown => Some("unknown"),
            Self::Warning | Self::Error => Some("failed"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Remark {
    pub level: Level,
    /// `Rule not found in prod`, or empty.
    pub lead: String,
    /// A time that belongs to the lead.
    pub at: Option<Moment>,
    pub texts: Vec<String>,
}

impl Remark {
    pub fn new(level: Level, lead: impl Into<String>, text: impl Into<String>) -> Self {
        Self { level, lead: lead.into(), at: None, texts: vec![text.into()] }
    }

    pub fn info(text: impl Into<String>) -> Self {
        Self::new(Level::Info, "", text)
    }

    /// An older answer replaces one that failed. None without a failure.
    pub fn stale(as_of: Moment, failure: Option<&Arc<UpstreamError>>) -> Option<Self> {
        let why = ErrorText::of(&Failure::Prometheus(failure?.clone())).title;
        Some(Self { at: Some(as_of), ..Self::new(Level::Stale, "As of", format!("{why}.")) })
    }

    /// Why silences are unknown or not current.
    pub fn silences(silences: &Silences) -> Option<Self> {
        if silences.is_sure() {
            return None;
        }
        let (lead, text) = match silences {
            Silences::NotConfigured => return None,
            Silences::Known { answer: Answer { failure: Some(failure), .. }, .. } => {
                ("Silences may be out of date", format!("{}.", describe_alertmanager(failure.kind)))
            }
            Silences::Known { undecided, .. } => {
                let alerts = counted(*undecided, "alert", "alerts");
                let text = format!(
                    "Alertmanager suppresses {alerts} that may be of this instance or of another, so all of it counts \
                     as firing here."
                );
                ("Silences uncertain", text)
            }
            Silences::Unknown { failure: Some(failure), .. } => {
                ("Silences unavailable", format!("{}.", describe_alertmanager(failure.kind)))
            }
            Silences::Unknown { failure: None, .. } => {
                ("Silences unavailable", "Alertmanager has not answered yet.".to_owned())
            }
        };
        Some(Self::new(Level::Unknown, lead, text))
    }

    pub fn warnings(texts: &[String]) -> impl Iterator<Item = Self> + '_ {
        texts.iter().map(|text| Self::new(Level::Warning, "Prometheus warns", text))
    }

    /// None without names.
    fn naming(level: Level, lead: impl Into<String>, names: impl Iterator<Item = String>) -> Option<Self> {
        let mut texts: Vec<String> = names.collect();
        let beyond = texts.len().saturating_sub(MAX_NAMES);
        if beyond > 0 {
            texts.truncate(MAX_NAMES);
            texts.push(format!("and {beyond} more"));
        }
        (!texts.is_empty()).then(|| Self { level, lead: lead.into(), at: None, texts })
    }
}

/// In one line.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.lead.is_empty() {
            f.write_str(&self.lead)?;
            self.at.iter().try_for_each(|at| write!(f, " {}", at.text))?;
            f.write_str(": ")?;
        }
        let text = self.texts.join(", ");
        f.write_str(&text)?;
        if text.ends_with('.') { Ok(()) } else { f.write_str(".") }
    }
}

/// What is old, missing or doubtful in an alert table, worst first, without its silences and Prometheus' warnings.
pub fn of_alerts(table: &AlertTable, as_of: Moment) -> Vec<Remark> {
    let stale = Remark::stale(as_of, table.failure.as_ref());
    let broken = table.broken.then(|| {
        let text = "some alert selectors could not be read, so alerts may be missing.";
        Remark::new(Level::Warning, "Incomplete", text)
    });
    let mut remarks: Vec<Remark> = stale.into_iter().chain(broken).collect();
    let rules = if table.unmatched_names.len() == 1 { "Rule" } else { "Rules" };
    let lead = format!("{rules} not found in {}", table.instance);
    let unmatched = table.unmatched_names.iter().map(|unmatched| match &unmatched.similar {
        Some(similar) => format!("{} (did you mean {similar}?)", unmatched.name),
        None => unmatched.name.clone(),
    });
    remarks.extend(Remark::naming(Level::Warning, lead, unmatched));
    let lead = format!("Label values that look mistaken match nothing in {}", table.instance);
    remarks.extend(Remark::naming(Level::Warning, lead, table.mistaken_matchers.iter().cloned()));
    remarks.extend(of_rules(table));
    remarks
}

/// Everything that keeps a table from being complete, a line each, for data forms. Uncertain silences matter only
/// where an alert fires.
pub fn incomplete(table: &AlertTable) -> Vec<String> {
    let is_unsure = table.evidence().doubts.has(Doubt::UnsureSilences);
    let silences = Remark::silences(&table.silences).filter(|_| is_unsure);
    let remarks = of_alerts(table, Moment::utc(table.as_of)).into_iter().chain(silences);
    remarks.map(|remark| remark.to_string()).chain(table.warnings.iter().cloned()).collect()
}

fn of_rules(table: &AlertTable) -> impl Iterator<Item = Remark> {
    let failing = doubtful(table, Doubt::FailingRule).map(|doubtful| {
        let rule = doubtful.row.rule();
        let error = rule.last_error.as_deref().filter(|error| !error.is_empty());
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        format!("{} (group {}) cannot be evaluated, so its state is unknown{error}", rule.name, rule.group)
    });
    let failing = Remark::naming(Level::Error, "Rule in error", failing);
    let named = |doubt, lead: &str| {
        Remark::naming(Level::Unknown, lead, doubtful(table, doubt).map(|rule| rule.row.name().to_owned()))
    };
    let others = [
        named(Doubt::UnevaluatedRule, "Not evaluated yet, so alerts are unknown"),
        named(Doubt::LateRule, "No known evaluation within three intervals, so newer alerts are unknown"),
        named(Doubt::UnlistedAlert, "Firing or pending without a list of alerts"),
        named(Doubt::UnknownState, "State unknown"),
    ];
    let doubts = table.evidence().doubts;
    let is_named =
        doubts.has(Doubt::UnevaluatedRule) || doubtful(table, Doubt::UnknownState).next().is_some();
    let unnamed = (doubts.has(Doubt::UnknownState) && !is_named)
        .then(|| Remark::new(Level::Unknown, "", "The state of some alerts is unknown."));
    failing.into_iter().chain(others.into_iter().flatten()).chain(unnamed)
}

/// The rules of a table with this doubt.
pub fn doubtful(table: &AlertTable, doubt: Doubt) -> impl Iterator<Item = &DoubtfulRule> {
    table.doubtful.iter().filter(move |rule| rule.doubts.has(doubt))
}

/// The remarks on a graph's answer; `plot` is None where nothing is drawn. `scrape` is the instance's interval: a
/// step that is not coarser is no remark. None: any step is one.
pub fn of_graph(
    graph: &Graph,
    plot: Option<&Plot>,
    scrape: Option<Duration>,
    params: &PageParams,
) -> Vec<Remark> {
    let matrix = &graph.answer.value;
    let as_of = || Moment::of(&graph.answer.as_of, params);
    let stale = Remark::stale(as_of(), graph.answer.failure.as_ref());
    let rest = graph.answer.rest_follows.then(|| match (&stale, &matrix.instant) {
        (Some(_), _) => Remark::info("More of this time range is being fetched."),
        (None, instant) => {
            let what = if instant.is_some() { "a newer value" } else { "more of this time range" };
            Remark {
                at: Some(as_of()),
                ..Remark::new(Level::Info, "As of", format!("{what} is being fetched."))
            }
        }
    });
    let notices = graph.notices.iter().map(Remark::info).chain(rest);
    let grid = grid(matrix.window, &params.zone).filter(|_| matrix.instant.is_none());
    let drawn = plot.into_iter().flat_map(|plot| {
        let points = points(matrix.window.step_ms(), scrape, params.period.step);
        let is_unstacked = graph.stack && !plot.stack;
        let unstacked = is_unstacked.then(|| "Not stacked, because logarithms have no sum.".to_owned());
        [points, gaps(plot), unstacked].into_iter().flatten().chain(unshown(plot))
    });
    let infos = matrix.infos.iter().map(|text| Remark::new(Level::Info, "Prometheus says", text));
    let warnings = Remark::warnings(&matrix.warnings);
    let below = notices.chain(drawn.chain(grid).map(Remark::info)).chain(infos);
    stale.into_iter().chain(warnings).chain(below).collect()
}

/// Whether points are beside the clock of the page's zone: in every zone they are at multiples of the step in UTC, so
/// that one day is the same day for all readers. The server does not know the zone of a browser.
pub fn grid(window: Window, zone: &Zone) -> Option<String> {
    let step_ms = window.step_ms();
    let text = format!("One point per {}, counted in UTC", duration(step_ms));
    let Some(named) = zone.other_than_utc() else {
        return (*zone == Zone::Browser && step_ms >= DAY_MS).then(|| format!("{text}."));
    };
    let [start, end] =
        [window.start_ms(), window.end_ms()].map(|at| Timestamp::from_millisecond(at).unwrap_or_default());
    let changes = named.following(start).take_while(|change| change.timestamp() < end);
    let mut offsets = std::iter::once(named.to_offset(start)).chain(changes.map(|change| change.offset()));
    let is_beside =
        step_ms >= LEAST_GRID_MS && offsets.any(|offset| i64::from(offset.seconds()) * 1_000 % step_ms != 0);
    is_beside.then(|| format!("{text}, not in {}.", zone.name()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(from: &str, to: &str, step: u64, zone: &str, expected: Option<&str>) {
        let [from, to] = [from, to].map(|at| at.parse::<Timestamp>().unwrap().as_millisecond());
        let window = Window::aligned(from, to, Duration::from_secs(step)).unwrap();
        assert_eq!(grid(window, &zone.parse().unwrap()).as_deref(), expected, "{step} {zone}");
    }

    #[test]
    fn points_beside_the_clock_of_the_zone_are_told() {
        let (from, to) = ("2022-03-14T05:00:00Z", "2022-03-19T05:00:00Z");
        let chicago = "One point per day, counted in UTC, not in America/Chicago.";
        check(from, to, 86_400, "America/Chicago", Some(chicago));
        check(from, to, 86_400, "utc", None);
        check(from, to, 86_400, "Africa/Abidjan", None);
        check(from, to, 86_400, "browser", Some("One point per day, counted in UTC."));
        check(from, to, 3_600, "browser", None);
        check(from, to, 3_600, "America/Chicago", None);
        check(
            from,
            to,
            3_600,
            "Asia/Kolkata",
            Some("One point per hour, counted in UTC, not in Asia/Kolkata."),
        );
        check(from, to, 1_800, "Asia/Kolkata", None);
        check(from, to, 420, "America/Chicago", None);
        // London is at UTC's offset at both ends of the year.
        let year = ("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z");
        let london = "One point per day, counted in UTC, not in Europe/London.";
        check(year.0, year.1, 86_400, "Europe/London", Some(london));
        check(year.0, "2026-03-01T00:00:00Z", 86_400, "Europe/London", None);
    }
}
