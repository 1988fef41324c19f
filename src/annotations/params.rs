//! Reads `promenade.io/params`: an entity's own defaults for the parameters of its pages.

use percent_encoding::percent_decode_str;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::page_params::{PageDefaults, quoted};

/// Reads a query string, with or without its question mark. What cannot be used is a problem, and the rest counts.
pub fn read(value: &str) -> (PageDefaults, Vec<Diagnostic>) {
    let (mut defaults, mut problems, mut names) = (PageDefaults::default(), Vec::new(), Vec::new());
    let whole = Span::whole(value).trimmed(value);
    let mut at = whole.start + usize::from(whole.of(value).starts_with('?'));
    for part in Span::new(at, whole.end).of(value).split('&') {
        let pair = Span::new(at, at + part.len()).trimmed(value);
        at += part.len() + 1;
        if !pair.of(value).is_empty() {
            problems.extend(read_pair(value, pair, &mut names, &mut defaults).err());
        }
    }
    (defaults, problems)
}

/// `names` are those that were read before. The first value of a name counts.
fn read_pair(
    text: &str,
    pair: Span,
    names: &mut Vec<String>,
    defaults: &mut PageDefaults,
) -> Result<(), Diagnostic> {
    let equals = pair.of(text).find('=').map_or(pair.end, |at| pair.start + at);
    let name_place = Span::new(pair.start, equals);
    let value_place = Span::new((equals + 1).min(pair.end), pair.end);
    let name = decoded(text, name_place)?;
    let name = name.trim();
    if !PageDefaults::NAMES.contains(&name) {
        return Err(Diagnostic::warning(name_place, unknown(name)));
    }
    let value = decoded(text, value_place)?;
    let value = value.trim();
    if names.iter().any(|known| known == name) {
        return Err(Diagnostic::warning(
            pair,
            format!("`{name}` is given more than once; the first value counts"),
        ));
    }
    if value.is_empty() && !PageDefaults::is_flag(name) {
        return Err(Diagnostic::error(pair, format!("{name} has no value")));
    }
    let invalid = |end| Diagnostic::error(value_place, format!("{name}: {} {end}", quoted(value)));
    defaults.set(name, value).map_err(invalid)?;
    names.push(name.to_owned());
    Ok(())
}

fn unknown(name: &str) -> String {
    match nearest(name, PageDefaults::NAMES) {
        Some(near) => format!("unknown parameter `{name}`; did you mean `{near}`?"),
        None => format!("unknown parameter `{name}`; use {}", PageDefaults::NAMES.join(", ")),
    }
}

/// Decodes a part of a query string: `+` is a blank, `%41` a byte.
fn decoded(text: &str, place: Span) -> Result<String, Diagnostic> {
    let written = place.of(text);
    for (at, _) in written.match_indices('%') {
        let digits = written.get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            let place = Span::new(place.start + at, place.start + at + 1);
            return Err(Diagnostic::error(
                place,
                "% needs two hexadecimal digits after it; write %25 for a percent sign",
            ));
        }
    }
    let blanks = written.replace('+', " ");
    let decoded = percent_decode_str(&blanks).decode_utf8();
    decoded.map(Into::into).map_err(|_| Diagnostic::error(place, "not UTF-8 when decoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, defaults: &[&str], problems: &[(&str, &str)]) {
        let (read, message) = read(value);
        let read: Vec<String> = read.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, defaults, "{value}: {message:?}");
        assert_eq!(message.len(), problems.len(), "{value}: {message:?}");
        for (problem, (place, part)) in message.iter().zip(problems) {
            assert_eq!(problem.part_of(value), *place, "{value}: {}", problem.message);
            assert!(problem.message.contains(part), "{value}: {}", problem.message);
        }
    }

    #[test]
    fn reads_a_query_string() {
        check(
            "range=6h&graphType=area&showInactiveAlerts",
            &["range=6h", "graphType=area", "showInactiveAlerts=true"],
            &[],
        );
        check("?range=6h", &["range=6h"], &[]);
        check("\n  tz=Europe%2FBerlin &\n  pageSize=all&&\n", &["tz=Europe/Berlin", "pageSize=all"], &[]);
        check(
            "extraColumns=annotations.summary,labels.a+b%2C&refresh=0&step=15",
            &["step=15", "refresh=0", "extraColumns=annotations.summary,labels.a b"],
            &[],
        );
        check("", &[], &[]);
        check("showLabels=false&showAnnotations=1", &["showLabels=false", "showAnnotations=true"], &[]);
    }

    #[test]
    fn tells_what_it_cannot_use_and_lets_the_rest_live() {
        check("rang=6h&step=1m", &["step=60"], &[("rang", "did you mean `range`?")]);
        check("SHOWLABELS=1", &[], &[("SHOWLABELS", "did you mean `showLabels`?")]);
        check("instance=prod", &[], &[("instance", "use range, step")]);
        check("query=up", &[], &[("query", "")]);
        check("range=6h&range=1h", &["range=6h"], &[("range=1h", "more than once")]);
        check("range=%&step=%4", &[], &[("%", "hexadecimal"), ("%", "hexadecimal")]);
        check("tz=%ff", &[], &[("%ff", "UTF-8")]);
        check("tz=%é", &[], &[("%", "hexadecimal")]);
        check(
            "range=soon&step=0&refresh=2d&graphType=pie&tz=Mars&showLabels=maybe&extraColumns=name&pageSize=0&maxSeries=501",
            &[],
            &[
                ("soon", "range: \"soon\" is not a duration"),
                ("0", "shorter"),
                ("2d", "longer than a day"),
                ("pie", "none of line, area and stat"),
                ("Mars", "not a known time zone"),
                ("maybe", "neither true nor false"),
                ("name", "has a column"),
                ("0", "neither all"),
                ("501", "from 1 to 500"),
            ],
        );
        check(
            "range&pageSize=&extraColumns=",
            &[],
            &[("range", ""), ("pageSize=", ""), ("extraColumns=", "")],
        );
        let many = format!(
            "extraColumns={}",
            "abcdefghi".chars().map(|c| format!("labels.{c},")).collect::<String>()
        );
        assert!(read(&many).1[0].message.contains("more than 8"));
    }
}
