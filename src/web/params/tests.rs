//! Query strings, from plain to hostile.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// A Monday.
const NOW: &str = "2026-11-23T14:02:15.250Z";

fn read(query: &str) -> PageParams {
    let defaults = PageDefaults {
        range: Duration::from_secs(3600),
        refresh: Some(Duration::from_secs(30)),
        tz: "browser".to_owned(),
    };
    PageParams::read(query, &defaults, NOW.parse().unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What a query string settles to, as one line; a problem is told by its parameter.
fn settled(query: &str, show: impl Fn(&PageParams) -> String) -> String {
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
        let ends = settled(query, |p| format!("{} {}", p.period.from, p.period.to));
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
        ("from=%ff", " !from"),
    ];
    for (query, problems) in cases {
        let expected = format!("now-1h now 3600{problems}");
        let got = settled(query, |p| format!("{} {} {}", p.from, p.to, p.range().as_secs()));
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
        let got = settled(query, |p| p.refresh_secs.map_or_else(|| "off".to_owned(), |s| s.to_string()));
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
        let got = settled(query, |p| {
            let theme = p.theme.map_or("-", Theme::as_str);
            let graph = p.graph_type.map_or("-", |g| if g == GraphType::Area { "area" } else { "line" });
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
        let got = settled(query, |p| {
            let t = &p.table;
            let sort = t.sort.map_or_else(|| "-".to_owned(), SortOrder::text);
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
        let step = settled(query, |p| p.period.step.map_or_else(|| "-".to_owned(), |s| format!("{s:?}")));
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

#[test]
fn ranges_are_told_in_one_unit() {
    for (secs, expected) in [(0, "1s"), (59, "59s"), (5400, "90m"), (21_600, "6h"), (604_800, "1w")] {
        assert_eq!(in_one_unit(Duration::from_secs(secs)), expected);
    }
    assert_eq!(at(NOW).as_millisecond() % 1000, 250);
}

/// Names that are read, with values that come near to what is understood.
fn near_query() -> impl Strategy<Value = String> {
    let names = "from|to|range|step|refresh|tz|kiosk|theme|page|pageSize|sort|state|search|graphType|view|kind|extraColumns|showLabels|alert";
    let value =
        "(now|labels\\.)?([-+ /]?[0-9]{0,22}(ms|s|m|h|d|w|M|y|e999|NaN|inf|Z)?){0,3}|\\PC{0,12}|%[0-9a-f]{2}";
    let pair = (names, value).prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..8).prop_map(|pairs| pairs.join("&"))
}

proptest! {
    #[test]
    fn no_query_string_panics(query in "\\PC{0,200}") {
        let params = read(&query);
        prop_assert!(params.period.from < params.period.to);
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
