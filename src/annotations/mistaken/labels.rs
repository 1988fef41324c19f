//! Values of `prometheus.io/labels` that have no matchers.

use super::pasted;
use super::placeholder::{is_everything, is_placeholder, left_over};
use crate::annotations::ALERT;
use crate::diagnostic::{Diagnostic, Span};

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
    None
}
