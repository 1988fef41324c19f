//! The series colours, by labels, stable when other series come and go.

use crate::prometheus::Labels;

/// How many colours there are; a series' colour is an index below it.
pub const COLOURS: usize = 10;

/// On white; the style sheet's `--series-0` and on. Found by annealing over the smallest distance in
/// OKLab of any two, as seen with full sight, protanopia, deuteranopia and tritanopia (Machado 2009),
/// at 3:1 against the background. Both themes give an index about the same hue.
pub const LIGHT: [&str; COLOURS] = [
    "#4565d3", "#9c5c13", "#235f3f", "#6d1c49", "#5f1ba3", "#aa9105", "#229fb2", "#972609", "#716861",
    "#708e59",
];

/// On the dark theme's surface.
pub const DARK: [&str; COLOURS] = [
    "#396eaf", "#8a6635", "#51ed9f", "#c12d85", "#9e69f3", "#f0b11e", "#0a9dbf", "#fd6d73", "#aeb2c1",
    "#e8e94f",
];

/// One colour for each label set, in their order.
///
/// Every series prefers the colour that its labels hash to. Where two prefer the same, the first gets it, and the
/// other the next colour that no series prefers, so that a new series changes few others. When every colour is in
/// use, the rest get their preferred ones.
pub fn colours<'a>(series: impl Iterator<Item = &'a Labels>) -> Vec<usize> {
    let wanted: Vec<usize> = series.map(wish).collect();
    let mut free = [true; COLOURS];
    let take = |free: &mut [bool; COLOURS], colour: usize| {
        free.get_mut(colour).is_some_and(|free| std::mem::replace(free, false))
    };
    let granted: Vec<bool> = wanted.iter().map(|colour| take(&mut free, *colour)).collect();
    wanted
        .into_iter()
        .zip(granted)
        .map(|(wish, granted)| {
            let next = (wish..wish + COLOURS).map(|c| c % COLOURS);
            if granted { wish } else { next.into_iter().find(|c| take(&mut free, *c)).unwrap_or(wish) }
        })
        .collect()
}

/// FNV-1a, which stays the same from one release to the next, over names and values.
/// The metric's name does not count: a rate of a metric keeps the colour that the metric has.
fn wish(labels: &Labels) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in labels.iter().filter(|(name, _)| *name != "__name__") {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xfe]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // The high bits are mixed better.
    usize::try_from((hash >> 32) % (COLOURS as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(instances: &[usize]) -> Vec<Labels> {
        instances.iter().map(|i| [("instance", format!("host-{i}:9100"))].into_iter().collect()).collect()
    }

    fn chosen(instances: &[usize]) -> Vec<usize> {
        colours(sets(instances).iter())
    }

    #[test]
    fn ten_series_have_ten_colours_and_more_share() {
        let mut ten = chosen(&(0..10).collect::<Vec<_>>());
        ten.sort_unstable();
        assert_eq!(ten, (0..10).collect::<Vec<_>>());
        let many = chosen(&(0..500).collect::<Vec<_>>());
        for colour in 0..COLOURS {
            let uses = many.iter().filter(|c| **c == colour).count();
            assert!((20..=80).contains(&uses), "colour {colour} is used {uses} times");
        }
        assert_eq!(chosen(&[]), [0; 0]);
    }

    #[test]
    fn a_series_keeps_its_colour_when_others_come_and_go() {
        let all: Vec<usize> = (0..5).collect();
        let before = chosen(&all);
        let mut kept = 0;
        for gone in &all {
            let rest: Vec<usize> = all.iter().copied().filter(|i| i != gone).collect();
            let after = chosen(&rest);
            kept += rest.iter().zip(&after).filter(|(i, colour)| before[**i] == **colour).count();
        }
        assert!(kept >= 18, "{kept} of 20 kept their colour");
    }

    /// WCAG's contrast ratio of two `#rrggbb`.
    fn contrast(a: &str, b: &str) -> f64 {
        let channel = |hex: &str, at: usize| {
            let c = f64::from(u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let light =
            |hex| 0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5) + 0.05;
        light(a).max(light(b)) / light(a).min(light(b))
    }

    #[test]
    fn every_colour_stands_out_from_its_background() {
        for (colours, background) in [(LIGHT, "#ffffff"), (DARK, "#161a21")] {
            for colour in colours {
                assert!(contrast(colour, background) >= 3.0, "{colour} on {background}");
            }
        }
    }

    #[test]
    fn the_style_sheet_has_these_colours() {
        let css = include_str!("../../static/css/tokens.css");
        for (i, (light, dark)) in LIGHT.iter().zip(DARK).enumerate() {
            assert!(css.contains(&format!("--series-{i}: light-dark({light}, {dark});")), "--series-{i}");
        }
    }

    #[test]
    fn the_hash_is_part_of_the_look() {
        assert_eq!(chosen(&[0, 1, 2, 3, 4, 5]), [5, 2, 4, 8, 6, 7]);
        let named: Labels = [("__name__", "up"), ("instance", "host-0:9100")].into_iter().collect();
        assert_eq!(wish(&named), wish(&sets(&[0])[0]));
    }
}
