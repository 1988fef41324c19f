//! Names of series: the ladder, ties, and values that imitate ties.

use super::*;

type Set = &'static [(&'static str, &'static str)];

fn named(sets: &[Set], dimensions: &[&str], by: &[&str]) -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (dimensions, by) = (owned(dimensions), owned(by));
    let labels: Vec<Labels> = sets.iter().map(|set| set.iter().copied().collect()).collect();
    let naming = Naming { dimensions: &dimensions, by: &by, query: "the query" };
    let names = names(&labels.iter().collect::<Vec<_>>(), naming);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
    names
}

fn check(sets: &[Set], dimensions: &[&str], by: &[&str], expected: &[&str]) {
    assert_eq!(named(sets, dimensions, by), expected);
}

#[test]
fn the_ladder_of_names() {
    const UP: Set = &[("__name__", "up"), ("instance", "a:1"), ("job", "api")];
    check(&[UP], &["job"], &["instance"], &["api"]);
    check(&[UP], &["job", "instance"], &[], &["api, a:1"]);
    check(&[UP], &["job", "nowhere"], &[], &["api"]);
    check(&[UP], &["nowhere"], &["instance", "job"], &["a:1, api"]);
    check(&[UP], &["nowhere"], &["neither"], &["up"]);
    check(&[UP], &[], &[], &["up"]);
    check(&[&[]], &["job"], &[], &["the query"]);
    check(&[&[("time", "x")]], &["time"], &[], &["x"]);
    check(&[], &[], &[], &[]);
}

#[test]
fn an_empty_dimension_says_so() {
    const BUS: Set = &[("by", "bus")];
    const TRAM: Set = &[("by", "tram")];
    const NAMED: Set = &[("__name__", "arrivals_total")];
    check(&[BUS, TRAM, &[]], &[], &["by"], &["bus", "tram", "by=\"\""]);
    check(&[BUS, TRAM, NAMED], &["by"], &[], &["bus", "tram", "by=\"\""]);
    check(
        &[BUS, &[("zone", "a")], &[("zone", "b")]],
        &["by"],
        &[],
        &["bus", "by=\"\" {zone=\"a\"}", "by=\"\" {zone=\"b\"}"],
    );
    // The only series, too: `by` proves what it lacks.
    check(&[&[]], &["job"], &["job"], &["job=\"\""]);
    check(&[&[]], &[], &["a", "b"], &["a=\"\", b=\"\""]);
    check(&[&[("job", "")]], &["job"], &[], &["job=\"\""]);
    // One of several.
    check(
        &[&[("a", "1"), ("b", "2")], &[("a", "1")], &[("b", "2")]],
        &["a", "b", "nowhere"],
        &[],
        &["1, 2", "1, b=\"\"", "a=\"\", 2"],
    );
    check(&[&[("a", "1")]], &[], &["a", "b"], &["1"]);
    // A value that imitates it.
    check(&[&[("by", "by=\"\"")], &[]], &["by"], &[], &["by=\"\" {by=\"by=\\\"\\\"\"}", "by=\"\""]);
}

#[test]
fn what_is_invisible_is_shown() {
    for (value, expected) in [
        ("bus", "bus"),
        ("two words", "two words"),
        ("-", "-"),
        ("\"", "\""),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
        ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
        ("葛\u{e0100}", "葛\u{e0100}"),
        ("mi\u{200c}khaham", r#""mi\u200ckhaham""#),
        ("pay\u{200d}ments", r#""pay\u200dments""#),
        ("a\u{fe0f}", r#""a\ufe0f""#),
        ("\u{fe0f}", r#""\ufe0f""#),
        ("\u{fe0f}\u{fe0f}", r#""\ufe0f\ufe0f""#),
        ("\u{e0100}", r#""\U000e0100""#),
        ("\u{17b4}", r#""\u17b4""#),
        ("\u{180b}", r#""\u180b""#),
        ("\u{1d159}", r#""\U0001d159""#),
        ("\u{1d173}", r#""\U0001d173""#),
        ("\u{1bca0}", r#""\U0001bca0""#),
        ("\u{fff8}", r#""\ufff8""#),
        ("a  b", r#""a \u0020b""#),
        ("a\u{a0}b", r#""a\u00a0b""#),
        ("a\u{2009}b", r#""a\u2009b""#),
        ("👩\u{200d}💻", "👩\u{200d}💻"),
        ("é中😀", "é中😀"),
        (" ", r#"" ""#),
        ("   ", r#"" \u0020\u0020""#),
        ("bus ", r#""bus ""#),
        (" bus", r#"" bus""#),
        ("\t", r#""\t""#),
        ("\n", r#""\n""#),
        ("\u{a0}", r#""\u00a0""#),
        ("\u{3000}", r#""\u3000""#),
        ("\u{200b}", r#""\u200b""#),
        ("bus\u{200b}", r#""bus\u200b""#),
        ("b\u{ad}us", r#""b\u00adus""#),
        ("\u{200d}", r#""\u{200d}""#),
        ("\u{feff}bus", r#""\ufeffbus""#),
        ("\u{202e}sub", r#""\u202esub""#),
        ("\u{2800}", r#""\u2800""#),
        ("\u{e0041}", r#""\U000e0041""#),
        ("a\0b", r#""a\u0000b""#),
        ("a\nb", r#""a\nb""#),
    ] {
        let set: Labels = [("by", value)].into_iter().collect();
        let dimensions = ["by".to_owned()];
        let naming = Naming { dimensions: &dimensions, by: &[], query: "q" };
        let expected = expected.replace("\\u{200d}", "\\u200d");
        assert_eq!(names(&[&set], naming), [expected], "{value:?}");
    }
    check(
        &[&[("job", "a"), ("zone", " ")], &[("job", "a"), ("zone", "\u{200b}")]],
        &["job"],
        &[],
        &["a {zone=\" \"}", "a {zone=\"\\u200b\"}"],
    );
}

#[test]
fn ties_append_what_differs() {
    check(
        &[
            &[("job", "api"), ("zone", "a")],
            &[("job", "api"), ("zone", "b")],
            &[("job", "web"), ("zone", "a")],
        ],
        &["job"],
        &[],
        &["api {zone=\"a\"}", "api {zone=\"b\"}", "web"],
    );
    check(
        &[
            &[("job", "api")],
            &[("job", "api"), ("pod", "1"), ("zone", "a")],
            &[("job", "api"), ("zone", "a")],
        ],
        &["job"],
        &[],
        &["api", "api {pod=\"1\", zone=\"a\"}", "api {zone=\"a\"}"],
    );
    check(
        &[&[("a", "1, 2"), ("b", "3")], &[("a", "1"), ("b", "2, 3")]],
        &["a", "b"],
        &[],
        &["1, 2, 3 {a=\"1, 2\", b=\"3\"}", "1, 2, 3 {a=\"1\", b=\"2, 3\"}"],
    );
    check(
        &[&[("job", "api"), ("v", "\"\\\n")], &[("job", "api"), ("v", "")]],
        &["job"],
        &[],
        &["api {v=\"\\\"\\\\\\n\"}", "api {v=\"\"}"],
    );
}

#[test]
fn a_value_that_imitates_a_tie_takes_no_name() {
    check(
        &[
            &[("job", "api"), ("zone", "a")],
            &[("job", "api"), ("zone", "b")],
            &[("job", "api {zone=\"a\"}"), ("zone", "a")],
        ],
        &["job"],
        &[],
        &["api {job=\"api\", zone=\"a\"}", "api {zone=\"b\"}", "api {zone=\"a\"}"],
    );
    // Two ties that would spell the same, beside the long form's imitation.
    let names = named(
        &[
            &[("j", "x"), ("z", "a\", q=\"b")],
            &[("j", "x"), ("z", "c")],
            &[("j", "x {j=\"x\", z=\"c\"}")],
            &[("j", "x {z=\"c\"}")],
        ],
        &["j"],
        &[],
    );
    assert_eq!(names[1], "x {j=\"x\", z=\"c\"} (2)");
    // Not from a sound Prometheus, but no series may lose its name to another.
    check(
        &[&[("job", "a")], &[("job", "a")], &[("job", "a")]],
        &["job"],
        &[],
        &["a", "a {job=\"a\"}", "a {job=\"a\"} (2)"],
    );
}

#[test]
fn many_ties_stay_apart() {
    let sets: Vec<Labels> = (0..3000)
        .map(|i| [("a", (i % 50).to_string()), ("b", (i / 50).to_string())].into_iter().collect())
        .collect();
    let naming = Naming { dimensions: &["a".to_owned()], by: &[], query: "q" };
    let names = names(&sets.iter().collect::<Vec<_>>(), naming);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3000);
    assert_eq!(names[51], "1 {b=\"1\"}");
}

#[test]
fn names_by_values_are_those_that_others_do_not_change() {
    const UP: Set = &[("__name__", "up"), ("instance", "a:1")];
    const OTHER: Set = &[("__name__", "up"), ("instance", "b:1")];
    let is_by_values = |sets: &[Set], dimensions: &[&str]| {
        let labels = UP.iter().copied().collect();
        is_named_by_values(&named(sets, dimensions, &[])[0], &labels, "the query")
    };
    assert!(is_by_values(&[UP], &["instance"]) && is_by_values(&[UP, OTHER], &["instance"]));
    assert!(!is_by_values(&[UP], &[]) && !is_by_values(&[UP, OTHER], &[]));
    assert!(!is_named_by_values("the query", &Labels::default(), "the query"));
}
