//! The margins of a chart in a page, in pixels: the same for the server's picture and the script's chart, so that the
//! page does not jump when one replaces the other. The style sheet has them too.

/// A chart with its axes, without its legend.
pub const HEIGHT: u32 = 280;
/// The width of a chart before it is known.
pub const WIDTH: u32 = 800;
pub const LEFT: u32 = 76;
pub const RIGHT: u32 = 24;
pub const TOP: u32 = 12;
/// A line above the value axis, where its labels have something in common.
pub const HEAD: u32 = 16;
/// Room for a time, and a date under it.
pub const BOTTOM: u32 = 38;
/// Between the axes.
pub const PLOT_HEIGHT: u32 = HEIGHT - TOP - BOTTOM;
/// The distance between two ticks of time.
pub const TIME_ROOM: u32 = 90;
/// The distance between two ticks of values.
pub const VALUE_ROOM: u32 = 55;
/// What the left gutter holds, in characters.
pub const LABEL_CHARACTERS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_has_these_gutters() {
        let css = include_str!("../../static/css/panels.css");
        let rule = format!(
            ".plot {{ display: block; width: calc(100% - {}px); height: {PLOT_HEIGHT}px; \
             margin: {TOP}px {RIGHT}px {BOTTOM}px {LEFT}px; overflow: visible; }}",
            LEFT + RIGHT
        );
        assert!(css.contains(&rule), "{rule}");
        let (height, top) = (PLOT_HEIGHT - HEAD, TOP + HEAD);
        let headed = format!(".plot.headed {{ height: {height}px; margin-top: {top}px; }}");
        assert!(css.contains(&headed), "{headed}");
        let tokens = include_str!("../../static/css/tokens.css");
        assert!(tokens.contains(&format!("--chart-height: {HEIGHT}px")));
    }
}
