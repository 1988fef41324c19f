//! Reads `prometheus.io/labels`.

use crate::problem::{Problem, Span};
use crate::promql::Matcher;

/// The matchers that all must hold. An annotation without any is a mistake of its author, and told.
pub fn read(value: &str) -> (Vec<Matcher>, Vec<Problem>) {
    let (matchers, mut problems) = Matcher::read_list(value);
    if matchers.is_empty() && problems.is_empty() {
        let told = "there is no matcher here; write one such as severity=critical, or remove the annotation";
        problems.push(Problem::error(Span::whole(value), told));
    }
    (matchers, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, matchers: &[&str], problems: &[&str]) {
        let (read, told) = read(value);
        assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), matchers, "{value}: {told:?}");
        assert_eq!(told.iter().map(|p| p.span.of(value)).collect::<Vec<_>>(), problems, "{value}: {told:?}");
    }

    #[test]
    fn reads_the_plugins_form_and_prometheus() {
        check("severity=page", &["severity=\"page\""], &[]);
        check(
            "severity=critical, team!=x ,path=~\"a|b,c\",zone!~eu-.*",
            &["severity=\"critical\"", "team!=\"x\"", "path=~\"a|b,c\"", "zone!~\"eu-.*\""],
            &[],
        );
        check("a=b=c,d=", &["a=\"b=c\"", "d=\"\""], &[]);
        check("a=it's \"so\"", &["a=\"it's \\\"so\\\"\""], &[]);
        check("\"k8s.pod\"=x,a = 'b' , c=`\\d`", &["\"k8s.pod\"=\"x\"", "a=\"b\"", "c=\"\\\\d\""], &[]);
    }

    #[test]
    fn tells_what_it_cannot_read_and_lets_the_rest_live() {
        check(" , ", &[], &[" , "]);
        check("foo,a=b", &["a=\"b\""], &["foo"]);
        check("a!b,c=d", &["c=\"d\""], &["a"]);
        check("=x,c=d", &["c=\"d\""], &["x"]);
        check("k8s.pod=x,c=d", &["c=\"d\""], &["k8s.pod"]);
        check("\"\"=x,c=d", &["c=\"d\""], &["x"]);
        check("a=~(,c=d", &["c=\"d\""], &["("]);
        check("a=~\"b)|(?:c\",c=d", &["c=\"d\""], &["\"b)|(?:c\""]);
        check("a=~\\pL{999},c=d", &["c=\"d\""], &["\\pL{999}"]);
        check("a=\"b,c=d", &["c=\"d\""], &["\"b"]);
        check("a=\"b\" c,c=d", &["c=\"d\""], &["c"]);
        check("größe=x", &[], &["größe"]);
    }
}
