//! Prints a plot as SVG, as a part of a page or as a file of its own.

mod file;
mod path;
mod text;
mod values;

pub use file::{SvgStyle, Theme, file};
pub use values::values_file;

use std::fmt::Write as _;

use super::{Plot, PlotSeries, layout};
use crate::page_params::offset;
use path::Pen;
use text::{escaped, stretch};

/// The height of a page's chart: about four units a pixel.
const UNITS: i64 = 1_000;
/// Of the chart's height, above and below, in percent.
const MARGIN: i64 = 1;
/// The length of an infinity's mark, as a fraction of the chart's height.
const INFINITY_MARK: f64 = 0.06;

/// A single value of a file.
#[derive(Clone, Debug)]
pub struct ValueText {
    pub name: String,
    /// With its unit.
    pub text: String,
}

/// A chart in a page, of any width: lines are stretched, and text is placed at percentages.
///
/// `id` is unique in the page. The style sheet colours `s0` to `s9`. Every text is escaped.
pub fn inline(plot: &Plot, id: &str) -> String {
    let mut svg = String::with_capacity(
        plot.series.len() * plot.series.first().map_or(0, |s| s.values.len()) * 5 + 4096,
    );
    let head = plot.y_labels.head.as_deref();
    let (class, height) = match head {
        Some(_) => ("plot headed", layout::PLOT_HEIGHT - layout::HEAD),
        None => ("plot", layout::PLOT_HEIGHT),
    };
    let (gutter, left) = plot.gutter();
    let _ = write!(
        svg,
        "<svg class=\"{class}{gutter}\" width=\"100%\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">"
    );
    escaped(&mut svg, &plot.title);
    let _ = write!(svg, "</title><desc id=\"{id}-desc\">");
    escaped(&mut svg, &described(plot));
    svg.push_str("</desc>");
    values_at_percent(&mut svg, plot);
    if let Some(head) = head {
        let _ = write!(svg, "<text class=\"head\" x=\"-{}\" y=\"-14\">", left - 8);
        escaped(&mut svg, head);
        svg.push_str("</text>");
    }
    let (from, slots) =
        (in_slots(plot, plot.from_ms), in_slots(plot, plot.to_ms) - in_slots(plot, plot.from_ms));
    // Cut off at the start of the range; above and below there is a margin for the width of lines.
    let _ = write!(
        svg,
        "<svg class=\"lines\" width=\"100%\" y=\"-{MARGIN}%\" height=\"{}%\" viewBox=\"{} -{} {} {}\" \
         preserveAspectRatio=\"none\">",
        100 + 2 * MARGIN,
        short(from),
        MARGIN * UNITS / 100,
        short(slots.max(1e-3)),
        UNITS + 2 * MARGIN * UNITS / 100,
    );
    lines(&mut svg, plot, plot, &|one, what| format!("class=\"{what} s{}\"", one.colour));
    svg.push_str("</svg>");
    times_at_percent(&mut svg, plot);
    svg.push_str("</svg>");
    svg
}

/// The chart in a sentence, for screen readers.
fn described(plot: &Plot) -> String {
    let (low, high) = &plot.y_labels.ends;
    let what = match (plot.stack, plot.graph_type.as_str()) {
        (true, _) => "stacked areas",
        (false, "area") => "areas",
        _ => "lines",
    };
    format!(
        "{} series as {what}, from {} to {}, on an axis from {low} to {high}.",
        plot.series.len(),
        full_time(plot, plot.from()),
        full_time(plot, plot.to())
    )
}

/// With its offset from UTC, which on the day of a change of the clocks is not that of the other end.
fn full_time(plot: &Plot, at: jiff::Timestamp) -> String {
    let at = at.to_zoned(plot.zone.clone());
    format!("{} {}", at.strftime("%Y-%m-%d %H:%M:%S"), offset(&at))
}

/// A moment, in slots from the grid's start.
fn in_slots(plot: &Plot, at_ms: i64) -> f64 {
    (at_ms - plot.grid.start_ms) as f64 / plot.grid.step_ms as f64
}

/// A moment's position in the requested range: 0 at its start, 1 at its end.
fn across(plot: &Plot, at_ms: i64) -> f64 {
    (at_ms - plot.from_ms) as f64 / (plot.to_ms - plot.from_ms).max(1) as f64
}

/// With at most three decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn percent(fraction: f64) -> String {
    format!("{}%", short((fraction * 1e4).round() / 1e2))
}

fn values_at_percent(svg: &mut String, plot: &Plot) {
    svg.push_str("<g class=\"y\">");
    let ticks = &plot.y_labels.ticks;
    for (value, _) in ticks {
        let at = percent(1.0 - plot.y.place(*value));
        let _ = write!(svg, "<line x2=\"100%\" y1=\"{at}\" y2=\"{at}\"/>");
    }
    for (value, label) in ticks {
        let _ = write!(svg, "<text x=\"-8\" y=\"{}\" dy=\"4\">", percent(1.0 - plot.y.place(*value)));
        escaped(svg, label);
        svg.push_str("</text>");
    }
    svg.push_str("</g>");
}

/// The script rewrites the times in the reader's zone, with the range in `data-span`.
fn times_at_percent(svg: &mut String, plot: &Plot) {
    let _ = write!(svg, "<g class=\"x\" data-span=\"{} {}\">", plot.from_ms, plot.to_ms);
    for (i, tick) in plot.x_ticks.iter().enumerate() {
        let at = percent(across(plot, tick.at_ms));
        // In a narrow chart every other label is hidden, but no date.
        let class = if i % 2 == 1 && tick.date.is_none() { " class=\"o\"" } else { "" };
        let _ = write!(svg, "<text{class} x=\"{at}\" y=\"100%\" dy=\"18\">{}", tick.label);
        if let Some(date) = &tick.date {
            let _ = write!(svg, "<tspan x=\"{at}\" dy=\"14\">{date}</tspan>");
        }
        svg.push_str("</text>");
    }
    svg.push_str("</g>");
    for mark in plot.marks.iter().filter(|mark| (plot.from_ms..=plot.to_ms).contains(&mark.at_ms)) {
        let place = across(plot, mark.at_ms);
        let at = percent(place);
        let (anchor, dx) = if place > 0.5 { ("end", -4) } else { ("start", 4) };
        let _ = write!(svg, "<g class=\"mark\"><line x1=\"{at}\" x2=\"{at}\" y2=\"100%\"/>");
        let _ = write!(svg, "<text x=\"{at}\" y=\"12\" dx=\"{dx}\" text-anchor=\"{anchor}\">");
        escaped(svg, mark.text);
        svg.push_str("</text></g>");
    }
}

/// The coordinates of slots and values.
trait Scale {
    fn x(&self, slot: usize) -> i64;
    fn y(&self, value: f64) -> i64;
    /// The length of an infinity's mark.
    fn infinity_mark(&self) -> i64;
}

/// In a page: one unit a slot across, so that most steps are the digit 1; [`UNITS`] down.
impl Scale for Plot {
    fn x(&self, slot: usize) -> i64 {
        i64::try_from(slot).unwrap_or(i64::MAX)
    }

    fn y(&self, value: f64) -> i64 {
        ((1.0 - self.y.reach(value)) * UNITS as f64).round() as i64
    }

    fn infinity_mark(&self) -> i64 {
        (UNITS as f64 * INFINITY_MARK) as i64
    }
}

/// Areas behind lines, lines behind dots. `look` gives the attributes of a series' path: an `area`, a `line`, `dots`
/// or an `edge` of infinities.
fn lines(svg: &mut String, plot: &Plot, scale: &impl Scale, look: &impl Fn(&PlotSeries, &str) -> String) {
    let is_area = plot.stack || plot.graph_type.as_str() == "area";
    let mut path = |one: &PlotSeries, what: &str, draw: &dyn Fn(&mut Pen<'_>)| {
        let start = svg.len();
        svg.push_str("<path ");
        svg.push_str(&look(one, what));
        svg.push_str(" d=\"");
        let mut pen = Pen::new(svg);
        draw(&mut pen);
        if pen.is_blank() {
            svg.truncate(start);
        } else {
            svg.push_str("\"/>");
        }
    };
    for one in plot.series.iter().filter(|_| is_area) {
        path(one, "area", &|pen| area(pen, plot, one, scale));
    }
    for one in &plot.series {
        path(one, "line", &|pen| line(pen, one, scale));
    }
    for one in &plot.series {
        path(one, "dots", &|pen| {
            one.isolated.iter().for_each(|slot| pen.dot(scale.x(*slot), scale.y(one.top(*slot))))
        });
        path(one, "edge", &|pen| {
            for (slot, up) in &one.infinite {
                let (from, length) = if *up { (scale.y(plot.y.max), 1) } else { (scale.y(plot.y.min), -1) };
                pen.vertical(scale.x(*slot), from, length * scale.infinity_mark());
            }
        });
    }
}

fn line(pen: &mut Pen<'_>, one: &PlotSeries, scale: &impl Scale) {
    for run in stretch(&one.values) {
        for slot in run {
            pen.line_to(scale.x(slot), scale.y(one.top(slot)));
        }
        pen.lift();
    }
}

/// Down to zero, or to the stack below.
fn area(pen: &mut Pen<'_>, plot: &Plot, one: &PlotSeries, scale: &impl Scale) {
    let floor = 0.0_f64.clamp(plot.y.min, plot.y.max);
    let base = |slot: usize| one.stack_base.get(slot).copied().unwrap_or(floor);
    for run in stretch(&one.values) {
        for slot in run.clone() {
            pen.line_to(scale.x(slot), scale.y(one.top(slot)));
        }
        if one.stack_base.is_empty() {
            let ends = run.clone().next_back().zip(run.clone().next());
            ends.into_iter()
                .flat_map(|(last, first)| [last, first])
                .for_each(|slot| pen.line_to(scale.x(slot), scale.y(floor)));
        } else {
            run.rev().for_each(|slot| pen.line_to(scale.x(slot), scale.y(base(slot))));
        }
        pen.close();
    }
}

#[cfg(test)]
mod tests;
