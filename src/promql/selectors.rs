//! Selectors that choose rules, as Prometheus reads them in `match[]`: `{severity="page"}`, `up{job=~"a|b"}`.

use promql_parser::label::{METRIC_NAME, Matcher as ParsedMatcher};
use promql_parser::parser::{Expr, VectorSelector};

use super::list::RegexLimit;
use super::matcher::{MatchOp, Matcher, is_compiled};
use super::plain;
use super::{grammar, guard};

/// The most selectors that are read together.
const MAX_SELECTORS: usize = 64;
/// Prometheus' words for a selector that may match everything.
const SELECTS_ALL: &str = "must contain at least one non-empty matcher";

impl Matcher {
    /// The matchers of each selector, or what is wrong with the first that cannot be used, as the end of a sentence.
    /// All matchers of one selector must hold.
    pub fn read_selectors<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Vec<Vec<Self>>, String> {
        let texts: Vec<&str> = texts.collect();
        if texts.len() > MAX_SELECTORS {
            return Err(format!("is given more than {MAX_SELECTORS} times"));
        }
        let mut left = RegexLimit::LIST;
        let selectors = texts.into_iter().map(|text| matchers(text.trim(), &mut left));
        let selectors: Vec<Vec<Self>> = selectors.collect::<Result<_, _>>()?;
        let selects_all = |matchers: &Vec<Self>| matchers.iter().all(|matcher| matcher.matches(None));
        if selectors.iter().any(selects_all) { Err(SELECTS_ALL.to_owned()) } else { Ok(selectors) }
    }
}

fn matchers(text: &str, left: &mut RegexLimit) -> Result<Vec<Matcher>, String> {
    if let Some(fault) = guard::fault(text) {
        return Err(format!("parse error: {}", fault.message));
    }
    if plain::is_doubtful(text) {
        return Err("has an escape that is not supported here".to_owned());
    }
    match grammar::parsed(text, plain::marked) {
        Ok(Expr::VectorSelector(selector)) if selector.offset.is_none() && selector.at.is_none() => {
            of_selector(&selector, left)
        }
        Ok(_) => Err("parse error: not a selector".to_owned()),
        Err(refusal) if refusal.to_string().starts_with(grammar::SELECTS_ALL) => Err(SELECTS_ALL.to_owned()),
        Err(refusal) => Err(format!("parse error: {refusal}")),
    }
}

fn of_selector(selector: &VectorSelector, left: &mut RegexLimit) -> Result<Vec<Matcher>, String> {
    let name = selector.name.iter().map(|name| Matcher::new(METRIC_NAME, MatchOp::Equal, name));
    name.chain(selector.matchers.matchers.iter().map(|matcher| of_parsed(matcher, left))).collect()
}

fn of_parsed(matcher: &ParsedMatcher, left: &mut RegexLimit) -> Result<Matcher, String> {
    let (op, value) = plain::as_written(matcher);
    if is_compiled(op, value) {
        let RegexLimit { most, most_bytes } = left;
        let rest = most.checked_sub(1).zip(most_bytes.checked_sub(value.len()));
        (*most, *most_bytes) = rest.ok_or("has too many regexes")?;
    }
    Matcher::new(&matcher.name, op, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        let listed = |all: Vec<Matcher>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        Matcher::read_selectors(texts.iter().copied()).map(|all| all.into_iter().map(listed).collect())
    }

    #[test]
    fn selectors_are_read_as_prometheus_reads_them() {
        for (text, expected) in [
            ("{severity=\"page\"}", "severity=\"page\""),
            (" {severity='page', team != `a\\d`,} ", "severity=\"page\",team!=\"a\\\\d\""),
            ("up{job=~\"a|b.*\", x!~\"(?i)c\"}", "__name__=\"up\",job=~\"a|b.*\",x!~\"(?i)c\""),
            ("up", "__name__=\"up\""),
            ("{\"a.b\", \"k8s.pod\"=\"x\"}", "__name__=\"a.b\",\"k8s.pod\"=\"x\""),
            ("{a=\"\",b=~\".+\"}", "a=\"\",b=~\".+\""),
        ] {
            assert_eq!(read(&[text]), Ok(vec![expected.to_owned()]), "{text}");
        }
        assert_eq!(read(&["{a=\"b\"}", "c"]).map(|all| all.len()), Ok(2));
        assert_eq!(read(&[]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for (text, expected) in [
            ("{}", SELECTS_ALL),
            ("{a=\"\"}", SELECTS_ALL),
            ("{a=~\".*\"}", SELECTS_ALL),
            ("{a=~\"x?|.*\"}", SELECTS_ALL),
            ("{a!=\"b\"}", SELECTS_ALL),
            ("", "parse error"),
            ("{a=\"b\"", "parse error: unclosed `{`"),
            ("{a=b}", "parse error"),
            ("123", "parse error"),
            ("up offset 5m", "parse error"),
            ("up @ 5", "parse error"),
            ("up[5m]", "parse error"),
            ("(up)", "parse error"),
            ("sum(up)", "parse error"),
            ("{a=\"b\" or c=\"d\"}", "parse error"),
            ("{a=~\"(\"}", "invalid regex"),
            ("{a=\"\\x01b\"}", "has an escape"),
            (&"x".repeat(9_000), "parse error"),
            (&format!("{{{}}}", "a=~\"b.c\",".repeat(65)), "too many regexes"),
        ] {
            let fault = read(&[text]).unwrap_err();
            assert!(fault.contains(expected), "{text}: {fault}");
        }
        assert_eq!(read(&["up", "{}"]), Err(SELECTS_ALL.to_owned()));
        assert_eq!(read(&["up"; 65]), Err("is given more than 64 times".to_owned()));
    }
}
