//! Entries of `prometheus.io/rule` that are no queries.

use super::pattern::regex;
use super::placeholder::{is_everything, is_placeholder};
use super::shape::{is_alert, is_dashed, is_glob, is_words};
use super::variable::variable;
use super::{list_of_matchers, list_of_names, matchers, pasted};
use crate::annotations::{ALERT, LABELS, RULE};
use crate::characters::{TYPOGRAPHIC_QUOTES, is_invisible};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::split::{find, in_one_line, split};
use crate::promql::{PromQl, quote};

/// Options of a graph, which stand behind `|`.
const OPTIONS: [&str; 4] = ["type", "title", "unit", "stack"];
/// An entry of the annotation, as it was written.
pub(in super::super) struct RuleEntry<'v> {
    /// The whole annotation.
    pub value: &'v str,
    /// The places of the entry, of its query, and of the entry before that has a query.
    pub whole: Span,
    pub place: Span,
    pub previous: Option<Span>,
    /// None: it is broken, and not sent.
    pub query: Option<&'v PromQl>,
}

/// The problem of an entry that was meant for something else.
pub(in super::super) fn of_entry(entry: &RuleEntry<'_>) -> Option<Diagnostic> {
    let text = entry.place.of(entry.value);
    if text.is_empty() {
        let (previous, dimension) = (entry.previous?.of(entry.value), entry.whole.of(entry.value));
        let (query, dimension) = (in_one_line(previous), dimension.trim_matches(['|', ' ']));
        let message = format!("no query; dimensions of one query are separated by `;`: {query};{dimension}");
        return Some(Diagnostic::error(entry.place, message));
    }
    let message = match entry.query?.is_checked() {
        true => of_query(entry.value, text),
        false => {
            of_option(entry, text).or_else(|| of_matcher(entry.value, text)).or_else(|| of_other(entry, text))
        }
    };
    let variable = || {
        let place = variable(text)?;
        let name = place.of(text);
        let advised =
            if name.contains("__") { "a duration such as 5m" } else { "the value, or {{ metadata.name }}" };
        let message =
            format!("{name} is a variable of Grafana, which only Grafana fills in; write {advised}");
        Some(Diagnostic::warning(place.shifted(entry.place.start), message))
    };
    message.map(|message| Diagnostic::warning(entry.place, message)).or_else(variable)
}

/// A query that could be one, and hardly is.
fn of_query(value: &str, text: &str) -> Option<String> {
    let alert = |problem: &str| {
        let advised = pasted(ALERT, &list_of_names(alerts(value, text)));
        Some(format!("{problem}; for an alert, write the annotation {advised}"))
    };
    if is_everything(text) && text != "1" {
        let alerts = pasted(ALERT, "all");
        return Some(format!("`{text}` is no query; write one, or for all alerts the annotation {alerts}"));
    }
    if is_placeholder(text) {
        return Some(format!(
            "`{text}` stands for a query that was not filled in; write one, or remove the annotation"
        ));
    }
    if is_dashed(text) {
        return alert("this subtracts metrics");
    }
    if is_alert(text) {
        return alert("this looks like the name of an alert");
    }
    let items = text.lines().filter(|line| line.trim_start().starts_with("- ")).count();
    (items > 1 && items == text.lines().filter(|line| !line.trim().is_empty()).count()).then(|| {
        let item = |line: &str| in_one_line(line.trim().trim_start_matches("- "));
        let items: Vec<String> = text.lines().map(item).collect();
        format!("this subtracts; queries are separated by commas: {}", pasted(RULE, &items.join(", ")))
    })
}

/// What editors, chats and web pages make of a query.
fn foreign_sign(text: &str) -> Option<String> {
    let escapes = [("&gt;", '>'), ("&lt;", '<'), ("&quot;", '"'), ("&#39;", '\''), ("&amp;", '&')];
    if let Some((escape, sign)) = escapes.iter().find(|(escape, _)| text.contains(escape)) {
        return Some(format!("{escape} is an escape of HTML; write {sign}"));
    }
    if text.contains(TYPOGRAPHIC_QUOTES) {
        return Some("typographic quotes; use straight ones: \"".to_owned());
    }
    // Prometheus takes a non-breaking space for no blank.
    let sign = u32::from(text.chars().find(|c| *c == '\u{a0}' || is_invisible(*c))?);
    Some(format!("invisible character (U+{sign:04X}); remove it"))
}

/// The names of the annotation, if all its entries are names; else this one.
fn alerts<'v>(value: &'v str, text: &'v str) -> Vec<&'v str> {
    let all: Vec<&str> = value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if all.iter().all(|entry| is_alert(entry)) { all } else { vec![text] }
}

/// The queries of a text that has one on each line, or semicolons between them.
fn several(text: &str) -> Option<Vec<String>> {
    let is_query = |text: &&str| PromQl::read(text).0.is_some_and(|query| query.is_checked());
    [';', '\n'].into_iter().find_map(|sign| {
        let queries: Vec<&str> = text.split(sign).map(str::trim).filter(|part| !part.is_empty()).collect();
        let is_several = queries.len() > 1 && queries.iter().all(is_query);
        is_several.then(|| queries.into_iter().map(in_one_line).collect())
    })
}

/// The problem of a dimension list that holds something else: `type:area`, or another line.
pub(in super::super) fn of_dimension(text: &str) -> Option<String> {
    if split(text, ';').into_iter().any(|part| part.trimmed(text).of(text).contains('\n')) {
        return Some("expected a comma before the next line: entries are separated by commas".to_owned());
    }
    let (name, value) = text.split_once([':', ' '])?;
    let is_option = OPTIONS.contains(&name.trim()) && !text.contains(';');
    is_option.then(|| {
        format!("an option is written with =: {}={}", name.trim(), value.trim_start_matches([':', ' ']))
    })
}

/// `type=area` behind a comma.
fn of_option(entry: &RuleEntry<'_>, text: &str) -> Option<String> {
    let name = text.get(..find(text, '=')?)?.trim();
    if !OPTIONS.contains(&name) {
        return None;
    }
    let advised = match entry.previous {
        Some(previous) => format!("write {}|{text}", in_one_line(previous.of(entry.value))),
        None => format!("write query|{text}"),
    };
    Some(format!("options are separated by |; {advised}"))
}

/// `namespace=shop`, alone or beside others.
fn of_matcher(value: &str, text: &str) -> Option<String> {
    let own = matchers(text).filter(|_| !text.starts_with('{'))?;
    if let [one] = own.as_slice()
        && one.op.as_str() == "="
        && one.value.parse::<f64>().is_ok()
    {
        return Some(format!(
            "= compares labels in braces; to compare values, write {} == {}",
            one.name, one.value
        ));
    }
    let all = matchers(value).unwrap_or(own);
    let selector = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(format!(
        "this is a label matcher, not a query; for series, write the annotation {}; for alerts, write {}",
        pasted(RULE, &format!("{{{selector}}}")),
        pasted(LABELS, &list_of_matchers(&all))
    ))
}

/// What the parser refuses.
fn of_other(entry: &RuleEntry<'_>, text: &str) -> Option<String> {
    if is_placeholder(text) || is_everything(text) {
        return of_query(entry.value, text);
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Some("this is an address; write the query itself".to_owned());
    }
    if [".yaml", ".yml", ".rules", ".json"].iter().any(|end| text.ends_with(end))
        && !text.contains(['(', '{'])
    {
        return Some(
            "this is the name of a file; write queries, and names of alerts in prometheus.io/alert"
                .to_owned(),
        );
    }
    let list = entry.value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(list) = list.filter(|_| text.starts_with('[') && text.ends_with(']')) {
        let queries = list.split("\",").map(|query| query.trim().trim_matches(['"', '\'']));
        let queries = queries.collect::<Vec<_>>().join(", ");
        return Some(format!(
            "queries are separated by commas, without brackets: {}",
            pasted(RULE, &queries)
        ));
    }
    if let Some(sign) = foreign_sign(text) {
        return Some(sign);
    }
    if let Some(queries) = several(text) {
        return Some(format!("queries are separated by commas: {}", pasted(RULE, &queries.join(", "))));
    }
    let is_glob = text.contains('*') && regex(text).is_some() && is_glob(text);
    if is_glob || is_words(text) {
        let advised = match regex(text) {
            Some(regex) => pasted(LABELS, &format!("alertname=~{}", quote(&regex))),
            None => pasted(ALERT, &list_of_names(alerts(entry.value, text))),
        };
        return Some(format!("not a PromQL query; for an alert, write the annotation {advised}"));
    }
    None
}
