//! The margins of a chart in a page, in pixels: the same for the server's picture and the script's chart, so that the
//! page does not jump when one replaces the other. The style sheet has them too.

/// A chart with its axes, without its legend.
pub const HEIGHT: u32 = 280;
/// The width of a chart before it is known.
pub const WIDTH: u32 = 800;
/// Beside the longest labels of values. [`gutter`] is what others need.
pub const LEFT: u32 = 76;
pub const RIGHT: u32 = 24;
pub const TOP: u32 = 12;
/// A line above the value axis, where its labels have something in common.
pub const HEAD: u32 = 16;
/// Room for a time, and a date under it.
pub const BOTTOM: u32 = 38;
/// Between the axes.
pub const PLOT_HEIGHT: u32 = HEIGHT - TOP - BOTTOM;
/// The distance between two ticks of time, and in a narrow chart.
pub const TIME_ROOM: u32 = 90;
pub const NARROW_TIME_ROOM: u32 = 70;
pub const NARROW_TICKS: u32 = 4;
/// The distance between two ticks of values.
pub const VALUE_ROOM: u32 = 55;
/// What the left gutter holds, in characters.
pub const LABEL_CHARACTERS: usize = 10;
/// The gutters of shorter labels: the most characters, the class in the style sheet, and the pixels. Few, so that most charts
/// of a page have one, and a longer label seldom moves a chart.
pub const SHORT_GUTTERS: [(usize, &str, u32); 2] = [(4, " short", 40), (7, " medium", 58)];

/// The class and the width of the gutter for labels of so many characters.
pub fn gutter(characters: usize) -> (&'static str, u32) {
    let fits = SHORT_GUTTERS.into_iter().find(|(most, ..)| characters <= *most);
    fits.map_or(("", LEFT), |(_, class, left)| (class, left))
}

/// How many ticks of time a chart has space for.
pub fn time_room(width: u32) -> u32 {
    (width / TIME_ROOM).max(NARROW_TICKS.min(width / NARROW_TIME_ROOM)).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_has_these_gutters() {
        let css = include_str!("../../static/css/panels.css");
        let rule = format!(
            ".plot {{ display: block; width: calc(100% - {}px); height: calc(var(--chart-height) - {}px); \
             margin: {TOP}px {RIGHT}px {BOTTOM}px {LEFT}px; overflow: visible; }}",
            LEFT + RIGHT,
            TOP + BOTTOM
        );
        assert!(css.contains(&rule), "{rule}");
        let top = TOP + HEAD;
        let headed = format!(
            ".plot.headed {{ height: calc(var(--chart-height) - {}px); margin-top: {top}px; }}",
            top + BOTTOM
        );
        assert!(css.contains(&headed), "{headed}");
        for (_, class, left) in SHORT_GUTTERS {
            let class = class.trim();
            let rule =
                format!(".plot.{class} {{ width: calc(100% - {}px); margin-left: {left}px; }}", left + RIGHT);
            assert!(css.contains(&rule), "{rule}");
        }
        let tokens = include_str!("../../static/css/tokens.css");
        assert!(tokens.contains(&format!("--chart-height: {HEIGHT}px")));
    }
}
