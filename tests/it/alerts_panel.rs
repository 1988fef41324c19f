//! The alert table in every state, as a reader without a script meets it and as a panel that refreshes itself.

use std::time::Duration;

use promenade::clock;
use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::markup::{panel, shape, tags, words};
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";

fn catalog(alert: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations: \
         {{prometheus.io/alert: '{alert}'}}\n"
    )
}

fn alert(state: &str, labels: Value, annotations: Value) -> Value {
    let minutes = if state == "firing" { 90 } else { 2 };
    let at = clock::now() - jiff::SignedDuration::from_mins(minutes);
    json!({"labels": labels, "annotations": annotations, "state": state, "activeAt": at.to_string(), "value": "1e+00"})
}

fn rule(name: &str, alerts: &[Value]) -> Value {
    let states: Vec<&str> = alerts.iter().map(|a| a["state"].as_str().unwrap()).collect();
    let state = ["firing", "pending"].into_iter().find(|s| states.contains(s)).unwrap_or("inactive");
    json!({
        "state": state, "name": name, "query": "up == 0", "duration": 300, "keepFiringFor": 0,
        "labels": {"severity": "warning"}, "annotations": {"summary": "rule's own"}, "alerts": alerts,
        "health": "ok", "evaluationTime": 0.001, "lastEvaluation": clock::now().to_string(), "type": "alerting",
    })
}

fn groups(rules: &[Value]) -> Reply {
    Reply::rules(json!([{"name": "group", "file": "rules.yml", "interval": 15, "rules": rules}]))
}

async fn world(annotation: &str, rules: &[Value]) -> World {
    let world = World::of(&catalog(annotation)).await;
    world.upstream.on_rules(groups(rules));
    world
}

fn labelled(name: &str, instance: &str) -> Value {
    json!({"alertname": name, "severity": "warning", "instance": instance, "job": "node"})
}

fn mixed() -> Vec<Value> {
    vec![
        rule("Quiet", &[]),
        rule("Slow", &[alert("pending", labelled("Slow", "a:1"), json!({"summary": "slow on a"}))]),
        rule("Down", &[alert("firing", labelled("Down", "b:1"), json!({"summary": "b is down"}))]),
    ]
}

#[tokio::test]
async fn the_page_reads_like_a_sentence_worst_first() {
    let world = world("all", &mixed()).await;
    let reply = world.get(PAGE).await;
    let html = reply.text();
    let said = words(html);
    assert!(said.contains("payments: 1 firing, 1 pending, on default, as of "), "{said}");
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
    assert!(!rows.contains("Quiet"), "inactive rules are shown when asked for");
    assert!(rows.contains("1h 30m"), "{rows}");
    assert!(rows.contains("For 5m"), "an opened row has the rule's truth: {rows}");
}

#[tokio::test]
async fn a_refresh_gets_the_panel_and_the_sentence_alone() {
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
async fn filters_order_and_toggles_are_links_and_forms() {
    let world = world("all", &mixed()).await;
    for (query, shown, hidden) in [
        ("?state=pending", "Slow", "Down"),
        ("?search=instance%3Db", "Down", "Slow"),
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
async fn siblings_stand_under_one_head_and_in_pages() {
    let alerts: Vec<Value> =
        (0..500).map(|i| alert("firing", labelled("Lag", &format!("shard-{i:03}")), json!({}))).collect();
    let world = world("all", &[rule("Lag", &alerts), rule("Slow", &[])]).await;
    let reply = world.get(PAGE).await;
    assert!(reply.body.len() < 200_000, "{} bytes", reply.body.len());
    let table = panel(reply.text(), "alerts");
    assert!(words(table).contains("Lag500 firing"), "{}", words(table));
    let all = tags(table);
    let siblings = |tags: &[world::markup::Tag]| {
        tags.iter().filter(|t| t.name == "tr" && t.get("class").is_some_and(|c| c.starts_with("row"))).count()
    };
    assert_eq!(siblings(&all), 21, "a head and twenty siblings");
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
async fn no_alerts_is_said_only_when_it_is_known() {
    const NONE: &str = "No alerts: nothing is firing or pending.";
    let failing = {
        let mut rule = rule("Quiet", &[]);
        rule["health"] = json!("err");
        rule["lastError"] = json!("many-to-many <b>matching</b>");
        rule
    };
    let changed = |change: Value| {
        let mut rule = rule("Quiet", &[]);
        rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        groups(&[rule])
    };
    let warned = json!({"status": "success", "warnings": ["store b is down"],
        "data": {"groups": [{"name": "g", "file": "f", "interval": 15, "rules": [rule("Quiet", &[])]}]}});
    for (annotation, reply, none, told, state) in [
        ("Quiet", changed(json!({"health": "unknown"})), false, "Not evaluated yet", "unknown"),
        (
            "Quiet",
            changed(json!({"lastEvaluation": "2020-01-01T00:00:00Z"})),
            false,
            "three intervals",
            "unknown",
        ),
        ("Quiet", changed(json!({"state": "firing"})), false, "1 firing", "firing"),
        ("Quiet", Reply::json(200, &warned), false, "store b is down", "unknown"),
        ("Quiet,\"B", groups(&[rule("Quiet", &[])]), false, "could not be read", "unknown"),
        ("Quiet", groups(&[rule("Quiet", &[])]), true, "nothing firing", "ok"),
        ("Quiet,Gone", groups(&[rule("Quiet", &[])]), false, "Rule not found in default: Gone", "unknown"),
        ("Quiet", groups(&[failing]), false, "many-to-many <b>matching</b>", "unknown"),
        ("Quiet", Reply::html(500, "oops"), false, "alerts unknown", "unknown"),
        ("Quiet", Reply::html(200, "<h1>Sign in</h1>"), false, "alerts unknown", "unknown"),
        ("Quiet", Reply::reset(), false, "alerts unknown", "unknown"),
    ] {
        let world = World::of(&catalog(annotation)).await;
        world.upstream.on_rules(reply);
        let reply = world.get(PAGE).await;
        assert_eq!(reply.status, 200);
        let text = words(reply.text());
        assert_eq!(text.contains(NONE), none, "{told}: {text}");
        assert!(text.contains(told), "{told}: {text}");
        let section = tags(panel(reply.text(), "alerts")).remove(0);
        assert_eq!(section.get("data-state"), Some(state), "{told}");
        // A page around this one is told too, whatever is known.
        let counts: Value = serde_json::from_str(section.get("data-counts").unwrap()).unwrap();
        let worst = ["firing", "pending", "unknown"].into_iter().find(|word| counts[word] != 0);
        assert_eq!(worst.unwrap_or("ok"), state, "{told}: {counts}");
    }
}

#[tokio::test]
async fn a_hung_instance_holds_up_nobody() {
    let world = World::of(&catalog("all")).await;
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
        "a way without a script"
    );
    let fragment = world.get_with(section.get("hx-get").unwrap(), &[("HX-Request", "true")]).await;
    assert!(words(fragment.text()).contains("did not answer in time"), "{}", words(fragment.text()));
    assert_eq!(world.upstream.requests().len(), 1, "the page and its panel share one question");
}

#[tokio::test]
async fn an_outage_shows_the_last_good_state_and_its_age() {
    let faster = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(&catalog("all"), faster).await;
    world.upstream.on_rules(groups(&mixed()));
    assert!(!words(world.get(PAGE).await.text()).contains("not checked since"));
    world.upstream.on_rules(Reply::html(502, "bad gateway"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let reply = world.get(PAGE).await;
    let text = words(reply.text());
    assert!(
        text.contains("1 firing, 1 pending, on default, as of ") && text.contains("not checked since"),
        "{text}"
    );
    let section = tags(panel(reply.text(), "alerts")).remove(0);
    assert_eq!(section.get("data-state"), Some("firing"), "what fired is not taken away");
    let alerts = words(panel(reply.text(), "alerts"));
    assert!(alerts.contains("As of ") && alerts.contains(": Prometheus failed."), "{alerts}");
}

#[tokio::test]
async fn an_outage_after_quiet_is_unknown_in_state_icon_and_title() {
    let faster = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(&catalog("all"), faster).await;
    world.upstream.on_rules(groups(&[rule("Quiet", &[])]));
    let state = |page: &str| tags(panel(page, "alerts")).remove(0).get("data-state").unwrap().to_owned();
    let shows_icon = |page: &str, state: &str| {
        let icon = tags(page).into_iter().find(|t| t.get("id") == Some("favicon")).unwrap();
        icon.get("href").is_some() && icon.get("href") == icon.get(&format!("data-{state}"))
    };
    let quiet = world.get(PAGE).await;
    assert_eq!(state(quiet.text()), "ok");
    assert!(shows_icon(quiet.text(), "ok") && !shows_icon(quiet.text(), "unknown"));
    world.upstream.on_rules(Reply::html(502, "bad gateway"));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let older = world.get(PAGE).await;
    assert_eq!(state(older.text()), "unknown");
    assert!(shows_icon(older.text(), "unknown"));
    assert!(older.text().contains("<title>payments: nothing was firing at "), "{}", older.text());
    assert!(!words(older.text()).contains("No alerts: nothing is firing"));
}

#[tokio::test]
async fn only_web_addresses_become_links() {
    let annotations = json!({
        "runbook_url": "https://runbooks.example/down?a=1&b=2",
        "dashboard": "javascript:alert(1)",
        "see": "http://wiki.example/",
        "bad": "data:text/html,x",
    });
    let world = world("all", &[rule("Down", &[alert("firing", labelled("Down", "b:1"), annotations)])]).await;
    let reply = world.get(PAGE).await;
    let out: Vec<_> = tags(panel(reply.text(), "alerts"))
        .into_iter()
        .filter(|t| t.get("target").is_some())
        .inspect(|t| assert_eq!(t.get("rel"), Some("noopener noreferrer")))
        .map(|t| t.get("href").unwrap().to_owned())
        .collect();
    let runbook = "https://runbooks.example/down?a=1&b=2";
    assert_eq!(out, [runbook, runbook, "http://wiki.example/"], "a button, and each address itself");
    assert!(words(reply.text()).contains("javascript:alert(1)"), "as text");
}

#[tokio::test]
async fn hostile_texts_change_no_element() {
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
        let labels = json!({"alertname": text, "severity": text, "instance": text});
        let mut rule = rule(text, &[alert("firing", labels, json!({"summary": text, "other": text}))]);
        rule["query"] = json!(text);
        rule["lastError"] = json!(text);
        rule["health"] = json!("err");
        let world = world("all", &[]).await;
        world.upstream.on_rules(Reply::json(
            200,
            &json!({
                "status": "success", "warnings": [text],
                "data": {"groups": [{"name": text, "file": text, "interval": 15, "rules": [rule]}]},
            }),
        ));
        let reply = world.get(PAGE).await;
        assert_eq!(reply.status, 200);
        reply.text().to_owned()
    };
    let benign = shape(&page("harmless").await);
    assert!(benign.iter().any(|tag| tag.starts_with("details")), "the row is there");
    for text in hostile {
        assert_eq!(shape(&page(text).await), benign, "{text:?}");
    }
}
