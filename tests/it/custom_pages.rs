//! Custom graphs and alert tables: pages, panels and data.

use promenade::config::Settings;
use promenade::monitoring::routing::Conditions;
use serde_json::json;
use world::markup::tags;
use world::rules::{Alert, Rule, group};
use world::upstream::Reply;
use world::{World, encoded};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  title: Payment service
  annotations:
    prometheus.io/rule: 'sum(rate(requests[5m])) by (zone)|zone|title="Requests, all"|type=area|unit=bytes, up{'
    prometheus.io/alert: HighLoad
    prometheus.io/service-name: second
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: lost
  annotations: {prometheus.io/alert: all, prometheus.io/service-name: nowhere}
"#;

pub const PAYMENTS: &str = "/catalog/default/component/payments";

/// A second instance, which is the same upstream under another name.
pub async fn world(change: impl FnOnce(&mut Settings)) -> World {
    let world = World::with(CATALOG, |settings| {
        let mut second = settings.instances[0].clone();
        second.name = promenade::prometheus::InstanceName::new("second");
        settings.instances.push(second);
        change(settings);
    })
    .await;
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 1.5)]));
    world
}

pub fn rules() -> Reply {
    let alert = |zone: &str| {
        let summary = "=cmd|' /C calc'!A0";
        let alert = Alert::firing("HighLoad").label("severity", "critical").label("zone", zone);
        alert.annotation("summary", summary).value("1.5e+00")
    };
    let rule = |name: &str, severity: &str| {
        Rule::new(name).query("-load > 1").duration(300).label("severity", severity)
    };
    let high = rule("HighLoad", "critical").alerts([alert("a"), alert("b")]);
    Reply::rules(json!([group("orders", [high, rule("Excessive Memory, Usage", "info")])]))
}

#[tokio::test]
async fn query_reaches_prometheus_unchanged() {
    let world = world(|_| {}).await;
    for query in [
        "a + b",
        "rate(x{path=\"/a&b\"}[5m]) % 2 # 100%25 + more",
        "up{job=~\"a|b\",zone!=\"c,d\"} or vector(1)",
        "sum by (a) (x{b=\"ü\\\\n\"})\n/ 2",
        "x{y=\"<script>alert(1)</script>\"}",
    ] {
        for form in ["/graph", "/query", "/graph.json", "/graph.csv"] {
            let before = world.upstream.requests().len();
            let to = 1_763_900_000 + 3600 * before;
            for name in ["query", "g0.expr"] {
                let reply = world.get(&format!("{form}?{name}={}&to={to}", encoded(query))).await;
                assert_eq!(reply.status, 200, "{form} {query}: {}", reply.text());
                let is_page = reply.header("content-type").starts_with("text/html");
                assert!(!is_page || !reply.text().contains("<script>alert"), "{query}");
            }
            let sent = world.upstream.requests();
            assert_eq!(sent[before].form("query").as_deref(), Some(query), "{form}");
            assert_eq!(sent[before].method, "POST");
        }
        let page = world.get(&format!("/graph?query={}", encoded(query))).await;
        let shown = page.text().split("</textarea>").next().unwrap().rsplit('>').next().unwrap().to_owned();
        assert!(!shown.is_empty() && !shown.contains('<'), "{shown}");
        // The panel refreshes itself with the same query.
        let tags = tags(page.text());
        let panel = tags.iter().find(|tag| tag.get("id") == Some("graph-1")).unwrap();
        let fragment = world.get_with(panel.get("hx-get").unwrap(), &[("HX-Request", "true")]).await;
        assert!(fragment.text().starts_with("<section"), "{}", fragment.text());
        assert_eq!(world.upstream.requests().last().unwrap().form("query").as_deref(), Some(query));
    }
}

#[tokio::test]
async fn prometheus_graph_links_work_with_the_host_replaced() {
    let world = world(|_| {}).await;
    let at =
        "g0.range_input=6h&g0.end_input=2025-11-23%2014%3A00%3A00&g0.moment_input=2025-11-23%2014%3A00%3A00";
    for (page, address) in [
        ("/graph", format!("g0.expr=up&g0.tab=0&g0.stacked=0&{at}&g0.step_input=60")),
        ("/query", format!("g0.expr=up&g0.show_tree=0&g0.tab=graph&{at}&g0.res_type=fixed&g0.res_step=60")),
    ] {
        let reply = world.get(&format!("{page}?{address}&tz=Asia/Tokyo&g1.expr=down&g1.tab=0")).await;
        assert_eq!(reply.status, 200);
        assert!(!reply.text().contains("Using the default"), "{}", reply.text());
        let queries =
            world.upstream.requests().into_iter().rfind(|r| r.form("query").as_deref() != Some("down"));
        let queries = queries.unwrap();
        let form = |name: &str| queries.form(name).unwrap();
        assert_eq!(
            (form("query"), form("start"), form("end"), form("step")),
            ("up".into(), "1763884800".into(), "1763906400".into(), "60".into())
        );
        let further = tags(reply.text()).into_iter().filter_map(|tag| Some(tag.get("href")?.to_owned()));
        let further = further.filter(|href| href.contains("query=down")).collect::<Vec<_>>();
        assert_eq!(further.len(), 1, "{further:?}");
        assert!(world.get(&further[0]).await.text().contains("down"));
        let data = world.get(&format!("/graph.json?{address}&g1.expr=down")).await;
        assert_eq!((data.status.as_u16(), &data.json()["error"]["kind"]), (400, &json!("bad_parameter")));
        // A further query is told by its name, also where those before it are missing.
        for (further, names) in
            [("g2.expr=down", &["g2.expr"][..]), ("g12.expr=a&g3.expr=b", &["g3.expr", "g12.expr"])]
        {
            let data = world.get(&format!("/graph.json?{address}&{further}")).await.json();
            let message = data["error"]["message"].as_str().unwrap().to_owned();
            let page = world.get(&format!("{page}?{address}&{further}")).await;
            for name in names {
                assert!(message.contains(&format!("{name}: asks for a further graph")), "{message}");
                assert!(page.text().contains(&format!("{name} <a href=")), "{}", page.text());
            }
            assert!(!message.contains("g1.expr"), "{message}");
        }
    }
    let table = world.get(&format!("/graph?g0.expr=up&g0.tab=1&{at}")).await;
    assert!(table.text().contains("class=\"samples\""), "{}", table.text());
}

#[tokio::test]
async fn custom_graph_without_query_is_a_form() {
    let world = world(|_| {}).await;
    for path in ["/graph", "/query", "/graph?query=", "/graph?query=+&instance="] {
        let page = world.get(path).await;
        assert_eq!(page.status, 200);
        let tags = tags(page.text());
        let form = tags.iter().find(|tag| tag.get("id") == Some("custom-graph")).unwrap();
        assert_eq!(form.get("action"), Some("/graph"));
        assert!(tags.iter().any(|tag| tag.name == "textarea" && tag.get("name") == Some("query")));
        let options: Vec<_> =
            tags.iter().filter(|tag| tag.name == "option").filter_map(|tag| tag.get("value")).collect();
        assert_eq!(options, ["default", "second"]);
    }
    assert!(world.upstream.requests().is_empty());
    let missing = world.get("/graph.json").await;
    assert_eq!((missing.status.as_u16(), &missing.json()["error"]["kind"]), (400, &json!("bad_parameter")));
}

#[tokio::test]
async fn form_keeps_parameters_without_a_field() {
    let world = world(|_| {}).await;
    let page = world
        .get("/graph?query=up&instance=second&range=6h&theme=dark&unit=bytes&dimension=job&title=T")
        .await;
    let hidden: Vec<_> = tags(page.text())
        .into_iter()
        .skip_while(|tag| tag.get("id") != Some("custom-graph"))
        .take_while(|tag| tag.name != "section")
        .filter(|tag| tag.get("type") == Some("hidden"))
        .map(|tag| format!("{}={}", tag.get("name").unwrap(), tag.get("value").unwrap()))
        .collect();
    assert_eq!(hidden, ["range=6h", "theme=dark", "unit=bytes"]);
    assert!(page.text().contains("<option value=\"second\" selected>"));
}

#[tokio::test]
async fn custom_graph_has_the_same_formats_as_an_entity_graph() {
    let world = world(|_| {}).await;
    let sent =
        "query=up&dimension=job&title=Mine&graphType=area&unit=bytes&from=1763900000&to=1763900095&step=15";
    let data = world.get(&format!("/graph.json?{sent}&instance=second")).await.json();
    assert_eq!(data["query"], "up");
    assert_eq!(data["title"], "Mine");
    assert_eq!(data["graphType"], "area");
    assert_eq!(data["unit"], "bytes");
    assert_eq!(data["instance"], "second");
    assert_eq!(data["series"][0]["name"], "a");
    assert_eq!((&data["start"], &data["end"]), (&json!(1_763_899_995), &json!(1_763_900_085)));
    let fragment = world.get_with(&format!("/graph?{sent}"), &[("HX-Request", "true")]).await;
    assert!(fragment.text().starts_with("<section"), "{}", fragment.text());
    assert!(fragment.header("vary").contains("HX-Request"));
    let kiosk = world.get(&format!("/graph?{sent}&kiosk")).await;
    assert!(!kiosk.text().contains("<form") && !kiosk.text().contains("<header class=\"top\""));
    assert!(kiosk.text().contains("id=\"graph-1\""));
}

#[tokio::test]
async fn entity_parameter_chooses_the_instance() {
    let world = world(|_| {}).await;
    let data = world.get("/graph.json?query=up&entity=component:default/payments").await.json();
    assert_eq!(data["instance"], "second");
    let both = world.get("/graph.json?query=up&entity=component:payments&instance=default").await;
    assert_eq!((both.status.as_u16(), &both.json()["error"]["kind"]), (400, &json!("bad_parameter")));
    let page = world.get("/graph?query=up&entity=Component:Default/Payments").await;
    assert!(page.text().contains("Payment service"));
    assert!(!page.text().contains("name=\"instance\""));
}

#[tokio::test]
async fn unknown_instance_is_an_error_not_the_default() {
    let world = world(|_| {}).await;
    world.upstream.on_rules(rules());
    for (address, status, kind) in [
        ("instance=nope", 404, "unknown_instance"),
        ("instance=Second", 404, "unknown_instance"),
        ("entity=component:default/lost", 404, "unknown_instance"),
        ("entity=component:default/nobody", 404, "not_found"),
        ("entity=%2e%2e%2f", 400, "bad_parameter"),
        ("entity=", 200, ""),
        ("instance=a&instance=b", 400, "bad_parameter"),
    ] {
        for data in [
            "/graph.json?query=up",
            "/graph.csv?query=up",
            "/alerts.json?alerts=all",
            "/alerts.csv?alerts=all",
        ] {
            let reply = world.get(&format!("{data}&{address}")).await;
            assert_eq!(reply.status.as_u16(), status, "{data}&{address}");
            if status != 200 {
                assert_eq!(reply.json()["error"]["kind"], kind, "{data}&{address}");
            }
        }
        let before = world.upstream.requests().len();
        for page in ["/graph?query=up", "/graph?x", "/alerts?alerts=all"] {
            let reply = world.get(&format!("{page}&{address}")).await;
            // An unknown name is a 404. An unreadable value is reported on a page with status 200.
            let expected = if status == 404 { 404 } else { 200 };
            assert_eq!(reply.status.as_u16(), expected, "{page}&{address}");
            assert!(!reply.text().contains("No alerts"), "{page}&{address}");
        }
        if status != 200 {
            assert_eq!(world.upstream.requests().len(), before, "{address}");
        }
    }
    let answer = world.get("/graph?query=up&instance=nope").await;
    assert!(answer.text().contains("default, second"), "{}", answer.text());
    assert!(answer.text().contains("<textarea"), "another instance can be chosen");
}

#[tokio::test]
async fn invalid_query_is_reported_with_its_position() {
    let world = world(|_| {}).await;
    let page = world.get("/graph?query=sum(up").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("1 problem in the query") && page.text().contains("unclosed"));
    for form in ["/graph.json", "/graph.csv"] {
        let data = world.get(&format!("{form}?query=sum(up")).await;
        assert_eq!((data.status.as_u16(), &data.json()["error"]["kind"]), (422, &json!("bad_query")));
        assert!(data.json()["error"]["message"].as_str().unwrap().contains("unclosed"));
    }
    assert!(world.upstream.requests().is_empty());
    world.upstream.on("refused", Reply::refusal(400, "bad_data", "1:2: parse error <b>"));
    let failed = world.get("/graph?query=refused").await;
    assert_eq!(failed.status, 200, "a failed panel is a panel");
    assert!(failed.text().contains("1:2: parse error &#60;b&#62;"), "{}", failed.text());
}

#[tokio::test]
async fn custom_alerts_follow_the_address() {
    let world = world(|_| {}).await;
    world.upstream.on_rules(rules());
    let comma = encoded("Excessive Memory, Usage");
    for (address, names) in [
        ("alerts=all".to_owned(), vec!["HighLoad", "HighLoad"]),
        (String::new(), vec!["HighLoad", "HighLoad"]),
        ("alerts=all&showInactiveAlerts".to_owned(), vec!["HighLoad", "HighLoad", "Excessive Memory, Usage"]),
        (format!("alerts={comma}&showInactiveAlerts"), vec!["Excessive Memory, Usage"]),
        (format!("alerts={comma}&alerts=HighLoad"), vec!["HighLoad", "HighLoad"]),
        ("alerts=HighLoad&labels=zone%3Db".to_owned(), vec!["HighLoad"]),
        ("labels=severity%3Dinfo&showInactiveAlerts".to_owned(), vec!["Excessive Memory, Usage"]),
        ("alerts=all&sort=name&pageSize=1&page=2".to_owned(), vec!["HighLoad"]),
        ("alerts=highload".to_owned(), vec![]),
    ] {
        let data = world.get(&format!("/alerts.json?{address}&instance=second")).await.json();
        let got: Vec<_> =
            data["alerts"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
        assert_eq!(got, names, "{address}");
        assert_eq!(data["instance"], "second");
        let page = world.get(&format!("/alerts?{address}")).await;
        assert_eq!((page.status.as_u16(), page.text().contains("id=\"alerts\"")), (200, true), "{address}");
    }
    let unmatched = world.get("/alerts?alerts=Nobody").await;
    assert!(unmatched.text().contains("Rule not found in default"), "{}", unmatched.text());
    let own = world.get("/alerts.json?entity=component:payments&showInactiveAlerts").await.json();
    assert_eq!(
        own["alerts"].as_array().unwrap().len(),
        2,
        "without names, the entity's own alerts are selected: {own}"
    );
    let fragment = world.get_with("/alerts?alerts=all&labels=zone%3Da", &[("HX-Request", "true")]).await;
    assert!(fragment.text().starts_with("<section"), "{}", fragment.text());
    let broken = world.get("/alerts?alerts=all&labels=zone~").await;
    assert!(broken.text().contains("<code>labels</code>") && broken.text().contains("could not be read"));
    assert_eq!(world.get("/alerts.json?labels=zone~").await.status, 400);
    // Every link of the table stays on this page and keeps what it asks for.
    let page = world.get("/alerts?alerts=HighLoad&labels=zone%3Da&instance=second").await;
    let controls = tags(page.text())
        .into_iter()
        .filter(|tag| tag.get("hx-target") == Some("#alerts") && tag.name == "a");
    for control in controls {
        for link in ["href", "hx-get"] {
            let link = control.get(link).unwrap();
            assert!(
                link.starts_with("/alerts?") && link.contains("alerts=HighLoad&labels=zone%3Da"),
                "{link}"
            );
        }
    }
}

#[tokio::test]
async fn custom_pages_are_forbidden_without_ad_hoc_queries() {
    let world = world(|settings| settings.web.ad_hoc = false).await;
    world.upstream.on_rules(rules());
    for path in [
        "/graph",
        "/query?g0.expr=up",
        "/graph?query=up&entity=component:payments",
        "/alerts",
        "/alerts?alerts=all",
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(
            page.text().contains("Custom queries are off") && page.text().contains("adHocQueries"),
            "{path}"
        );
    }
    for path in ["/graph.json?query=up", "/graph.csv?query=up", "/alerts.json", "/alerts.csv?alerts=all"] {
        let data = world.get(path).await;
        assert_eq!(
            (data.status.as_u16(), &data.json()["error"]["kind"]),
            (403, &json!("forbidden")),
            "{path}"
        );
    }
    // The rules say whether an entity has the expression of an address of Prometheus.
    assert!(world.upstream.requests().iter().all(|request| request.path.contains("/rules?")));
    assert_eq!(world.get("/alerts?entity=component:payments").await.status, 200);
    assert_eq!(world.get("/alerts.json?entity=component:payments&alerts=all").await.status, 200);
    let page = world.get(PAYMENTS).await;
    assert!(
        !page.text().contains("Edit in Explore") && !page.text().contains("href=\"/graph"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn entity_graph_links_to_its_query_in_a_custom_graph() {
    let world = world(|_| {}).await;
    let page = world.get(&format!("{PAYMENTS}/graphs/1?from=1763900000&to=1763903600&theme=dark")).await;
    let links: Vec<_> =
        tags(page.text()).into_iter().filter_map(|tag| Some(tag.get("href")?.to_owned())).collect();
    let edit = links.iter().find(|href| href.starts_with("/graph?") && href.contains("query=")).unwrap();
    let custom = world.get(&edit.replacen("/graph?", "/graph.json?", 1)).await.json();
    let own = world.get(&format!("{PAYMENTS}/graphs/1.json?from=1763900000&to=1763903600")).await.json();
    for field in ["query", "title", "graphType", "unit", "instance", "start", "end", "series"] {
        assert_eq!(custom[field], own[field], "{field}: {edit}");
    }
    assert!(links.iter().any(|href| href.starts_with(&format!("{PAYMENTS}/graphs/1.csv?"))), "{links:?}");
}

#[tokio::test]
async fn templates_in_custom_queries_use_the_entity() {
    let world = world(|_| {}).await;
    let query = encoded("up{job=\"{{ metadata.name }}\"}");
    let data = world.get(&format!("/graph.json?query={query}&entity=component:payments")).await;
    assert_eq!((data.status.as_u16(), &data.json()["query"]), (200, &json!("up{job=\"payments\"}")));
    let page = world.get(&format!("/graph?query={query}&entity=component:payments")).await;
    assert!(page.text().contains("{{ metadata.name }}"), "the form has the query as it was written");
    let nobody = world.get(&format!("/graph?query={query}")).await;
    assert!(nobody.text().contains("no entity to fill"), "{}", nobody.text());
    let sent = world.upstream.requests().pop().unwrap();
    assert_eq!(sent.form("query").as_deref(), Some("up{job=\"{{ metadata.name }}\"}"));
}

#[tokio::test]
async fn restricted_instance_is_unknown_to_custom_pages_without_an_entity() {
    let second = || promenade::prometheus::InstanceName::new("second");
    let every_entity = || vec![Conditions::default()];
    let world = world(|settings| {
        settings.routing.allowed.insert(second(), every_entity());
    })
    .await;
    let page = world.get("/graph").await;
    assert!(!page.text().contains("value=\"second\""), "{}", page.text());
    for form in ["/graph.json?query=up", "/alerts.json?alerts=all"] {
        let data = world.get(&format!("{form}&instance=second")).await;
        assert_eq!((data.status.as_u16(), &data.json()["error"]["kind"]), (404, &json!("unknown_instance")));
        let unheard = world.get(&format!("{form}&instance=unheard")).await;
        assert_eq!(data.text().replace("second", ""), unheard.text().replace("unheard", ""));
    }
    assert!(world.upstream.requests().is_empty());
    let own = world.get("/graph.json?query=up&entity=component:payments").await.json();
    assert_eq!(own["instance"], "second");
}

#[tokio::test]
async fn opened_row_of_a_custom_table_draws_its_expression() {
    let world = world(|_| {}).await;
    world.upstream.on_rules(rules());
    let page = world.get_opened("/alerts?alerts=HighLoad&instance=second&labels=zone%3Da&search=a").await;
    let links = tags(page.text()).into_iter().flat_map(|tag| tag.attributes).map(|(_, value)| value);
    let graph = links.into_iter().find(|value| value.starts_with("/alerts/graph?")).unwrap();
    assert!(graph.contains("alerts=HighLoad&labels=zone%3Da") && !graph.contains("search="), "{graph}");
    let fragment = world.get_with(&graph, &[("HX-Request", "true")]).await;
    assert_eq!(fragment.status, 200);
    assert!(fragment.text().starts_with("<section"), "{}", fragment.text());
    assert_eq!(world.upstream.requests().pop().unwrap().form("query").as_deref(), Some("-load > 1"));
    assert_eq!(world.get(&graph).await.status, 200);
    let other = graph.replace("zone%3Da", "zone%3Dnone");
    assert_eq!(world.get(&other).await.status, 404, "the row is not in the selected alerts");
}

#[tokio::test]
async fn custom_alerts_have_the_title_of_their_heading() {
    let world = world(|_| {}).await;
    world.upstream.on_rules(rules());
    let page = world.get("/alerts?alerts=all").await;
    // The script writes the panel's title into the document.
    for start in ["<title>", "data-title=\""] {
        assert!(page.text().contains(&format!("{start}Explore: Alerts: ")), "{start}: {}", page.text());
    }
}
