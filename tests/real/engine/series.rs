//! The series of the test: functions of the number of the scrape, for the engine and for Prometheus alike.

use std::f64::consts::TAU;

use promenade::engine::{ClosedSeries, Engine, EngineLabels, SampleHistory};

pub const INTERVAL_MS: i64 = 15_000;
/// Scrapes in the history: three hours.
pub const SCRAPES: i64 = 720;

pub const HISTORY: SampleHistory =
    SampleHistory { scrape_interval_ms: INTERVAL_MS, retention_ms: 15 * 86_400_000 };

/// The value at the i-th scrape.
type Curve = Box<dyn Fn(i64) -> Option<f64> + Send + Sync>;

fn labels(text: &str) -> EngineLabels {
    EngineLabels::new(text.split(' ').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.replace('~', " "))
    }))
}

fn wave(i: i64, period: f64, phase: f64) -> f64 {
    (TAU * (i as f64 / period + phase)).sin()
}

/// Restarts from zero every so many scrapes.
fn counter(per_scrape: f64, restart: i64) -> Curve {
    Box::new(move |i| Some(((i % restart) as f64 * per_scrape).floor()))
}

fn gauge(base: f64, height: f64, period: f64) -> Curve {
    Box::new(move |i| Some(base + height * wave(i, period, base)))
}

fn all() -> Vec<(String, Curve)> {
    let mut all: Vec<(String, Curve)> = Vec::new();
    let mut add = |text: &str, curve: Curve| all.push((text.to_owned(), curve));
    for (k, (instance, job)) in [("a:1", "api"), ("b:1", "api"), ("c:1", "db")].into_iter().enumerate() {
        let k = k as i64;
        for (j, code) in ["200", "404", "500"].into_iter().enumerate() {
            let rate = 7.3 / (1.0 + 3.0 * j as f64) + k as f64;
            let text = format!("__name__=requests_total job={job} instance={instance} code={code}");
            add(&text, counter(rate, 311 + 97 * k + 13 * j as i64));
        }
        add(
            &format!("__name__=up job={job} instance={instance}"),
            Box::new(move |i| Some(f64::from(i % (97 + k) > 5))),
        );
        let version = ["1.0", "1.1", "1.1"][k as usize];
        add(&format!("__name__=build_info instance={instance} version={version}"), Box::new(|_| Some(1.0)));
        for (j, le) in ["0.1", "0.5", "2", "+Inf"].into_iter().enumerate() {
            let share = [0.31, 0.72, 0.95, 1.0][j];
            let text = format!("__name__=latency_bucket job={job} instance={instance} le={le}");
            add(&text, counter(share * (5.0 + k as f64), 401 + k));
        }
        add(
            &format!("__name__=latency_count job={job} instance={instance}"),
            counter(5.0 + k as f64, 401 + k),
        );
        add(
            &format!("__name__=latency_sum job={job} instance={instance}"),
            counter(2.17 + k as f64, 401 + k),
        );
    }
    for (k, room) in ["hall", "attic", "cellar", "shed"].into_iter().enumerate() {
        let floor = ["0", "2", "-1", "0"][k];
        add(
            &format!("__name__=temperature room={room} floor={floor}"),
            gauge(12.5 + 3.7 * k as f64, 6.0, 90.0 + 31.0 * k as f64),
        );
        add(&format!("__name__=wanted room={room}"), gauge(15.0 + 2.3 * k as f64, 1.0, 400.0));
    }
    add("__name__=humidity room=hall floor=0", gauge(0.4, 0.3, 77.0));
    add("__name__=odd kind=nan", Box::new(|i| Some(if i % 7 < 2 { f64::NAN } else { i as f64 / 3.0 })));
    add("__name__=odd kind=inf", Box::new(|i| Some(if i % 5 == 0 { f64::INFINITY } else { -1e300 })));
    add("__name__=odd kind=-inf", Box::new(|_| Some(f64::NEG_INFINITY)));
    add("__name__=odd kind=tiny", Box::new(|i| Some(1e-300 * i as f64)));
    add("__name__=odd kind=zero", Box::new(|_| Some(-0.0)));
    add("__name__=gaps path=late", Box::new(|i| (i > 400).then_some(i as f64)));
    add("__name__=gaps path=early", Box::new(|i| (i < 300).then_some(-0.5 * i as f64)));
    add("__name__=gaps path=holes", Box::new(|i| (i % 60 < 37).then(|| wave(i, 50.0, 0.0))));
    add("__name__=gaps path=lone", Box::new(|i| (i == 500).then_some(42.0)));
    add(r#"__name__=strange path=/a,b|c~"x"\y team=żółć"#, gauge(3.0, 2.0, 33.0));
    add("__name__=strange path=/b", gauge(4.0, 2.0, 41.0));
    all
}

/// Each from its first to its last instant.
fn alerts(at: impl Fn(i64) -> i64) -> Vec<ClosedSeries> {
    let alert = |state: &str| labels(&format!("__name__=ALERTS alertname=Hot alertstate={state}"));
    vec![
        ClosedSeries::of_intervals(alert("pending"), vec![(at(100), at(120), 1.0), (at(300), at(320), 1.0)]),
        ClosedSeries::of_intervals(
            alert("firing"),
            vec![(at(120), at(180), 1.0), (at(320), at(10_000), 1.0)],
        ),
    ]
}

/// `end_ms` is the last scrape.
pub fn series(end_ms: i64) -> Vec<ClosedSeries> {
    let at = move |i: i64| end_ms + (i - SCRAPES) * INTERVAL_MS;
    let closed = all().into_iter().map(|(text, curve)| ClosedSeries {
        labels: labels(&text),
        between: (at(0), end_ms),
        samples: Box::new(move |ms| {
            let i = SCRAPES - (end_ms - ms) / INTERVAL_MS;
            (0..=SCRAPES).contains(&i).then(|| curve(i))?
        }),
    });
    closed.chain(alerts(at)).collect()
}

pub fn engine(end_ms: i64) -> Engine {
    Engine::new(HISTORY, series(end_ms))
}
