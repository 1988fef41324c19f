//! Links, from what an address gave to what is written.

use std::time::Duration;

use url::Url;

use super::*;
use crate::monitoring::Period;
use crate::page_params::{PageDefaults, Refresh};

fn params(query: &str) -> PageParams {
    let defaults = PageDefaults { refresh: Some(Refresh::Off), ..PageDefaults::default() };
    PageParams::read(query, &defaults, "2026-11-23T14:02:15Z".parse().unwrap())
}

fn payments() -> EntityRef {
    EntityRef::new("Component", "default", "Payments").unwrap()
}

#[test]
fn links_keep_how_the_reader_looks() {
    let params = params("from=now-6h&theme=dark&kiosk&tz=Europe/Berlin&state=firing&page=3&search=x");
    let kept = "tz=Europe%2FBerlin&from=now-6h&kiosk=true&theme=dark";
    let links = Links { prefix: "/portal", params: &params, entity: None };
    let entity = payments();
    let at = "/portal/catalog/default/component/payments";
    let graph = Page::Graph(Source::Entity(&entity), 2);
    for (link, path) in [
        (links.to(Page::Catalog), "/portal/".to_owned()),
        (links.to(Page::Entity(&entity)), at.to_owned()),
        (links.to(Page::Alerts(Source::Entity(&entity))), format!("{at}/alerts")),
        (links.to(Page::Graphs(&entity)), format!("{at}/graphs")),
        (links.to(graph), format!("{at}/graphs/2")),
        (links.data(graph, Format::Json), format!("{at}/graphs/2.json")),
    ] {
        assert_eq!(link.path(), path);
        assert_eq!(link.to_string(), format!("{path}?{kept}"));
    }
}

#[test]
fn a_link_without_parameters_has_no_question_mark() {
    let params = params("");
    let links = Links { prefix: "", params: &params, entity: None };
    assert_eq!(links.to(Page::Catalog).to_string(), "/");
    assert_eq!(links.to(Page::Entity(&payments())).to_string(), "/catalog/default/component/payments");
    assert!(links.asset("js/portal.js").starts_with("/static/js/portal."));
}

#[test]
fn with_changes_what_it_is_told_to() {
    let given = "state=firing&state=pending&search=a+b%26c&page=4&theme=dark";
    type Changes = &'static [(&'static str, Option<&'static str>)];
    let cases: [(Changes, &str); 6] = [
        (&[], "/p?theme=dark&state=firing&state=pending&search=a+b%26c&page=4"),
        (&[("page", Some("5"))], "/p?theme=dark&state=firing&state=pending&search=a+b%26c&page=5"),
        (&[("state", None)], "/p?theme=dark&search=a+b%26c"),
        (&[("state", Some("firing"))], "/p?theme=dark&search=a+b%26c&state=firing"),
        (&[("theme", Some("light"))], "/p?state=firing&state=pending&search=a+b%26c&page=4&theme=light"),
        (&[("search", Some("\"<é>&=#")), ("state", None)], "/p?theme=dark&search=%22%3C%C3%A9%3E%26%3D%23"),
    ];
    let params = params(given);
    let links = Links { prefix: "", params: &params, entity: None };
    for (changes, expected) in cases {
        assert_eq!(links.with("/p", changes).to_string(), expected, "{changes:?}");
    }
}

#[test]
fn a_strangers_path_names_no_host() {
    let params = params("theme=dark");
    let links = Links { prefix: "", params: &params, entity: None };
    for path in ["//evil.example/x", "///evil.example/x", "/\\evil.example/x", "evil.example/x"] {
        assert_eq!(links.with(path, &[]).to_string(), "/evil.example/x?theme=dark");
    }
}

#[test]
fn the_range_shown_is_marked() {
    for (query, current) in
        [("", Some("1h")), ("range=6h", Some("6h")), ("from=now-7d&to=now", Some("7d")), ("to=now-1h", None)]
    {
        let params = params(query);
        let links = Links { prefix: "", params: &params, entity: None };
        let ranges = links.quick_ranges("/x");
        let shown: Vec<_> =
            ranges.iter().filter(|range| range.current).map(|range| range.text.as_str()).collect();
        assert_eq!(shown.first().copied(), current, "{query}");
        assert_eq!(ranges[1].href.to_string(), "/x?range=1h", "{query}");
    }
}

#[test]
fn prometheus_gets_the_query_whole() {
    let to = "2026-11-23T14:00:00Z".parse().unwrap();
    let period = Period {
        from: "2026-11-23T08:00:00Z".parse().unwrap(),
        to,
        now: to,
        step: Some(Duration::from_secs(60)),
    };
    let query = "rate(x{a=\"b+c&d\"}[5m]) % 2 # é";
    for ui in ["http://u:p@prom.example/base?x=1#y", "http://prom.example/base/"] {
        let link = prometheus_graph(&Url::parse(ui).unwrap(), query, &period);
        let expected = "http://prom.example/base/graph?g0.expr=rate%28x%7Ba%3D%22b%2Bc%26d%22%7D%5B5m%5D%29%20%25%202\
                        %20%23%20%C3%A9&g0.tab=0&g0.range_input=6h&g0.end_input=2026-11-23%2014%3A00%3A00\
                        &g0.step_input=60&g0.res_type=custom&g0.res_step=60";
        assert_eq!(link, expected);
        let sent = Url::parse(&link).unwrap().query_pairs().next().unwrap().1.into_owned();
        assert_eq!(sent, query);
        assert_eq!(prometheus_alerts(&Url::parse(ui).unwrap()), "http://prom.example/base/alerts");
    }
}

#[test]
fn only_plain_web_addresses_become_links() {
    let good = [
        ("https://runbooks.example/high?x=1&y=2#z", "https://runbooks.example/high?x=1&y=2#z"),
        ("HTTP://Example.com", "http://example.com/"),
        ("https://example.com:8443/a%20b", "https://example.com:8443/a%20b"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("https://[::1]/x", "https://[::1]/x"),
        ("https://\u{430}pple.com/", "https://xn--pple-43d.com/"),
    ];
    for (text, href) in good {
        assert_eq!(safe_href(text).as_deref(), Some(href), "{text}");
    }
    let bad = [
        "",
        "runbook",
        "/runbooks/high",
        "//evil.example/x",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript://example.com/%0aalert(1)",
        "javascript://example.com/%0aalert(1)",
        "\u{1}javascript:alert(1)",
        " https://example.com/",
        "https://example.com/a b",
        "ht\ntps://example.com/",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://example.com/x",
        "https:/example.com",
        "https:\\\\example.com",
        "https:/\\example.com",
        "https://\\example.com",
        "https://example.com\\@evil.example/",
        "https:///example.com",
        "https://",
        "https://?x",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://@example.com/",
        "https://example.com%00.evil.example/",
        "https://exa mple.com/",
        "https://example.com:99999/",
    ];
    for text in bad {
        assert_eq!(safe_href(text), None, "{text:?}");
    }
    assert_eq!(safe_href(&format!("https://example.com/{}", "x".repeat(3_000))), None);
}

#[test]
fn a_new_silence_matches_exactly_the_alert() {
    let labels = [
        ("alertname", "High\"Load\""),
        ("path", "C:\\a, b}"),
        ("team", "päy&#"),
        ("k8s.pod", "x"),
        ("no", ""),
    ];
    let labels = labels.into_iter().collect();
    for (ui, at) in [
        ("http://am.example", "http://am.example/#"),
        ("http://u:p@am.example/base?x#y", "http://am.example/base/#"),
    ] {
        let link = new_silence(&Url::parse(ui).unwrap(), &labels);
        let filter = link.strip_prefix(&format!("{at}/silences/new?filter=")).unwrap();
        let filter = percent_encoding::percent_decode_str(filter).decode_utf8().unwrap();
        let wanted = r#"{alertname="High\"Load\"", "k8s.pod"="x", path="C:\\a, b}", team="päy&#"}"#;
        assert_eq!(filter, wanted);
    }
}
