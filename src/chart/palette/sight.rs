//! How well people tell the series colours apart, with full sight and with each colour blindness, measured in the style
//! sheet. The colours were found by annealing over the differences that this module computes.

use super::{COLOURS, Colours, DARK, LIGHT};

const STYLE_SHEET: &str = include_str!("../../../static/css/tokens.css");

/// Lightness, green to red, blue to yellow.
type Lab = [f64; 3];

/// Full sight, and the three colour blindnesses at their strongest (Machado, Oliveira and Fernandes, 2009), as matrices
/// over linear RGB.
const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
    ("full sight", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// What a theme keeps: the least difference (CIEDE2000) of any two of its colours, and of neighbours, by [`SIGHTS`].
struct Limits {
    name: &'static str,
    colours: &'static Colours,
    /// Other grounds on which lines and swatches are drawn.
    grounds: &'static [&'static str],
    any_two: [f64; 4],
    neighbours: [f64; 4],
    first_five: [f64; 4],
}

const THEMES: [Limits; 2] = [
    Limits {
        name: "light",
        colours: &LIGHT,
        grounds: &["#f3f6fb", "#f5f6f8"],
        any_two: [12.6, 8.3, 9.6, 8.2],
        neighbours: [19.9, 14.9, 13.0, 19.2],
        first_five: [15.2, 11.7, 14.0, 11.4],
    },
    // The last ground is Backstage's.
    Limits {
        name: "dark",
        colours: &DARK,
        grounds: &["#1c222c", "#0f1217", "#424242"],
        any_two: [12.6, 8.5, 8.1, 9.0],
        neighbours: [25.1, 16.0, 11.9, 21.3],
        first_five: [17.0, 12.8, 12.1, 15.5],
    },
];

fn linear(hex: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let channel = f64::from(u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0;
        if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: &[[f64; 3]; 3], of: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(of).map(|(factor, part)| factor * part).sum())
}

/// Of linear sRGB, under D65.
fn lab(rgb: [f64; 3]) -> Lab {
    let to_xyz = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let root = |part: f64| {
        if part > 216.0 / 24_389.0 { part.cbrt() } else { (24_389.0 / 27.0 * part + 16.0) / 116.0 }
    };
    let [x, y, z] = times(&to_xyz, rgb);
    let [x, y, z] = [root(x / 0.950_47), root(y), root(z / 1.088_83)];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn seen(hex: &str, sight: &[[f64; 3]; 3]) -> Lab {
    lab(times(sight, linear(hex)).map(|part| part.clamp(0.0, 1.0)))
}

/// In degrees.
fn hue([_, a, b]: Lab) -> f64 {
    b.atan2(a).to_degrees().rem_euclid(360.0)
}

fn between(hue: f64, other: f64) -> f64 {
    let degrees = (hue - other).abs();
    degrees.min(360.0 - degrees)
}

/// WCAG's contrast ratio.
fn contrast(one: &str, other: &str) -> f64 {
    let light = |hex| {
        let [red, green, blue] = linear(hex);
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    light(one).max(light(other)) / light(one).min(light(other))
}

/// CIEDE2000.
fn difference(one: Lab, other: Lab) -> f64 {
    let seventh = |chroma: f64| (chroma.powi(7) / (chroma.powi(7) + 25.0_f64.powi(7))).sqrt();
    let plain = |[_, a, b]: Lab| a.hypot(b);
    let stretch = 1.0 + 0.5 * (1.0 - seventh(f64::midpoint(plain(one), plain(other))));
    let polar = |[lightness, a, b]: Lab| {
        let stretched = [lightness, a * stretch, b];
        (lightness, plain(stretched), hue(stretched))
    };
    let ((light, chroma, angle), (light_2, chroma_2, angle_2)) = (polar(one), polar(other));
    let is_grey = chroma * chroma_2 == 0.0;
    let turn = if is_grey { 0.0 } else { (angle_2 - angle + 180.0).rem_euclid(360.0) - 180.0 };
    let mean = if is_grey { angle + angle_2 } else { angle + turn / 2.0 };
    let (mean_light, mean_chroma) = (f64::midpoint(light, light_2), f64::midpoint(chroma, chroma_2));
    let wave = |factor: f64, shift: f64| (factor * mean + shift).to_radians().cos();
    let hues = 1.0 - 0.17 * wave(1.0, -30.0) + 0.24 * wave(2.0, 0.0) + 0.32 * wave(3.0, 6.0)
        - 0.20 * wave(4.0, -63.0);
    let off = (mean_light - 50.0).powi(2);
    let by_light = (light_2 - light) / (1.0 + 0.015 * off / (20.0 + off).sqrt());
    let by_chroma = (chroma_2 - chroma) / (1.0 + 0.045 * mean_chroma);
    let arc = 2.0 * (chroma * chroma_2).sqrt() * (turn / 2.0).to_radians().sin();
    let by_hue = arc / (1.0 + 0.015 * mean_chroma * hues);
    let blue = (60.0 * (-((mean.rem_euclid(360.0) - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
    let rotated = -blue * 2.0 * seventh(mean_chroma) * by_chroma * by_hue;
    (by_light.powi(2) + by_chroma.powi(2) + by_hue.powi(2) + rotated).sqrt()
}

/// The style sheet's colour of a state, on light and on dark.
fn state(name: &str) -> [&'static str; 2] {
    let start = format!("--{name}: light-dark(");
    let pair = STYLE_SHEET.split(&start).nth(1).unwrap();
    [pair.get(..7).unwrap(), pair.get(9..16).unwrap()]
}

fn least(all: impl Iterator<Item = f64>) -> f64 {
    all.fold(f64::INFINITY, f64::min)
}

#[test]
fn differences_are_those_of_the_standard() {
    // Sharma, Wu and Dalal (2005), table 1.
    for (one, other, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0011], 7.2195),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([50.0, 2.5, 0.0], [61.0, -5.0, 29.0], 22.8977),
        ([50.0, 2.5, 0.0], [56.0, -27.0, -3.0], 31.9030),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
    ] {
        assert!((difference(one, other) - expected).abs() < 1e-4, "{one:?} {other:?}");
        assert!((difference(other, one) - expected).abs() < 1e-4, "{other:?} {one:?}");
    }
    let white = lab(linear("#ffffff"));
    assert!(white.iter().zip([100.0, 0.0, 0.0]).all(|(part, expected)| (part - expected).abs() < 0.01));
}

#[test]
fn no_colour_is_lighter_greyer_or_nearer_to_a_state_than_it_may() {
    for (place, Limits { name, colours, grounds, .. }) in THEMES.iter().enumerate() {
        let all = colours.series.map(|hex| lab(linear(hex)));
        let lightness = |[lightness, _, _]: &Lab| *lightness;
        let span = -least(all.iter().map(|lab| -lightness(lab))) - least(all.iter().map(lightness));
        let chroma = least(all.iter().map(|[_, a, b]| a.hypot(*b)));
        let states = ["firing", "pending"].map(|name| hue(lab(linear(state(name)[place]))));
        let apart = least(all.iter().flat_map(|lab| states.map(|state| between(hue(*lab), state))));
        let on = |ground: &str| least(colours.series.iter().map(|hex| contrast(hex, ground)));
        let surface = on(colours.surface);
        let others = least(grounds.iter().map(|ground| on(ground)));
        eprintln!(
            "{name}: L* within {span:.1}, chroma from {chroma:.1}, hues {apart:.1} degrees from red and amber, \
             contrast {surface:.2} and on other grounds {others:.2}"
        );
        assert!(span <= 15.0, "{name}: L* within {span}");
        assert!(chroma >= 24.0, "{name}: chroma {chroma}");
        assert!(apart >= 27.0, "{name}: {apart} degrees");
        assert!(surface >= 3.25 && others >= 3.0, "{name}: contrast {surface}, {others}");
    }
}

#[test]
fn all_colours_are_told_apart_by_everybody() {
    for Limits { name, colours, any_two, neighbours, first_five, .. } in THEMES {
        for (i, (sight, matrix)) in SIGHTS.iter().enumerate() {
            let all = colours.series.map(|hex| seen(hex, matrix));
            let pairs = |most: usize| {
                let pairs = (0..most).flat_map(|a| (0..a).map(move |b| (a, b)));
                least(pairs.map(|(a, b)| difference(all[a], all[b])))
            };
            let next = least(all.windows(2).map(|pair| difference(pair[0], pair[1])));
            let found = [pairs(COLOURS), next, pairs(5)];
            let [every, next, five] = found;
            eprintln!("{name}, {sight}: any two {every:.1}, neighbours {next:.1}, the first five {five:.1}");
            let limits = [any_two[i], neighbours[i], first_five[i]];
            assert!(
                found.iter().zip(limits).all(|(found, limit)| *found >= limit),
                "{name} {sight}: {found:?}"
            );
        }
    }
}
