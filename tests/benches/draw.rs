//! A chart as this server draws it beside ECharts' own server-side SVG of the same data, and the option with columns
//! beside points in charming's `Line::data`, interleaved in one run.
//!
//! ECharts runs in Node. `PROMENADE_ECHARTS` names the folder of `static/echarts/build` that has it, because the build in the
//! tree draws only on a canvas. Without both, only our own renderer is measured, and the output says so.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::env;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use charming::Chart;
use charming::component::Axis;
use charming::element::AxisType;
use charming::series::Line;
use criterion::{BenchmarkId, Criterion};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use promenade::annotations::{GraphType, Scale, Unit};
use promenade::chart::echarts::island;
use promenade::chart::{Canvas, Plot, layout, svg};
use promenade::clock;
use promenade::monitoring::{EmptyReason, Graph, Period};
use promenade::prometheus::{InstanceName, Matrix, Series, UNSTABLE_TAIL, Window};
use promenade::store::Answer;

const START_MS: i64 = 1_700_000_010_000;
const STEP_MS: i64 = 15_000;
const SERIES: usize = 20;
/// Interleaved, so that other load on the machine affects all equally.
const ROUNDS: usize = 31;

fn graph(points: usize) -> Graph {
    let end = START_MS + (points as i64 - 1) * STEP_MS;
    let window = Window::aligned(START_MS, end, Duration::from_millis(STEP_MS as u64)).unwrap();
    let series = |s: usize| Series {
        labels: [("instance", format!("10.0.0.{s}:9100"))].into_iter().collect(),
        values: (0..points).map(|i| ((i * 7919 + s * 104_729) % 1_000) as f64 / 7.0 + s as f64).collect(),
    };
    let matrix = Arc::new(Matrix::of(window, (0..SERIES).map(series).collect()));
    Graph {
        query: "load".to_owned(),
        title: "load".to_owned(),
        graph_type: GraphType::Line,
        unit: Unit::None,
        stack: false,
        scale: Scale::default(),
        instance: InstanceName::new("default"),
        given: matrix.clone(),
        answer: Answer::of(matrix, Timestamp::UNIX_EPOCH),
        names: (0..SERIES).map(|s| format!("10.0.0.{s}:9100")).collect(),
        stats: Vec::new(),
        notices: Vec::new(),
        empty_reason: EmptyReason::default(),
        is_per_instant: true,
    }
}

fn period(graph: &Graph) -> Period {
    let window = &graph.answer.value.window;
    let at = |ms| Timestamp::from_millisecond(ms).unwrap();
    Period { from: at(window.start_ms()), to: at(window.end_ms()), now: at(window.end_ms()), step: None }
}

fn plot(graph: &Graph) -> Plot {
    let canvas =
        Canvas { width: layout::WIDTH, height: layout::HEIGHT, zone: TimeZone::UTC, most_series: 50 };
    Plot::of(graph, &period(graph), &canvas)
}

/// charming's own form: every sample as a pair in its series.
fn as_points(graph: &Graph) -> Vec<u8> {
    let window = &graph.answer.value.window;
    let line = |series: &Series| {
        let pair = |(i, value): (usize, &f64)| vec![window.at(i) as f64, *value];
        Line::new().show_symbol(false).data(series.values.iter().enumerate().map(pair).collect::<Vec<_>>())
    };
    let chart =
        Chart::new().x_axis(Axis::new().type_(AxisType::Time)).y_axis(Axis::new().type_(AxisType::Value));
    let chart = graph.answer.value.series.iter().fold(chart, |chart, series| chart.series(line(series)));
    serde_json::to_vec(&chart).unwrap()
}

/// Milliseconds that each of so many renderings took inside Node, without its start; None: there is no Node or
/// no ECharts.
fn echarts_ssr(island: &str, rounds: usize) -> Option<(Vec<f64>, usize)> {
    const SCRIPT: &str = r#"
        const echarts = require(process.argv[1]);
        const island = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const times = []; let length = 0;
        for (let round = 0; round < Number(process.argv[2]) + 5; round++) {
          const begun = process.hrtime.bigint();
          const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 800, height: 280 });
          const length_ = island.columns[0].length;
          const source = { t: Array.from({ length: length_ }, (_, i) => island.start + i * island.step) };
          island.columns.forEach((column, i) => { source["s" + i] = column; });
          const series = island.option.series.map((s, i) => ({ ...s, encode: { x: "t", y: "s" + i } }));
          const xAxis = { ...island.option.xAxis, min: island.from, max: island.to };
          chart.setOption({ ...island.option, xAxis, dataset: { source }, series });
          length = chart.renderToSVGString().length;
          chart.dispose();
          if (round >= 5) times.push(Number(process.hrtime.bigint() - begun) / 1e6);
        }
        console.log(JSON.stringify([times, length]));"#;
    let library = Path::new(&env::var_os("PROMENADE_ECHARTS")?).join("node_modules/echarts");
    let mut node = Command::new("node")
        .args(["-e", SCRIPT])
        .arg(library)
        .arg(rounds.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take().expect("a pipe").write_all(island.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    let (times, length) =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("node said: {fault}"));
    Some((times, length))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn millis<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = clock::stopwatch();
    black_box(work());
    begun.elapsed().as_secs_f64() * 1e3
}

fn tell_ratios(points: usize) {
    let graph = graph(points);
    let ready = plot(&graph);
    let [mut printed, mut whole, mut columns, mut pairs] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        printed.push(millis(|| svg::inline(&ready, "graph-1")));
        whole.push(millis(|| svg::inline(&plot(&graph), "graph-1")));
        columns.push(millis(|| island(&plot(&graph), Some(UNSTABLE_TAIL), None)));
        pairs.push(millis(|| as_points(&graph)));
    }
    let [printed, whole, columns, pairs] = [printed, whole, columns, pairs].map(median);
    let island = island(&ready, Some(UNSTABLE_TAIL), None);
    let length = svg::inline(&ready, "graph-1").len();
    eprintln!(
        "{SERIES}x{points}: plot and svg {whole:.2} ms, of which the svg {printed:.2} ms, {length} bytes"
    );
    match echarts_ssr(island.as_str(), ROUNDS) {
        None => eprintln!(
            "{SERIES}x{points}: there is no Node or no PROMENADE_ECHARTS, so nothing to compare the svg with"
        ),
        Some((times, theirs)) => {
            let times = median(times);
            eprintln!(
                "{SERIES}x{points}: ECharts' own svg {times:.2} ms, {theirs} bytes: ours takes 1/{:.0} of the time",
                times / whole
            );
        }
    }
    eprintln!(
        "{SERIES}x{points}: option with columns {columns:.2} ms, {} bytes; points in Line::data {pairs:.2} ms, {} \
         bytes: 1/{:.1} of the time",
        island.as_str().len(),
        as_points(&graph).len(),
        pairs / columns
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("draw");
    group.sample_size(10);
    for points in [241, 1_441, 10_801] {
        let graph = graph(points);
        group.bench_function(BenchmarkId::new("svg", points), |b| {
            b.iter(|| svg::inline(&plot(&graph), "graph-1"));
        });
        group.bench_function(BenchmarkId::new("island", points), |b| {
            b.iter(|| island(&plot(&graph), Some(UNSTABLE_TAIL), None))
        });
    }
    group.finish();
    for points in [241, 1_441, 10_801] {
        tell_ratios(points);
    }
    criterion.final_summary();
}
