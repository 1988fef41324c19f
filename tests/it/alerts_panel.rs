//! The alert table in every state: as part of a page, and as a panel that refreshes itself.

use std::time::Duration;

use promenade::clock;
use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::catalog::Entity;
use world::markup::{panel, shape, tags, words};
use world::rules::{Alert, Rule, ago, group};
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";

/// An entity with this alert annotation.
fn payments(alert: &str) -> Entity {
    Entity::component("payments").alert(alert)
}

fn warning(name: &str) -> Rule {
    Rule::new(name).duration(300).label("severity", "warning").annotation("summary", "rule's own")
}

/// An alert that has been firing for 90 minutes.
fn firing(name: &str, instance: &str) -> Alert {
    on_node(Alert::firing(name), instance).since(&ago(90 * 60))
}

fn on_node(alert: Alert, instance: &str) -> Alert {
    alert.label("severity", "warning").label("instance", instance).label("job", "node")
}

async fn world(annotation: &str, rules: &[Rule]) -> World {
    let world = World::of(payments(annotation)).await;
    world.upstream.on_rules(Reply::group(rules.to_vec()));
    world
}

/// One rule without alerts, one with a pending alert, one with a firing alert.
fn mixed() -> Vec<Rule> {
    let pending = on_node(Alert::pending("Slow"), "a:1").since(&ago(120)).annotation("summary", "slow on a");
    let firing = firing("Down", "b:1").annotation("summary", "b is down");
    vec![warning("Quiet"), warning("Slow").alert(pending), warning("Down").alert(firing)]
}

#[tokio::test]
async fn alerts_are_listed_worst_first_below_a_sentence() {
    let world = world("all", &mixed()).await;
    let reply = world.get(PAGE).await;
    let html = reply.text();
    let shown = words(html);
    assert!(shown.contains("payments: 1 firing, 1 pending, on default, as of "), "{shown}");
    let table = panel(html, "alerts");
    let all = tags(table);
    let section = &all[0];
    assert_eq!(section.get("data-state"), Some("firing"));
    assert_eq!(section.get("data-title"), Some("payments: 1 firing, 1 pending"));
    assert_eq!(section.get("hx-trigger"), Some("every 30s, again"));
    assert_eq!(section.get("hx-get"), Some(&*format!("{PAGE}/alerts")));
    assert!(html.contains("<title>payments: 1 firing, 1 pending</title>"));
    let rows = words(table);
    let place = |text: &str| rows.find(text).unwrap_or_else(|| panic!("no {text:?} in {rows}"));
    assert!(place("firing Down") < place("pending Slow"), "{rows}");
    assert!(!rows.contains("Quiet"), "inactive rules are shown only on request");
    assert!(rows.contains("1h 30m"), "{rows}");
    assert!(!rows.contains("For 5m"), "details come when a row is opened: {rows}");
    assert!(words(world.get_opened(PAGE).await.text()).contains("For 5m"), "an opened row shows the rule");
}

#[tokio::test]
async fn refresh_returns_only_the_panel_and_the_sentence() {
    let world = world("all", &mixed()).await;
    let reply = world.get_with(&format!("{PAGE}/alerts"), &[("HX-Request", "true")]).await;
    let html = reply.text();
    assert!(html.trim_start().starts_with("<section"), "{html}");
    assert!(!html.contains("<html") && !html.contains("<h1"));
    let all = tags(html);
    let sentence = all.iter().find(|t| t.get("id") == Some("summary")).unwrap();
    assert_eq!(sentence.get("hx-swap-oob"), Some("outerMorph"));
    // The same panel as within the page, but for the instants.
    let page = world.get(&format!("{PAGE}/alerts")).await;
    assert_eq!(shape(panel(page.text(), "alerts")), shape(panel(html, "alerts")));
    // A panel that the reader sees within the whole page links there.
    let seen = format!("http://portal.example{PAGE}?refresh=10s");
    let headers = [("HX-Request", "true"), ("HX-Current-URL", &*seen)];
    let reply = world.get_with(&format!("{PAGE}/alerts?state=firing"), &headers).await;
    let chip = tags(reply.text()).into_iter().find(|t| t.get("class") == Some("chip pending")).unwrap();
    assert_eq!(chip.get("href"), Some(&*format!("{PAGE}?state=pending")));
    assert_eq!(chip.get("hx-get"), Some(&*format!("{PAGE}/alerts?state=pending")));
}

#[tokio::test]
async fn filters_order_and_toggles_work_as_links_and_forms() {
    let world = world("all", &mixed()).await;
    for (query, shown, hidden) in [
        ("?state=pending", "Slow", "Down"),
        ("?search=instance%3Db", "Down", "Slow"),
        ("?search=instance%3D%22b:1%22", "Down", "Slow"),
        ("?search=B+DOWN", "Down", "Slow"),
        ("?showInactiveAlerts", "Quiet", "nothing"),
        ("?state=inactive", "Quiet", "Slow"),
    ] {
        let reply = world.get(&format!("{PAGE}/alerts{query}")).await;
        let rows = words(panel(reply.text(), "alerts"));
        assert!(rows.contains(shown) && !rows.contains(hidden), "{query}: {rows}");
    }
    let reply = world.get(&format!("{PAGE}/alerts?sort=-name&search=a")).await;
    let table = panel(reply.text(), "alerts");
    let all = tags(table);
    assert!(all.iter().any(|t| t.name == "th" && t.get("aria-sort") == Some("descending")));
    let kept = all.iter().find(|t| t.name == "input" && t.get("name") == Some("sort")).unwrap();
    assert_eq!(kept.get("value"), Some("-name"), "the search form keeps the order");
    let rows = words(table);
    assert!(rows.find("Slow") < rows.find("Down"), "{rows}");
    let nothing = world.get(&format!("{PAGE}/alerts?search=zebra")).await;
    assert!(
        words(panel(nothing.text(), "alerts")).contains("No alert matches these filters. Clear the filters")
    );
}

#[tokio::test]
async fn alerts_of_one_rule_are_grouped_and_paged() {
    let alerts = (0..500).map(|i| firing("Lag", &format!("shard-{i:03}")));
    let world = world("all", &[warning("Lag").alerts(alerts), warning("Slow")]).await;
    let reply = world.get(PAGE).await;
    assert!(reply.body.len() < 200_000, "{} bytes", reply.body.len());
    let table = panel(reply.text(), "alerts");
    assert!(words(table).contains("Lag 500 firing"), "{}", words(table));
    let all = tags(table);
    let siblings = |tags: &[world::markup::Tag]| {
        tags.iter().filter(|t| t.name == "tr" && t.get("class").is_some_and(|c| c.starts_with("row"))).count()
    };
    assert_eq!(siblings(&all), 21, "a group row and twenty alerts");
    let text = words(table);
    assert!(text.contains("480 more: show all"), "{text}");
    let every = all.iter().find(|t| t.get("href").is_some_and(|h| h.contains("alertname"))).unwrap();
    let flat = world.get(every.get("href").unwrap()).await;
    let flat = panel(flat.text(), "alerts");
    assert_eq!(siblings(&tags(flat)), 20);
    assert!(words(flat).contains("1–20 of 500 rows"), "{}", words(flat));
    let next = tags(flat).into_iter().find(|t| t.get("rel") == Some("next")).unwrap();
    let next = world.get(next.get("href").unwrap()).await;
    assert!(words(panel(next.text(), "alerts")).contains("21–40 of 500 rows"));
    let ids: Vec<_> = tags(flat).iter().filter_map(|t| t.get("id").map(str::to_owned)).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "every id once");
}

#[tokio::test]
async fn no_alerts_is_shown_only_with_complete_information() {
    const NONE: &str = "No alerts: nothing is firing or pending.";
    let failing = warning("Quiet").set("health", "err").set("lastError", "many-to-many <b>matching</b>");
    let changed = |field: &str, value: &str| Reply::group([warning("Quiet").set(field, value)]);
    let quiet = || Reply::group([warning("Quiet")]);
    let warned = json!({"status": "success", "warnings": ["store b is down"],
        "data": {"groups": [group("g", [warning("Quiet")])]}});
    for (annotation, reply, none, expected, state) in [
        ("Quiet", changed("health", "unknown"), false, "Not evaluated yet", "unknown"),
        ("Quiet", changed("lastEvaluation", "2020-01-01T00:00:00Z"), false, "three intervals", "unknown"),
        ("Quiet", changed("state", "firing"), false, "1 firing", "firing"),
        ("Quiet", Reply::json(200, &warned), false, "store b is down", "unknown"),
        ("Quiet,\"B", quiet(), false, "could not be read", "unknown"),
        ("Quiet", quiet(), true, "nothing firing", "ok"),
        ("Quiet,Gone", quiet(), false, "Rule not found in default: Gone", "unknown"),
        ("Quiets", quiet(), false, "Rule not found in default: Quiets (did you mean Quiet?)", "unknown"),
        ("Quiet", Reply::group([failing]), false, "many-to-many <b>matching</b>", "unknown"),
        ("Quiet", Reply::html(500, "oops"), false, "alerts unknown", "unknown"),
        ("Quiet", Reply::html(200, "<h1>Sign in</h1>"), false, "alerts unknown", "unknown"),
        ("Quiet", Reply::reset(), false, "alerts unknown", "unknown"),
    ] {
        let world = World::of(payments(annotation)).await;
        world.upstream.on_rules(reply);
        let reply = world.get(PAGE).await;
        assert_eq!(reply.status, 200);
        let text = words(reply.text());
        assert_eq!(text.contains(NONE), none, "{expected}: {text}");
        assert!(text.contains(expected), "{expected}: {text}");
        let section = tags(panel(reply.text(), "alerts")).remove(0);
        assert_eq!(section.get("data-state"), Some(state), "{expected}");
        // A framing page receives the counts too.
        let counts: Value = serde_json::from_str(section.get("data-counts").unwrap()).unwrap();
        let worst = ["firing", "pending", "unknown"].into_iter().find(|word| counts[word] != 0);
        assert_eq!(worst.unwrap_or("ok"), state, "{expected}: {counts}");
    }
}

#[tokio::test]
async fn hanging_instance_delays_no_page() {
    let world = World::of(payments("all")).await;
    world.upstream.on_rules(Reply::hang());
    let begun = clock::stopwatch();
    let reply = world.get(PAGE).await;
    assert!(begun.elapsed() < Duration::from_millis(1_900), "{:?}", begun.elapsed());
    let table = panel(reply.text(), "alerts");
    let section = tags(table).remove(0);
    assert_eq!((section.get("data-state"), section.get("data-counts")), (Some("loading"), None));
    assert_eq!(section.get("hx-trigger"), Some("load"));
    let own = format!("{PAGE}/alerts");
    assert!(
        tags(table).iter().any(|t| t.name == "a" && t.get("href") == Some(&*own)),
        "a link without a script"
    );
    let fragment = world.get_with(section.get("hx-get").unwrap(), &[("HX-Request", "true")]).await;
    assert!(words(fragment.text()).contains("did not answer in time"), "{}", words(fragment.text()));
    assert_eq!(world.upstream.requests().len(), 1, "the page and its panel share one request");
}

#[tokio::test]
async fn outage_shows_the_last_good_state_with_its_age() {
    let faster = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(payments("all"), faster).await;
    world.upstream.on_rules(Reply::group(mixed()));
    assert!(!words(world.get(PAGE).await.text()).contains("not checked since"));
    world.upstream.on_rules(Reply::html(502, "bad gateway"));
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let reply = world.get(PAGE).await;
    let text = words(reply.text());
    assert!(
        text.contains("1 firing, 1 pending, on default, as of ") && text.contains("not checked since"),
        "{text}"
    );
    let section = tags(panel(reply.text(), "alerts")).remove(0);
    assert_eq!(section.get("data-state"), Some("firing"), "the firing alert is still shown");
    let alerts = words(panel(reply.text(), "alerts"));
    assert!(alerts.contains("As of ") && alerts.contains(": Prometheus failed."), "{alerts}");
}

#[tokio::test]
async fn outage_after_quiet_is_unknown_in_state_icon_and_title() {
    let faster = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(payments("all"), faster).await;
    world.upstream.on_rules(Reply::group([warning("Quiet")]));
    let state = |page: &str| tags(panel(page, "alerts")).remove(0).get("data-state").unwrap().to_owned();
    let shows_icon = |page: &str, state: &str| {
        let icon = tags(page).into_iter().find(|t| t.get("id") == Some("favicon")).unwrap();
        icon.get("href").is_some() && icon.get("href") == icon.get(&format!("data-{state}"))
    };
    let quiet = world.get(PAGE).await;
    assert_eq!(state(quiet.text()), "ok");
    assert!(shows_icon(quiet.text(), "ok") && !shows_icon(quiet.text(), "unknown"));
    world.upstream.on_rules(Reply::html(502, "bad gateway"));
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let older = world.get(PAGE).await;
    assert_eq!(state(older.text()), "unknown");
    assert!(shows_icon(older.text(), "unknown"));
    assert!(older.text().contains(" UTC) payments: nothing was firing</title>"), "{}", older.text());
    assert!(!words(older.text()).contains("No alerts: nothing is firing"));
}

#[tokio::test]
async fn only_http_urls_become_links() {
    let alert = firing("Down", "b:1")
        .annotation("runbook_url", "https://runbooks.example/down?a=1&b=2")
        .annotation("dashboard", "javascript:alert(1)")
        .annotation("see", "http://wiki.example/")
        .annotation("bad", "data:text/html,x");
    let world = world("all", &[warning("Down").alert(alert)]).await;
    let reply = world.get_opened(PAGE).await;
    let out: Vec<_> = tags(panel(reply.text(), "alerts"))
        .into_iter()
        .filter(|t| t.get("target").is_some())
        .inspect(|t| assert_eq!(t.get("rel"), Some("noopener noreferrer")))
        .map(|t| t.get("href").unwrap().to_owned())
        .collect();
    let runbook = "https://runbooks.example/down?a=1&b=2";
    assert_eq!(out, [runbook, runbook, "http://wiki.example/"], "a button, and each URL");
    assert!(words(reply.text()).contains("javascript:alert(1)"), "as text");
}

#[tokio::test]
async fn hostile_text_in_alerts_is_escaped() {
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</bdi></td></table><b>",
        "<!-- ",
        "{{ 7*7 }} ${x} {% raw %}",
        "\u{202e}gnp.exe\u{0}\u{2028}",
        "a\" hx-get=\"/evil\" hx-trigger=\"load",
        "&lt;b&gt; &amp;",
    ];
    let page = async |text: &str| {
        let alert = firing(text, text)
            .label("severity", text)
            .set("annotations", json!({"summary": text, "other": text}));
        let rule = warning(text).alert(alert).query(text).set("lastError", text).set("health", "err");
        let world = world("all", &[]).await;
        world.upstream.on_rules(Reply::json(
            200,
            &json!({
                "status": "success", "warnings": [text],
                "data": {"groups": [{"name": text, "file": text, "interval": 15, "rules": [Value::from(rule)]}]},
            }),
        ));
        let reply = world.get(PAGE).await;
        assert_eq!(reply.status, 200);
        reply.text().to_owned()
    };
    let benign = shape(&page("harmless").await);
    assert!(benign.iter().any(|tag| tag.starts_with("details")), "the row exists");
    for text in hostile {
        assert_eq!(shape(&page(text).await), benign, "{text:?}");
    }
}
