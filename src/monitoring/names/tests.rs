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
    check(&[&[]], &["job"], &["job"], &["the query"]);
    check(&[&[("job", "")]], &["job"], &[], &["the query"]);
    check(&[&[("time", "x")]], &["time"], &[], &["x"]);
    check(&[], &[], &[], &[]);
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
