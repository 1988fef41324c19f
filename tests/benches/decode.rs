//! Our decoder of range answers compared with `serde_json::Value`, on the same bytes in the same run.
//!
//! `Value` is only parsed here; a portal built on it would have to make columns of it as well, so the
//! ratio that is printed at the end flatters it.
#![expect(clippy::unwrap_used, reason = "a benchmark that meets the unexpected should stop")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use promenade::clock;
use promenade::prometheus::Window;
use promenade::prometheus::wire::read_matrix;
use promenade::upstream::HeaderSecrets;
use serde_json::Value;

const START_MS: i64 = 1_700_000_010_000;
/// Interleaved, so that other load on the machine affects both equally.
const ROUNDS: usize = 15;

/// A matrix as Prometheus writes it: decimals of every length, whole numbers, a gap, a NaN.
fn body(series: usize, window: &Window) -> String {
    let mut json = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
    for s in 0..series {
        let comma = if s == 0 { "" } else { "," };
        write!(
            json,
            r#"{comma}{{"metric":{{"__name__":"http_requests","instance":"10.0.0.{s}:9090","job":"api"}},"values":["#
        )
        .unwrap();
        let mut first = true;
        for i in (0..window.len()).filter(|i| (i + s) % 97 != 0) {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            let value = match (i * 7 + s) % 50 {
                0 => "NaN".to_owned(),
                n if n < 20 => (n * 1_000 + i).to_string(),
                n => format!("{}", (i as f64 * 0.37 + n as f64).sin() * 100.0),
            };
            write!(json, r#"{comma}[{},"{value}"]"#, window.at(i) / 1_000).unwrap();
        }
        json.push_str("]}");
    }
    json.push_str("]}}");
    json
}

fn median_of(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = clock::stopwatch();
    black_box(work());
    begun.elapsed()
}

/// Prints how many times faster ours is, by the median of interleaved rounds.
fn tell_ratio(name: &str, json: &str, window: Window) {
    let (mut ours, mut value) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| read_matrix(json.as_bytes(), window, &HeaderSecrets::default()).unwrap()));
        value.push(timed(|| serde_json::from_str::<Value>(json).unwrap()));
    }
    let (ours, value) = (median_of(&mut ours), median_of(&mut value));
    let rate = json.len() as f64 / 1e6 / ours.as_secs_f64();
    let ratio = value.as_secs_f64() / ours.as_secs_f64();
    eprintln!(
        "{name}: {rate:.0} MB/s, {ratio:.2} times as fast as serde_json::Value ({ours:?} to {value:?})"
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (series, points) in [(20, 1_441), (250, 1_500)] {
        let end = START_MS + (points - 1) * 15_000;
        let window = Window::aligned(START_MS, end, Duration::from_secs(15)).unwrap();
        let json = body(series, &window);
        let name = format!("{series}x{points}");
        let mut group = criterion.benchmark_group("decode");
        group.throughput(Throughput::Bytes(json.len() as u64)).sample_size(10);
        group.bench_function(BenchmarkId::new("columns", &name), |b| {
            b.iter(|| read_matrix(json.as_bytes(), window, &HeaderSecrets::default()).unwrap());
        });
        group.bench_function(BenchmarkId::new("value", &name), |b| {
            b.iter(|| serde_json::from_str::<Value>(&json).unwrap());
        });
        group.finish();
        tell_ratio(&name, &json, window);
    }
    criterion.final_summary();
}
