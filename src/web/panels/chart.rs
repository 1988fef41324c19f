//! A chart in a panel: drawn by the server, or handed to the reader's script, with its figures and what it leaves out.

use super::legend::Legend;
use super::{Setting, counted};
use crate::chart::echarts::{Island, island};
use crate::chart::{Canvas, Plot, layout, svg};
use crate::monitoring::Graph;
use crate::web::links::Link;
use crate::web::params::PageParams;

pub struct Chart {
    /// Where the panel hands its data to the script; a width is yet to be appended.
    pub drawn: Link,
    /// Either this, printed by [`svg::inline`], which escapes every text,
    pub svg: Option<String>,
    /// or this.
    pub island: Option<Island>,
    pub legend: Legend,
    /// Why not every series is drawn.
    pub capped: Option<String>,
}

impl Chart {
    /// `own` is where the panel with this id is by itself.
    pub fn of(setting: &Setting<'_>, plot: &Plot, id: &str, own: Link) -> Self {
        Self {
            drawn: own.drawn(None),
            svg: setting.drawn.is_none().then(|| svg::inline(plot, id)),
            island: setting.drawn.map(|_| island(plot)),
            legend: Legend::of(setting, id, plot),
            capped: capped(plot),
        }
    }
}

/// As wide as the reader's chart, where that is known.
pub fn canvas(params: &PageParams, width: Option<u32>, height: u32) -> Canvas {
    Canvas {
        width: width.unwrap_or(layout::WIDTH),
        height,
        zone: params.zone.time_zone(),
        most_series: params.max_series,
    }
}

pub fn plot(setting: &Setting<'_>, graph: &Graph) -> Plot {
    let params = setting.params();
    Plot::of(graph, &params.period, &canvas(params, setting.drawn, layout::HEIGHT))
}

/// What is not drawn as a line.
pub fn gaps(plot: &Plot) -> Option<String> {
    let samples = counted(plot.non_finite, "sample is", "samples are");
    (plot.non_finite > 0).then(|| {
        format!(
            "{samples} NaN or infinite: NaN is a gap, an infinity a mark at the edge that it lies beyond."
        )
    })
}

/// `50 of 1,312 series are drawn, those with the highest maximum.`
pub fn capped(plot: &Plot) -> Option<String> {
    let drawn = plot.series.len();
    let sums = if plot.stack { " The stack is the sum of these." } else { "" };
    (drawn < plot.of_series).then(|| {
        let all = grouped(plot.of_series);
        format!("{} of {all} series are drawn, those with the highest maximum.{sums}", grouped(drawn))
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

/// The step in words, where it is coarser than what the instance has: a spike between two points is not seen then.
pub fn step_named(step_ms: i64, scrape_ms: i64) -> Option<String> {
    (step_ms > scrape_ms).then(|| {
        let (every, exact) = (every(step_ms), step_ms as f64 / 1000.0);
        format!("One point {every} (step {exact} s): the range is too long for every sample of the instance.")
    })
}

/// `a minute`, `every 2 hours`.
pub fn every(step_ms: i64) -> String {
    let units = [("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000)];
    let found = units.into_iter().find(|(_, length)| step_ms >= *length && step_ms % length == 0);
    match found.map(|(unit, length)| (unit, step_ms / length)) {
        Some(("hour", 1)) => "an hour".to_owned(),
        Some((unit, 1)) => format!("a {unit}"),
        Some((unit, n)) => format!("every {n} {unit}s"),
        None => format!("every {} s", step_ms as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_counts_in_words() {
        for (ms, text) in [
            (60_000, "a minute"),
            (3_600_000, "an hour"),
            (7_200_000, "every 2 hours"),
            (86_400_000, "a day"),
            (90_000, "every 90 seconds"),
            (500, "every 0.5 s"),
        ] {
            assert_eq!(every(ms), text);
        }
        assert_eq!(step_named(15_000, 15_000), None);
        assert!(step_named(60_000, 15_000).unwrap().starts_with("One point a minute (step 60 s)"));
        for (n, text) in [(0, "0"), (999, "999"), (1_312, "1,312"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(n), text);
        }
    }
}
