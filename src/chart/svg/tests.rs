//! Pictures that were looked at, whatever names series have, and the few letters of a path.
//!
//! With `UPDATE_FIXTURES` set the pictures are written anew, to be looked at before they are kept.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::annotations::{GraphType, Unit};
use crate::chart::tests::{canvas, graph, graph_over, period};
use crate::chart::{Canvas, Mark};
use crate::monitoring::{Graph, Period};
use crate::prometheus::{ABSENT, Window};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
const STYLE: SvgStyle = SvgStyle { width: 480, height: 220, theme: Theme::Light };

/// A picture as it was kept.
fn check(name: &str, drawn: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/svg").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(drawn, kept, "{name} is another picture; look at it, and keep it by UPDATE_FIXTURES=1");
    well_formed(drawn);
}

/// Every element is closed in its order, every attribute quoted, and no letter is one that XML forbids.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in svg.trim_end().split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{ffff}'), "{text:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            assert_eq!(tag.matches("\"").count() % 2, 0, "{tag}");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
    }
    assert_eq!(open, [""; 0]);
}

fn drawn_at(graph: &Graph, period: &Period, canvas: &Canvas) -> String {
    let canvas = Canvas { width: STYLE.width, height: STYLE.height, ..canvas.clone() };
    file(&Plot::of(graph, period, &canvas), &STYLE, &[])
}

fn picture(graph: &Graph) -> String {
    let points = graph.answer.value.window.len() as i64;
    drawn_at(graph, &period(60, 60 * points), &canvas())
}

fn named(title: &str, unit: Unit, graph: Graph) -> Graph {
    Graph { title: title.to_owned(), unit, ..graph }
}

#[test]
fn lines_areas_and_stacks() {
    let a: &[f64] = &[1.0, 3.0, 2.0, 4.0, 4.0, 4.0, 2.5, 3.0];
    let b: &[f64] = &[2.0, 2.0, 5.0, 1.0, 0.0, 1.0, 6.0, 5.0];
    let series: &[(&str, &[f64])] = &[("checkout", a), ("search", b)];
    let lines = named("Requests", Unit::PerSecond, graph(series, GraphType::Line, false));
    check("lines.svg", &picture(&lines));
    check("area.svg", &picture(&named("Requests", Unit::PerSecond, graph(series, GraphType::Area, false))));
    let holes: &[f64] = &[1.0, 3.0, ABSENT, ABSENT, 4.0, 4.0, ABSENT, 3.0];
    let series: &[(&str, &[f64])] = &[("checkout", holes), ("search", b), ("pay", a)];
    check(
        "stack-with-holes.svg",
        &picture(&named("Stack", Unit::PerSecond, graph(series, GraphType::Area, true))),
    );
    let mut plot = Plot::of(&lines, &period(60, 480), &canvas());
    plot.marks = vec![Mark { at_ms: 200_000, text: "active since" }];
    check("inline.svg", &inline(&plot, "graph-1"));
    let dark = SvgStyle { width: 320, height: 160, theme: Theme::Dark };
    plot.x_ticks.retain(|tick| tick.at_ms % 120_000 == 0);
    check("dark-small.svg", &file(&plot, &dark, &["A note.".to_owned()]));
}

#[test]
fn what_is_no_line() {
    let gaps: &[f64] = &[1.0, 2.0, ABSENT, ABSENT, 3.0, 1.0, 1.5, ABSENT];
    let isolated: &[f64] = &[ABSENT, 2.5, ABSENT, 0.5, ABSENT, ABSENT, ABSENT, 2.0];
    check(
        "gaps-and-lone-samples.svg",
        &picture(&named(
            "Gaps",
            Unit::None,
            graph(&[("gaps", gaps), ("lone", isolated)], GraphType::Line, false),
        )),
    );
    let wild: &[f64] = &[1.0, INF, 2.0, NAN, 1.0, -INF, 1.5, 2.0];
    check(
        "nan-and-infinities.svg",
        &picture(&named("Wild", Unit::None, graph(&[("wild", wild)], GraphType::Line, false))),
    );
    check("no-series.svg", &picture(&named("Nothing", Unit::None, graph(&[], GraphType::Line, false))));
}

#[test]
fn axes_that_fit() {
    let one = |title: &str, unit: Unit, values: &[f64]| {
        picture(&named(title, unit, graph(&[("one", values)], GraphType::Line, false)))
    };
    check("negative.svg", &one("Below zero", Unit::None, &[-3.0, -7.0, 2.0, -1.0]));
    check(
        "flat-far-from-zero.svg",
        &one("Flat", Unit::Bytes, &[1_073_741_824.0, 1_073_741_900.0, 1_073_741_850.0]),
    );
    check("flat-zero.svg", &one("Zero", Unit::Ratio, &[0.0, 0.0, 0.0, 0.0]));
}

#[test]
fn days_and_a_change_of_the_clocks() {
    let berlin = Canvas { zone: TimeZone::get("Europe/Berlin").unwrap(), ..canvas() };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let over = |name: &str, from: &str, to: &str, step: u64| {
        let (from, to) = (at(from), at(to));
        let window =
            Window::aligned(from.as_millisecond(), to.as_millisecond(), Duration::from_secs(step)).unwrap();
        let values: Vec<f64> = (0..window.len()).map(|i| (i * 5 % 7) as f64).collect();
        let graph =
            named("Days", Unit::None, graph_over(window, &[("one", &values)], GraphType::Line, false));
        check(name, &drawn_at(&graph, &Period { from, to, now: to, step: None }, &berlin));
    };
    over("days.svg", "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z", 14_400);
    over("clocks-go-back.svg", "2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z", 1_800);
    over("clocks-go-forward.svg", "2026-03-28T22:00:00Z", "2026-03-29T04:00:00Z", 1_800);
}

#[test]
fn hostile_names_stay_text() {
    let names = [
        "</svg><script>alert(1)</script>",
        "a\u{202e}b\0c\u{ffff}d\n\"'&amp;",
        "x".repeat(99).leak() as &str,
    ];
    let series: Vec<(&str, &[f64])> = names.iter().map(|name| (*name, [1.0, 2.0].as_slice())).collect();
    let title = "</title><script>alert(2)</script>";
    let graph = named(title, Unit::Other("</text><b>".to_owned()), graph(&series, GraphType::Line, false));
    let drawn = picture(&graph);
    check("hostile-names.svg", &drawn);
    let plot = Plot::of(&graph, &period(60, 120), &canvas());
    for svg in [drawn, inline(&plot, "graph-1")] {
        well_formed(&svg);
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
    }
}

#[test]
fn many_series_are_capped() {
    let rows: Vec<(String, [f64; 3])> =
        (0..60).map(|i| (format!("instance-{i:02}"), [f64::from(i), 1.0, f64::from(i * 7 % 60)])).collect();
    let series: Vec<(&str, &[f64])> =
        rows.iter().map(|(name, values)| (name.as_str(), &values[..])).collect();
    check("sixty-series.svg", &picture(&named("Many", Unit::None, graph(&series, GraphType::Line, false))));
}

#[test]
fn a_path_says_each_point_in_few_letters() {
    let drawn = |points: &[(i64, i64)]| {
        let mut path = String::new();
        let mut pen = Pen::new(&mut path);
        points.iter().for_each(|(x, y)| pen.line_to(*x, *y));
        pen.lift();
        path
    };
    assert_eq!(drawn(&[(0, 5), (1, 8), (2, 7), (3, 7), (4, 7), (5, 0)]), "M0 5l1 3 1-1h2l1-7");
    assert_eq!(drawn(&[(3, 4)]), "M3 4");
    assert_eq!(drawn(&[(0, 0), (1, 0), (1, 5), (0, 5), (0, 0)]), "M0 0h1l0 5h-1l0-5");
    assert_eq!(drawn(&[(0, i64::from(i32::MAX)), (10, 0)]), "M0 2147483647l10-2147483647");
}

/// The last sample of each run must be where the samples say, however many steps are behind it.
#[test]
fn steps_do_not_add_up_to_an_error() {
    let values: Vec<f64> = (0..1_000).map(|i| (f64::from(i) * 0.731).sin()).collect();
    let plot = Plot::of(
        &graph(&[("a", &values)], GraphType::Line, false),
        &period(60, 60_000),
        &Canvas { width: 4_000, ..canvas() },
    );
    let svg = inline(&plot, "g");
    let path =
        svg.split("class=\"line s").nth(1).unwrap().split("d=\"").nth(1).unwrap().split("\"").next().unwrap();
    let numbers = regex::Regex::new(r"[a-zA-Z]|-?\d+").unwrap();
    let (mut letter, mut at, mut waits) = ('M', (0_i64, 0_i64), None);
    for token in numbers.find_iter(path).map(|found| found.as_str()) {
        match (token.parse::<i64>(), letter, waits) {
            (Err(_), ..) => (letter, waits) = (token.chars().next().unwrap(), None),
            (Ok(x), 'h', _) => at.0 += x,
            (Ok(x), _, None) => waits = Some(x),
            (Ok(y), 'M', Some(x)) => (at, waits) = ((x, y), None),
            (Ok(y), _, Some(x)) => (at, waits) = ((at.0 + x, at.1 + y), None),
        }
    }
    assert_eq!(at, (999, Scale::y(&plot, values[999])));
}
