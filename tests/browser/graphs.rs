//! Graphs in a real browser: the time range, zoom, pointer, legend and keyboard.

use world::World;
use world::program::Portal;
use world::upstream::Reply;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";
/// An hour in the past.
const PAST: &str = "from=1790000000000&to=1790003600000";

async fn quiet(tab: Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
    tab.close().await;
}

/// Waits for the charts of these graphs.
async fn drawn(tab: &Tab, numbers: &[usize]) {
    for n in numbers {
        tab.until(&format!("document.querySelector('#graph-{n}-chart canvas')")).await;
    }
}

/// The window that the charts of the page show, in epoch milliseconds.
async fn windows(tab: &Tab) -> Vec<(i64, i64)> {
    tab.look(
        "[...document.querySelectorAll('.chart')].map((e) => echarts.getInstanceByDom(e)).filter(Boolean)\
         .map((c) => c.getOption().xAxis[0]).map((x) => [x.min, x.max])",
    )
    .await
}

/// The address's own `from` and `to`.
async fn window(tab: &Tab) -> (i64, i64) {
    let number = |name: &str| format!("Number(new URLSearchParams(location.search).get('{name}'))");
    tab.look(&format!("[{}, {}]", number("from"), number("to"))).await
}

fn href(selector: &str) -> String {
    format!("document.querySelector(\"{selector}\")?.getAttribute('href')")
}

const EARLIER: &str = ".moves a[title^='Back half a window']";
const LATER: &str = ".moves a[title^='Forward half a window']";
const WIDER: &str = ".moves a[title^='Zoom out']";
const LOCK: &str = "#menu-time a[title^='Fix this window']";
const FOLLOW: &str = "#menu-time a[title^='The same duration']";

#[tokio::test]
async fn time_range_moves_by_links_without_javascript() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.without_scripts().await;
    tab.go(&portal.at(&format!("{PAYMENTS}/graphs?range=2h&theme=dark&tz=Europe/Berlin"))).await;
    assert_eq!(tab.count(LATER).await, 0, "nothing is later than now");
    assert_eq!(tab.count(FOLLOW).await, 0);
    assert_eq!(
        tab.look::<String>(&href(WIDER)).await,
        format!("{PAYMENTS}/graphs?tz=Europe%2FBerlin&theme=dark&from=now-4h&to=now")
    );

    let lock: String = tab.look(&href(LOCK)).await;
    tab.go(&portal.at(&lock)).await;
    let (from, to) = window(&tab).await;
    assert_eq!(to - from, 7_200_000, "{lock}");
    assert!(lock.contains("tz=Europe%2FBerlin&theme=dark"), "{lock}");
    assert_eq!(tab.count(LOCK).await, 0, "it is locked");
    assert_eq!(tab.count("[hx-trigger*=every]").await, 0, "a fixed window does not refresh");
    assert!(tab.text("#menu-range summary").await.contains("UTC+"), "the time shows its zone");

    // This one ended before the page's tick.
    let (from, to) = (from - 60_000, to - 60_000);
    tab.go(&portal.at(&format!("{PAYMENTS}/graphs?from={from}&to={to}"))).await;
    for (link, expected) in [(EARLIER, (from - 3_600_000, to - 3_600_000)), (LATER, (from, to))] {
        let href: String = tab.look(&href(link)).await;
        tab.go(&portal.at(&href)).await;
        assert_eq!(window(&tab).await, expected, "{href}");
    }
    let later: String = tab.look(&href(LATER)).await;
    assert!(later.ends_with("from=now-2h&to=now"), "{later}: the next range ends now");
    assert!(tab.look::<String>(&href(FOLLOW)).await.ends_with("from=now-2h&to=now"));

    tab.go(&portal.at(&format!("{PAYMENTS}/graphs?{PAST}"))).await;
    let wider: String = tab.look(&href(WIDER)).await;
    assert!(wider.ends_with("from=1789998200000&to=1790005400000"), "{wider}");
    quiet(tab).await;
}

#[tokio::test]
async fn dragging_over_a_chart_zooms_the_page_and_one_click_undoes_it() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?{PAST}&kiosk&theme=dark&tz=utc"))).await;
    tab.size(900, 500).await;
    drawn(&tab, &[1]).await;
    let before: String = tab.look("location.href").await;
    tab.hover("#graph-2-chart", 0.5, 0.5).await;
    drawn(&tab, &[2]).await;
    let place: i64 = tab.look("Math.round(scrollY)").await;
    assert!(place > 0);

    tab.drag("#graph-2-chart", (0.3, 0.5), (0.6, 0.4)).await;
    assert!(tab.look::<bool>("location.search.includes('kiosk')").await);
    let (from, to) = window(&tab).await;
    assert!(from > 1_790_000_600_000 && to < 1_790_002_600_000 && to - from > 800_000, "{from} {to}");
    drawn(&tab, &[1, 2]).await;
    for shown in windows(&tab).await {
        assert_eq!(shown, (from, to), "every graph follows");
    }
    for kept in ["kiosk", "theme=dark", "tz=utc"] {
        assert!(tab.look::<bool>(&format!("location.search.includes('{kept}')")).await, "{kept}");
    }
    assert!((tab.look::<i64>("Math.round(scrollY)").await - place).abs() < 50, "the page stays at its place");

    tab.leave_by("history.back()").await;
    assert_eq!(tab.look::<String>("location.href").await, before);
    drawn(&tab, &[1]).await;

    // Neither a click nor a given-up selection is a zoom.
    tab.click("#graph-1-chart").await;
    tab.drag_without_release("#graph-1-chart", (0.3, 0.5), (0.6, 0.5)).await;
    tab.until("document.querySelector('#graph-1-chart .zoom-band').offsetWidth > 100").await;
    tab.press("Escape").await;
    tab.until("!document.querySelector('.zoom-band')").await;
    tab.release("#graph-1-chart", (0.6, 0.5)).await;
    assert_eq!(tab.look::<String>("location.href").await, before);
    quiet(tab).await;
}

#[tokio::test]
async fn crosshair_is_shown_on_every_chart() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}/graphs?{PAST}"))).await;
    tab.size(1440, 1400).await;
    drawn(&tab, &[1, 2, 3]).await;
    tab.hover("#graph-1-chart", 0.5, 0.5).await;
    let seen = "[...document.querySelectorAll('.cross')].filter((e) => e.checkVisibility())";
    tab.until(&format!("{seen}.length >= 2")).await;
    assert!(
        !tab.look::<bool>("document.querySelector('#graph-1-chart .cross')?.checkVisibility() ?? false")
            .await
    );
    // The same moment: as far along the axis there as the pointer is here.
    let off: f64 = tab
        .look(
            "(() => { const at = (id, x) => echarts.getInstanceByDom(document.getElementById(id)).convertFromPixel({xAxisIndex: 0}, x);
             const here = document.getElementById('graph-1-chart');
             const line = document.querySelector('#graph-3-chart .cross').getBoundingClientRect().x - document.getElementById('graph-3-chart').getBoundingClientRect().x;
             return Math.abs(at('graph-1-chart', here.clientWidth / 2) - at('graph-3-chart', line)); })()"
        )
        .await;
    assert!(off < 30_000.0, "{off} ms apart");
    assert_eq!(tab.count("#graph-3 .tip-row").await, 0, "a line, and no tooltip");
    tab.hover("#graph-1 h2", 0.5, 0.5).await;
    tab.until(&format!("{seen}.length === 0")).await;
    quiet(tab).await;
}

/// Three series whose values and names have different orders.
async fn scripted() -> World {
    let catalog = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart, annotations: \
                   {prometheus.io/rule: load|zone|unit=bytes}}\nspec: {type: service}\n";
    let world = World::of(catalog).await;
    let series: [(&[(&str, &str)], f64); 4] = [
        (&[("zone", "a")], 1234.5),
        (&[("zone", "b:<i>")], 1_048_577.0),
        (&[("zone", "c & d")], 2.0),
        (&[("zone", "e")], f64::NAN),
    ];
    world.upstream.on("load", Reply::matrix(&series));
    world
}

fn at(world: &World, query: &str) -> String {
    format!("http://{}/catalog/default/component/cart{query}", world.address)
}

const NAMES: &str =
    "[...document.querySelectorAll('#graph-1 tr[data-series] .name')].map((e) => e.innerText.trim())";
const SHOWN: &str = "[...document.querySelectorAll('#graph-1 tr[data-series]:not(.off) .name')].map((e) => e.innerText.trim())";
const DRAWN: &str = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series.filter(Boolean).map((s) => s.name)";

#[tokio::test]
async fn legend_order_is_kept_in_the_address() {
    let world = scripted().await;
    let tab = Tab::open(&at(&world, "?refresh=1s")).await;
    drawn(&tab, &[1]).await;
    let own: Vec<String> = tab.look(NAMES).await;
    assert_eq!(own, ["a", "b:<i>", "c & d", "e"]);
    let title = "document.querySelector(\"#graph-1 tr[data-series='1'] td.num\").title";
    assert_eq!(tab.look::<String>(title).await, "1048577", "in full");
    assert_eq!(tab.text("#graph-1 tr[data-series='1'] td.num").await.trim(), "1 MiB");

    let sorts = [
        ("max", "legend=1%3A-max", ["b:<i>", "a", "c & d", "e"]),
        ("max", "legend=1%3Amax", ["c & d", "a", "b:<i>", "e"]),
        ("name", "legend=1%3Aname", ["a", "b:<i>", "c & d", "e"]),
        ("name", "legend=1%3A-name", ["e", "c & d", "b:<i>", "a"]),
    ];
    for (column, address, expected) in sorts {
        tab.click(&format!("#graph-1 a[data-sort={column}]")).await;
        tab.until(&format!("location.search.includes('{address}')")).await;
        assert_eq!(tab.look::<Vec<String>>(NAMES).await, expected, "{address}");
        let reply = world.get(&format!("/catalog/default/component/cart?{address}")).await;
        let order: Vec<_> = expected
            .iter()
            .map(|name| name.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;"))
            .collect();
        let mut places = order.iter().map(|name| reply.text().find(&format!("<bdi>{name}</bdi>")).unwrap());
        assert!(places.by_ref().is_sorted(), "the server's order is the same: {address}");
    }
    let seen: usize = tab
        .look("performance.getEntriesByType('resource').filter((e) => e.name.includes('graphs/1')).length")
        .await;
    tab.until(&format!("performance.getEntriesByType('resource').filter((e) => e.name.includes('graphs/1') && e.responseEnd).length > {seen} + 1")).await;
    assert_eq!(tab.look::<Vec<String>>(NAMES).await, ["e", "c & d", "b:<i>", "a"], "a refresh keeps it");
    tab.click("#graph-1 a[data-sort=name]").await;
    tab.until("!location.search.includes('legend=')").await;
    assert_eq!(tab.look::<Vec<String>>(NAMES).await, own);
    quiet(tab).await;
}

#[tokio::test]
async fn legend_selection_is_kept_in_the_address() {
    let world = scripted().await;
    let tab = Tab::open(&at(&world, "?refresh=0")).await;
    drawn(&tab, &[1]).await;
    tab.click("#graph-1 tr[data-series='1']").await;
    tab.until("location.search.includes('series=1%3Ab%3A%3Ci%3E')").await;
    tab.ctrl_click("#graph-1 tr[data-series='0']").await;
    assert_eq!(tab.look::<Vec<String>>(SHOWN).await, ["a", "b:<i>"]);
    // Another time range is another page, which keeps the selection.
    tab.click(".ranges a[href*='6h']").await;
    assert!(tab.look::<bool>("location.search.includes('range=6h')").await);
    drawn(&tab, &[1]).await;
    assert_eq!(tab.look::<Vec<String>>(DRAWN).await, ["a", "b:<i>"]);

    // The address gives the same page in another tab.
    let address: String = tab.look("location.href").await;
    let other = Tab::open(&address).await;
    drawn(&other, &[1]).await;
    assert_eq!(other.look::<Vec<String>>(SHOWN).await, ["a", "b:<i>"]);
    assert_eq!(other.look::<Vec<String>>(DRAWN).await, ["a", "b:<i>"]);
    other.go(&at(&world, "?hide=1:a&series=1:nobody&refresh=0")).await;
    drawn(&other, &[1]).await;
    assert_eq!(other.look::<Vec<String>>(SHOWN).await.len(), 4, "unknown series names are ignored");
    other.go(&at(&world, "?hide=1:a&refresh=0")).await;
    drawn(&other, &[1]).await;
    assert_eq!(other.look::<Vec<String>>(SHOWN).await, ["b:<i>", "c & d", "e"]);

    // A form keeps it too.
    tab.press("t").await;
    tab.until("document.activeElement.name === 'from'").await;
    tab.click("#menu-range form .button").await;
    assert!(
        tab.look::<bool>(
            "location.search.includes('from=now-6h') && location.search.includes('series=1%3Aa')"
        )
        .await
    );
    drawn(&tab, &[1]).await;
    // Isolated and reset.
    for _ in 0..2 {
        tab.click("#graph-1 tr[data-series='2']").await;
    }
    tab.until("!location.search.includes('series=')").await;
    assert_eq!(tab.look::<Vec<String>>(SHOWN).await.len(), 4);
    quiet(other).await;
    quiet(tab).await;
}

#[tokio::test]
async fn arrow_keys_move_through_a_chart() {
    let world = scripted().await;
    let tab = Tab::open(&at(&world, &format!("/graphs/1?{PAST}&tz=Asia/Kolkata"))).await;
    drawn(&tab, &[1]).await;
    let _: bool = tab.look("(document.getElementById('graph-1-chart').focus(), true)").await;
    let message = "document.getElementById('said').textContent";
    let walks = [
        // The newest sample first.
        ("ArrowLeft", "2026-09-21 20:43:15 UTC+5:30, a, 1.21 KiB"),
        ("ArrowLeft", "2026-09-21 20:43:00 UTC+5:30, a, 1.21 KiB"),
        ("ArrowDown", "2026-09-21 20:43:00 UTC+5:30, b:<i>, 1 MiB"),
        ("ArrowRight", "2026-09-21 20:43:15 UTC+5:30, b:<i>, 1 MiB"),
        ("Home", "2026-09-21 19:43:15 UTC+5:30, b:<i>, 1 MiB"),
        ("ArrowUp", "2026-09-21 19:43:15 UTC+5:30, a, 1.21 KiB"),
        ("End", "2026-09-21 20:43:15 UTC+5:30, a, 1.21 KiB"),
    ];
    let mut heard = Vec::new();
    for (key, _) in walks {
        tab.press(key).await;
        heard.push(tab.look::<String>(message).await);
    }
    let expected: Vec<_> = walks.iter().map(|(_, text)| *text).collect();
    assert_eq!(heard, expected);
    tab.until("document.querySelector('#graph-1 .tip-nearest')").await;
    assert_eq!(tab.text("#graph-1 .tip-nearest .tip-name").await, "a");
    assert_eq!(tab.text("#graph-1 .tip-nearest .tip-full").await, "1234.5", "the full value");
    quiet(tab).await;
}

#[tokio::test]
async fn shortcuts_do_what_their_list_describes() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    drawn(&tab, &[1]).await;
    tab.press("?").await;
    tab.until("document.getElementById('keys').open").await;
    assert!(tab.text("#keys").await.contains("choose the time range"));
    tab.press("t").await;
    assert!(!tab.look::<bool>("document.getElementById('menu-range').open").await, "not behind a dialog");
    tab.press("Escape").await;
    tab.until("!document.getElementById('keys').open").await;
    for _ in 0..2 {
        tab.press("?").await;
        tab.until("document.getElementById('keys').open").await;
        tab.click("#keys button").await;
        tab.until("!document.getElementById('keys').open").await;
        let _: bool = tab.look("(document.activeElement.blur(), true)").await;
    }

    let sent =
        "performance.getEntriesByType('resource').filter((e) => /graphs.\\d|.alerts/.test(e.name)).length";
    let before: usize = tab.look(sent).await;
    tab.press("r").await;
    let panels = tab.count(".panel[hx-get]").await;
    tab.until(&format!("{sent} === {}", before + panels)).await;

    tab.press("t").await;
    tab.until("document.activeElement === document.querySelector('#menu-range input[name=from]')").await;
    tab.press("r").await;
    assert_eq!(tab.look::<usize>(sent).await, before + panels, "letters in a field are letters");
    tab.press("Escape").await;
    tab.until("!document.getElementById('menu-range').open").await;
    let _: bool = tab.look("(document.activeElement.blur(), true)").await;
    tab.press("/").await;
    tab.until("document.activeElement.id === 'alerts-search-text'").await;
    assert_eq!(tab.look::<String>("document.activeElement.value").await, "", "the key itself is not typed");
    tab.go(&portal.at("/")).await;
    tab.press("/").await;
    tab.until("document.activeElement.id === 'catalog-search'").await;
    quiet(tab).await;
}

#[tokio::test]
async fn axis_tooltip_table_and_text_use_the_same_zone() {
    let world = scripted().await;
    let tab = Tab::new().await;
    tab.zone("America/New_York").await;
    tab.go(&at(&world, &format!("/graphs/1?{PAST}"))).await;
    drawn(&tab, &[1]).await;
    tab.until("document.querySelector('#menu-zone [data-zone=words]').textContent.startsWith('America/New_York, UTC-')").await;
    assert!(
        tab.look::<bool>("/UTC-[45]$/.test(document.querySelector('.foot [data-zone]').innerText)").await
    );
    tab.press("t").await;
    assert_eq!(
        tab.look::<[String; 2]>(
            "['from', 'to'].map((n) => document.querySelector(`#menu-range [name=${n}]`).value)"
        )
        .await,
        ["2026-09-21 10:13:20", "2026-09-21 11:13:20"],
        "the reader's own wall clock"
    );
    // Sent as it is, the form gives the same window.
    let _: bool = tab.look("(window.stayed = true)").await;
    tab.click("#menu-range form .button").await;
    assert!(tab.look::<bool>("window.stayed === undefined").await, "the form was sent");
    assert_eq!(window(&tab).await, (1_790_000_000_000, 1_790_003_600_000));

    // Across the end of summer time, with an hour that occurs twice.
    let night = "from=1792886400000&to=1792897200000";
    tab.go(&at(&world, &format!("/graphs/1?{night}&tz=browser"))).await;
    drawn(&tab, &[1]).await;
    tab.click("#menu-zone summary").await;
    let _: bool =
        tab.look("((document.querySelector('#menu-zone [name=tz]').value = 'Europe/Berlin'), true)").await;
    tab.click("#menu-zone form .button").await;
    assert!(tab.look::<bool>("location.search.includes('tz=Europe%2FBerlin')").await);
    drawn(&tab, &[1]).await;
    assert_eq!(window(&tab).await, (1_792_886_400_000, 1_792_897_200_000), "the window stays");
    let labels: Vec<String> = tab.look("(() => { const x = echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().xAxis[0]; return x.axisLabel.customValues.map((v) => x.axisLabel.formatter(v).split('\\n')[0]); })()").await;
    assert!(
        labels.iter().filter(|l| *l == "02:00").count() <= 2 && labels.iter().any(|l| l.starts_with("02:")),
        "{labels:?}"
    );
    tab.hover("#graph-1-chart", 0.9, 0.5).await;
    tab.until("document.querySelector('#graph-1 .tip-time')").await;
    let pointed = tab.text("#graph-1 .tip-time").await;
    assert!(pointed.ends_with("UTC+1"), "winter by then: {pointed}");
    tab.hover("#graph-1-chart", 0.15, 0.5).await;
    tab.until("document.querySelector('#graph-1 .tip-time').innerText.endsWith('UTC+2')").await;

    // The table of samples writes the same times in the same way.
    let time = tab.text("#graph-1 .tip-time").await;
    tab.go(&at(&world, &format!("/graphs/1?{night}&tz=Europe/Berlin&view=table&pageSize=all"))).await;
    let times: Vec<String> =
        tab.look("[...document.querySelectorAll('#graph-1 .samples time')].map((e) => e.innerText)").await;
    assert!(times.contains(&time) && times.contains(&pointed), "{time} {pointed} {times:?}");
    tab.without_scripts().await;
    tab.go(&at(&world, "?tz=Asia/Kolkata")).await;
    let foot = tab.text("footer.foot").await;
    assert!(foot.contains("Time zone: Asia/Kolkata, UTC+5:30"), "{foot}");
    tab.go(&at(&world, "")).await;
    assert!(tab.text("footer.foot").await.contains("Time zone: UTC"));
    quiet(tab).await;
}

#[tokio::test]
async fn one_graph_changes_its_shape_and_its_axis() {
    let world = World::of(world::load::payments("up|job, load|job")).await;
    let values = [(&[("job", "a")][..], 20.0), (&[("job", "b")][..], 3_000_000.0)];
    world.upstream.on_any(Reply::matrix(&values));
    let tab = Tab::open(&format!("http://{}{PAYMENTS}", world.address)).await;
    let choose = |n: usize, word: &str| {
        format!(
            "[...document.querySelectorAll('#graph-{n}-menu a')].find((a) => a.textContent === '{word}').click()"
        )
    };
    tab.leave_by(&choose(2, "Logarithmic")).await;
    drawn(&tab, &[1, 2]).await;
    let chart = |n: usize| format!("echarts.getInstanceByDom(document.querySelector('#graph-{n}-chart'))");
    let kinds: Vec<String> =
        tab.look(&format!("[{}, {}].map((c) => c.getOption().yAxis[0].type)", chart(1), chart(2))).await;
    assert_eq!(kinds, ["value", "log"]);
    // The labels are those of the server's picture.
    let labels = "echarts.getInstanceByDom(document.querySelector('#graph-2-chart')).getModel().getComponent('yAxis').axis.getViewLabels().map((l) => l.formattedLabel)";
    assert_eq!(tab.look::<Vec<String>>(labels).await, ["10", "100", "1k", "10k", "100k", "1M", "10M"]);
    let middle: f64 = tab.look(&format!("{}.convertToPixel({{ yAxisIndex: 0 }}, 10_000)", chart(2))).await;
    let ends: (f64, f64) =
        tab.look(&format!("[10, 1e7].map((v) => {}.convertToPixel({{ yAxisIndex: 0 }}, v))", chart(2))).await;
    assert!((middle - (ends.0 + ends.1) / 2.0).abs() < 1.0, "{middle} {ends:?}");
    tab.screenshot("graph-logarithmic").await;
    tab.leave_by(&choose(1, "Area")).await;
    drawn(&tab, &[1, 2]).await;
    assert!(
        tab.look::<bool>(
            "location.search.includes('graphType=1%3Aarea') && location.search.includes('log=2%3Atrue')"
        )
        .await
    );
    let areas: Vec<bool> = tab
        .look(&format!("[{}, {}].map((c) => Boolean(c.getOption().series[0].areaStyle))", chart(1), chart(2)))
        .await;
    assert_eq!(areas, [true, false]);
    quiet(tab).await;
}
