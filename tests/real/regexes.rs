//! Regexes of matchers, compared with those of a real Prometheus.

use promenade::promql::{MatchOp, Matcher, quote};

use crate::differential::Dice;
use crate::prometheus::RealPrometheus;

const VALUES: [&str; 30] = [
    "", "a", "b", "ab", "ba", "aa", "z", "k", "K", "\u{212a}", "s", "ſ", "-", "--", "&", "~", "[", "]", "^",
    "é", "É", "α", "1", "_", "\\", "<", "a.b", "a-é", "\n", "a\nb",
];

/// What patterns are made of, outside classes.
const PARTS: [&str; 62] = [
    "a",
    "b",
    "k",
    "S",
    "é",
    "-",
    ".",
    "^",
    "$",
    "|",
    "(",
    "(?:",
    "(?i:",
    "(?P<n>",
    ")",
    ")",
    ")",
    "*",
    "+",
    "?",
    "{2}",
    "{0,2}",
    "{1,}",
    "{,2}",
    "{01}",
    "{2,1}",
    "{1001}",
    "{",
    "}",
    "(?i)",
    "(?-s)",
    "(?m)",
    "(?U)",
    "(?i-s)",
    "(?x)",
    "(?=",
    r"\<",
    r"\>",
    r"\b",
    r"\B",
    r"\A",
    r"\z",
    r"\Z",
    r"\w",
    r"\W",
    r"\d",
    r"\S",
    r"\Qa.b\E",
    r"\Q\E",
    r"\x{e9}",
    r"\xe9",
    r"\141",
    r"\0",
    r"\1",
    r"\pL",
    r"\P{Lu}",
    r"\p{^Greek}",
    r"\p{greek}",
    r"\_",
    r"\-",
    r"\é",
    r"\n",
];

/// What classes are made of.
const IN_CLASSES: [&str; 38] = [
    "a",
    "k",
    "z",
    "S",
    "é",
    "α",
    "-",
    "--",
    "a-z",
    "+--",
    "z-a",
    "&&",
    "~~",
    "||",
    "[",
    "[a",
    "^",
    r"\]",
    r"\[",
    r"\-",
    r"\d",
    r"\W",
    r"\s",
    r"\x{e9}",
    r"\x41-\x5a",
    r"\101",
    r"\pL",
    r"\P{Ll}",
    r"\p{Greek}",
    r"\p{Any}",
    "[:alpha:]",
    "[:^word:]",
    "[:foo:]",
    "[:",
    r"\b",
    r"\Q",
    r"\_",
    r"\n",
];

fn one<'a>(dice: &mut Dice, of: &[&'a str]) -> &'a str {
    of[usize::try_from(dice.below(i64::try_from(of.len()).unwrap())).unwrap()]
}

fn pattern(dice: &mut Dice) -> String {
    let mut pattern = String::new();
    for _ in 0..=dice.below(4) {
        if dice.below(2) == 0 {
            pattern.push_str(one(dice, &PARTS));
            continue;
        }
        pattern.push_str(one(dice, &["[", "[", "[^", "[]", "(?i)["]));
        (0..=dice.below(3)).for_each(|_| pattern.push_str(one(dice, &IN_CLASSES)));
        pattern.push_str(one(dice, &["]", "]", "]*", "]+"]));
    }
    pattern
}

/// The values that the pattern matches, as Prometheus has it. None: it refuses the pattern.
async fn matched(prometheus: &RealPrometheus, pattern: &str) -> Option<Vec<String>> {
    let value = |value: &str| {
        format!("label_replace(vector(1), \"v\", {}, \"\", \"\")", quote(&value.replace('$', "$$")))
    };
    let values = VALUES.map(value).join(" or ");
    // The flag is the default since Prometheus 3.
    let query =
        format!("label_replace({values}, \"is\", \"matched\", \"v\", {})", quote(&format!("(?s){pattern}")));
    let answer = prometheus.get("/api/v1/query", &[("query", &query)]).await;
    let series = answer["data"]["result"].as_array()?;
    assert_eq!(series.len(), VALUES.len(), "{pattern}: {answer}");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<String> = series
        .iter()
        .filter(|one| one["metric"]["is"] == "matched")
        .map(|one| text(&one["metric"]["v"]))
        .collect();
    found.sort();
    Some(found)
}

/// Before Prometheus 3, the brackets of the anchors around such a pattern became a part of it.
fn closes_more_than_it_opens(pattern: &str) -> bool {
    let mut open = 0;
    pattern.chars().any(|c| {
        open += i32::from(c == '(') - i32::from(c == ')');
        open < 0
    })
}

#[tokio::test]
async fn matchers_match_what_prometheus_matches() {
    let prometheus = RealPrometheus::start().await;
    let mut dice = Dice(2026);
    let (mut refused, mut matching) = (0, 0);
    for _ in 0..2_000 {
        let pattern = pattern(&mut dice);
        let wanted = matched(&prometheus, &pattern).await.filter(|_| !closes_more_than_it_opens(&pattern));
        match Matcher::new("v", MatchOp::Regex, &pattern) {
            Ok(own) => {
                let is_match = |value: &&&str| own.matches(Some(value));
                let mut found: Vec<String> =
                    VALUES.iter().filter(is_match).map(|v| (*v).to_owned()).collect();
                found.sort();
                assert_eq!(Some(&found), wanted.as_ref(), "{pattern}");
                matching += usize::from(!found.is_empty());
            }
            Err(reason) => {
                let is_limit = reason.contains("more than");
                assert!(wanted.is_none() || is_limit, "{pattern}: {reason}, but Prometheus has {wanted:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "only {refused} patterns were refused");
    assert!(matching > 300, "only {matching} patterns match anything");
}
