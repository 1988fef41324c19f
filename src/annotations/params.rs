//! Reads `promenade.io/params`: an entity's own defaults for the parameters of its pages.

use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;

use super::GraphType;
use crate::problem::{Problem, Span, nearest};
use crate::promql::parse_duration;

/// The parameters that can have a default: an entity's here, the portal's under `promenade.defaults`.
pub const DEFAULTED: [&str; 11] = [
    "range",
    "step",
    "graphType",
    "refresh",
    "tz",
    "showInactiveAlerts",
    "showLabels",
    "showAnnotations",
    "extraColumns",
    "pageSize",
    "maxSeries",
];

const YEAR_SECS: u64 = 365 * 86_400;
/// The most columns that can be added to an alert table.
const MOST_COLUMNS: usize = 8;
/// The longest name of a label or an annotation in a column, in characters.
const LONGEST_NAME: usize = 200;
/// The most rows of a table's page; `all` has no limit.
const MOST_ROWS: usize = 1_000;
/// The most series that a chart may be asked to draw: browsers bear no more.
pub const MOST_SERIES: usize = 500;

/// Parameters with their values, each once and each usable, in their order.
pub type Defaults = Vec<(String, String)>;

/// A query string, with or without its question mark. What cannot be used is a problem, and the rest lives.
pub fn read(value: &str) -> (Defaults, Vec<Problem>) {
    let (mut defaults, mut problems) = (Defaults::new(), Vec::new());
    let whole = Span::whole(value).trimmed(value);
    let mut at = whole.start + usize::from(whole.of(value).starts_with('?'));
    while at < whole.end {
        let rest = Span::new(at, whole.end).of(value);
        let end = at + rest.find('&').unwrap_or(rest.len());
        let pair = Span::new(at, end).trimmed(value);
        at = end + 1;
        if pair.of(value).is_empty() {
            continue;
        }
        match read_pair(value, pair) {
            Ok((name, _)) if defaults.iter().any(|(known, _)| *known == name) => {
                problems.push(Problem::warning(
                    pair,
                    format!("`{name}` is given more than once; the first counts"),
                ));
            }
            Ok(default) => defaults.push(default),
            Err(problem) => problems.push(problem),
        }
    }
    (defaults, problems)
}

fn read_pair(text: &str, pair: Span) -> Result<(String, String), Problem> {
    let equals = pair.of(text).find('=').map_or(pair.end, |at| pair.start + at);
    let name_place = Span::new(pair.start, equals);
    let value_place = Span::new((equals + 1).min(pair.end), pair.end);
    let name = decoded(text, name_place)?;
    let name = name.trim();
    if !DEFAULTED.contains(&name) {
        let known = match nearest(name, DEFAULTED) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}", DEFAULTED.join(", ")),
        };
        return Err(Problem::warning(
            name_place,
            format!("no parameter with a default has this name; {known}"),
        ));
    }
    let value = decoded(text, value_place)?;
    let value = value.trim();
    match judge(name, value) {
        Ok(()) => Ok((name.to_owned(), value.to_owned())),
        Err(message) => {
            let place = if value.is_empty() { pair } else { value_place };
            Err(Problem::error(place, format!("{name}: this {message}")))
        }
    }
}

/// What a part of a query string says: `+` is a blank, `%41` a byte.
fn decoded(text: &str, place: Span) -> Result<String, Problem> {
    let written = place.of(text);
    for (at, _) in written.match_indices('%') {
        let digits = written.get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            let place = Span::new(place.start + at, place.start + at + 1);
            return Err(Problem::error(
                place,
                "two hexadecimal digits must follow this %; write %25 for a % itself",
            ));
        }
    }
    let blanks = written.replace('+', " ");
    let decoded = percent_decode_str(&blanks).decode_utf8();
    decoded.map(Into::into).map_err(|_| Problem::error(place, "this is no UTF-8 when it is decoded"))
}

/// Whether pages can use a value of one of [`DEFAULTED`]; the error ends the sentence "the value ...".
pub fn judge(name: &str, value: &str) -> Result<(), String> {
    let duration = |most: u64, told: &str| {
        let duration = parse_duration(value).map_err(|fault| fault.to_string())?;
        if duration.as_secs() > most { Err(format!("is longer than {told}")) } else { Ok(()) }
    };
    match name {
        "range" => duration(5 * YEAR_SECS, "5 years"),
        "step" => duration(YEAR_SECS, "a year"),
        "refresh" => read_refresh(value).map(|_| ()),
        "graphType" => {
            let known = [GraphType::Line, GraphType::Area].iter().any(|known| known.as_str() == value);
            known.then_some(()).ok_or_else(|| "is neither line nor area".to_owned())
        }
        "tz" => time_zone(value),
        "showInactiveAlerts" | "showLabels" | "showAnnotations" => match value {
            "" | "1" | "true" | "0" | "false" => Ok(()),
            _ => Err("is neither true nor false".to_owned()),
        },
        "extraColumns" => columns(value),
        "pageSize" => {
            let fits = value == "all" || whole(value).is_some_and(|rows| (1..=MOST_ROWS).contains(&rows));
            fits.then_some(())
                .ok_or_else(|| format!("is neither all nor a whole number from 1 to {MOST_ROWS}"))
        }
        "maxSeries" => read_max_series(value).map(|_| ()),
        _ => Err("belongs to no parameter with a default".to_owned()),
    }
}

/// How many series a chart draws at most; the error ends the sentence "the value ...".
pub fn read_max_series(value: &str) -> Result<usize, String> {
    let most = whole(value).filter(|most| (1..=MOST_SERIES).contains(most));
    most.ok_or_else(|| format!("is no whole number from 1 to {MOST_SERIES}"))
}

fn whole(value: &str) -> Option<usize> {
    value.bytes().all(|b| b.is_ascii_digit()).then(|| value.parse().ok()).flatten()
}

/// Seconds between two refreshes, at least one; None: off.
pub fn read_refresh(value: &str) -> Result<Option<u64>, String> {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if !number.is_empty() && number.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    let every = parse_duration(value).map_err(|fault| fault.to_string())?;
    let secs = every.as_secs() + u64::from(every.subsec_nanos() > 0);
    if secs > 86_400 { Err("is longer than a day".to_owned()) } else { Ok(Some(secs)) }
}

fn time_zone(value: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    let own = ["browser", "utc"].iter().any(|own| own.eq_ignore_ascii_case(value));
    let known = || value.len() <= 64 && value.chars().all(plain) && TimeZone::get(value).is_ok();
    let told = "is no time zone; write Europe/Berlin, utc or browser";
    (own || known()).then_some(()).ok_or_else(|| told.to_owned())
}

/// `annotations.summary,labels.team`
fn columns(value: &str) -> Result<(), String> {
    let columns: Vec<&str> = value.split(',').map(str::trim).filter(|column| !column.is_empty()).collect();
    if columns.is_empty() {
        return Err("names no column, such as annotations.summary or labels.team".to_owned());
    }
    if columns.len() > MOST_COLUMNS {
        return Err(format!("names more than {MOST_COLUMNS} columns"));
    }
    let fits = |column: &&str| {
        let name = column.strip_prefix("annotations.").or_else(|| column.strip_prefix("labels."));
        name.is_some_and(|name| (1..=LONGEST_NAME).contains(&name.chars().count()))
    };
    let told = "has a column that is neither annotations.NAME nor labels.NAME";
    columns.iter().all(fits).then_some(()).ok_or_else(|| told.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, defaults: &[&str], problems: &[(&str, &str)]) {
        let (read, told) = read(value);
        let read: Vec<String> = read.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, defaults, "{value}: {told:?}");
        assert_eq!(told.len(), problems.len(), "{value}: {told:?}");
        for (problem, (place, part)) in told.iter().zip(problems) {
            assert_eq!(problem.span.of(value), *place, "{value}: {}", problem.message);
            assert!(problem.message.contains(part), "{value}: {}", problem.message);
        }
    }

    #[test]
    fn reads_a_query_string() {
        check(
            "range=6h&graphType=area&showInactiveAlerts",
            &["range=6h", "graphType=area", "showInactiveAlerts="],
            &[],
        );
        check("?range=6h", &["range=6h"], &[]);
        check("\n  tz=Europe%2FBerlin &\n  pageSize=all&&\n", &["tz=Europe/Berlin", "pageSize=all"], &[]);
        check(
            "extraColumns=annotations.summary,labels.a+b%2C&refresh=0&step=15",
            &["extraColumns=annotations.summary,labels.a b,", "refresh=0", "step=15"],
            &[],
        );
        check("", &[], &[]);
        check("showLabels=false&showAnnotations=1", &["showLabels=false", "showAnnotations=1"], &[]);
    }

    #[test]
    fn tells_what_it_cannot_use_and_lets_the_rest_live() {
        check("rang=6h&step=1m", &["step=1m"], &[("rang", "did you mean range?")]);
        check("SHOWLABELS=1", &[], &[("SHOWLABELS", "did you mean showLabels?")]);
        check("instance=prod", &[], &[("instance", "there are range, step")]);
        check("query=up", &[], &[("query", "")]);
        check("range=6h&range=1h", &["range=6h"], &[("range=1h", "more than once")]);
        check("range=%&step=%4", &[], &[("%", "hexadecimal"), ("%", "hexadecimal")]);
        check("tz=%ff", &[], &[("%ff", "UTF-8")]);
        check("tz=%é", &[], &[("%", "hexadecimal")]);
        check(
            "range=soon&step=0&refresh=2d&graphType=pie&tz=Mars&showLabels=maybe&extraColumns=name&pageSize=0&maxSeries=501",
            &[],
            &[
                ("soon", "range: this is no duration"),
                ("0", "shorter"),
                ("2d", "longer than a day"),
                ("pie", "neither line nor area"),
                ("Mars", "no time zone"),
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
        let many = format!("extraColumns={}", "labels.a,".repeat(9));
        assert!(read(&many).1[0].message.contains("more than 8"));
    }
}
