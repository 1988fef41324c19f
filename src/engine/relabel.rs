//! `label_replace` and `label_join`.

use super::column::{Column, merged};
use super::error::EngineError;
use super::labels::{EngineLabels, is_label_name};
use super::selection::SampleReader;
use crate::promql::{LabelRewrite, UnreadRewrite};

/// The longest label value that is made, in bytes: calls around each other double it.
const MAX_VALUE: usize = 4096;

/// The arguments of `label_replace` behind its vector.
pub(super) struct Replacement<'t> {
    pub target: &'t str,
    pub template: &'t str,
    pub source: &'t str,
    pub regex: &'t str,
}

pub(super) fn label_replace(
    reader: &mut SampleReader<'_>,
    columns: Vec<Column>,
    replacement: &Replacement<'_>,
) -> Result<Vec<Column>, EngineError> {
    const NAME: &str = "label_replace";
    let Replacement { target, template, source, regex } = *replacement;
    let rewrite = LabelRewrite::new(regex).map_err(|unread| match unread {
        UnreadRewrite::Invalid => EngineError::in_function("regular expression", NAME, regex),
        UnreadRewrite::TooLarge(reason) => EngineError::TooLarge(reason),
    })?;
    check_target(target, NAME)?;
    relabelled(columns, |labels| {
        let value = labels.get(source).unwrap_or_default();
        reader.spend(rewrite.cost(value))?;
        match rewrite.expand(value, template) {
            None => Ok(labels.clone()),
            Some(value) => replaced(labels, target, &value),
        }
    })
}

pub(super) fn label_join(
    columns: Vec<Column>,
    target: &str,
    separator: &str,
    sources: &[&str],
) -> Result<Vec<Column>, EngineError> {
    const NAME: &str = "label_join";
    if let Some(source) = sources.iter().find(|source| !is_label_name(source)) {
        return Err(EngineError::in_function("source label name", NAME, source));
    }
    check_target(target, NAME)?;
    relabelled(columns, |labels| {
        let values: Vec<&str> = sources.iter().map(|name| labels.get(name).unwrap_or_default()).collect();
        replaced(labels, target, &values.join(separator))
    })
}

fn check_target(name: &str, function: &str) -> Result<(), EngineError> {
    if is_label_name(name) {
        Ok(())
    } else {
        Err(EngineError::in_function("destination label name", function, name))
    }
}

fn relabelled(
    columns: Vec<Column>,
    mut of: impl FnMut(&EngineLabels) -> Result<EngineLabels, EngineError>,
) -> Result<Vec<Column>, EngineError> {
    let columns =
        columns.into_iter().map(|Column { labels, values }| Ok(Column { labels: of(&labels)?, values }));
    merged(columns.collect::<Result<_, EngineError>>()?)
}

fn replaced(labels: &EngineLabels, name: &str, value: &str) -> Result<EngineLabels, EngineError> {
    if value.len() > MAX_VALUE {
        return Err(EngineError::TooLarge(format!("a label value becomes longer than {MAX_VALUE} bytes")));
    }
    Ok(labels.with(name, value))
}
