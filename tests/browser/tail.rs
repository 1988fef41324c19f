//! Charts that refresh in a real browser: they get the samples that they lack, and show what a reload would.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use world::World;
use world::load::payments;
use world::upstream::{Reply, Request};

use crate::chromium::Tab;

/// What the first line of the chart shows, beside what a whole answer has.
#[derive(Debug, Deserialize)]
struct Compared {
    /// Samples of the whole answer, without its ends, which may be newer.
    samples: usize,
    shown: usize,
    wrong: Vec<[f64; 3]>,
    series: usize,
    rows: usize,
    /// The end of the time axis, and of the whole answer.
    to: i64,
    newest: i64,
}

const COMPARE: &str = "(async () => {
    const panel = document.getElementById('graph-1');
    const reply = await (window.real ?? fetch)(panel.getAttribute('hx-get'), { headers: { 'HX-Request': 'true' } });
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    const { start, step, columns, to } = JSON.parse(page.getElementById('graph-1-data').textContent);
    const chart = echarts.getInstanceByDom(document.getElementById('graph-1-chart'));
    const lines = chart.getModel().getSeries();
    const data = lines[0].getData();
    const [x, y] = ['x', 'y'].map((axis) => data.mapDimension(axis));
    const shown = new Map(Array.from({ length: data.count() }, (_, i) => [data.get(x, i), data.get(y, i)]));
    const all = columns[0].map((value, i) => [start + i * step, value]).slice(2, -4);
    const both = all.filter(([at]) => shown.has(at));
    return {
        samples: all.length, shown: both.length, newest: to, to: chart.getOption().xAxis[0].max,
        wrong: both.filter(([at, value]) => shown.get(at) !== value).map(([at, value]) => [at, value, shown.get(at)]),
        series: lines.length, rows: panel.querySelectorAll('tr[data-series]').length,
    };
})()";

/// Requests for the samples that the chart lacks, and the others that the script sent for it.
const TAILS: &str =
    "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('since=')).length";
const WHOLE: &str = "performance.getEntriesByType('resource').map((e) => e.name)\
    .filter((n) => n.includes('drawn=') && !n.includes('since=')).length";

fn series(count: u32) -> Reply {
    sparse(count, 1)
}

/// The same with a sample only at every so many seconds.
fn sparse(count: u32, seconds: i64) -> Reply {
    nodes((0..count).collect(), seconds)
}

/// Series of these numbers, with samples whose value depends on the instant alone.
fn nodes(numbers: Vec<u32>, seconds: i64) -> Reply {
    Reply::computed(move |request: &Request| {
        let at = |name| request.form(name).unwrap().parse::<i64>().unwrap();
        let instants = (at("start")..=at("end")).filter(|at| at % seconds == 0);
        let one = |i: u32| {
            let value = |at: i64| f64::from(i) + ((at * 7_919 % 1_009) as f64).sqrt();
            let values: Vec<Value> = instants.clone().map(|at| json!([at, value(at).to_string()])).collect();
            json!({"metric": {"__name__": "load", "instance": format!("node-{i}")}, "values": values})
        };
        Reply::result(numbers.iter().copied().map(one).collect())
    })
}

/// The graph of a world whose instance scrapes every second.
async fn open(range: &str, width: i64) -> (World, Tab) {
    open_with(range, width, series(2)).await
}

async fn open_with(range: &str, width: i64, load: Reply) -> (World, Tab) {
    let world = World::with(payments("load|instance"), |settings| {
        settings.instances[0].scrape_interval = Duration::from_secs(1);
        settings.instances[0].unstable_tail = Duration::from_secs(20);
    })
    .await;
    world.upstream.on("load", load);
    let page = format!("/catalog/default/component/payments/graphs/1?range={range}&step=1&refresh=1s");
    let tab = Tab::new().await;
    tab.size(width, 900).await;
    tab.go(&format!("http://{}{page}", world.address)).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    (world, tab)
}

async fn compared(tab: &Tab) -> Compared {
    let compared: Compared = tab.look(COMPARE).await;
    assert_eq!(compared.wrong, [[0.0; 3]; 0], "as after a reload");
    // A chart may be some refreshes behind on a slow machine.
    assert!(compared.shown * 10 >= compared.samples * 9 && compared.samples > 100, "{compared:?}");
    compared
}

async fn quiet(tab: Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
    tab.close().await;
}

#[tokio::test]
async fn newer_samples_are_put_into_the_chart_that_is_there() {
    for (range, width) in [("5m", 1440), ("30m", 390)] {
        let (_world, tab) = open(range, width).await;
        tab.until(&format!("{TAILS} >= 1")).await;
        let mark = "(window.before = { canvas: document.querySelector('#graph-1-chart canvas'),
            chart: echarts.getInstanceByDom(document.getElementById('graph-1-chart')) }, true)";
        tab.look::<bool>(mark).await;
        let (first, whole): (Compared, usize) = (compared(&tab).await, tab.look(WHOLE).await);
        tab.until(&format!("{TAILS} >= 8")).await;
        let last = compared(&tab).await;
        assert!(last.to > first.to && last.newest - last.to < 60_000, "{range}: {first:?} {last:?}");
        assert_eq!((last.series, last.rows), (2, 2));
        // The comparison itself sends requests.
        assert_eq!(tab.look::<usize>(WHOLE).await, whole + 1, "{range}: nothing was in doubt");
        let same = "document.querySelector('#graph-1-chart canvas') === before.canvas
            && echarts.getInstanceByDom(document.getElementById('graph-1-chart')) === before.chart";
        assert!(tab.look::<bool>(same).await, "{range}: the same chart");
        if range == "5m" {
            tab.screenshot("chart-tail").await;
        }
        quiet(tab).await;
    }
}

#[tokio::test]
async fn other_series_replace_the_chart_whole() {
    let (world, tab) = open("5m", 1440).await;
    tab.until(&format!("{TAILS} >= 2")).await;
    world.upstream.on("load", series(3));
    tab.until("document.querySelectorAll('#graph-1 tr[data-series]').length === 3").await;
    let lines =
        "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getModel().getSeries().length";
    tab.until(&format!("{lines} === 3")).await;
    let before: usize = tab.look(TAILS).await;
    tab.until(&format!("{TAILS} >= {before} + 2")).await;
    assert_eq!(compared(&tab).await.series, 3);
    quiet(tab).await;
}

/// The classes of the colours by name.
#[derive(Debug, Deserialize)]
struct SeriesColours {
    shown: BTreeMap<String, String>,
    /// What the server chooses for these series.
    chosen: BTreeMap<String, String>,
    /// The lines have the colours of the legend.
    agree: bool,
}

const SERIES_COLOURS: &str = "(async () => {
    const panel = document.getElementById('graph-1');
    const swatches = (inside) => Object.fromEntries([...inside.querySelectorAll('tr[data-series]')]
        .map((row) => [row.querySelector('bdi').textContent, row.querySelector('.swatch i')]));
    const classes = (inside) => Object.fromEntries(
        Object.entries(swatches(inside)).map(([name, swatch]) => [name, swatch.className]));
    const reply = await fetch(panel.getAttribute('hx-get'), { headers: { 'HX-Request': 'true' } });
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    const lines = echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series.filter(Boolean);
    const own = swatches(panel);
    const agree = lines.every(({ name, lineStyle }) => lineStyle.color === getComputedStyle(own[name]).color);
    return { shown: classes(panel), chosen: classes(page), agree: agree && lines.length === Object.keys(own).length };
})()";

#[tokio::test]
async fn a_newcomer_takes_nobodys_colour() {
    // Both prefer one colour, and the server gives it to the third node when there are both.
    let (world, tab) = open_with("5m", 1440, nodes(vec![1], 1)).await;
    let alone: SeriesColours = tab.look(SERIES_COLOURS).await;
    assert!(alone.agree && alone.shown == alone.chosen, "{alone:?}");
    world.upstream.on("load", nodes(vec![1, 3], 1));
    let lines =
        "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getModel().getSeries().length";
    tab.until(&format!("{lines} === 2")).await;
    let both: SeriesColours = tab.look(SERIES_COLOURS).await;
    assert_eq!(both.chosen["node-3"], alone.shown["node-1"], "{both:?}");
    assert_eq!(both.shown["node-1"], alone.shown["node-1"], "{both:?}");
    assert!(both.agree && both.shown["node-3"] != both.shown["node-1"], "{both:?}");
    let before: usize = tab.look(TAILS).await;
    tab.until(&format!("{TAILS} >= {before} + 2")).await;
    let later: SeriesColours = tab.look(SERIES_COLOURS).await;
    assert!(later.agree && later.shown == both.shown, "{later:?}");
    quiet(tab).await;
}

#[tokio::test]
async fn samples_that_do_not_add_up_are_fetched_again_as_a_whole() {
    let (_world, tab) = open("5m", 1440).await;
    tab.until(&format!("{TAILS} >= 1")).await;
    let whole: usize = tab.look(WHOLE).await;
    // The past of one answer changes on its way.
    let change = "(() => {
        window.real = window.fetch.bind(window);
        window.fetch = async (...given) => {
            const reply = await real(...given);
            const text = await reply.text();
            const changes = !window.changed && text.includes('\"sum\":');
            if (changes) window.changed = true;
            return new Response(changes ? text.replace(/\"sum\":/, '\"sum\":1') : text, reply);
        };
        return true; })()";
    tab.look::<bool>(change).await;
    tab.until("window.changed").await;
    // The next refreshes too, because it may change again.
    tab.until(&format!("{WHOLE} > {whole} + 2")).await;
    let before: usize = tab.look(TAILS).await;
    tab.until(&format!("{WHOLE} > {whole} + 6")).await;
    assert_eq!(tab.look::<usize>(TAILS).await, before);
    tab.until(&format!("{TAILS} >= {before} + 2")).await;
    compared(&tab).await;
    quiet(tab).await;
}

/// How many samples of the first line there are, and how many of them have a dot.
const DOTS: &str = "(() => {
    const chart = echarts.getInstanceByDom(document.getElementById('graph-1-chart'));
    const data = chart.getModel().getSeries()[0].getData();
    const y = data.mapDimension('y');
    const all = Array.from({ length: data.count() }, (_, i) => i).filter((i) => !Number.isNaN(data.get(y, i)));
    return [all.length, all.filter((i) => data.getItemVisual(i, 'symbol') === 'circle').length];
})()";

#[tokio::test]
async fn samples_between_gaps_have_dots_after_refreshes_too() {
    // In thirty minutes on 390 pixels each sample takes a pair of columns, and the first one has the dot.
    for (range, width, seconds, share) in
        [("5m", 1440, 2, 1.0), ("30m", 390, 20, 0.5), ("5m", 1440, 1, 0.0), ("30m", 390, 1, 0.0)]
    {
        let (_world, tab) = open_with(range, width, sparse(2, seconds)).await;
        tab.until(&format!("{TAILS} >= 3")).await;
        let [all, dots]: [usize; 2] = tab.look(DOTS).await;
        assert!(all > 60, "{range}, every {seconds} s: {all}");
        assert_eq!(dots as f64, all as f64 * share, "{range}, every {seconds} s");
        quiet(tab).await;
    }
}

/// A framing page sets another time range. Then the page comes with pictures only.
#[tokio::test]
async fn chart_of_another_time_range_is_drawn_anew() {
    let (_world, tab) = open("5m", 1440).await;
    tab.until(&format!("{TAILS} >= 1")).await;
    let set = "(htmx.ajax('GET', location.pathname + '?from=now-40m&to=now-30m&refresh=0',\
               { target: '#main', select: '#main', swap: 'outerMorph' }), true)";
    tab.look::<bool>(set).await;
    let newest =
        "echarts.getInstanceByDom(document.getElementById('graph-1-chart'))?.getOption().xAxis?.[0].max";
    tab.until(&format!("{newest} < Date.now() - 25 * 60_000")).await;
    tab.until("document.getElementById('graph-1-data')").await;
    quiet(tab).await;
}
