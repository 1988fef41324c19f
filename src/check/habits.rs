//! What an annotation says and its author probably does not mean: slips, and habits that the React plugin taught.

use super::finding::Finding;
use super::places;
use crate::annotations::{ALERT, AlertNames, GraphSpec, LABELS, MonitoringSpec, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::problem::{Problem, Span, nearest};
use crate::promql::{MatchOp, Matcher};

/// The characters that a query could not hold in the plugin, as authors wrote them instead. Its requests were
/// decoded once too often, so that they became what was meant.
const ENCODED: [(&str, char); 5] = [("%2c", ','), ("%7c", '|'), ("%2b", '+'), ("%26", '&'), ("%23", '#')];

/// Words of a query that give its series labels beyond those of an aggregation.
const ADDS_LABELS: [&str; 7] =
    ["label_replace", "label_join", "group_left", "group_right", "count_values", "info", "or"];

pub(super) fn findings(entity: &Entity, spec: &MonitoringSpec) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tell = |annotation: &str, told: Vec<(Problem, Option<String>)>| {
        let finding = |(problem, meant)| Finding::of_problem(entity, annotation, &problem).suggesting(meant);
        found.extend(told.into_iter().map(finding));
    };
    if let Some(value) = entity.annotation(RULE) {
        tell(RULE, encoded(value));
        for (number, graph) in spec.graphs.iter().enumerate() {
            tell(RULE, absent_dimensions(value, number, graph));
        }
    }
    if let Some(alerts) = &spec.alerts {
        if let (Some(value), AlertNames::Named(names)) = (entity.annotation(ALERT), &alerts.names) {
            tell(ALERT, nearly_all(value, names));
        }
        if let Some(value) = entity.annotation(LABELS) {
            // Those beside one that cannot be read are looked at too.
            let (matchers, _) = Matcher::read_list(value);
            tell(LABELS, matchers.iter().filter_map(|matcher| half_regex(value, matcher)).collect());
        }
    }
    if let Some(value) =
        entity.annotation(SERVICE_NAME).filter(|_| spec.graphs.is_empty() && spec.alerts.is_none())
    {
        let told = "the entity names an instance and asks nothing of it: there is no rule, alert or labels";
        tell(SERVICE_NAME, vec![(Problem::warning(Span::whole(value), told), None)]);
    }
    found
}

/// Percent signs that stood for what the plugin's own grammar could not take.
fn encoded(value: &str) -> Vec<(Problem, Option<String>)> {
    let lower = value.to_ascii_lowercase();
    let found = |(code, meant): (&str, char)| {
        let at = lower.find(code)?;
        let is_digits = code.bytes().skip(1).all(|b| b.is_ascii_digit());
        // `x %23` is a remainder, unless it stands in a string.
        if is_digits && value.get(..at)?.matches(['"', '\'', '`']).count() % 2 == 0 {
            return None;
        }
        let place = Span::new(at, at + code.len());
        let told = format!(
            "the React plugin's requests turned `{}` into `{meant}`; here a query is sent as it is written",
            place.of(value)
        );
        Some((Problem::warning(place, told), Some(meant.to_string())))
    };
    ENCODED.into_iter().filter_map(found).collect()
}

/// Dimensions that the query's own grouping takes away.
fn absent_dimensions(value: &str, number: usize, graph: &GraphSpec) -> Vec<(Problem, Option<String>)> {
    let Some(query) = graph.query.as_ref().filter(|query| query.is_checked()) else { return Vec::new() };
    let by = query.outermost_by();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let adds =
        query.as_str().split(|c| !word(c)).any(|w| ADDS_LABELS.contains(&w.to_ascii_lowercase().as_str()));
    if by.is_empty() || adds {
        return Vec::new();
    }
    let absent: Vec<&String> = graph.dimensions.iter().filter(|dimension| !by.contains(dimension)).collect();
    if absent.is_empty() {
        return Vec::new();
    }
    let list = places::graphs(value).get(number).map_or(Span::whole(value), |place| place.dimensions);
    let told = |dimension: &String| {
        let told = format!("no series has this label: the query groups by {}", by.join(", "));
        let meant = nearest(dimension, by.iter().map(String::as_str)).map(str::to_owned);
        (Problem::warning(places::dimension(value, list, dimension), told), meant)
    };
    absent.into_iter().map(told).collect()
}

/// `all` where it is a rule's name like any other.
fn nearly_all(value: &str, names: &[String]) -> Vec<(Problem, Option<String>)> {
    let mut found = Vec::new();
    for (i, name) in names.iter().enumerate().filter(|(_, name)| name.eq_ignore_ascii_case("all")) {
        let place = places::alert(value, name);
        if place.of(value).starts_with('"') {
            continue;
        }
        let told = if i == 0 {
            "this is a rule's name; for every alert write it in small letters"
        } else {
            "this is a rule's name here: `all` means every alert only as the first"
        };
        found.push((Problem::warning(place, told), (i == 0).then(|| "all".to_owned())));
    }
    found
}

/// A plain comparison with what looks like a regex.
fn half_regex(value: &str, matcher: &Matcher) -> Option<(Problem, Option<String>)> {
    let looks = ["|", ".*", ".+"].iter().any(|sign| matcher.value.contains(sign));
    let meant = match matcher.op {
        MatchOp::Equal if looks => MatchOp::Regex,
        MatchOp::NotEqual if looks => MatchOp::NotRegex,
        _ => return None,
    };
    let place = value.find(&matcher.value).map(|at| Span::new(at, at + matcher.value.len()));
    let told = format!("{} compares letter for letter, and this looks like a regex", matcher.op.as_str());
    let meant = Matcher::new(&matcher.name, meant, &matcher.value).ok().map(|meant| meant.to_string());
    Some((Problem::warning(place.unwrap_or(Span::whole(value)), told), meant))
}
