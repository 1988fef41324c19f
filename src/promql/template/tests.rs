//! Queries with values in them: what is written, what is refused, and that no value breaks out.

use proptest::prelude::*;

use super::*;

/// Every slot gets the same value. `Err`: the place of the first problem, and a part of its message.
fn check(text: &str, value: &str, wanted: Result<&str, (&str, &str)>) {
    let filled = Template::read(text).and_then(|template| {
        let values = vec![value.to_owned(); template.slots().len()];
        let (query, problems) = template.fill(&values);
        query.ok_or_else(|| problems.into_iter().next().unwrap())
    });
    match (&filled, wanted) {
        (Ok(query), Ok(wanted)) => assert_eq!(query.as_str(), wanted, "{text}"),
        (Err(problem), Err((place, part))) => {
            assert_eq!(problem.part_of(text), place, "{text}: {}", problem.message);
            assert!(problem.message.contains(part), "{text}: {}", problem.message);
        }
        _ => panic!("{text} with {value:?}: {filled:?}, not {wanted:?}"),
    }
}

#[test]
fn a_value_is_escaped_for_its_string() {
    check("x{a=\"{{ v }}\"}", "payments", Ok("x{a=\"payments\"}"));
    check("x{a=\"{{ v }}\"}", "a\"} or y{b=\"", Ok("x{a=\"a\\\"} or y{b=\\\"\"}"));
    check("x{a='{{ v }}'}", "it's \"so\"", Ok("x{a='it\\'s \"so\"'}"));
    check("x{a=\"{{ v }}\"}", "a\\", Ok("x{a=\"a\\\\\"}"));
    check("x{a=\"{{ v }}\"}", "a\nb\tc", Ok("x{a=\"a\\nb\\tc\"}"));
    check("x{a=\"{{ v }}\"}", "", Ok("x{a=\"\"}"));
    check("x{a=\"{{ v }}\"}", "{{ v }} {% x %} # <&>", Ok("x{a=\"{{ v }} {% x %} # <&>\"}"));
    check("x{a=`{{ v }}`}", "a\\\"b", Ok("x{a=`a\\\"b`}"));
    check("x{a=`{{ v }}`}", "a`b", Err(("{{ v }}", "backtick")));
    check("x{a=\"{{ v }}\"}", "a\u{0}", Err(("{{ v }}", "a character")));
    check("x{a=\"{{ v }}\"}", "a\u{fffd}", Err(("{{ v }}", "a character")));
    check("x{a=\"{{ v }}\"}", &"x".repeat(4097), Err(("{{ v }}", "longer")));
    check("x{a=\"pre-{{ v[\"k\"] }}/{{ w }}-é\"}", "z", Ok("x{a=\"pre-z/z-é\"}"));
    check("x{\"{{ v }}\"=\"a\"}", "k8s.pod", Ok("x{\"k8s.pod\"=\"a\"}"));
}

#[test]
fn a_value_is_escaped_for_its_regex() {
    check("x{a=~\"{{ v }}.*\"}", "a.b", Ok("x{a=~\"a\\\\.b.*\"}"));
    check("x{a!~\"{{ v }}-.*\"}", ".*|^$", Ok("x{a!~\"\\\\.\\\\*\\\\|\\\\^\\\\$-.*\"}"));
    check("x{a=~'{{ v }}|b'}", "it's", Ok("x{a=~'it\\'s|b'}"));
    check("x{a=~`{{ v }}`}", "a.b", Ok("x{a=~`a\\.b`}"));
    check("x{a=~\"{{ v }}*\"}", "ab", Ok("x{a=~\"(?:ab)*\"}"));
    check("x{a=~\"[0-9]+{{ v }}{2}\"}", "a", Ok("x{a=~\"[0-9]+(?:a){2}\"}"));
    check("x{a=~\"(?i){{ v }}\\\\.\"}", "a-b", Ok("x{a=~\"(?i)a-b\\\\.\"}"));
    check("x{a=~\"[[:alpha:]x]{{ v }}\"}", "a", Ok("x{a=~\"[[:alpha:]x]a\"}"));
    for (text, part) in [
        ("x{a=~\"[{{ v }}]\"}", "inside [...]"),
        ("x{a=~\"[]\\\\]{{ v }}]\"}", "inside [...]"),
        ("x{a=~\"\\\\{{ v }}\"}", "backslash"),
        ("x{a=~`\\{{ v }}`}", "backslash"),
        ("x{a=~\"\\\\Q{{ v }}\"}", "\\Q"),
        ("x{a=~\"a{2,{{ v }}}\"}", "braces"),
        ("x{a=~\"(?{{ v }})\"}", "head of a group"),
        ("x{a=~\"\\\\p{{ v }}\"}", "escape"),
        ("x{a=~\"\\\\12{{ v }}\"}", "escape"),
        ("x{a=~\"\\x5b{{ v }}\"}", "escape"),
    ] {
        check(text, "a", Err(("{{ v }}", part)));
    }
    check(
        "label_replace(x, \"a\", \"$1 {{ v }}\", \"b\", \"{{ v }}(.*)\")",
        "$1.",
        Ok("label_replace(x, \"a\", \"$1 $$1.\", \"b\", \"\\\\$1\\\\.(.*)\")"),
    );
    check("label_replace(x, \"a\", \"$1{{ v }}\", \"b\", \"\")", "a", Err(("{{ v }}", "follow a $")));
}

#[test]
fn a_name_is_a_name() {
    check("{{ v }}", "up", Ok("up"));
    check("{{ v }}_total{job=\"a\"}", "http", Ok("http_total{job=\"a\"}"));
    check("job:{{ v }}_{{ v }}:rate5m", "5xx", Ok("job:5xx_5xx:rate5m"));
    check("sum by ({{ v }}) (x{ {{ v }}!=\"\"})", "pod", Ok("sum by (pod) (x{ pod!=\"\"})"));
    for value in ["", "a b", "a-b", "é", "5m", "a{b", "a}", "a#", "a,b", "up or vector(1)"] {
        check("{{ v }}", value, Err(("{{ v }}", "cannot be used here")));
    }
    check("5{{ v }}", "m", Err(("{{ v }}", "metric or label name")));
    for (text, value) in [
        ("rate(x[{{ v }}])", "m"),
        ("{{ v }}(x)", "sum"),
        ("{{ v }} by (a) (x)", "sum"),
        ("x {{ v }} y", "and"),
        ("x == {{ v }} y", "bool"),
        ("x {{ v }} 5m", "offset"),
        ("sum {{ v }} (a) (x)", "by"),
        ("x{a={{ v }}}", "b"),
        ("WITH (q = {{ v }}) q", "up"),
        ("x{a=\"\\x4{{ v }}\"}", "1"),
    ] {
        check(text, value, Err((text, "could not be parsed")));
    }
    for value in ["Inf", "nan", "NaN", "inf"] {
        check("x > {{ v }}", value, Err(("x > {{ v }}", "change the meaning")));
    }
}

#[test]
fn marks_that_are_no_templates_are_told() {
    check("x{a=\"{{ v\"}", "b", Err(("{{", "unclosed")));
    check("x{{ v", "b", Err(("{{", "unclosed")));
    check("x{a=\"{% if b %}c{% endif %}\"}", "b", Err(("{%", "statements")));
    check("{% set a = 1 %} up", "b", Err(("{%", "statements")));
    check("up # {{ v }} {% x %}", "b", Ok("up # {{ v }} {% x %}"));
    check("x{a=\"\\\\{{ v }}\"}", "b", Ok("x{a=\"\\\\b\"}"));
    check(&"{{ v }}".repeat(65), "b", Err(("{{ v }}", "at most 64")));
}

#[test]
fn places_are_in_the_template() {
    check("  sum(x{a=\"{{ v }}\"}  ", "long enough to shift", Err(("(", "unclosed")));
    check("x{a=\"{{ v }}\"} + y)", "b", Err((")", "unmatched")));
    let (query, problems) = Template::read("{{ v }}").unwrap().fill(&["x".repeat(4096)]);
    assert!(query.is_some() && problems.is_empty());
    check(&"{{ v }}".repeat(3), &"x".repeat(4096), Err((&"{{ v }}".repeat(3), "longer")));
}

/// Queries around one value, each with its value as the parser gives it back.
const QUERIES: [&str; 8] = [
    "x{a=\"{{ v }}\",b=\"c\"} or y",
    "x{a='b{{ v }}c'} * on (a) group_left (b) y{c='{{ v }}'}",
    "x{a=`{{ v }}`}",
    "x{a=~\"(b|{{ v }})+\"} > 0",
    "x{a!~'{{ v }}?'}",
    "label_replace(x, \"a\", \"{{ v }}\", \"b\", \"{{ v }}.*\")",
    "sum by (a, {{ v }}) (rate({{ v }}_total{ {{ v }}=\"{{ v }}\"}[5m])) unless z",
    "{\"a{{ v }}\", b!=\"{{ v }}\"} # {{ v }}",
];

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,24}",
        "[a-z0-9_:]{0,12}",
        "[a\"'`\\\\{}()\\[\\]|,#=~!$%. \n\t+*?^-]{0,24}",
        proptest::sample::select(vec![
            "Inf",
            "nan",
            "by",
            "bool",
            "or",
            "offset",
            "\\\"",
            "\"} or y{a=\"",
            "{{ v }}",
            "0x1",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_changes_how_a_query_is_built(number in 0..QUERIES.len(), value in hostile()) {
        let text = QUERIES[number];
        let template = Template::read(text).unwrap();
        let values = vec![value.clone(); template.slots().len()];
        let (query, problems) = template.fill(&values);
        for problem in &problems {
            prop_assert!(problem.span.is_some_and(|span| text.get(span.start..span.end).is_some()));
        }
        let Some(query) = query else {
            prop_assert!(!problems.is_empty());
            return Ok(());
        };
        let harmless = text.replace("{{ v }}", "abc");
        prop_assert!(grammar::same_shape(query.as_str(), &harmless), "{}", query);
    }

    /// Without the last net: what is written for a string is a whole string, and says the value.
    #[test]
    fn a_written_value_is_read_back(value in hostile(), quote in prop_oneof!["\"", "'", "`"]) {
        let text = format!("{quote}{{{{ v }}}}{quote}");
        let place = Template::read(&text).unwrap().slots[0].place;
        if let Ok(written) = place.write(&value) {
            let string = format!("{quote}{written}{quote}");
            let read = crate::promql::unquote(&string).map(|(said, length)| (said.replace("\\t", "\t"), length));
            prop_assert_eq!(read, Some((value.replace("\\t", "\t"), string.len())));
        }
    }

    /// As a regex, in the dialect of our own compiler.
    #[test]
    fn a_value_in_a_regex_matches_itself_alone(value in hostile(), other in hostile()) {
        let text = "x{a=~\"{{ v }}\"}";
        let template = Template::read(text).unwrap();
        if let (Some(query), _) = template.fill(std::slice::from_ref(&value)) {
            let list = query.as_str().trim_start_matches("x{").trim_end_matches('}').to_owned();
            let (matchers, problems) = crate::promql::Matcher::read_list(&list);
            prop_assert_eq!(problems, []);
            let matches = |text: &str| matchers[0].matches(Some(text));
            prop_assert!(value.contains('\t') || matches(&value), "{}", query);
            prop_assert!(other == value || value.contains('\t') || !matches(&other), "{} {:?}", query, other);
        }
    }

    #[test]
    fn no_template_panics(text in "[a{}%\"'`\\\\ v=~!x(),\\[\\]#\n\u{e9}$]{0,64}", value in hostile()) {
        if let Ok(template) = Template::read(&text) {
            let values = vec![value; template.slots().len()];
            let (query, problems) = template.fill(&values);
            prop_assert!(query.is_some() || !problems.is_empty());
            for problem in problems {
                prop_assert!(problem.span.is_some_and(|span| text.get(span.start..span.end).is_some()), "{:?}", problem);
            }
        }
    }
}
