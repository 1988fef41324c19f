//! Query strings, from plain to hostile.

use proptest::prelude::*;

use super::*;
use crate::annotations::{GraphSpec, GraphType};

/// A Monday.
const NOW: &str = "2026-11-23T14:02:15.250Z";

fn read(query: &str) -> PageParams {
    let defaults = PageDefaults::default();
    PageParams::read(query, &defaults, NOW.parse().unwrap())
}

fn graph_type(params: &PageParams) -> &'static str {
    params.graphs.chosen(1, GraphSpec::default()).graph_type.map_or("-", GraphType::as_str)
}

/// What a query string is read as, in one line; a problem is written as its parameter.
fn shown(query: &str, show: impl Fn(&PageParams) -> String) -> String {
    let params = read(query);
    let problems: Vec<_> = params.problems.iter().map(|problem| format!(" !{}", problem.parameter)).collect();
    show(&params) + &problems.concat()
}

#[test]
fn times_are_grafanas() {
    let cases = [
        ("", "2026-11-23T13:02:15.25Z 2026-11-23T14:02:15.25Z"),
        ("from=now-6h", "2026-11-23T08:02:15.25Z 2026-11-23T14:02:15.25Z"),
        ("from=now-6h&to=now-1h", "2026-11-23T08:02:15.25Z 2026-11-23T13:02:15.25Z"),
        ("from=now-90s&to=now%2B1m", "2026-11-23T14:00:45.25Z 2026-11-23T14:03:15.25Z"),
        // A plus that nobody encoded arrives as a blank.
        ("from=now&to=now+1h", "2026-11-23T14:02:15.25Z 2026-11-23T15:02:15.25Z"),
        ("from=now/d&to=now/d", "2026-11-23T00:00:00Z 2026-11-23T23:59:59.999Z"),
        ("to=now/d", "2026-11-23T13:02:15.25Z 2026-11-23T23:59:59.999Z"),
        ("to=now-1h", "2026-11-23T12:02:15.25Z 2026-11-23T13:02:15.25Z"),
        ("from=now-1d/d&to=now-1d/d", "2026-11-22T00:00:00Z 2026-11-22T23:59:59.999Z"),
        ("from=now/h&to=now/m", "2026-11-23T14:00:00Z 2026-11-23T14:02:59.999Z"),
        ("from=now-1w/w&to=now/w", "2026-11-16T00:00:00Z 2026-11-29T23:59:59.999Z"),
        ("from=now/M&to=now/y", "2026-11-01T00:00:00Z 2026-12-31T23:59:59.999Z"),
        ("from=now-1y/y&to=now-1M/M", "2025-01-01T00:00:00Z 2026-10-31T23:59:59.999Z"),
        ("from=now/fQ&to=now/fy", "2026-10-01T00:00:00Z 2026-12-31T23:59:59.999Z"),
        ("from=now-1Q/fQ&to=now-1Q/fQ", "2026-07-01T00:00:00Z 2026-09-30T23:59:59.999Z"),
        ("from=now+-+2d&to=now%20/%20d", "2026-11-21T14:02:15.25Z 2026-11-23T23:59:59.999Z"),
        ("from=20230901&to=20230902", "2023-09-01T00:00:00Z 2023-09-02T00:00:00Z"),
        ("from=2023&to=2023-09", "2023-01-01T00:00:00Z 2023-09-01T00:00:00Z"),
        ("from=now-d&to=now", "2026-11-22T14:02:15.25Z 2026-11-23T14:02:15.25Z"),
        ("from=now-1d/d%2B8h&to=now/s", "2026-11-22T08:00:00Z 2026-11-23T14:02:15.999Z"),
        ("from=1763900000000&to=1763903600500", "2025-11-23T12:13:20Z 2025-11-23T13:13:20.5Z"),
        ("from=1763900000&to=1763903600.5", "2025-11-23T12:13:20Z 2025-11-23T13:13:20.5Z"),
        (
            "from=2026-01-31T12:00:00Z&to=2026-01-31T14:00:00%2B01:00",
            "2026-01-31T12:00:00Z 2026-01-31T13:00:00Z",
        ),
        (
            "from=2026-01-31T12:00:00Z&to=2026-01-31T14:00:00+01:00",
            "2026-01-31T12:00:00Z 2026-01-31T13:00:00Z",
        ),
        ("from=2026-01-31&to=2026-01-31+06:30:00", "2026-01-31T00:00:00Z 2026-01-31T06:30:00Z"),
        ("range=6h", "2026-11-23T08:02:15.25Z 2026-11-23T14:02:15.25Z"),
        ("range=1h30m", "2026-11-23T12:32:15.25Z 2026-11-23T14:02:15.25Z"),
        ("to=2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z 2026-11-23T10:00:00Z"),
        ("tz=Europe/Berlin&from=now/d&to=now/d", "2026-11-22T23:00:00Z 2026-11-23T22:59:59.999Z"),
        // Summer time ended that day: it had 25 hours.
        ("tz=Europe/Berlin&from=2026-10-25&to=2026-10-26", "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z"),
    ];
    for (query, expected) in cases {
        let ends = shown(query, |p| format!("{} {}", p.period.from, p.period.to));
        assert_eq!(ends, expected, "{query}");
    }
}

#[test]
fn a_bad_time_is_told_and_the_default_stands() {
    let cases = [
        ("from=yesterday", " !from"),
        ("from=now-6x", " !from"),
        ("from=now-", " !from"),
        ("from=now/2d", " !from"),
        ("from=now*2d", " !from"),
        ("from=now-99999999999999999999h", " !from"),
        ("from=now-9999999999y", " !from"),
        ("from=now-1000y", " !from"),
        ("from=NaN", " !from"),
        ("from=inf", " !from"),
        ("from=1e999", " !from"),
        ("from=1.2.3", " !from"),
        ("from=.", " !from"),
        ("from=9223372036854775807", " !from"),
        ("from=99999999999999999999999999", " !from"),
        ("to=%2B300000000000-01-01T00:00:00Z", " !to"),
        ("from=-0001-01-01T00:00:00Z", " !from"),
        ("from=1969-12-31T23:59:59Z", " !from"),
        ("from=now&to=now-1h", " !from"),
        ("from=now&to=now", " !from"),
        ("from=now-1h&from=now-2h", " !from"),
        ("range=", ""),
        ("range=0", " !range"),
        ("range=-1h", " !range"),
        ("range=1e999", " !range"),
        ("range=9000y", " !range"),
        ("range=6h&from=now-1h", " !range"),
        ("from=now-\u{e9}", " !from"),
        ("from=now%00", " !from"),
        ("from=20231301", " !from"),
        ("from=2023-09-31", " !from"),
        ("from=now/fd", " !from"),
        ("from=%ff", " !from"),
    ];
    for (query, problems) in cases {
        let expected = format!("now-1h now 3600{problems}");
        let got = shown(query, |p| format!("{} {} {}", p.from, p.to, p.range().as_secs()));
        assert_eq!(got, expected, "{query}");
    }
}

#[test]
fn a_page_refreshes_while_it_ends_now() {
    let cases = [
        ("", "30"),
        ("range=6h", "30"),
        ("to=now", "30"),
        ("from=now-2d&to=now-1d", "off"),
        ("from=now-1h&to=now/d", "off"),
        ("from=now-2d&to=now-1d&refresh=1m", "60"),
        ("refresh=", "off"),
        ("refresh=0", "off"),
        ("refresh=0s", "off"),
        ("refresh=15", "15"),
        ("refresh=1h30m", "5400"),
        ("refresh=200ms", "1"),
        ("refresh=0.5", "1"),
        ("refresh=1.5", "2"),
        ("refresh=2d", "30 !refresh"),
        ("refresh=1e999", "30 !refresh"),
        ("refresh=NaN", "30 !refresh"),
        ("refresh=-5", "30 !refresh"),
        ("refresh=soon", "30 !refresh"),
        ("refresh=5s&refresh=6s", "30 !refresh"),
    ];
    for (query, expected) in cases {
        let got = shown(query, |p| p.refresh_secs.map_or_else(|| "off".to_owned(), |s| s.to_string()));
        assert_eq!(got, expected, "{query}");
    }
}

#[test]
fn the_looks_are_words() {
    let cases = [
        ("", "false - browser - chart"),
        ("kiosk", "true - browser - chart"),
        ("kiosk=1&theme=dark&tz=utc", "true dark utc - chart"),
        ("kiosk=tv&theme=light&tz=UTC", "true light utc - chart"),
        ("kiosk=true&graphType=area&view=table", "true - browser area table"),
        ("kiosk=0&graphType=line&tz=Europe/Berlin", "false - Europe/Berlin line chart"),
        ("kiosk=maybe", "false - browser - chart !kiosk"),
        ("theme=sepia", "false - browser - chart !theme"),
        ("tz=Mars/Olympus", "false - browser - chart !tz"),
        ("tz=../../etc/passwd", "false - browser - chart !tz"),
        ("graphType=pie&view=cards", "false - browser - chart !graphType !view"),
        ("theme=&tz=&graphType=&view=", "false - browser - chart"),
        ("unknown=1&theme=dark&unknown=2", "false dark browser - chart"),
    ];
    for (query, expected) in cases {
        let got = shown(query, |p| {
            let theme = p.theme.map_or("-", Theme::as_str);
            let graph = graph_type(p);
            let view = if p.view_table { "table" } else { "chart" };
            format!("{} {theme} {} {graph} {view}", p.kiosk, p.zone.name())
        });
        assert_eq!(got, expected, "{query}");
    }
}

#[test]
fn the_table_is_filtered_sorted_and_paged() {
    let cases = [
        ("", "[] '' - 1 Rows(20) false"),
        ("state=firing&state=pending&state=firing", "[Firing, Pending] '' - 1 Rows(20) false"),
        ("state=inactive", "[Inactive] '' - 1 Rows(20) true"),
        ("state=&search=+oom++killed+", "[] 'oom  killed' - 1 Rows(20) false"),
        ("sort=-value&page=3&pageSize=50", "[] '' -value 3 Rows(50) false"),
        ("sort=activeAt&pageSize=all&showInactiveAlerts", "[] '' activeAt 1 All true"),
        ("showInactiveAlerts=false", "[] '' - 1 Rows(20) false"),
        ("state=burning", "[] '' - 1 Rows(20) false !state"),
        ("state=firing&state=burning", "[Firing] '' - 1 Rows(20) false !state"),
        ("sort=colour", "[] '' - 1 Rows(20) false !sort"),
        ("page=0&pageSize=0", "[] '' - 1 Rows(20) false !page !pageSize"),
        ("page=-1&pageSize=1001", "[] '' - 1 Rows(20) false !page !pageSize"),
        ("page=1e3&pageSize=99999999999999999999999", "[] '' - 1 Rows(20) false !page !pageSize"),
        ("page=NaN", "[] '' - 1 Rows(20) false !page"),
        ("showInactiveAlerts=perhaps", "[] '' - 1 Rows(20) false !showInactiveAlerts"),
    ];
    for (query, expected) in cases {
        let got = shown(query, |p| {
            let t = &p.table;
            let sort = t.sort.map_or_else(|| "-".to_owned(), ColumnOrder::text);
            format!("{:?} '{}' {sort} {} {:?} {}", t.states, t.search, t.page, t.page_size, t.show_inactive)
        });
        assert_eq!(got, expected, "{query}");
    }
}

#[test]
fn steps_are_durations() {
    let cases = [
        ("", "-"),
        ("step=15", "15s"),
        ("step=1m", "60s"),
        ("step=0.5", "500ms"),
        ("step=0", "- !step"),
        ("step=-1", "- !step"),
        ("step=NaN", "- !step"),
        ("step=inf", "- !step"),
        ("step=1e999", "- !step"),
        ("step=1e-300", "- !step"),
    ];
    for (query, expected) in cases {
        let step = shown(query, |p| p.period.step.map_or_else(|| "-".to_owned(), |s| format!("{s:?}")));
        assert_eq!(step, expected, "{query}");
    }
}

#[test]
fn what_was_understood_is_kept_for_links_in_one_order() {
    let params =
        read("kind=API&page=2&to=now&from=now-1w&theme=dark&kiosk&nonsense=1&sort=colour&state=firing");
    let given: Vec<_> = params.given.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected =
        ["from=now-1w", "to=now", "kiosk=true", "theme=dark", "state=firing", "page=2", "kind=API"];
    assert_eq!(given, expected);
    assert_eq!(params.catalog.kind.as_deref(), Some("api"));
    assert!(params.is_given("page") && !params.is_given("sort"));
}

#[test]
fn a_long_bad_value_is_told_in_short() {
    let params = read(&format!("theme={}", "\u{202e}x".repeat(5_000)));
    assert!(params.problems[0].message.chars().count() < 120);
}

/// Names that are read, with values that come near to what is understood.
fn near_query() -> impl Strategy<Value = String> {
    let names = "unit|stack|zero|log|min|max|from|to|range|step|refresh|tz|kiosk|theme|page|pageSize|sort|state|search|graphType|view|kind|extraColumns|showLabels|alert";
    let value =
        "(now|labels\\.)?([-+ /]?[0-9]{0,22}(ms|s|m|h|d|w|M|y|e999|NaN|inf|Z)?){0,3}|\\PC{0,12}|%[0-9a-f]{2}";
    let pair = (names, value).prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..8).prop_map(|pairs| pairs.join("&"))
}

/// What an address settles to over an entity's own defaults and those of the portal.
fn check_defaults(query: &str, own: &str, portal: &str, expected: &str) {
    let pairs = |text: &str| {
        let (pairs, problems) = crate::annotations::params::read(text);
        assert_eq!(problems, [], "{text}");
        pairs
    };
    let defaults = pairs(own).over(&pairs(portal));
    let p = PageParams::read(query, &defaults, NOW.parse().unwrap());
    let graph = graph_type(&p);
    let step = p.period.step.map_or(0, |step| step.as_secs());
    let found: Vec<_> = p.problems.iter().map(|problem| format!(" !{}", problem.parameter)).collect();
    let given: Vec<_> = p.given.iter().map(|(name, _)| format!(" {name}")).collect();
    let canonical = format!(
        "{} {:?} {} {graph} {step} {:?} {}{}{}",
        p.from,
        p.refresh_secs,
        p.zone.name(),
        p.table.page_size,
        p.table.show_inactive,
        given.concat(),
        found.concat()
    );
    assert_eq!(canonical, expected, "{query} over {own} over {portal}");
}

#[test]
fn an_address_counts_before_the_entity_and_the_entity_before_the_portal() {
    check_defaults("", "", "", "now-1h Some(30) browser - 0 Rows(20) false");
    let portal = "range=2h&step=2m&graphType=area&tz=utc&refresh=1m&pageSize=50&showInactiveAlerts";
    check_defaults("", "", portal, "now-2h Some(60) utc area 120 Rows(50) true");
    let own =
        "range=6h&step=5m&graphType=line&tz=Europe/Berlin&refresh=0&pageSize=all&showInactiveAlerts=false";
    check_defaults("", own, portal, "now-6h None Europe/Berlin line 300 All false");
    check_defaults("", "step=1h", portal, "now-2h Some(60) utc area 3600 Rows(50) true");
    check_defaults(
        "range=1d&step=1h&graphType=area&tz=Asia/Tokyo&refresh=10s&pageSize=5&showInactiveAlerts",
        own,
        portal,
        "now-1d Some(10) Asia/Tokyo area 3600 Rows(5) true \
         tz range step refresh graphType pageSize showInactiveAlerts",
    );
    // A bad value falls back to the nearest default, an empty one to none.
    check_defaults(
        "step=x&graphType=pie&pageSize=0&showInactiveAlerts=perhaps",
        "step=5m&pageSize=all",
        "graphType=area&showInactiveAlerts",
        "now-1h Some(30) browser area 300 All true !step !graphType !pageSize !showInactiveAlerts",
    );
    check_defaults("step=&graphType=", own, "", "now-6h None Europe/Berlin - 0 All false step graphType");
    check_defaults(
        "extraColumns=,",
        "extraColumns=labels.a",
        "",
        "now-1h Some(30) browser - 0 Rows(20) false extraColumns",
    );
    check_defaults("extraColumns=", "", "", "now-1h Some(30) browser - 0 Rows(20) false");
    // The other two ends of a window are the address's alone.
    check_defaults("to=now-1h", own, "", "1795417335250 None Europe/Berlin line 300 All false to");
    check_defaults("from=now-3h", own, "", "now-3h None Europe/Berlin line 300 All false from");
}

#[test]
fn a_flag_that_is_on_by_default_is_turned_off_in_words() {
    let defaults = PageDefaults { show_inactive: Some(true), ..PageDefaults::default() };
    let params = PageParams::read("", &defaults, NOW.parse().unwrap());
    assert_eq!(params.table.hide_inactive(), Some("false"));
    assert_eq!(read("showInactiveAlerts").table.hide_inactive(), None);
}

/// Values that come near to what a default may be.
fn near_default() -> impl Strategy<Value = (String, String)> {
    let value = "[0-9]{0,4}(ms|s|m|h|d|w|y|e9)?|-?0{0,2}(\\.0)?|[0-9.e+-]{1,8}|line|area|all|true|false|utc|[A-Z]{3}|\
                 Europe/[A-Z][a-z]{4,6}|((labels|annotations)\\.[a-z.]{0,3},? ?){0,10}|\\PC{0,8}";
    (proptest::sample::select(PageDefaults::NAMES.to_vec()), value)
        .prop_map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
}

proptest! {
    #[test]
    fn no_query_string_panics(query in "\\PC{0,200}") {
        let params = read(&query);
        prop_assert!(params.period.from < params.period.to);
    }

    /// So that no default is dropped in silence.
    #[test]
    fn a_value_that_may_be_a_default_is_one_that_an_address_may_have((name, value) in near_default()) {
        if PageDefaults::default().set(&name, &value).is_ok() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let params = read(&query.append_pair(&name, &value).finish());
            prop_assert_eq!(&params.problems, &Vec::new());
        }
    }

    #[test]
    fn what_is_read_reads_the_same_again(query in near_query()) {
        let params = read(&query);
        prop_assert!(params.period.from < params.period.to);
        prop_assert!(params.refresh_secs != Some(0));
        prop_assert!(params.table.page > 0);
        let mut again = url::form_urlencoded::Serializer::new(String::new());
        let again = read(&again.extend_pairs(&params.given).finish());
        if params.problems.is_empty() {
            prop_assert_eq!(&again.problems, &Vec::new());
            prop_assert_eq!(again.period, params.period);
            prop_assert_eq!(again.refresh_secs, params.refresh_secs);
            prop_assert_eq!(again.given, params.given);
        }
    }
}
