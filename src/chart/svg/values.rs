//! Single values as a file: a text each, in place of a chart.

use std::fmt::Write as _;

use super::file::{BARE_HEAD, CHARACTER, FOOT, HEAD, LEAST_TITLED, LINE, colours, heading};
use super::text::escaped;
use super::{SvgStyle, ValueText};
use crate::chart::format::cut;

/// The height of a value with its name beneath.
const VALUE: u32 = 46;
const VALUE_SIZE: u32 = 24;
/// The assumed width of a character of a value.
const VALUE_CHARACTER: u32 = 14;

/// A whole SVG document with the first of `all` values. `notes` are below the values.
pub fn values_file(
    title: &str,
    (values, all): (&[ValueText], usize),
    style: &SvgStyle,
    notes: &[String],
) -> String {
    let is_titled = style.height >= LEAST_TITLED;
    let head = if is_titled { HEAD } else { BARE_HEAD };
    let space = style.height.saturating_sub(head + FOOT + LINE);
    let shown = values.get(..values.len().min((space / VALUE).max(1) as usize)).unwrap_or_default();
    let texts = shown.iter().map(|value| format!("{}: {}.", value.name, value.text)).collect::<Vec<_>>();
    let mut svg = heading(title, &texts.join(" "), style, if is_titled { title } else { "" });
    let text_colour = colours(style).text;
    let mut y = head;
    for value in shown {
        let most = |character: u32| (style.width / character).saturating_sub(2) as usize;
        let (large, small) = (y + VALUE_SIZE, y + VALUE_SIZE + LINE - 2);
        let _ = write!(
            svg,
            "<text x=\"12\" y=\"{large}\" font-size=\"{VALUE_SIZE}\" font-weight=\"600\" fill=\"{text_colour}\">"
        );
        escaped(&mut svg, &cut(&value.text, most(VALUE_CHARACTER)));
        let _ = write!(svg, "</text><text x=\"12\" y=\"{small}\">");
        escaped(&mut svg, &cut(&value.name, most(CHARACTER)));
        svg.push_str("</text>");
        y += VALUE;
    }
    let more = all.saturating_sub(shown.len());
    let hidden = (more > 0).then(|| format!("And {more} more; the JSON form has all."));
    for note in hidden.iter().chain(notes) {
        y += LINE;
        let _ = write!(svg, "<text x=\"12\" y=\"{y}\">");
        escaped(&mut svg, note);
        svg.push_str("</text>");
    }
    svg.push_str("</svg>\n");
    svg
}
