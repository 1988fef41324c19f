//! Panels without data are a line each, and nothing moves when they are fetched again.

use world::World;
use world::rules::Rule;
use world::upstream::Reply;

use crate::chromium::Tab;
use crate::frame::at;

const PAGE: &str = "/catalog/default/component/payments";
const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  title: Payments
  annotations:
    prometheus.io/alert: all
    prometheus.io/rule: 'up|title="Instances that are up and answer the scrapes of Prometheus", sum(up)|title="Sum", up{|title="Broken", gone|title="Gone"'
"#;
/// The movement of the page since it was last reset, as Chromium counts it.
const SHIFTS: &str = "(window.shifts = 0, new PerformanceObserver((list) => { for (const { value } of list.getEntries()) \
                      shifts += value; }).observe({ type: 'layout-shift' }), true)";

fn answer(world: &World, reply: fn() -> Reply) {
    world.upstream.on_any(Reply::reset());
    world.upstream.on("up", reply());
    world.upstream.on("sum(up)", reply());
    world.upstream.on("gone", Reply::matrix(&[]));
}

fn good() -> Reply {
    Reply::matrix(&[(&[("job", "a")], 1.0)])
}

/// Fetches all panels again.
async fn refresh(tab: &Tab) {
    let answers = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/graphs/') && e.responseEnd).length";
    let before: usize = tab.look(answers).await;
    tab.press("r").await;
    tab.until(&format!("{answers} > {before} + 2 && !document.querySelector('.htmx-request')")).await;
}

#[tokio::test]
async fn dead_instance_takes_a_line_of_each_panel_and_a_refresh_moves_nothing() {
    let world = World::of(CATALOG).await;
    answer(&world, Reply::reset);
    world.upstream.on_rules(Reply::reset());
    let tab = Tab::open(&at(&world, &format!("{PAGE}?refresh=0"))).await;
    for (width, theme) in [(390, "light"), (390, "dark"), (900, "light"), (1440, "light"), (1440, "dark")] {
        tab.size(width, 900).await;
        tab.theme(theme).await;
        tab.screenshot(&format!("folded-{theme}-{width}")).await;
        let tallest: f64 = tab
            .look("Math.max(...[...document.querySelectorAll('.panel:has(> .fold)')].map((e) => e.offsetHeight))")
            .await;
        assert!(tallest <= 48.0, "{width}: {tallest}");
        assert!(
            tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await,
            "{width}"
        );
    }
    assert_eq!(tab.count(".panel > .fold:not([open])").await, 6);
    assert!(tab.text(".shared-fault").await.starts_with("Prometheus is not answering."));

    let _: bool = tab.look(SHIFTS).await;
    for _ in 0..3 {
        refresh(&tab).await;
    }
    assert!(tab.look::<f64>("shifts").await < 0.001);

    // What a reader opened stays open.
    tab.click("#graph-1-fold > summary").await;
    tab.until("document.querySelector('#graph-1-fold .face').checkVisibility()").await;
    tab.screenshot("folded-open-1440").await;
    refresh(&tab).await;
    assert!(tab.look::<bool>("document.querySelector('#graph-1-fold').open").await);

    // It answers again, and the page shows it.
    answer(&world, good);
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    for _ in 0..100 {
        tab.press("r").await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if tab.look::<bool>("document.querySelector('#graph-1 .chart') && document.querySelector('#graph-2 .chart') && document.querySelector('#alerts .chips') ? true : false").await {
            break;
        }
    }
    tab.until("document.querySelector('#graph-1 .chart') && document.querySelector('#graph-2 .chart')").await;
    assert_eq!(tab.count("#alerts > .fold, #graph-1 > .fold, #graph-2 > .fold").await, 0);
    assert!(!tab.look::<bool>("document.querySelector('.shared-fault').checkVisibility()").await);
    tab.screenshot("folded-answers-again-1440").await;
    tab.close().await;
}

#[tokio::test]
async fn panel_that_fails_later_is_not_folded() {
    let world = World::of(CATALOG).await;
    answer(&world, good);
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    let tab = Tab::open(&at(&world, &format!("{PAGE}?refresh=0"))).await;
    tab.size(1440, 900).await;
    tab.until("document.querySelector('#graph-1 .chart') && document.querySelector('#graph-4 > .fold')")
        .await;
    answer(&world, Reply::reset);
    let _: bool = tab.look(SHIFTS).await;
    refresh(&tab).await;
    assert_eq!(tab.count("#graph-1 .chart").await, 1);
    assert_eq!(tab.count("#graph-1 > .fold").await, 0);
    assert!(tab.look::<f64>("shifts").await < 0.001);
    // Without a script, a line opens too.
    tab.without_scripts().await;
    tab.go(&at(&world, PAGE)).await;
    tab.click("#graph-4-fold > summary").await;
    assert!(tab.text("#graph-4").await.contains("returned no data"));
    tab.close().await;
}
