//! The crosshair in a real browser: values in all legends, the series under the pointer, sums, and the legend's keys.

use world::World;
use world::program::Portal;
use world::upstream::Reply;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/rule: 'sum(up) by (x)|x|title="A"|type=area|stack=true, down'}
"#;

async fn scripted() -> World {
    let world = World::of(CATALOG).await;
    let series = |name: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("__name__", "down"), ("job", name)]
    };
    let names = ["a 9", "a 10", " ", "b"].map(series);
    let down: Vec<_> =
        names.iter().zip([1.0, 2.0, 3.0, 4.0]).map(|(labels, value)| (&**labels, value)).collect();
    world.upstream.on("down", Reply::matrix(&down));
    world.upstream.on("sum(up) by (x)", Reply::matrix(&[(&[("x", "one")], 1.5), (&[("x", "two")], 2.25)]));
    world
}

async fn open(world: &World) -> Tab {
    let tab = Tab::open(&format!("http://{}{PAYMENTS}?refresh=0", world.address)).await;
    tab.size(1000, 1400).await;
    for n in [1, 2] {
        tab.hover(&format!("#graph-{n}-chart"), 0.5, 0.5).await;
        tab.until(&format!("document.querySelector('#graph-{n}-chart canvas')")).await;
    }
    tab
}

async fn quiet(tab: Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
    tab.close().await;
}

#[tokio::test]
async fn legends_of_all_charts_show_the_values_at_the_pointer() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    tab.size(1440, 1600).await;
    for n in [1, 2] {
        tab.hover(&format!("#graph-{n}-chart"), 0.5, 0.5).await;
        tab.until(&format!("document.querySelector('#graph-{n}-chart canvas')")).await;
    }
    tab.hover("#graph-1-chart", 0.4, 0.5).await;
    tab.until("document.querySelectorAll('table.legend.at').length >= 2").await;
    let heads =
        "[...document.querySelectorAll('table.legend.at')].map((t) => t.tHead.rows[0].cells[2].dataset.at)";
    let heads: Vec<String> = tab.look(heads).await;
    assert!(heads.iter().all(|head| *head == heads[0] && head.len() == 8), "{heads:?}");
    // Each is what the chart has there.
    let wrong = "[1, 2].flatMap((n) => {
        const div = document.getElementById(`graph-${n}-chart`), chart = echarts.getInstanceByDom(div);
        const island = JSON.parse(document.getElementById(`graph-${n}-data`).textContent);
        const first = echarts.getInstanceByDom(document.getElementById('graph-1-chart'));
        const ms = first.convertFromPixel({ xAxisIndex: 0 }, document.getElementById('graph-1-chart').clientWidth * 0.4);
        const at = Math.round((ms - island.start) / island.step);
        return [...div.closest('.panel').querySelectorAll('tr[data-series]')].filter((row) =>
          row.cells[2].dataset.at !== promenade.format(island.columns[row.dataset.series][at], island.unit, island.more)
        ).map((row) => [row.cells[2].dataset.at, row.textContent]);
      })";
    let wrong: Vec<(String, String)> = tab.look(wrong).await;
    assert!(wrong.is_empty(), "{wrong:?}");
    tab.screenshot("crosshair-values").await;
    // The line of the other chart is as high as its plot.
    let line =
        "(({ height }) => height)(document.querySelector('#graph-2-chart .cross').getBoundingClientRect())";
    let line: f64 = tab.look(line).await;
    assert!((200.0..=232.0).contains(&line), "{line}");
    tab.hover("h1", 0.1, 0.5).await;
    tab.until("!document.querySelector('table.legend.at')").await;
    quiet(tab).await;
}

#[tokio::test]
async fn the_series_under_the_pointer_stands_out_and_stacks_have_a_sum() {
    let world = scripted().await;
    let tab = open(&world).await;
    let lit = "[...document.querySelectorAll('#graph-2 tr.lit bdi')].map((e) => e.textContent)";
    tab.hover("#graph-2 tr[data-series='1']", 0.3, 0.5).await;
    tab.until(&format!("{lit}.length === 1")).await;
    assert_eq!(tab.look::<Vec<String>>(lit).await, ["down {job=\"a 10\"}"]);
    let faint = "echarts.getInstanceByDom(document.getElementById('graph-2-chart')).getOption().series\
                 .filter((s) => s.lineStyle?.opacity < 1).map((s) => s.id)";
    assert_eq!(tab.look::<Vec<String>>(faint).await, ["s0", "s2", "s3"]);
    tab.hover("h1", 0.1, 0.5).await;
    tab.until(&format!("{lit}.length === 0")).await;
    assert_eq!(tab.look::<usize>(&format!("{faint}.length")).await, 0);
    // The line itself: the highest of four is 4, at the top.
    let y = "(() => { const c = echarts.getInstanceByDom(document.getElementById('graph-2-chart'));
              return c.convertToPixel({ yAxisIndex: 0 }, 4) / c.getHeight(); })()";
    let y: f64 = tab.look(y).await;
    tab.hover("#graph-2-chart", 0.5, y).await;
    tab.until(&format!("{lit}[0] === 'down {{job=\"b\"}}'")).await;
    // A stack says what it adds up to.
    tab.hover("#graph-1-chart", 0.5, 0.5).await;
    let sum = "[...document.querySelectorAll('#graph-1-chart .tip-row')].find((e) => e.textContent.includes('Sum'))?.textContent";
    tab.until(&format!("{sum} === '3.75Sum'")).await;
    quiet(tab).await;
}

#[tokio::test]
async fn a_legend_is_one_stop_and_shows_what_differs() {
    let world = scripted().await;
    let tab = open(&world).await;
    let names = "[...document.querySelectorAll('#graph-2 tr[data-series] td.name')].map((e) => e.innerText)";
    assert_eq!(
        tab.look::<Vec<String>>(names).await,
        ["{job=\" \"}", "{job=\"a 9\"}", "{job=\"a 10\"}", "{job=\"b\"}"]
    );
    let stops = "[...document.querySelectorAll('#graph-2 [tabindex=\"0\"]')].filter((e) => e.matches('tr, .chart-table')).length";
    assert_eq!(tab.look::<usize>(stops).await, 1);
    let _: bool = tab.look("(document.querySelector('#graph-2 tr[data-series]').focus(), true)").await;
    tab.press("ArrowDown").await;
    let focused = "document.activeElement.dataset.series";
    tab.until(&format!("{focused} === '2'")).await;
    tab.press("End").await;
    tab.until(&format!("{focused} === '3'")).await;
    assert_eq!(tab.look::<usize>(stops).await, 1);
    // By name, 9 stands before 10.
    tab.click("#graph-2 a[data-sort=name]").await;
    tab.until("document.querySelector('#graph-2 th[aria-sort=ascending]')").await;
    let sorted: Vec<String> = tab.look(names).await;
    let place = |name: &str| sorted.iter().position(|other| other.contains(name));
    assert!(place("a 9") < place("a 10"), "{sorted:?}");
    quiet(tab).await;
}
