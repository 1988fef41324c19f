//! The chart as a file: sizes in pixels, colours as attributes, the legend beneath.

use std::fmt::Write as _;
use std::str::FromStr;

use super::text::escaped;
use super::{INFINITY_MARK, Scale, across, described, full_time, lines, short};
use crate::chart::format::cut;
use crate::chart::palette::{self, Colours};
use crate::chart::{Plot, layout};

/// The size and the theme of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SvgStyle {
    pub width: u32,
    pub height: u32,
    pub theme: Theme,
}

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

impl FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Light, Self::Dark].into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| "is neither light nor dark".to_owned())
    }
}

const FONT: &str = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Helvetica Neue, Arial, sans-serif";
/// The space above the chart: with a title, and without one in a low picture.
pub(super) const HEAD: u32 = 34;
pub(super) const BARE_HEAD: u32 = 12;
pub(super) const LEAST_TITLED: u32 = 140;
/// The height of a line of the legend or of a note.
pub(super) const LINE: u32 = 18;
/// The assumed width of a character: the server cannot measure text.
pub(super) const CHARACTER: u32 = 7;
const LONGEST_NAME: usize = 40;
/// Beneath the last line.
pub(super) const FOOT: u32 = 6;
/// The legend and the notes leave at least this height between the axes.
const LEAST_PLOT: u32 = 60;

pub(super) fn colours(style: &SvgStyle) -> &'static Colours {
    if style.theme == Theme::Dark { &palette::DARK } else { &palette::LIGHT }
}

/// A whole SVG document. `notes` are below the legend.
pub fn file(plot: &Plot, style: &SvgStyle, notes: &[String]) -> String {
    let colours = colours(style);
    let is_titled = style.height >= LEAST_TITLED;
    let line = plot.y_labels.head.as_ref().map_or(0, |_| layout::HEAD);
    let head = if is_titled { HEAD } else { BARE_HEAD } + line;
    // Every picture has the range with its zone; the legend and the notes only where there is space.
    let spare = style.height.saturating_sub(head + layout::BOTTOM + FOOT + LINE + LEAST_PLOT) / LINE;
    let (rows, more) = legend(plot, style, spare as usize);
    let notes = notes.get(..notes.len().min((spare as usize).saturating_sub(rows.len()))).unwrap_or_default();
    let lines = u32::try_from(rows.len() + 1 + notes.len()).unwrap_or(u32::MAX);
    let foot = lines.saturating_mul(LINE) + FOOT;
    let plot_height = style.height.saturating_sub(head + layout::BOTTOM + foot).max(1);
    let area = Area {
        plot,
        left: layout::LEFT,
        top: head,
        width: style.width.saturating_sub(layout::LEFT + layout::RIGHT).max(1),
        height: plot_height,
    };
    let title = if is_titled { plot.title.as_str() } else { "" };
    let mut svg = heading(&plot.title, &described(plot), style, title);
    axes(&mut svg, &area, colours);
    drawn(&mut svg, &area, colours);
    marks(&mut svg, &area, colours);
    beneath(&mut svg, &area, colours, &rows, more, notes);
    svg.push_str("</svg>\n");
    svg
}

/// The beginning of the document, up to its visible title.
pub(super) fn heading(name: &str, description: &str, style: &SvgStyle, title: &str) -> String {
    let colours = colours(style);
    let mut svg = String::with_capacity(64 << 10);
    let (width, height) = (style.width, style.height);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\" font-family=\"{FONT}\" \
         font-size=\"12\" fill=\"{}\"><title id=\"title\">",
        colours.muted
    );
    escaped(&mut svg, name);
    svg.push_str("</title><desc id=\"desc\">");
    escaped(&mut svg, description);
    let _ = write!(
        svg,
        "</desc><rect width=\"100%\" height=\"100%\" fill=\"{}\"/><text x=\"12\" y=\"22\" font-size=\"14\" \
         font-weight=\"600\" fill=\"{}\">",
        colours.surface, colours.text
    );
    escaped(&mut svg, &cut(title, (width / CHARACTER).saturating_sub(4) as usize));
    svg.push_str("</text>");
    svg
}

/// The rectangle between the axes.
struct Area<'p> {
    plot: &'p Plot,
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Area<'_> {
    fn x_of(&self, at_ms: i64) -> f64 {
        f64::from(self.left) + across(self.plot, at_ms).clamp(0.0, 1.0) * f64::from(self.width)
    }

    fn y_of(&self, value: f64) -> f64 {
        f64::from(self.top) + (1.0 - self.plot.y.reach(value)) * f64::from(self.height)
    }

    fn bottom(&self) -> u32 {
        self.top + self.height
    }
}

/// Tenths of a pixel.
impl Scale for Area<'_> {
    fn x(&self, slot: usize) -> i64 {
        let grid = &self.plot.grid;
        let at = i64::try_from(slot).unwrap_or(i64::MAX).saturating_mul(grid.step_ms);
        (self.x_of(grid.start_ms.saturating_add(at)) * 10.0).round() as i64
    }

    fn y(&self, value: f64) -> i64 {
        (self.y_of(value) * 10.0).round() as i64
    }

    fn infinity_mark(&self) -> i64 {
        (f64::from(self.height) * 10.0 * INFINITY_MARK) as i64
    }
}

fn axes(svg: &mut String, area: &Area<'_>, colours: &Colours) {
    let right = area.left + area.width;
    let ticks = &area.plot.y_labels.ticks;
    let _ = write!(svg, "<g stroke=\"{}\">", colours.grid);
    for (value, _) in ticks {
        let y = area.y_of(*value).round() + 0.5;
        let _ = write!(svg, "<path d=\"M{} {y}H{right}\"/>", area.left);
    }
    svg.push_str("</g><g text-anchor=\"end\" font-size=\"11\">");
    for (value, label) in ticks {
        let y = short(area.y_of(*value) + 4.0);
        let _ = write!(svg, "<text x=\"{}\" y=\"{y}\">", area.left - 8);
        escaped(svg, label);
        svg.push_str("</text>");
    }
    svg.push_str("</g>");
    if let Some(head) = &area.plot.y_labels.head {
        let _ = write!(svg, "<text x=\"8\" y=\"{}\" font-size=\"11\">", area.top - 12);
        escaped(svg, head);
        svg.push_str("</text>");
    }
    svg.push_str("<g text-anchor=\"middle\">");
    for tick in &area.plot.x_ticks {
        let x = short(area.x_of(tick.at_ms));
        let _ = write!(svg, "<text x=\"{x}\" y=\"{}\">{}</text>", area.bottom() + 18, tick.label);
        if let Some(date) = &tick.date {
            let _ = write!(svg, "<text x=\"{x}\" y=\"{}\">{date}</text>", area.bottom() + 32);
        }
    }
    svg.push_str("</g>");
}

fn drawn(svg: &mut String, area: &Area<'_>, colours: &Colours) {
    let colour = |index: usize| colours.series.get(index).copied().unwrap_or(colours.text);
    if area.plot.is_fixed {
        // With a margin for the width of lines.
        let (x, y, width, height) = (area.left, area.top - 2, area.width, area.height + 4);
        let _ = write!(
            svg,
            "<clipPath id=\"plot\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/></clipPath>"
        );
    }
    let (open, close) = if area.plot.is_fixed { ("<g clip-path=\"url(#plot)\">", "</g>") } else { ("", "") };
    svg.push_str(open);
    svg.push_str("<g transform=\"scale(.1)\" fill=\"none\" stroke-width=\"15\" stroke-linejoin=\"round\">");
    lines(svg, area.plot, area, &|one, what| match what {
        "area" => format!("fill=\"{}\" fill-opacity=\".2\"", colour(one.colour)),
        "dots" => format!("stroke=\"{}\" stroke-width=\"50\" stroke-linecap=\"round\"", colour(one.colour)),
        "edge" => format!("stroke=\"{}\" stroke-width=\"30\"", colour(one.colour)),
        _ => format!("stroke=\"{}\"", colour(one.colour)),
    });
    svg.push_str("</g>");
    svg.push_str(close);
}

fn marks(svg: &mut String, area: &Area<'_>, colours: &Colours) {
    let plot = area.plot;
    for mark in plot.marks.iter().filter(|mark| (plot.from_ms..=plot.to_ms).contains(&mark.at_ms)) {
        let x = short(area.x_of(mark.at_ms));
        let (anchor, dx) = if across(plot, mark.at_ms) > 0.5 { ("end", -4) } else { ("start", 4) };
        let _ = write!(
            svg,
            "<path d=\"M{x} {}V{}\" stroke=\"{}\" stroke-dasharray=\"4 3\"/><text x=\"{x}\" dx=\"{dx}\" y=\"{}\" \
             text-anchor=\"{anchor}\" fill=\"{}\">",
            area.top,
            area.bottom(),
            colours.text,
            area.top + 12,
            colours.text
        );
        escaped(svg, mark.text);
        svg.push_str("</text>");
    }
}

/// A series in the legend: its colour, its shortened name, and its left end.
struct LegendLabel {
    colour: usize,
    name: String,
    x: u32,
}

/// Lines of names, in at most half of the spare lines, and how many series have no space.
fn legend(plot: &Plot, style: &SvgStyle, spare: usize) -> (Vec<Vec<LegendLabel>>, usize) {
    let most = spare.div_ceil(2);
    let mut rows: Vec<Vec<LegendLabel>> = Vec::new();
    let mut x = u32::MAX;
    for (i, series) in plot.series.iter().enumerate() {
        let name = cut(&series.name, LONGEST_NAME);
        let wide = 34 + u32::try_from(name.chars().count()).unwrap_or(0) * CHARACTER;
        if x.saturating_add(wide) > style.width {
            if rows.len() == most {
                return (rows, plot.series.len() - i);
            }
            rows.push(Vec::new());
            x = 12;
        }
        if let Some(row) = rows.last_mut() {
            row.push(LegendLabel { colour: series.colour, name, x });
        }
        x = x.saturating_add(wide);
    }
    (rows, 0)
}

fn beneath(
    svg: &mut String,
    area: &Area<'_>,
    colours: &Colours,
    rows: &[Vec<LegendLabel>],
    more: usize,
    notes: &[String],
) {
    let mut y = area.bottom() + layout::BOTTOM + 12;
    for row in rows {
        for label in row {
            let (x, colour) = (label.x, colours.series.get(label.colour).copied().unwrap_or(colours.text));
            let _ =
                write!(svg, "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"4\" fill=\"{colour}\"/>", y - 6);
            let _ = write!(svg, "<text x=\"{}\" y=\"{y}\" fill=\"{}\">", x + 18, colours.text);
            escaped(svg, &label.name);
            svg.push_str("</text>");
        }
        y += LINE;
    }
    let plot = area.plot;
    let others = if more > 0 { format!(" And {more} more series.") } else { String::new() };
    let (from, to) = (full_time(plot, plot.from()), full_time(plot, plot.to()));
    let (_, zone) = to.rsplit_once(' ').unwrap_or_default();
    // The offset from UTC once, where both ends have it.
    let from = from.strip_suffix(zone).map_or(from.as_str(), str::trim_end);
    for text in std::iter::once(format!("{from} to {to}.{others}")).chain(notes.iter().cloned()) {
        let _ = write!(svg, "<text x=\"12\" y=\"{y}\">");
        escaped(svg, &text);
        svg.push_str("</text>");
        y += LINE;
    }
}
