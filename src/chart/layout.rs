//! Where a chart in a page has its axes: the same for what the server draws and for what the script draws, so that
//! one takes the other's place without a jump. In pixels; the style sheet has them too.

/// A chart with its axes, without its legend.
pub const HEIGHT: u32 = 280;
/// How wide a chart is taken to be before it is known.
pub const WIDTH: u32 = 800;
pub const LEFT: u32 = 76;
pub const RIGHT: u32 = 24;
pub const TOP: u32 = 12;
/// Room for a time, and a date under it.
pub const BOTTOM: u32 = 38;
/// Between the axes.
pub const PLOT_HEIGHT: u32 = HEIGHT - TOP - BOTTOM;
/// A tick of time for each so many.
pub const TIME_ROOM: u32 = 90;
/// And of values.
pub const VALUE_ROOM: u32 = 55;
/// A label of a value is cut beyond so many characters, which the left gutter holds.
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
        let tokens = include_str!("../../static/css/tokens.css");
        assert!(tokens.contains(&format!("--chart-height: {HEIGHT}px")));
    }
}
