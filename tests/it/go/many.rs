//! `/go` with thousands of regexes in the catalog, and with hostile addresses.

use std::time::Duration;

use futures_util::future::join;

use super::*;

const ENTITIES: usize = 1_100;
/// So many alerts of one name, each of another entity.
const SHARDS: usize = 40;

/// Two regexes of its own for each entity.
fn catalog() -> String {
    let entity = |i: usize| {
        let chosen = format!("x=~\"(a|b){{1,{}}}.*-{i}.[^c]{{3}}\",y!~\"z{i}.?.?\"", i % 50 + 1);
        let metadata = json!({"name": format!("e{i}"), "annotations": {"prometheus.io/labels": chosen}});
        json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata}).to_string()
    };
    (0..ENTITIES).map(entity).collect::<Vec<_>>().join("\n---\n")
}

/// Asks until the index of owners is made.
async fn once_indexed(world: &World, path: &str) -> Page {
    for _ in 0..200 {
        let page = world.get(path).await;
        if page.status != 503 {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the index of owners is never made");
}

#[tokio::test]
async fn health_answers_while_go_tests_thousands_of_regexes() {
    let world = World::of(&catalog()).await;
    let since = rfc(minutes_ago(5));
    let shards =
        (0..SHARDS).map(|i| firing("A", &since).label("x", &format!("abab-{i}-xyz")).label("y", "q"));
    world.upstream.on_rules(Reply::group([critical("A", "a > 1").alerts(shards)]));
    world.upstream.on_any(Reply::matrix(&[]));
    assert_eq!(
        redirect(&once_indexed(&world, "/go?alertname=A&x=abab-7-xyz").await).0,
        "/catalog/default/component/e7"
    );
    let links = futures_util::future::join_all((0..4).map(|_| world.get("/go?alertname=A")));
    let health = async {
        let mut longest = Duration::ZERO;
        for _ in 0..50 {
            let begun = promenade::clock::stopwatch();
            assert_eq!(world.get("/healthz").await.status, 200);
            longest = longest.max(begun.elapsed());
        }
        longest
    };
    let (pages, longest) = join(links, health).await;
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    for page in pages {
        let text = words(page.text());
        assert!(page.status == 200 && text.contains(&format!("{SHARDS} entities show this alert")), "{text}");
        assert!(!text.contains("more regexes than can be tested"), "{text}");
    }
}

#[tokio::test]
async fn go_sends_no_text_of_the_address_without_ad_hoc_queries() {
    let world = World::with(CATALOG, |settings| settings.web.ad_hoc = false).await;
    let slow = critical("Slow", "slow > 1").label("team", "money");
    world.upstream.on_rules(Reply::group([slow]));
    let (from, until) = (minutes_ago(200) / 60 * 60, minutes_ago(140) / 60 * 60);
    let labels = json!({"__name__": "ALERTS", "alertstate": "firing", "alertname": "Slow", "severity": "critical",
        "service": "payments", "pod": "p-1"});
    let series = Reply::computed(move |request| {
        let at = |name| request.form(name).unwrap().parse::<f64>().unwrap() as i64;
        let instants = (0..).map(|i| at("start") + i * at("step")).take_while(|t| *t <= at("end"));
        let values: Vec<Value> =
            instants.filter(|t| (from..=until).contains(t)).map(|t| json!([t, "1"])).collect();
        Reply::result(json!([{"metric": labels, "values": values}]))
    });
    world.upstream.on_any(series);
    let questions = || -> Vec<String> {
        world.upstream.requests().iter().filter_map(|request| request.form("query")).collect()
    };
    // No rule has that name, so no query is sent.
    for path in
        ["/go?alertname=Nowhere&service=payments&word=x1", "/go?service=payments&word=x2", "/go?word=x3"]
    {
        world.get(path).await;
    }
    assert_eq!(questions(), Vec::<String>::new());
    // A resolved alert leads to its entity with its time. Only text of rules and annotations is sent.
    let link = format!("/go?alertname=Slow&service=payments&severity=critical&pod=p-1&word=x4&__at={from}");
    let page = world.get(&link).await;
    let (path, pairs) = redirect(&page);
    assert_eq!(
        (path.as_str(), value(&pairs, "to")),
        (PAYMENTS, Some(((until + 1800) * 1000).to_string().as_str()))
    );
    let text = words(world.get(page.header("location").split('#').next().unwrap()).await.text());
    assert!(text.contains("No longer firing: Slow") && text.contains("resolved at"), "{text}");
    for i in 0..20 {
        world.get(&format!("{link}&more={i}")).await;
    }
    let mut sent = questions();
    sent.retain(|query| query.starts_with("ALERTS"));
    sent.dedup();
    let wanted = r#"ALERTS{alertstate="firing",alertname="Slow",service=~"payments|",severity=~"critical|"}"#;
    assert_eq!(sent, [wanted]);
    // Another alert of the same rule does not match.
    let (_, pairs) = redirect(&world.get(&link.replace("p-1", "p-2")).await);
    assert_eq!(value(&pairs, "to"), Some("now"), "{pairs:?}");
}

#[tokio::test]
async fn regexes_in_an_address_are_limited_and_the_page_says_so() {
    let (world, _second) = world().await;
    let list = |count: usize, regex: &str| -> String {
        let all = (0..count).map(|i| format!("l{i}!~\"{regex}{i}\"")).collect::<Vec<_>>().join(",");
        url::form_urlencoded::byte_serialize(all.as_bytes()).collect()
    };
    let few = list(8, "[xy]");
    let page = world.get(&format!("/alerts?alerts=HighLoad&labels={few}")).await;
    assert!(words(page.text()).contains("3 firing"), "{}", words(page.text()));
    for many in [list(9, "[xy]"), list(3, &"[xy]".repeat(100))] {
        let page = world.get(&format!("/alerts?alerts=HighLoad&labels={many}")).await;
        let text = words(page.text());
        assert!(page.status == 200, "{text}");
        assert!(text.contains("at most 8 regexes of together 1024 bytes are allowed here"), "{text}");
        for form in ["json", "csv"] {
            let data = world.get(&format!("/alerts.{form}?alerts=HighLoad&labels={many}")).await;
            assert!(data.status == 400 && data.text().contains("at most 8 regexes"), "{}", data.text());
        }
        // The labels of `landed` must not be regexes, so none is compiled.
        for labels in [many.as_str(), few.as_str()] {
            let page = world.get(&format!("{PAYMENTS}?landed={labels}&labels={many}")).await;
            let text = words(page.text());
            assert!(text.contains("is not a list of labels") && !text.contains("at most"), "{text}");
        }
    }
    // Alternatives of plain texts are not compiled, so the limit does not apply to them.
    let page = world.get(&format!("/alerts?alerts=HighLoad&labels={}", list(60, "a|b"))).await;
    assert!(words(page.text()).contains("3 firing"), "{}", words(page.text()));
}
