//! Entries of `prometheus.io/rule` that are no queries.

use super::pattern::{is_pattern, regex};
use super::placeholder::{is_everything, is_placeholder};
use super::shape::{is_alert, is_dashed, is_file, is_path, is_title, is_words};
use super::sign::foreign_sign;
use super::variable::variable;
use super::{items, list_of_names, matchers, of_matchers, pasted};
use crate::annotations::{ALERT, LABELS, RULE};
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
    if is_path(text) {
        return Some(format!(
            "this divides metrics, and looks like the name of a file or a PrometheusRule; write queries, and names \
             of alerts in {ALERT}"
        ));
    }
    if is_alert(text) {
        return alert("this looks like the name of an alert");
    }
    // One operand on each line is a query.
    text.lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("- "))
        .then(|| of_items(text))?
}

/// Queries or names of alerts in a list of another form, with line breaks or with semicolons.
fn of_items(text: &str) -> Option<String> {
    let is_query = |text: &&str| PromQl::read(text).0.is_some_and(|query| query.is_checked());
    let is_name = |text: &&str| is_alert(text) || is_title(text);
    let lists = [items(text, at_commas_of_queries), Some(text.split(';').map(str::trim).collect())];
    lists.into_iter().flatten().filter(|list| list.len() > 1 || text.starts_with('[')).find_map(|list| {
        let list: Vec<&str> = list.into_iter().filter(|item| !item.is_empty()).collect();
        if list.iter().all(is_name) {
            let advised = pasted(ALERT, &list_of_names(list));
            return Some(format!("these are names of alerts, not queries; write the annotation {advised}"));
        }
        list.iter().all(is_query).then(|| {
            let queries = list.into_iter().map(in_one_line).collect::<Vec<_>>().join(", ");
            format!("queries are separated by commas: {}", pasted(RULE, &queries))
        })
    })
}

fn at_commas_of_queries(text: &str) -> Vec<&str> {
    split(text, ',').into_iter().map(|part| part.of(text)).collect()
}

/// The names of the annotation, if all its entries are names; else this one.
fn alerts<'v>(value: &'v str, text: &'v str) -> Vec<&'v str> {
    let all: Vec<&str> = value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if all.iter().all(|entry| is_alert(entry) || is_title(entry)) { all } else { vec![text] }
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
        && text.contains('=')
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
        of_matchers(&all)
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
    if is_file(text) {
        return Some(
            "this is the name of a file; write queries, and names of alerts in prometheus.io/alert"
                .to_owned(),
        );
    }
    if let Some(query) = without_key(text) {
        return Some(format!("a query stands without a key; write the annotation {}", pasted(RULE, query)));
    }
    if let Some(sign) = of_items(text).or_else(|| foreign_sign(text)) {
        return Some(sign);
    }
    let advised = match regex(text).filter(|_| is_pattern(text)) {
        Some(regex) => pasted(LABELS, &format!("alertname=~{}", quote(&regex))),
        None if is_words(text) || is_title(text) => pasted(ALERT, &list_of_names(alerts(entry.value, text))),
        None => return None,
    };
    Some(format!("not a PromQL query; for an alert, write the annotation {advised}"))
}

/// `query: up`
fn without_key(text: &str) -> Option<&str> {
    let (key, query) = text.split_once(": ")?;
    ["query", "expr", "promql", "metric"]
        .contains(&key.trim_start_matches("- ").trim())
        .then_some(query.trim())
}
