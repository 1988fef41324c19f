//! Rows of the alert table: columns and pages by address, links to a row, and the graph of its expression.

use std::sync::LazyLock;

use promenade::clock;
use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::markup::{Tag, panel, tags, with_open_rows, words};
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

const ALERTS: &str = "/catalog/default/component/payments/alerts";
const CATALOG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  \
                       annotations: {prometheus.io/alert: 'Down,Lag,Quiet'}\n";

/// All alerts have the same time, so their labels determine the order.
static ACTIVE_AT: LazyLock<String> = LazyLock::new(|| ago(600));

fn firing(name: &str, instance: &str) -> Alert {
    Alert::firing(name)
        .label("severity", "warning")
        .label("instance", instance)
        .label("job", "node")
        .annotation("summary", &format!("{instance} is down"))
        .annotation("see", "https://wiki.example/down")
        .since(&ACTIVE_AT)
}

fn warning(name: &str, query: &str) -> Rule {
    Rule::new(name).query(query).duration(300).label("severity", "warning")
}

fn script(world: &World) {
    let many = (0..60).map(|i| firing("Lag", &format!("shard-{i:02}")));
    world.upstream.on_rules(Reply::group([
        warning("Down", "up == 0").alerts([firing("Down", "a:1"), firing("Down", "b:1")]),
        warning("Lag", "lag > 5").alerts(many),
        warning("Quiet", "quiet > 1"),
        warning("Foreign", "secret > 1").alert(firing("Foreign", "c:1")),
    ]));
    world.upstream.on(
        "up == 0",
        Reply::matrix(&[
            (&[("__name__", "up"), ("instance", "a:1"), ("job", "node")], 0.0),
            (&[("__name__", "up"), ("instance", "b:1"), ("job", "node")], 0.0),
        ]),
    );
}

async fn world() -> World {
    let world = World::of(CATALOG).await;
    script(&world);
    world
}

async fn table(world: &World, query: &str) -> String {
    let reply = world.get(&format!("{ALERTS}{query}")).await;
    assert_eq!(reply.status, 200, "{query}");
    panel(reply.text(), "alerts").to_owned()
}

fn rows(html: &str) -> Vec<Tag> {
    let is_row = |tag: &Tag| tag.name == "tr" && tag.get("class").is_some_and(|c| c.starts_with("row"));
    tags(html).into_iter().filter(is_row).collect()
}

fn headers(html: &str) -> String {
    words(html.split_once("<thead>").unwrap().1.split_once("</thead>").unwrap().0)
}

/// The links to the rows with this name.
fn permalinks(html: &str, name: &str) -> Vec<String> {
    let links = html.split("<a class=\"permalink\"").skip(1);
    let named = links.filter(|rest| rest.split_once("<bdi>").unwrap().1.starts_with(&format!("{name}<")));
    named.map(|rest| tags(&format!("<a {rest}"))[0].get("href").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn columns_follow_the_address() {
    const START: &str = "State Name Summary Severity";
    let world = world().await;
    for (query, expected) in [
        ("", format!("{START} Labels Value Active for")),
        ("?showLabels=false", format!("{START} Value Active for")),
        ("?showLabels&showAnnotations", format!("{START} Labels Annotations Value Active for")),
        ("?showAnnotations=false", "State Name Severity Labels Value Active for".to_owned()),
        (
            "?extraColumns=annotations.summary,labels.job",
            "State Name Severity Labels Value Active for Summary Job".to_owned(),
        ),
        ("?extraColumns=job,labels.job", format!("{START} Labels Value Active for Job")),
    ] {
        let html = table(&world, query).await;
        let count = tags(&html).iter().filter(|t| t.name == "th").count();
        assert_eq!(headers(&html), expected, "{query}");
        let spans = tags(&html).into_iter().filter_map(|t| t.get("colspan").map(str::to_owned));
        assert!(spans.into_iter().all(|span| span == count.to_string()), "{query}");
        for row in html.split("<tr class=\"row").skip(1) {
            let row = row.split_once("</tr>").unwrap().0;
            assert_eq!(row.matches("<td").count(), count, "{query}: {row}");
        }
    }
    let html =
        table(&world, "?extraColumns=annotations.summary,labels.job,annotations.see,labels.none").await;
    let all = tags(&html);
    let header = |title: &str| all.iter().any(|t| t.name == "th" && t.get("title") == Some(title));
    assert!(header("annotations.summary") && header("labels.job") && header("labels.none"));
    let cells = |row: &str| -> Vec<String> {
        row.split("<td class=\"extra\"")
            .skip(1)
            .map(|cell| words(&format!("<td{}", cell.split_once("</td>").unwrap().0)))
            .collect()
    };
    let row = |id: &str| html.split_once(id).unwrap().1.split_once("</tr>").unwrap().0.to_owned();
    assert_eq!(
        cells(&row("class=\"row sibling\"")),
        ["a:1 is down", "node", "https://wiki.example/down", ""]
    );
    assert_eq!(
        cells(&row("class=\"row head\"")),
        ["", "node", "https://wiki.example/down", ""],
        "shared labels"
    );
    let reply = world.get(&format!("{ALERTS}?extraColumns=job")).await;
    assert!(words(reply.text()).contains("\"job\" is not a column; use annotations.NAME or labels.NAME"));
    let full = words(&table(&world, "?showLabels=true").await);
    assert!(full.contains("alertname=Down") && full.contains("job=node"), "{full}");
}

#[tokio::test]
async fn page_size_follows_the_address() {
    let world = world().await;
    for (size, shown, expected) in [
        ("5", 5, "1–5 of 62 rows"),
        ("10", 10, "1–10 of 62 rows"),
        ("20", 20, "1–20 of 62 rows"),
        ("50", 50, "1–50 of 62 rows"),
        ("all", 62, "1–62 of 62 rows"),
    ] {
        let html = table(&world, "?sort=name").await;
        let wanted = format!("pageSize={size}");
        let link = tags(&html).into_iter().find(|t| t.get("href").is_some_and(|h| h.ends_with(&wanted)));
        let html = table(&world, link.unwrap().get("href").unwrap().strip_prefix(ALERTS).unwrap()).await;
        assert_eq!(rows(&html).len(), shown, "{size}");
        assert!(words(&html).contains(expected), "{size}: {}", words(&html));
        let current = tags(&html).into_iter().filter(|t| t.get("aria-current").is_some() && t.name == "a");
        assert!(current.into_iter().any(|t| t.get("href").unwrap().contains(&wanted)), "{size}");
    }
}

fn id(permalink: &str) -> &str {
    permalink.rsplit_once("#alert-").unwrap().1
}

#[tokio::test]
async fn link_to_a_row_opens_the_page_that_contains_it() {
    let world = world().await;
    let all = table(&world, "?sort=name&pageSize=all&showInactiveAlerts").await;
    let lag = permalinks(&all, "Lag");
    let quiet = permalinks(&all, "Quiet");
    assert_eq!((lag.len(), quiet.len()), (60, 1));
    for (link, sort) in [(&lag[0], ""), (&lag[59], ""), (&lag[59], "&sort=name"), (&quiet[0], "")] {
        let (address, fragment) = link.split_once('#').unwrap();
        let html = table(&world, &format!("{}{sort}", address.strip_prefix(ALERTS).unwrap())).await;
        let marked: Vec<_> =
            rows(&html).into_iter().filter(|t| t.get("class").unwrap().ends_with(" marked")).collect();
        assert_eq!(marked.len(), 1, "{link}{sort}");
        assert_eq!(marked[0].get("id"), Some(fragment), "the fragment is the row's id");
        let opened: Vec<_> =
            tags(&html).into_iter().filter(|t| t.name == "details" && t.get("open").is_some()).collect();
        assert!(opened.iter().any(|t| t.get("id") == Some(&*format!("{fragment}-open"))), "{link}{sort}");
        let graphs = tags(&html).into_iter().filter(|t| t.get("class") == Some("row-graph")).count();
        assert_eq!(graphs, 1, "no other row has details");
        let controls = tags(&html).into_iter().filter(|t| t.get("hx-push-url").is_some());
        for control in controls {
            assert!(!control.get("href").unwrap().contains("alert="), "a filter leaves the row");
        }
    }
    let gone = table(&world, "?alert=0123456789abcdef").await;
    assert!(words(&gone).contains("1 alert that was open here is no longer active."));
    let several = format!("?alert={}&alert={}&alert={}", id(&lag[50]), id(&lag[2]), id(&lag[50]));
    let html = table(&world, &several).await;
    let details = html.matches("class=\"row-graph\"").count();
    assert_eq!((details, html.matches(" marked\"").count()), (2, 1), "one twice: {several}");
    assert!(html.contains(&format!("sibling marked\" id=\"alert-{}\"", id(&lag[50]))), "the first is marked");
    let all = lag.iter().take(21).map(|link| format!("&alert={}", id(link))).collect::<String>();
    let many = world.get(&format!("{ALERTS}?x{all}")).await;
    assert!(words(many.text()).contains("alert: names more than 20 rows; the others are closed"));
    assert_eq!(many.text().matches("class=\"row-graph\"").count(), 20);
    let details = world.get(&format!("{ALERTS}/details?alert=0123456789abcdef")).await;
    assert!(words(details.text()).contains("This alert is no longer active."), "{}", details.text());
    let bad = world.get(&format!("{ALERTS}?alert=%3Cb%3E")).await;
    assert!(words(bad.text()).contains("alert: \"<b>\" is not a row of the table"));
}

/// Two of the three rules are not there.
#[tokio::test]
async fn incomplete_answer_does_not_say_that_an_alert_ended() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(Reply::group([warning("Down", "up == 0").alert(firing("Down", "a:1"))]));
    let page = table(&world, "?alert=0123456789abcdef").await;
    let expected = "1 alert that was open here is not in this answer, which is incomplete.";
    assert!(words(&page).contains(expected), "{}", words(&page));
    let details = world.get(&format!("{ALERTS}/details?alert=0123456789abcdef")).await;
    assert!(words(details.text()).contains("not in the answer, which is incomplete"), "{}", details.text());
}

#[tokio::test]
async fn opened_row_draws_the_expression_and_marks_the_start_of_the_alert() {
    let world = world().await;
    let html = table(&world, "?sort=name").await;
    assert!(!html.contains("row-graph"), "nothing before a row is opened");
    let source = tags(&html).into_iter().find(|t| t.get("class") == Some("row-details")).unwrap();
    let details = world.get_with(source.get("data-source").unwrap(), &[("HX-Request", "true")]).await;
    assert!(details.text().starts_with("<div class=\"detail\">"), "{}", details.text());
    let place = tags(details.text()).into_iter().find(|t| t.get("class") == Some("row-graph")).unwrap();
    assert_eq!(place.get("hx-trigger"), Some("open"));
    assert!(world.upstream.requests().iter().all(|r| r.form("query").is_none()), "its graph comes apart");
    let own = place.get("hx-get").unwrap().to_owned();
    let picture = world.get_with(&own, &[("HX-Request", "true")]).await;
    assert!(picture.text().contains("<svg class=\"plot") && picture.text().contains(">active since</text>"));
    let fragment = world.get_with(&format!("{own}&drawn=600"), &[("HX-Request", "true")]).await;
    let text = fragment.text();
    assert!(text.trim_start().starts_with("<section"), "{text}");
    let island = text.split_once("<script type=\"application/json\"").unwrap().1.split_once('>').unwrap().1;
    let island: Value = serde_json::from_str(island.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(island["names"], json!(["instance=a:1, job=node"]), "its own series, by its labels");
    let mark = &island["marks"]["markLine"]["data"][0];
    let at = mark["xAxis"].as_f64().unwrap();
    let expected = clock::now().as_millisecond() as f64 - 600_000.0;
    assert!((at - expected).abs() < 60_000.0, "{at} {expected}");
    assert_eq!(mark["label"]["formatter"], "active since");
    assert!(words(text).contains("1 series of other alerts hidden."), "{}", words(text));
    let page = world.get(&own).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<html") && words(page.text()).contains("active since"));
    let queries: Vec<_> = world.upstream.requests().iter().filter_map(|r| r.form("query")).collect();
    assert_eq!(queries, ["up == 0"], "as the rule has it, once");
}

#[tokio::test]
async fn alert_graph_of_an_entity_queries_only_expressions_of_its_rows() {
    let closed = |settings: &mut Settings| settings.web.ad_hoc = false;
    let world = World::with(CATALOG, closed).await;
    script(&world);
    let page = world.get(&format!("{ALERTS}/graph?alert=0123456789abcdef")).await;
    assert_eq!(page.status, 404);
    assert!(words(page.text()).contains("This alert is no longer active"));
    for query in ["", "?alert=x", "?alert=secret", "?query=secret"] {
        assert_eq!(world.get(&format!("{ALERTS}/graph{query}")).await.status, 404, "{query}");
    }
    let quiet = permalinks(&table(&world, "?state=inactive").await, "Quiet").remove(0);
    let id = quiet.rsplit_once("#alert-").unwrap().1;
    world.upstream.on("quiet > 1", Reply::refusal(422, "execution", "too <b>many</b>"));
    let fragment = world.get_with(&format!("{ALERTS}/graph?alert={id}"), &[("HX-Request", "true")]).await;
    assert_eq!(fragment.status, 200, "a panel fails alone");
    assert!(words(fragment.text()).contains("too <b>many</b>"), "{}", words(fragment.text()));
    let queries: Vec<_> = world.upstream.requests().iter().filter_map(|r| r.form("query")).collect();
    assert_eq!(queries, ["quiet > 1"]);
}

#[tokio::test]
async fn row_contains_its_json_only_if_a_parent_origin_is_listed() {
    let listed = |settings: &mut Settings| {
        settings.web.parent_origins = vec!["https://a.example".to_owned(), "https://b.example".to_owned()];
    };
    let without = world().await;
    let reply = without.get(ALERTS).await;
    assert!(!reply.text().contains("data-row") && !reply.text().contains("data-parents"));
    let world = World::with(CATALOG, listed).await;
    script(&world);
    let reply = world.get(&format!("{ALERTS}?sort=name")).await;
    let root = tags(reply.text()).into_iter().find(|t| t.name == "html").unwrap();
    assert_eq!(root.get("data-parents"), Some("https://a.example https://b.example"));
    let shown: Value = serde_json::from_str(rows(reply.text())[0].get("data-row").unwrap()).unwrap();
    let data = world.get(&format!("{ALERTS}.json?sort=name")).await.json();
    assert_eq!(shown, data["alerts"][0], "as the data form has it");
    assert_eq!(
        (&shown["name"], &shown["query"], &shown["value"]),
        (&json!("Down"), &json!("up == 0"), &json!(1.0))
    );
}

#[tokio::test]
async fn annotations_have_links_and_a_rule_shows_its_templates_as_code() {
    let world = World::of(CATALOG).await;
    let text = "down, see [the wiki](https://wiki.example/a_(b)) or https://status.example/?q=1.";
    let hostile =
        "[a](javascript:alert(1)) https://u@evil.example <b> [https://good.example](https://evil.example/x)";
    let down = Alert::firing("Down").annotation("summary", text).annotation("hostile", hostile);
    let quiet = warning("Quiet", "quiet > 1")
        .annotation("summary", "{{ $labels.job }} is quiet")
        .annotation("runbook_url", "https://wiki.example/{{$labels.alertname}}")
        .label("severity", "{{ if gt $value 5.0 }}critical{{ else }}warning{{ end }}")
        .label("team", "team-{{ $labels.team }}");
    world.upstream.on_rules(Reply::group([warning("Down", "up == 0").alert(down), quiet]));
    let all = "?showInactiveAlerts&extraColumns=annotations.summary&showAnnotations";
    let page = table(&world, &with_open_rows(all, &table(&world, all).await)).await;
    let links: Vec<Tag> = tags(&page)
        .into_iter()
        .filter(|tag| tag.get("href").is_some_and(|to| to.starts_with("http")))
        .collect();
    let places = |address: &str| links.iter().filter(|tag| tag.get("href") == Some(address)).count();
    // In the cell of all annotations, in the extra column and in the details.
    assert_eq!(places("https://wiki.example/a_(b)"), 3, "{page}");
    assert_eq!(places("https://status.example/?q=1"), 3, "{page}");
    assert_eq!(places("https://evil.example/x"), 2, "{page}");
    assert_eq!(links.len(), 3 + 3 + 2 + places("https://good.example/"), "{page}");
    assert!(links.iter().all(|tag| tag.get("rel") == Some("noopener noreferrer")));
    assert!(
        page.contains(
            "see <a href=\"https://wiki.example/a_(b)\" target=\"_blank\" rel=\"noopener noreferrer\" \
        title=\"https://wiki.example/a_(b)\"><bdi>the wiki</bdi></a> or "
        ),
        "{page}"
    );
    assert!(page.contains("<code>{{ $labels.job }}</code> is quiet"), "{page}");
    assert!(page.contains("https://wiki.example/<code>{{$labels.alertname}}</code>"), "{page}");
    assert!(!page.contains("Runbook"), "{page}");
    // A severity that is a template is not cut.
    let team = "team-<code>{{ $labels.team }}</code>";
    assert!(page.contains(team), "{page}");
    assert!(page.contains("<code>{{ if gt $value 5.0 }}</code>critical<code>{{ else }}</code>"), "{page}");
    assert!(page.contains("<td class=\"sev\"><bdi class=\"severity \">template</bdi></td>"), "{page}");
    let summary = table(&world, "").await;
    assert!(summary.contains("<td class=\"sum\"><bdi>down, see <a href="), "{summary}");
}
