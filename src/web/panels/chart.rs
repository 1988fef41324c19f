//! A chart in a panel: drawn by the server or by the reader's script, with its legend and what it leaves out.

use std::time::Duration;

use jiff::Timestamp;

use super::legend::Legend;
use super::times::Moment;
use super::{PanelContext, counted};
use crate::chart::echarts::{Island, island};
use crate::chart::{Canvas, Plot, PlotSeries, layout, svg};
use crate::monitoring::Graph;
use crate::page_params::Zone;
use crate::prometheus::{Float, MAX_POINTS, default_step};
use crate::web::links::Link;
use crate::web::params::PageParams;

pub struct Chart {
    /// Where the panel hands its data to the script; the script appends a width.
    pub drawn: Link,
    /// Either this, printed by [`svg::inline`], which escapes every text,
    pub svg: Option<String>,
    /// or this.
    pub island: Option<Island>,
    pub legend: Legend,
    pub plot: Plot,
    now: Timestamp,
    zone: Zone,
}

impl Chart {
    /// `own` is the page of the panel with this id alone; `unstable`: how long samples may change, as in [`island`].
    pub fn of(
        context: &PanelContext<'_>,
        plot: Plot,
        id: &str,
        own: Link,
        unstable: Option<Duration>,
    ) -> Self {
        Self {
            drawn: own.drawn(None),
            svg: context.drawn.is_none().then(|| svg::inline(&plot, id)),
            island: context.drawn.map(|_| island(&plot, unstable, context.held.as_ref())),
            legend: Legend::of(context, id, &plot),
            plot,
            now: context.params().period.now,
            zone: context.params().zone.clone(),
        }
    }

    /// How many series are not drawn.
    pub fn capped(&self) -> Option<String> {
        capped(&self.plot)
    }

    /// The series of the legend's rows, and their places in the chart.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &PlotSeries)> {
        self.legend.rows.iter().filter_map(|place| Some((*place, self.plot.series.get(*place)?)))
    }

    /// A figure of the legend as people read it, with so many more digits.
    pub fn figure(&self, value: &Option<f64>, digits: &usize) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.plot.measure.text(value, *digits))
    }

    /// The time that a figure is, if it is one.
    pub fn instant(&self, value: &Option<f64>) -> Option<Moment> {
        let at = self.plot.measure.instant((*value)?)?;
        Some(Moment::near(at, self.now, &self.zone))
    }

    /// A figure in full.
    pub fn full(&self, value: &Option<f64>) -> String {
        value.map(|value| Float(value).to_string()).unwrap_or_default()
    }
}

/// As wide as the reader's chart, if that is known.
pub fn canvas(params: &PageParams, width: Option<u32>, height: u32) -> Canvas {
    Canvas {
        width: width.unwrap_or(layout::WIDTH),
        height,
        zone: params.zone.time_zone(),
        most_series: params.max_series,
    }
}

pub fn plot(context: &PanelContext<'_>, graph: &Graph) -> Plot {
    let params = context.params();
    Plot::of(graph, &params.period, &canvas(params, context.drawn, layout::HEIGHT))
}

/// Samples that no line shows.
pub fn gaps(plot: &Plot) -> Option<String> {
    let samples = counted(plot.non_finite, "sample is", "samples are");
    (plot.non_finite > 0).then(|| format!("{samples} NaN (gaps) or infinite (marks at the edge)."))
}

/// What the axis that the reader chose does not show.
pub fn unshown(plot: &Plot) -> Vec<String> {
    let none = plot.without_logarithm;
    let samples = counted(none, "sample is", "samples are");
    let none =
        (none > 0).then(|| format!("{samples} 0 or below, which a logarithmic axis does not have (gaps)."));
    let end = |end: &f64| format!("The axis does not end at {end}, because a logarithmic one is above 0.");
    let cut = plot.is_cut.then(|| "Lines go beyond the ends of the axis.".to_owned());
    none.into_iter().chain(plot.unusable_ends.iter().map(end)).chain(cut).collect()
}

/// `Showing 50 of 1,312 series, those with the highest maximum.`
pub fn capped(plot: &Plot) -> Option<String> {
    let drawn = plot.series.len();
    let sums = if plot.stack { " The stack sums only these." } else { "" };
    (drawn < plot.of_series).then(|| {
        let all = grouped(plot.of_series);
        format!("Showing {} of {all} series, those with the highest maximum.{sums}", grouped(drawn))
    })
}

/// `1,312`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How far apart points are, where the length of the range makes that coarser than a short range has it: a spike
/// between two points is not seen then. Without a scrape interval always. Nothing where the reader chose the step.
pub fn points(step_ms: i64, scrape: Option<Duration>, requested: Option<Duration>) -> Option<String> {
    let points = format!("One point per {}", duration(step_ms));
    let Some(scrape) = scrape else { return Some(format!("{points}.")) };
    let finest = default_step(Duration::ZERO, scrape, MAX_POINTS);
    let is_coarser = requested.is_none() && i128::from(step_ms) > finest.as_millis() as i128;
    is_coarser.then(|| format!("{points}: this range is too long to show every sample."))
}

/// `minute`, `2 hours`.
pub fn duration(ms: i64) -> String {
    let units = [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000)];
    let found = units.into_iter().find(|(_, length)| ms >= *length && ms % length == 0);
    match found.map(|(unit, length)| (unit, ms / length)) {
        Some((unit, 1)) => unit.to_owned(),
        Some((unit, n)) => format!("{n} {unit}s"),
        None => format!("{} s", ms as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_counts_in_words() {
        for (ms, text) in [
            (60_000, "minute"),
            (3_600_000, "hour"),
            (7_200_000, "2 hours"),
            (86_400_000, "day"),
            (90_000, "90 seconds"),
            (500, "0.5 s"),
        ] {
            assert_eq!(duration(ms), text);
        }
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(points(15_000, seconds(15), None), None);
        assert_eq!(points(15_000, None, None).unwrap(), "One point per 15 seconds.");
        assert!(points(60_000, seconds(15), None).unwrap().starts_with("One point per minute: this range"));
        // The next step of the ladder, not the range, is why samples of every 12 s have a point every 15 s.
        assert_eq!(points(15_000, seconds(12), None), None);
        assert!(points(30_000, seconds(12), None).is_some());
        assert_eq!(points(1_000, seconds(1), None), None);
        assert!(points(2_000, seconds(1), None).is_some());
        assert_eq!(points(300_000, seconds(15), seconds(300)), None);
        assert_eq!(points(172_800_000, seconds(172_800), None), None);
        for (n, text) in [(0, "0"), (999, "999"), (1_312, "1,312"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(n), text);
        }
    }
}
