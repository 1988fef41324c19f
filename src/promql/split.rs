//! Finds the borders inside texts that hold PromQL: separators outside brackets, strings, comments and `{{ }}`.

use super::scan::{Kind, Scan};
use crate::diagnostic::Span;

/// The parts between the separators, in order, with the white space around them; at least one.
/// A separator is a sign that no word of PromQL contains.
///
/// A part whose brackets or quotes do not balance ends at the first separator behind which
/// the whole rest balances, so that the parts after it can be read. Takes linear time.
pub fn split(text: &str, separator: char) -> Vec<Span> {
    let scan = Scan::with_templates(text);
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let end = first(&scan, start, separator).or_else(|| recovery(&scan, start, separator));
        parts.push(Span::new(start, end.unwrap_or(text.len())));
        match end {
            Some(at) => start = at + separator.len_utf8(),
            None => return parts,
        }
    }
}

/// The place of the first `separator` outside brackets, strings, comments and `{{ }}`.
pub fn find(text: &str, separator: char) -> Option<usize> {
    first(&Scan::with_templates(text), 0, separator)
}

/// The text without its comments, and with one blank where blanks or line breaks are. Strings stay as they are.
pub fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for (kind, span) in Scan::with_templates(text).words() {
        match span.of(text) {
            comment if kind == Kind::Blank && comment.starts_with('#') => {}
            _ if kind == Kind::Blank && line.ends_with(' ') => {}
            _ if kind == Kind::Blank => line.push(' '),
            word => line.push_str(word),
        }
    }
    line.trim().to_owned()
}

/// The text without its strings, comments and blanks.
pub fn outside_strings(text: &str) -> String {
    let scan = Scan::with_templates(text);
    scan.words()
        .filter(|(kind, _)| !matches!(kind, Kind::Blank | Kind::Quoted))
        .map(|(_, span)| span.of(text))
        .collect()
}

/// The first separator from `start` on. None: there is none, or what comes before it does not balance.
fn first(scan: &Scan<'_>, start: usize, separator: char) -> Option<usize> {
    let mut at = start;
    loop {
        let (kind, span) = scan.word(at)?;
        let found = match kind {
            Kind::Operator | Kind::Other => span.of(scan.text).find(separator),
            _ => None,
        };
        if let Some(offset) = found {
            return Some(at + offset);
        }
        at = match kind {
            Kind::Close(_) | Kind::Unclosed => return None,
            Kind::Open(_) => scan.behind_brackets(at)?,
            _ => span.end,
        };
    }
}

/// The separator that ends a part which does not balance.
fn recovery(scan: &Scan<'_>, start: usize, separator: char) -> Option<usize> {
    let rest = scan.text.get(start..).filter(|_| !scan.balances_from(start))?;
    rest.match_indices(separator).map(|(at, _)| start + at).find(|at| scan.balances_from(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_no_comment() {
        for (text, wanted) in [
            ("up", "up"),
            ("up # a, \"b\n  > 1 # c", "up > 1"),
            (" x{a=\"# b  c\"}\n\t+\n# d\n\n y ", "x{a=\"# b  c\"} + y"),
            ("x{a=`b\nc`}", "x{a=`b\nc`}"),
            ("# a", ""),
        ] {
            assert_eq!(in_one_line(text), wanted);
        }
    }

    fn check(text: &str, separator: char, wanted: &[&str]) {
        let parts: Vec<&str> = split(text, separator).into_iter().map(|s| s.of(text)).collect();
        assert_eq!(parts, wanted, "{text}");
    }

    #[test]
    fn separators_inside_brackets_strings_comments_and_templates_belong_to_the_part() {
        for (text, wanted) in [
            ("", &[""][..]),
            ("a,b", &["a", "b"]),
            (",a,,", &["", "a", "", ""]),
            ("sum by (a,b) (x{c=\"d,e\",f='g,'}),y", &["sum by (a,b) (x{c=\"d,e\",f='g,'})", "y"]),
            (r#"x{a="\",",b="\\"},y"#, &[r#"x{a="\",",b="\\"}"#, "y"]),
            (r"x{a=`\`},y", &[r"x{a=`\`}", "y"]),
            ("x{a=`1,\n2`},y", &["x{a=`1,\n2`}", "y"]),
            ("x # it's, a note\n,y", &["x # it's, a note\n", "y"]),
            ("x{a=\"{{ f(\"b,\") }}\"},y", &["x{a=\"{{ f(\"b,\") }}\"}", "y"]),
            ("x_{{ a, b }},y", &["x_{{ a, b }}", "y"]),
            ("größe{ä=\"ö,ü\"},漢,字", &["größe{ä=\"ö,ü\"}", "漢", "字"]),
            ("{a=~\"b|c\"},x[5m:1m]", &["{a=~\"b|c\"}", "x[5m:1m]"]),
        ] {
            check(text, ',', wanted);
        }
        check("a{b=~\"c|d\"}|e;f|g=h", '|', &["a{b=~\"c|d\"}", "e;f", "g=h"]);
        check("a;\"b;c\"", ';', &["a", "\"b;c\""]);
    }

    #[test]
    fn a_broken_part_ends_where_the_rest_balances() {
        for (text, wanted) in [
            ("sum(rate(x[5m]),up,b{c=\"d\"}", &["sum(rate(x[5m])", "up", "b{c=\"d\"}"][..]),
            ("good,up{a=\"x},rate(b{c=\"d\"}[5m])", &["good", "up{a=\"x}", "rate(b{c=\"d\"}[5m])"]),
            ("f(a,b],c", &["f(a,b]", "c"]),
            ("f(a,b)),c", &["f(a,b))", "c"]),
            ("a),b(,c", &["a),b(", "c"]),
            ("it's,up", &["it's", "up"]),
            ("a{b=\"c\nd\"},up", &["a{b=\"c\nd\"}", "up"]),
            ("x{{a=\"b\"},up", &["x{{a=\"b\"}", "up"]),
            ("a(", &["a("]),
            ("a(,b(", &["a(,b("]),
        ] {
            check(text, ',', wanted);
        }
        check("sum(x{a=~\"b|c\"}|pod|type=area", '|', &["sum(x{a=~\"b|c\"}", "pod", "type=area"]);
    }

    #[test]
    fn finds_a_byte_outside_quotes() {
        assert_eq!(find("title=\"a=b\"", '='), Some(5));
        assert_eq!(find("\"a=b\"", '='), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a stopwatch around the code under test")]
    fn hostile_texts_of_64_kib_take_linear_time() {
        for pattern in ["(,", "#,", "\"\\\"", "',\\", "{{,", "}},{{\"", "`{{,", ",", "]),([", "\"{{,}}"] {
            let text = pattern.repeat(65_536 / pattern.len());
            let begun = std::time::Instant::now();
            assert!(!split(&text, ',').is_empty());
            assert!(begun.elapsed().as_millis() < 1000, "{pattern} took {:?}", begun.elapsed());
        }
    }
}
