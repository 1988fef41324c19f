//! Values of `prometheus.io/labels` that have no matchers.

use super::placeholder::{is_everything, is_placeholder, left_over};
use super::{list_of_matchers, matchers_of_items, pasted};
use crate::annotations::{ALERT, LABELS};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::Matcher;

/// The problem of a value that has no operator, or a template of another program.
pub(in super::super) fn of_labels(value: &str) -> Option<Diagnostic> {
    let text = value.trim();
    let error = |message: String| Some(Diagnostic::error(Span::whole(value).trimmed(value), message));
    if let Some(expression) = left_over(text) {
        return error(format!(
            "left over from another program: `{expression}` was not filled in; write the value"
        ));
    }
    if is_everything(text) {
        return error(format!(
            "this is no matcher; for all alerts, write the annotation {}",
            pasted(ALERT, "all")
        ));
    }
    if is_placeholder(text) {
        return error(
            "this stands for a matcher that was not filled in; write one such as severity=critical, or remove the \
             annotation"
                .to_owned(),
        );
    }
    let is_name = |name: &str| {
        name.len() > 3
            && name.trim().starts_with(|c: char| c.is_ascii_uppercase())
            && name.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if text.split(',').all(is_name) && !text.is_empty() {
        return error(format!(
            "expected matchers; for alerts of these names, write the annotation {}",
            pasted(ALERT, text)
        ));
    }
    // A list that can be read is none of another form.
    let other = || matchers_of_items(text, is_label);
    let has_error = |text: &str| Matcher::read_list(text).1.iter().any(Diagnostic::is_error);
    let list = list_of_matchers(&has_error(text).then(other)??);
    // Those that exclude each other have another problem.
    let advised = (!has_error(&list)).then(|| pasted(LABELS, &list))?;
    error(format!("matchers are written with = and separated by commas; write the annotation {advised}"))
}

fn is_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
