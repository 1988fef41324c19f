//! The custom pages in a real browser: they fit, log nothing, and keep their controls.

use promenade::clock;
use serde_json::{Value, json};
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;
use world::{World, encoded};

use crate::chromium::Tab;

const ALERTS: &str =
    "/alerts?alerts=all&labels=severity%3Dwarning&extraColumns=labels.team,annotations.summary";

/// A second instance, which is the same upstream; a rule of 30 alerts and a quiet one; every type of answer.
async fn world() -> World {
    let world = World::with("", |settings| {
        let mut second = settings.instances[0].clone();
        second.name = promenade::prometheus::InstanceName::new("second");
        second.ui_url = Some("https://prometheus.example".parse().unwrap());
        settings.instances.push(second);
    })
    .await;
    let since = ago(600);
    let alert = |i: usize| {
        Alert::firing(&format!("Lag{i:02}"))
            .label("severity", "warning")
            .label("team", &format!("team-{i:02}"))
            .label("zone", "eu-1")
            .annotation(
                "summary",
                &format!("Queue {i} of the orders service lags behind by more than a minute"),
            )
            .since(&since)
            .value("7.25843968e+09")
    };
    let rule = |name: &str| {
        let rule = Rule::new(name).query("max by (team) (lag_seconds) > 60").duration(300);
        rule.label("severity", "warning")
    };
    let lags = (0..30).map(|i| rule(&format!("Lag{i:02}")).alert(alert(i)));
    world.upstream.on_rules(Reply::group(lags.chain([rule("Excessive Memory, Usage")])));
    world.upstream.on_any(Reply::matrix(&[
        (&[("__name__", "up"), ("job", "orders")], 1.5),
        (&[("__name__", "up"), ("job", "payments")], 3.5),
    ]));
    let of = |kind: &str, result: Value| {
        Reply::json(200, &json!({"status": "success", "data": {"resultType": kind, "result": result}}))
    };
    let now = clock::now().as_second();
    world.upstream.on("scalar(x_bytes)", of("scalar", json!([now, "6465519616"])));
    world
        .upstream
        .on("\"words\"", of("string", json!([now, "all is well in every zone, and nobody has to get up"])));
    let name = |i: usize| format!("a-service-with-a-long-name-{i}");
    let many =
        (0..9).map(|i| json!({"metric": {"job": name(i)}, "value": [now, format!("{}", i * i * 1000)]}));
    world.upstream.on("x_bytes", of("vector", many.collect()));
    world
        .upstream
        .on("refused", Reply::refusal(422, "execution", "found duplicate series for the match group"));
    world
}

fn at(world: &World, path: &str) -> String {
    format!("http://{}{path}", world.address)
}

async fn quiet(tab: &Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
}

#[tokio::test]
async fn custom_pages_fit_in_every_state_width_and_theme() {
    let world = world().await;
    let tab = Tab::new().await;
    let long = encoded("sum by (job) (rate(http_requests_total{path=~\"/a|/b\",zone!=\"eu-1\"}[5m])) / 60");
    for (name, path) in [
        ("graph-empty", "/graph".to_owned()),
        (
            "graph-filled",
            format!("/graph?query={long}&title=Requests+of+all+services&instance=second&dimension=job"),
        ),
        ("graph-broken", "/graph?query=sum(up".to_owned()),
        ("graph-refused", "/graph?query=refused".to_owned()),
        ("graph-unknown", "/graph?query=up&instance=nope".to_owned()),
        ("graph-further", "/graph?g0.expr=up&g1.expr=down&g2.expr=other".to_owned()),
        ("stat-one", "/graph?query=scalar(x_bytes)&unit=bytes".to_owned()),
        ("stat-words", "/graph?query=%22words%22".to_owned()),
        ("stat-many", "/graph?query=x_bytes&dimension=job".to_owned()),
        ("alerts-empty", "/alerts?alerts=Nobody".to_owned()),
        ("alerts-filled", format!("{ALERTS}&showInactiveAlerts")),
        ("alerts-broken", "/alerts?labels=zone~".to_owned()),
    ] {
        for (width, theme) in [(1440, "light"), (390, "dark"), (390, "light"), (1440, "dark")] {
            tab.size(width, 900).await;
            tab.go(&at(
                &world,
                &format!("{path}{}theme={theme}", if path.contains('?') { '&' } else { '?' }),
            ))
            .await;
            let beyond: Vec<String> = tab.look("document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 90))").await;
            assert!(beyond.is_empty(), "{name} at {width} px scrolls sideways: {beyond:#?}");
            tab.screenshot(&format!("custom-{name}-{width}-{theme}")).await;
        }
    }
    // A page for an unknown instance has status 404, which Chromium logs by itself.
    let complaints = tab.complaints().await;
    let own = complaints.iter().filter(|text| !text.contains("instance=nope")).collect::<Vec<_>>();
    assert!(own.is_empty(), "{own:?}");
    tab.close().await;
}

#[tokio::test]
async fn custom_table_changes_without_a_new_page() {
    let world = world().await;
    let tab = Tab::open(&at(&world, ALERTS)).await;
    let _: bool = tab.look("(window.stayed = true)").await;
    let rows = |n: usize| format!("document.querySelectorAll('#alerts tr.row').length === {n}");
    let here = "location.pathname === '/alerts' && location.search.includes('alerts=all&labels=severity')";
    tab.until(&rows(20)).await;
    tab.click("#alerts .sizes a:nth-of-type(1)").await;
    tab.until(&rows(5)).await;
    tab.click("#alerts a[rel=next]").await;
    tab.until("document.querySelector('#alerts td.name').innerText.trim() === 'Lag05'").await;
    tab.until(&format!("location.search.includes('page=2') && {here}")).await;
    tab.click("#alerts .chips a:last-child").await;
    tab.until("document.querySelector('#alerts .pager').innerText.includes('of 31 rules')").await;
    tab.click("#alerts .sizes a:last-child").await;
    tab.until(&rows(31)).await;
    tab.until(&format!("location.search.includes('showInactiveAlerts') && {here}")).await;
    assert_eq!(tab.text("th.extra").await, "Team");
    assert_eq!(tab.text("#alerts td.extra").await, "team-00");
    tab.click("#alerts tr.row td.value").await;
    tab.until("document.querySelector('#alerts tr.detail .row-graph canvas')").await;
    assert!(tab.look::<bool>("window.stayed === true").await, "the page was loaded anew");
    let request = world.upstream.requests().pop().unwrap();
    assert_eq!(request.form("query").as_deref(), Some("max by (team) (lag_seconds) > 60"));
    tab.screenshot("custom-row").await;
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn query_is_entered_and_drawn() {
    let world = world().await;
    let tab = Tab::open(&at(&world, "/graph?range=6h&theme=dark")).await;
    let write = "(() => { const area = document.querySelector('textarea[name=query]'); area.value = 'up + 0 > 1'; return true; })()";
    let _: bool = tab.look(write).await;
    let form = "document.getElementById('custom-graph')";
    let sent: String =
        tab.look(&format!("{form}.action + '?' + new URLSearchParams(new FormData({form}))")).await;
    tab.go(&sent).await;
    tab.until("document.querySelector('#graph-1 canvas')").await;
    let kept = "location.search.includes('range=6h') && location.search.includes('theme=dark')";
    assert!(tab.look::<bool>(kept).await);
    assert_eq!(world.upstream.requests()[0].form("query").as_deref(), Some("up + 0 > 1"));
    quiet(&tab).await;
    tab.close().await;
}
