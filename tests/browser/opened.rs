//! Opened rows and the place on the page, when the reader changes the window, the theme or the table.

use serde_json::json;
use world::World;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

use crate::chromium::Tab;

const PAGE: &str = "/catalog/default/component/payments";
const CATALOG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  \
                       annotations:\n    prometheus.io/alert: all\n    prometheus.io/rule: 'up,rate(x[5m])'\n";

fn script(world: &World) {
    let alert = |i: usize| Alert::firing(&format!("Rule{i:02}")).since(&ago(600 + i as i64));
    let rule = |i: usize| Rule::new(&format!("Rule{i:02}")).query(&format!("x > {i}")).alert(alert(i));
    let shards = (0..8).map(|i| Alert::firing("Shard").label("shard", &i.to_string()).since(&ago(900)));
    world.upstream.on_rules(Reply::group((0..12).map(rule).chain([Rule::new("Shard").alerts(shards)])));
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 1.0)]));
}

async fn world() -> World {
    let world = World::of(CATALOG).await;
    script(&world);
    world
}

fn at(world: &World, path: &str) -> String {
    format!("http://{}{path}", world.address)
}

async fn quiet(tab: &Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
}

/// Opens a row by its name, and waits for its graph.
async fn open(tab: &Tab, name: &str) {
    let find = format!(
        "[...document.querySelectorAll('#alerts tr.row:not(.head)')].find((r) => r.innerText.includes('{name}'))"
    );
    tab.look::<bool>(&format!("(window.row = {find}, row.querySelector('a.permalink').click(), true)")).await;
    tab.until("row.nextElementSibling.querySelector('.row-graph .chart')").await;
}

const OPEN: &str = "[...document.querySelectorAll('#alerts tr.row:not(.head):has(details[open])')].map((r) => r.querySelector('.name').innerText.trim())";
const TOP: &str = "Math.round(document.querySelector('#alerts tr.marked').getBoundingClientRect().top)";
const SHOWN: &str = "[...document.querySelectorAll('#alerts tr.row details[open]')].filter((d) => d.closest('tr').nextElementSibling.querySelector('.detail .row-graph .panel')).length";

#[tokio::test]
async fn opened_rows_and_the_place_stay_when_the_window_moves() {
    let world = world().await;
    let tab = Tab::new().await;
    tab.size(1200, 700).await;
    tab.go(&at(&world, PAGE)).await;
    open(&tab, "Rule05").await;
    open(&tab, "Rule02").await;
    let marked = "document.querySelector('tr.marked').innerText.includes('Rule05')";
    assert!(
        tab.look::<bool>(&format!("{marked} && document.querySelectorAll('tr.marked').length === 1")).await
    );
    let id = "document.querySelector('tr.marked').id.slice(6)";
    assert!(
        tab.look::<bool>(&format!("new URLSearchParams(location.search).getAll('alert')[0] === {id}")).await
    );
    // A rule with more than five rows is closed at first.
    let _: bool = tab
        .look("(document.querySelector('tr.head details').open = true, scrollTo(0, document.querySelector('tr.marked').getBoundingClientRect().top + scrollY - 150), true)")
        .await;
    let top: i64 = tab.look(TOP).await;
    for click in [
        "document.querySelectorAll('.ranges a')[4].click()",
        "document.querySelector('.moves a').click()",
        "document.querySelector('.moves a[title=\"Zoom out\"]').click()",
        "[...document.querySelectorAll('a')].find((a) => a.textContent === 'Freeze time').click()",
        "[...document.querySelectorAll('a')].find((a) => a.textContent === 'Back to live').click()",
        "document.querySelector('footer a:not([aria-current])').click()",
        "[...document.querySelectorAll('#menu-refresh a')][0].click()",
        "(document.querySelector('#menu-range input[name=from]').value = 'now-2h', document.querySelector('#menu-range form').requestSubmit())",
    ] {
        tab.leave_by(click).await;
        tab.until(&format!("{SHOWN} === 2")).await;
        assert_eq!(tab.look::<Vec<String>>(OPEN).await, ["Rule02", "Rule05"], "{click}");
        let now: i64 = tab.look(TOP).await;
        assert!((now - top).abs() <= 2, "{click}: {top} and then {now}");
        assert!(tab.look::<bool>("document.querySelector('tr.head details').open").await, "{click}");
        assert!(tab.look::<bool>(marked).await, "{click}");
    }
    // A drag over its own graph.
    tab.until("document.querySelector('tr.marked + tr .row-graph canvas')").await;
    tab.drag("tr.marked + tr .row-graph .chart", (0.3, 0.5), (0.7, 0.5)).await;
    tab.until("/[?&]to=[0-9]+/.test(location.search) && window.promenade").await;
    tab.until(&format!("{SHOWN} === 2")).await;
    let now: i64 = tab.look(TOP).await;
    assert!((now - top).abs() <= 2, "{top} and then {now}");
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn closed_rows_leave_the_address_and_refreshes_keep_what_is_open() {
    let world = world().await;
    let tab = Tab::open(&at(&world, &format!("{PAGE}/alerts?refresh=1s"))).await;
    open(&tab, "Rule05").await;
    open(&tab, "Rule02").await;
    let polls = "performance.getEntriesByType('resource').filter((e) => /alerts\\?refresh=1s&alert=/.test(e.name)).length";
    tab.until(&format!("{polls} >= 2")).await;
    assert_eq!(tab.look::<usize>(SHOWN).await, 2);
    // The details of the other rows are not there.
    assert_eq!(tab.look::<usize>("document.querySelectorAll('#alerts div.detail').length - 2").await, 0);
    let close = |name: &str| {
        format!(
            "([...document.querySelectorAll('#alerts tr.row')].find((r) => r.innerText.includes('{name}')).querySelector('a.permalink').click(), true)"
        )
    };
    let _: bool = tab.look(&close("Rule05")).await;
    tab.until("new URLSearchParams(location.search).getAll('alert').length === 1").await;
    tab.until("document.querySelector('tr.marked').innerText.includes('Rule02')").await;
    let _: bool = tab.look(&close("Rule02")).await;
    tab.until("!location.search.includes('alert') && !document.querySelector('tr.marked')").await;
    // After a refresh its details are fetched anew.
    tab.until("!document.querySelector('#alerts div.detail')").await;
    open(&tab, "Rule02").await;
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn controls_of_the_table_keep_open_rows_and_show_its_first_page() {
    let world = world().await;
    let tab = Tab::open(&at(&world, &format!("{PAGE}/alerts?pageSize=5&sort=name"))).await;
    open(&tab, "Rule04").await;
    let first = "document.querySelector('#alerts tr.row .name').innerText.trim()";
    tab.click("#alerts a[rel=next]").await;
    tab.until(&format!("{first} === 'Rule05' && /alert=.*page=2|page=2.*alert=/.test(location.search)"))
        .await;
    tab.click("#alerts a[rel=prev]").await;
    tab.until(&format!("{first} === 'Rule00' && {SHOWN} === 1")).await;
    assert_eq!(tab.look::<Vec<String>>(OPEN).await, ["Rule04"]);
    let _: bool = tab.look("(document.querySelector('th.name a').click(), true)").await;
    tab.until(&format!("{first} !== 'Rule00'")).await;
    assert_eq!(tab.text("#alerts .pager .end > span:not(.off)").await, "Page 1 of 4");
    // It is on another page, also after a reload.
    assert_eq!(tab.look::<Vec<String>>(OPEN).await, Vec::<String>::new());
    tab.leave_by("location.reload()").await;
    assert_eq!(tab.text("#alerts .pager .end > span:not(.off)").await, "Page 1 of 4");
    assert!(tab.look::<bool>("location.search.includes('alert=')").await);
    tab.go(&at(&world, &format!("{PAGE}/alerts"))).await;
    open(&tab, "Rule04").await;
    let _: bool = tab
        .look("(((search) => (search.value = 'Rule0', search.dispatchEvent(new Event('input', { bubbles: true }))))(document.querySelector('#alerts-search-text')), true)")
        .await;
    tab.until("document.querySelectorAll('#alerts tr.row').length === 10").await;
    tab.until(&format!("{SHOWN} === 1")).await;
    assert_eq!(tab.look::<Vec<String>>(OPEN).await, ["Rule04"]);
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn opened_rows_have_their_details_without_scripts() {
    let world = world().await;
    let tab = Tab::open(&at(&world, &format!("{PAGE}/alerts"))).await;
    open(&tab, "Rule05").await;
    open(&tab, "Rule02").await;
    let here: String = tab.look("location.href").await;
    tab.without_scripts().await;
    tab.go(&here).await;
    assert_eq!(tab.look::<Vec<String>>(OPEN).await, ["Rule02", "Rule05"]);
    for text in ["x > 2", "x > 5", "Graph of the expression"] {
        assert!(tab.text("#alerts").await.contains(text), "{text}");
    }
    let details = "[...document.querySelectorAll('tr.detail')].filter((d) => d.checkVisibility() && d.querySelector('.cols')).length";
    assert_eq!(tab.look::<serde_json::Value>(details).await, json!(2));
    tab.close().await;
}

#[tokio::test]
async fn keys_go_from_alert_to_alert_and_open_them() {
    let world = world().await;
    let tab = Tab::open(&at(&world, &format!("{PAGE}/alerts?sort=name"))).await;
    let named = "document.activeElement.getAttribute('aria-label')";
    for (key, expected) in [
        ("j", "Details of Rule00"),
        ("j", "Details of Rule01"),
        ("k", "Details of Rule00"),
        ("k", "Details of Rule00"),
    ] {
        tab.press(key).await;
        assert_eq!(tab.look::<String>(named).await, expected, "{key}");
    }
    tab.press("Enter").await;
    tab.until(&format!("{SHOWN} === 1")).await;
    // The names of rows alone say what differs between alerts of one rule.
    let names: Vec<String> = tab
        .look("[...document.querySelectorAll('#alerts summary')].map((s) => s.getAttribute('aria-label')).filter((n) => n.includes('Shard'))")
        .await;
    assert!(names.len() > 1 && names.iter().all(|name| name.contains(" shard=")), "{names:?}");
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn the_row_under_the_pointer_stays_there_when_rows_above_it_end() {
    let world = world().await;
    let tab = Tab::new().await;
    tab.size(1200, 400).await;
    tab.go(&at(&world, &format!("{PAGE}/alerts?refresh=1s&sort=name"))).await;
    let row = "[...document.querySelectorAll('#alerts tr.row')].find((r) => r.innerText.includes('Rule09'))";
    let top = format!("Math.round({row}.getBoundingClientRect().top)");
    let _: bool = tab
        .look(&format!(
            "(scrollTo(0, {row}.getBoundingClientRect().top + scrollY - 200), {row}.id = {row}.id, true)"
        ))
        .await;
    let id: String = tab.look(&format!("{row}.id")).await;
    tab.hover(&format!("#{id} td.sum"), 0.5, 0.5).await;
    let before: i64 = tab.look(&top).await;
    let rule = |i: usize| {
        Rule::new(&format!("Rule{i:02}"))
            .alert(Alert::firing(&format!("Rule{i:02}")).since(&ago(600 + i as i64)))
    };
    world.upstream.on_rules(Reply::group((3..20).map(rule)));
    tab.until("!document.querySelector('#alerts').innerText.includes('Rule02')").await;
    let after: i64 = tab.look(&top).await;
    assert!((after - before).abs() <= 2, "{before} and then {after}");
    quiet(&tab).await;
    tab.close().await;
}
