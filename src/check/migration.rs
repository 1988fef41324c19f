//! Values that are valid and probably not meant: slips, and what authors learned with the React plugin.

use super::finding::Finding;
use crate::annotations::{ALERT, AlertNames, GraphSpec, KNOWN, LABELS, MonitoringSpec, RULE, SERVICE_NAME};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span, nearest};

/// Characters that a query could not hold in the plugin, and the codes that authors wrote instead. The plugin's
/// requests were decoded once too often, which turned the codes back into the characters.
const ENCODED: [(&str, char); 5] = [("%2c", ','), ("%7c", '|'), ("%2b", '+'), ("%26", '&'), ("%23", '#')];

/// Words of a query that give its series labels beyond those of an aggregation.
const ADDS_LABELS: [&str; 7] =
    ["label_replace", "label_join", "group_left", "group_right", "count_values", "info", "or"];

/// Annotations without a value. An empty list of matchers is a problem of the annotation itself.
pub(super) fn empty(entity: &Entity) -> impl Iterator<Item = Finding> + '_ {
    let is_empty = |key: &&str| entity.annotations.get(key).is_some_and(|written| written.value.is_empty());
    KNOWN.into_iter().filter(|key| *key != LABELS).filter(is_empty).map(|key| {
        let message = "the annotation is empty, which counts as missing";
        Finding::of_value(entity, key, Diagnostic::warning(Span::new(0, 0), message))
    })
}

pub(super) fn findings(entity: &Entity, spec: &MonitoringSpec) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |annotation: &str, diagnostics: Vec<Diagnostic>| {
        found.extend(diagnostics.into_iter().map(|d| Finding::of_value(entity, annotation, d)));
    };
    if let Some(value) = entity.annotation(RULE) {
        add(RULE, encoded(value));
        add(RULE, spec.graphs.iter().flat_map(absent_dimensions).collect());
    }
    let names = spec.alerts.as_ref().map(|alerts| &alerts.names);
    if let (Some(value), Some(AlertNames::Named(names))) = (entity.annotation(ALERT), names) {
        add(ALERT, nearly_all(value, names, &spec.alert_spans));
    }
    if let Some(value) =
        entity.annotation(SERVICE_NAME).filter(|_| spec.graphs.is_empty() && spec.alerts.is_none())
    {
        let message = "the entity names an instance, but has no rule, alert or labels annotation";
        add(SERVICE_NAME, vec![Diagnostic::warning(Span::whole(value), message)]);
    }
    found
}

/// Percent codes for characters that the plugin's own grammar could not take.
fn encoded(value: &str) -> Vec<Diagnostic> {
    let lower = value.to_ascii_lowercase();
    let found = |(code, character): (&str, char)| {
        let at = lower.find(code)?;
        let is_digits = code.bytes().skip(1).all(|b| b.is_ascii_digit());
        // `x %23` is a remainder, except in a string.
        if is_digits && value.get(..at)?.matches(['"', '\'', '`']).count() % 2 == 0 {
            return None;
        }
        let place = Span::new(at, at + code.len());
        let message = format!(
            "the React plugin's requests turned `{}` into `{character}`; Promenade sends a query as written",
            place.of(value)
        );
        Some(Diagnostic::warning(place, message).suggesting(Some(character)))
    };
    ENCODED.into_iter().filter_map(found).collect()
}

/// Dimensions that the query's own grouping removes.
fn absent_dimensions(graph: &GraphSpec) -> Vec<Diagnostic> {
    let Some(query) = graph.query.as_ref().filter(|query| query.is_checked()) else { return Vec::new() };
    let by = query.outermost_by();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let adds =
        query.as_str().split(|c| !word(c)).any(|w| ADDS_LABELS.contains(&w.to_ascii_lowercase().as_str()));
    if by.is_empty() || adds {
        return Vec::new();
    }
    let message = format!("no series has this label: the query groups by {}", by.join(", "));
    let absent = graph.dimensions.iter().zip(&graph.dimension_spans).filter(|(name, _)| !by.contains(name));
    let warning = |(name, span): (&String, &Span)| {
        Diagnostic::warning(*span, &message).suggesting(nearest(name, by.iter().map(String::as_str)))
    };
    absent.map(warning).collect()
}

/// `all` where it is a rule's name like any other.
fn nearly_all(value: &str, names: &[String], spans: &[Span]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (i, (_, span)) in
        names.iter().zip(spans).enumerate().filter(|(_, (name, _))| name.eq_ignore_ascii_case("all"))
    {
        if span.of(value).starts_with('"') {
            continue;
        }
        let message = if i == 0 {
            "this is the name of a rule; write `all` in lower case for every alert"
        } else {
            "this is the name of a rule: `all` means every alert only as the first entry"
        };
        found.push(Diagnostic::warning(*span, message).suggesting((i == 0).then_some("all")));
    }
    found
}
