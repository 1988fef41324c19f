//! Scenes of reading queries and matchers, some with inputs made up by proptest.

use proptest::prelude::*;

use super::*;
use crate::clock;
use crate::diagnostic::Severity;

/// `wanted`: whether the query may be sent, and whether it was checked. What is not checked is no mistake.
fn check(text: &str, wanted: Option<bool>) {
    let (query, problems) = PromQl::read(text);
    assert_eq!(query.as_ref().map(PromQl::is_checked), wanted, "{text}: {problems:?}");
    let severities: Vec<Severity> = problems.iter().map(|p| p.severity).collect();
    let expected = match wanted {
        Some(true) => vec![],
        Some(false) => vec![Severity::Info],
        None => vec![Severity::Error],
    };
    assert_eq!(severities, expected, "{text}");
    if let Some(query) = query {
        assert_eq!(query.as_str(), text.trim());
    }
}

#[test]
fn reads_queries() {
    for (text, wanted) in [
        ("up", Some(true)),
        (" sum by (job) (rate(x{a=~\"b|c\"}[5m]))\n", Some(true)),
        ("x{p=~`/v\\d+`} # it's", Some(true)),
        ("{\"http.requests\", \"k8s.pod\"=\"a\"}", Some(true)),
        ("rate(x[$__rate_interval])", Some(false)),
        ("median_over_time(x[5m])", Some(false)),
        ("WITH (q = up) q", Some(false)),
        ("rate(x[1e99])", Some(false)),
        ("sum(up", None),
        ("", None),
        ("   ", None),
        ("x{a=\"{{ b }}\"}", Some(true)),
        // The second selector of `info` may match everything.
        ("info(x, {a=~\".*\"})", Some(false)),
    ] {
        check(text, wanted);
    }
}

#[test]
fn what_is_understood_and_refused_is_a_type_error() {
    for (text, part) in [
        ("rate(x)", "expected type matrix in call to function 'rate', got vector"),
        ("sum(x[5m])", "expected type vector in aggregation expression"),
        ("histogram_quantile(x)", "expected 2 argument(s) in call to 'histogram_quantile', got 1"),
        ("topk(x)", "wrong number of arguments"),
        ("sum()", "no arguments for aggregate"),
        ("1 > 2", "comparisons between scalars must use BOOL modifier"),
        ("x and 1", "set operator 'and'"),
        ("x + bool y", "bool modifier can only"),
        ("a / on (x) group_left (x) b", "label 'x' must not occur"),
        ("a and on (x) group_left () b", "no grouping allowed"),
        ("\"a\" + 1", "binary expression must contain"),
        ("-\"a\"", "unary expression only allowed"),
        ("sum(x)[5m]", "ranges only allowed"),
        ("x[5m][5m:]", "subquery is only allowed"),
        ("sum(x) offset 5m", "offset modifier must be preceded"),
        ("x offset 5m offset 5m", "offset may not be set"),
        ("x offset 5m [5m]", "no offset modifiers"),
        ("x{__name__=\"y\"}", "metric name must not be set twice"),
        ("{a=~\".*\"}", "at least one non-empty matcher"),
        ("info{a=\"b\"} or {a=~\".*\"}", "at least one non-empty matcher"),
    ] {
        let (query, problems) = PromQl::read(text);
        let message = &problems[0].message;
        assert!(query.is_some_and(|query| !query.is_checked()), "{text}: {problems:?}");
        assert!(
            problems[0].severity == Severity::Warning && message.starts_with("type error: "),
            "{message}"
        );
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn a_value_without_quotes_is_a_syntax_error() {
    for text in [
        "up{job=till}",
        "up{a=\"b\",job!=till}",
        "up{job==\"till\"}",
        "rate(up{'job'=till}[5m])",
        "sum without (instance) (up{job=till})",
        "with{job=till}",
        "up{job=till,a=\"with (\"}",
    ] {
        let (query, problems) = PromQl::read(text);
        assert!(query.is_some() && problems[0].severity == Severity::Warning, "{text}: {problems:?}");
        assert!(problems[0].message.starts_with("syntax error: unexpected "), "{text}: {problems:?}");
    }
    for text in ["WITH (x = \"a\") up{job=x}", "with(x = \"a\") up{job=x}"] {
        check(text, Some(false));
        let problems = PromQl::read(text).1;
        assert!(problems[0].message.starts_with("not checked here"), "{text}: {problems:?}");
    }
}

#[test]
fn an_operator_without_an_operand_is_a_syntax_error() {
    for (text, operator) in [
        ("1+", "+"),
        ("up ==", "=="),
        ("sum(rate(x[5m])) / # of all", "/"),
        ("(up * ) + 1", "*"),
        ("rate(x[5m] offset -)", "-"),
        ("count(*)", "*"),
        ("median_over_time(x[5m]) >", ">"),
    ] {
        let (query, problems) = PromQl::read(text);
        assert!(query.is_some() && problems[0].severity == Severity::Warning, "{text}: {problems:?}");
        let message = format!("syntax error: no operand after `{operator}`");
        assert!(problems[0].message.starts_with(&message), "{text}: {problems:?}");
    }
    for text in ["x keep_metric_names", "median_over_time(x[5m]) > 1", "(x) y", "sum(-)x"] {
        let info = PromQl::read(text).1.iter().all(|problem| problem.severity == Severity::Info);
        assert_eq!(info, text != "sum(-)x", "{text}");
    }
}

#[test]
fn names_that_the_parser_takes_for_keywords_are_names() {
    for (text, metrics, by) in [
        ("anchored{job=\"till\"}", &["anchored"][..], &[][..]),
        ("sum by (smoothed) (till)", &["till"], &["smoothed"]),
        ("sum by (a, Anchored, b) (SMOOTHED)", &["SMOOTHED"], &["a", "Anchored", "b"]),
        ("rate(anchored[5m]) / on (smoothed) group_left (anchored) smoothed", &["anchored", "smoothed"], &[]),
        ("a and anchored unless smoothed offset 5m", &["a", "anchored", "smoothed"], &[]),
        ("x > bool anchored", &["x", "anchored"], &[]),
        ("a + on (b) smoothed", &["a", "smoothed"], &[]),
        ("fill{a=\"b\"} + fill_left - fill_right", &["fill", "fill_left", "fill_right"], &[]),
        ("sum by (fill, fill_left) (fill_right)", &["fill_right"], &["fill", "fill_left"]),
        ("x{or=\"a\", or =\"b\",anchored=\"c\"}", &["x"], &[]),
        (
            "step + range + max_of + min_of + start + end + offset",
            &["step", "range", "max_of", "min_of", "start", "end", "offset"],
            &[],
        ),
        (
            "sum by (step, range, start, end, offset, bool, by, on, and, or) (x)",
            &["x"],
            &["step", "range", "start", "end", "offset", "bool", "by", "on", "and", "or"],
        ),
    ] {
        let (query, problems) = PromQl::read(text);
        let query = query.filter(PromQl::is_checked).unwrap_or_else(|| panic!("{text}: {problems:?}"));
        assert_eq!(query.metrics(), metrics, "{text}");
        assert_eq!(query.outermost_by(), by, "{text}");
    }
    // Behind a vector they are modifiers, of which the parser knows nothing.
    for text in ["rate(x[5m] smoothed)", "increase(x[5m] anchored)", "x anchored", "(x) smoothed"] {
        check(text, Some(false));
    }
}

#[test]
fn places_are_in_the_text_as_it_was_given() {
    let text = "  sum(up  ";
    let (_, problems) = PromQl::read(text);
    assert_eq!(problems.iter().map(|p| p.part_of(text)).collect::<Vec<_>>(), ["("]);
}

/// How many times as long as an ordinary query a text takes: the least of a few attempts, because the machine may be busy
/// with something else during one of them.
fn times_as_long(text: &str, ordinary: &str, enough: f64) -> f64 {
    let time = |text: &str| {
        let begun = clock::stopwatch();
        let _ = (PromQl::read(text), ResultLabels::of(text).values("a"));
        begun.elapsed().as_secs_f64()
    };
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        least = least.min(time(text) / time(ordinary));
        if least <= enough {
            break;
        }
    }
    least
}

/// Also a test of the stack: test threads have 2 MiB, and this runs in a quarter of it.
#[test]
fn hostile_queries_neither_abort_nor_take_long() {
    let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let refused = [
        nested("(", ")", 60_000),
        nested("-", "", 60_000),
        nested("abs(", ")", 60_000),
        format!("1{}", "+1".repeat(60_000)),
        nested("(", ")", 4_000),
        nested("-", "", 8_000),
        nested("abs(", ")", 1_600),
        nested("sum by (a) (", ")", 600),
        format!("1{}", "+1".repeat(4_000)),
        format!("a{}", " or a".repeat(1_600)),
        "(".repeat(8_192),
        format!("x{{a=\"{{{{\"}} + {} + y{{b=\"}}}}\"}}", nested("(", ")", 3_000)),
    ];
    let sent = [
        nested("(", ")", 128),
        nested("-", "", 128),
        nested("sum by (a) (topk(1,", "))", 64),
        format!("{}{}", "(-".repeat(64), "1)".repeat(64)),
        format!("{}1{}", "(1+".repeat(127), ")".repeat(127)),
        format!("1{}", "+1".repeat(256)),
        format!("1{}", "^1".repeat(256)),
        format!("{}1{}{}", "(".repeat(120), ")".repeat(120), "<bool 1".repeat(256)),
        format!("x{{{}}}", "a=~\"\",".repeat(1_150)),
        format!("x{{a=~\"(?i)({})\"}}", "\\\\pL".repeat(1_600)),
        format!("x{{a=~\"{}\"}}", "(".repeat(7_000)),
        format!("label_join({})", vec!["\"\""; 2_700].join(",")),
        format!("sum by ({}) (x)", vec!["a"; 4_000].join(",")),
        format!("x {}", "offset 1m ".repeat(800)),
        format!("x{}", "[1m:]".repeat(1_600)),
        format!("x # {}", "(".repeat(8_000)),
        "a ".repeat(4_000),
    ];
    // As long as a query may be.
    let ordinary = vec!["sum by (job) (rate(http_requests_total{job=\"a\"}[5m]))"; 140].join(" + ");
    assert!(PromQl::read(&ordinary).0.is_some_and(|query| query.is_checked()));
    let read_all = move || {
        for (texts, is_sent) in [(&refused[..], false), (&sent[..], true)] {
            for text in texts {
                let (query, problems) = PromQl::read(text);
                let start: String = text.chars().take(40).collect();
                assert_eq!(query.is_some(), is_sent, "{start}: {problems:?}");
                let times = times_as_long(text, &ordinary, 10.0);
                assert!(times <= 10.0, "{start} takes {times} times as long as an ordinary query");
            }
        }
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(read_all).unwrap().join().unwrap();
}

#[test]
fn matchers_compare_as_prometheus_does() {
    for (matcher, value, wanted) in [
        ("a=b", Some("b"), true),
        ("a=b", None, false),
        ("a=", None, true),
        ("a!=b", None, true),
        ("a!=", None, false),
        ("a=~b|c", Some("c"), true),
        ("a=~b|c", Some("bc"), false),
        ("a=~ab|abc", Some("abc"), true),
        ("a=~.*", None, true),
        ("a=~.+", Some("x\ny"), true),
        ("a=~.+", None, false),
        ("a=~b-.*", Some("b-\n"), true),
        ("a=~b-.*", Some("b-"), true),
        ("a=~b-.+", Some("b-"), false),
        ("a=~b-.*", Some("cb-"), false),
        ("a!~b-.+", Some("b-"), true),
        ("a!~b.*", Some("bc"), false),
        ("a!~b.*", Some("cb"), true),
    ] {
        let (matchers, problems) = Matcher::read_list(matcher);
        assert_eq!(problems, [], "{matcher}");
        assert_eq!(
            matchers.iter().map(|m| m.matches(value)).collect::<Vec<_>>(),
            [wanted],
            "{matcher} {value:?}"
        );
    }
}

#[test]
fn a_regex_tells_what_its_matches_begin_with() {
    for (matcher, wanted) in [
        ("a=~pay-.*", Some("pay-")),
        ("a=~pay-.+", Some("pay-")),
        ("a=~pay-[0-9]+", Some("pay-")),
        ("a=~pays?", Some("pay")),
        ("a=~pays{0,1}x", Some("pay")),
        ("a=~é*", None),
        ("a=~payments(-(a|b))?", Some("payments")),
        ("a=~pay(s|ments)", Some("pay")),
        ("a=~(?m)^pay[0-9]", Some("pay")),
        (r"a=~pay\Q.s\E[0-9]", Some("pay.s")),
        (r"a=~pays\Q\E*", Some("pay")),
        ("a=~pays(?i)*", Some("pay")),
        ("a=~pay.*|x", None),
        ("a=~(?i)pay.*", None),
        ("a=~.*", None),
        ("a!~pay-.*", None),
        ("a!~pay-[0-9]", None),
        ("a=pay", None),
    ] {
        let (op, regex) = match matcher.split_once('~') {
            Some(("a=", regex)) => (MatchOp::Regex, regex),
            Some((_, regex)) => (MatchOp::NotRegex, regex),
            None => (MatchOp::Equal, "pay"),
        };
        let found = Matcher::new("a", op, regex).unwrap();
        assert_eq!(found.beginning(), wanted, "{matcher}");
    }
}

#[test]
fn regexes_beyond_a_limit_are_problems_and_plain_ones_do_not_count() {
    let limit = RegexLimit { most: 2, most_bytes: 20 };
    for (list, wanted, refused) in [
        ("a=~b[cd],c=~d?", 2, vec![]),
        ("a=~b[cd],c=~d?,e=~f+,g=h", 3, vec!["f+"]),
        ("a=~b|c,d=~e.*,f!~g.+,h=~i[jk]", 4, vec![]),
        ("a=~[bcdefghijklmn]+,c=~d+e?f*", 1, vec!["d+e?f*"]),
        ("a=~(,b=~),c=~\\", 0, vec!["(", ")", "\\"]),
    ] {
        let (matchers, problems) = Matcher::read_list_within(list, limit);
        assert_eq!(matchers.len(), wanted, "{list}: {problems:?}");
        assert_eq!(problems.iter().map(|p| p.part_of(list)).collect::<Vec<_>>(), refused, "{list}");
    }
    let found = &Matcher::read_list_within("a=~b[cd]", RegexLimit::NONE).1[0].message;
    assert_eq!(found, "at most 0 regexes of together 0 bytes are allowed here");
}

#[test]
fn a_list_of_matchers_has_an_end() {
    let (matchers, problems) = Matcher::read_list(&"a=~b,".repeat(1_000));
    assert_eq!((matchers.len(), problems.len()), (64, 1));
    let (matchers, problems) = Matcher::read_list(&"a=~b,".repeat(2_000));
    assert_eq!((matchers.len(), problems.len()), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics(text in prop_oneof![".{0,256}", "[a1,:@={}()\\[\\]#'\"`\\\\~! \n\u{e9}+*^-]{0,512}"]) {
        let (query, problems) = PromQl::read(&text);
        prop_assert!(query.is_some() || !problems.is_empty());
        for problem in problems {
            prop_assert!(problem.span.is_some_and(|span| text.get(span.start..span.end).is_some()), "{:?}", problem);
        }
        let _ = parse_duration(&text);
        let _ = ResultLabels::of(&text).values("a");
    }

    #[test]
    fn matchers_are_read_back(name in ".{1,12}", value in ".{0,24}", equal in any::<bool>()) {
        let op = if equal { MatchOp::Equal } else { MatchOp::NotEqual };
        let matcher = Matcher::new(&name, op, &value).unwrap();
        let list = format!("{matcher}, x=y ,{matcher}");
        let (read, problems) = Matcher::read_list(&list);
        prop_assert_eq!(problems, []);
        prop_assert_eq!(read.first(), Some(&matcher));
        prop_assert_eq!(read.get(2), Some(&matcher));
    }

    #[test]
    fn a_regex_is_read_back(value in "[a-z|.*+?()\\[\\]\\\\,\"'\n]{0,12}") {
        if let Ok(matcher) = Matcher::new("a", MatchOp::Regex, &value) {
            prop_assert_eq!(Matcher::read_list(&matcher.to_string()).0, [matcher]);
        }
    }
}
