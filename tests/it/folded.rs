//! What takes one line: panels without data, problems that hide no alert, several wrong parameters.

use world::World;
use world::markup::{panel, tags, words};
use world::rules::Rule;
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";
const FRAGMENT: [(&str, &str); 1] = [("HX-Request", "true")];

async fn world(rule: &str) -> World {
    let rule = serde_json::to_string(rule).unwrap();
    let world = World::of(&format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations:\n    \
         prometheus.io/rule: {rule}\n    prometheus.io/alert: all\n"
    ))
    .await;
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    world
}

/// The address at which a panel of a page fetches itself.
fn source(html: &str, id: &str) -> String {
    tags(panel(html, id))[0].get("hx-get").unwrap().to_owned()
}

fn is_folded(html: &str, id: &str) -> bool {
    panel(html, id).contains("class=\"fold")
}

#[tokio::test]
async fn panel_without_data_is_a_line_that_opens_until_it_has_some() {
    let world = world("up, gone, slow{a=\"1\"}").await;
    world.upstream.on("gone", Reply::matrix(&[]));
    world.upstream.on("slow{a=\"1\"}", Reply::refusal(422, "execution", "many-to-many"));
    let page = world.get(PAGE).await;
    let folded = ["graph-1", "graph-2", "graph-3", "alerts"].map(|id| is_folded(page.text(), id));
    assert_eq!(folded, [false, true, true, false]);
    assert!(words(panel(page.text(), "graph-2")).starts_with("gone No data in this range"));
    let third = words(panel(page.text(), "graph-3"));
    assert!(third.contains("rejected the query") && third.contains("many-to-many"), "{third}");
    assert!(!page.text().contains("shared-fault"), "each says for itself what is wrong with a query");

    // A refresh folds no panel that is open, and none that has data.
    let alone = format!("{PAGE}/graphs/2");
    assert!(!is_folded(world.get_with(&alone, &FRAGMENT).await.text(), "graph-2"));
    assert!(!is_folded(world.get(&alone).await.text(), "graph-2"));
    let own = source(page.text(), "graph-2");
    let again = world.get_with(&own, &FRAGMENT).await;
    assert!(is_folded(again.text(), "graph-2"));
    assert_eq!(source(again.text(), "graph-2"), own);
    let first = format!("{}?folded=line", PAGE.to_owned() + "/graphs/1");
    let first = world.get_with(&first, &FRAGMENT).await;
    assert!(!is_folded(first.text(), "graph-1") && !source(first.text(), "graph-1").contains("folded"));
}

#[tokio::test]
async fn dead_instance_is_said_once() {
    let world = world("up, sum(up), up{").await;
    world.upstream.on_any(Reply::reset());
    world.upstream.on_rules(Reply::reset());
    for query in ["up", "sum(up)"] {
        world.upstream.on(query, Reply::reset());
    }
    let page = world.get(PAGE).await;
    let text = words(page.text());
    assert_eq!(
        text.matches("Prometheus is not answering. The portal could not connect to it").count(),
        1,
        "{text}"
    );
    for id in ["alerts", "graph-1", "graph-2"] {
        assert!(is_folded(page.text(), id), "{id}");
        assert!(source(page.text(), id).contains("folded=shared"), "{id}");
        assert!(words(panel(page.text(), id)).contains("No answer"), "{id}");
    }
    let broken = words(panel(page.text(), "graph-3"));
    assert!(broken.starts_with("up{ Invalid query"), "{broken}");
    let graphs = world.get(&format!("{PAGE}/graphs")).await;
    assert_eq!(graphs.text().matches("shared-fault").count(), 1);
    let fragment = world.get_with(&source(page.text(), "alerts"), &FRAGMENT).await;
    assert!(is_folded(fragment.text(), "alerts") && !fragment.text().contains("shared-fault"));
}

#[tokio::test]
async fn broken_query_repeats_its_reason() {
    let world = world("up, rate(up{<b>)").await;
    for path in [PAGE.to_owned(), format!("{PAGE}/graphs/2")] {
        let page = world.get(&path).await;
        let second = panel(page.text(), "graph-2");
        let json = world.get(&format!("{PAGE}.json")).await.json();
        let reason = json["problems"][0]["message"].as_str().unwrap().to_owned();
        assert!(words(second).contains(&reason), "{reason}: {}", words(second));
        assert!(!second.contains("<b>)"), "{second}");
    }
}

#[tokio::test]
async fn only_problems_that_hide_alerts_stay_open() {
    let catalog = |annotations: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations:\n{annotations}"
        )
    };
    for (annotations, open, folded) in [
        ("    prometheus.io/rule: 'up up, rate('\n", "", "2 problems in the annotations"),
        ("    prometheus.io/labels: 'a=~\"(\"'\n", "1 problem in the annotations", ""),
        ("    prometheus.io/alerts: Down\n", "1 problem in the annotations", ""),
        (
            "    prometheus.io/rule: 'up{'\n    prometheus.io/labels: 'a=~\"(\"'\n",
            "1 problem in the annotations",
            "1 more problem in the annotations",
        ),
    ] {
        let world = World::of(catalog(annotations)).await;
        let page = world.get(PAGE).await;
        let problems = panel(page.text(), "problems");
        let (before, after) = problems.split_once("<details").unwrap_or((problems, ""));
        assert!(words(before).starts_with(open), "{annotations}: {}", words(before));
        assert_eq!(words(before).is_empty(), open.is_empty(), "{annotations}");
        assert!(words(after).contains(folded), "{annotations}: {}", words(after));
    }
}

#[tokio::test]
async fn several_wrong_parameters_are_one_message() {
    let world = world("up").await;
    let message = |html: &str| tags(html).iter().filter(|tag| tag.get("class") == Some("message")).count();
    let one = world.get(&format!("{PAGE}?unit=&from=<b>")).await;
    assert!(words(one.text()).contains("from: ") && words(one.text()).contains("Using the default."));
    let three = world.get(&format!("{PAGE}?from=x&pageSize=-1&refresh=never")).await;
    let text = words(three.text());
    assert_eq!((message(one.text()), message(three.text())), (1, 1));
    assert!(text.contains("3 parameters in the address are invalid. Using their defaults."), "{text}");
    assert!(text.contains("from: ") && text.contains("pageSize: ") && text.contains("refresh: "), "{text}");
}
