//! The columns of the alert table that the address chooses.

use super::pairs::Pairs;
use crate::page_params::{ColumnSource, ExtraColumn, MAX_EXTRA_COLUMNS, PageDefaults};

/// The table's columns beyond those that it always has. None: neither the address nor a default says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnParams {
    pub show_labels: Option<bool>,
    pub show_annotations: Option<bool>,
    /// In the order of the address, each once.
    pub extra: Vec<ExtraColumn>,
}

impl ColumnParams {
    pub(super) fn read(pairs: &mut Pairs, defaults: &PageDefaults) -> Self {
        Self {
            show_labels: pairs.flag("showLabels", defaults.show_labels),
            show_annotations: pairs.flag("showAnnotations", defaults.show_annotations),
            extra: read_extra(pairs, defaults.extra_columns.as_deref()),
        }
    }

    /// Not beside a column of its own by choice.
    pub fn has_summary(&self) -> bool {
        let is_summary =
            |column: &ExtraColumn| column.source == ColumnSource::Annotations && column.name == "summary";
        self.show_annotations != Some(false) && !self.extra.iter().any(is_summary)
    }

    pub fn has_labels(&self) -> bool {
        self.show_labels != Some(false)
    }

    /// Not only the labels that differ.
    pub fn has_all_labels(&self) -> bool {
        self.show_labels == Some(true)
    }

    pub fn has_annotations(&self) -> bool {
        self.show_annotations == Some(true)
    }
}

/// Keeps the columns that can be read; a bad one is a problem.
fn read_extra(pairs: &mut Pairs, default: Option<&[ExtraColumn]>) -> Vec<ExtraColumn> {
    const NAME: &str = "extraColumns";
    if !pairs.has_name(NAME) {
        return default.unwrap_or_default().to_vec();
    }
    let mut columns: Vec<ExtraColumn> = Vec::new();
    let texts = pairs.texts(NAME);
    let texts: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    for text in &texts {
        match text.parse() {
            Ok(column) if columns.contains(&column) => {}
            Ok(_) if columns.len() == MAX_EXTRA_COLUMNS => {
                pairs.refuse(NAME, format!("only the first {MAX_EXTRA_COLUMNS} columns are shown"));
                break;
            }
            Ok(column) => columns.push(column),
            Err(end) => pairs.refuse_value(NAME, text, &end),
        }
    }
    if !columns.is_empty() {
        pairs.keep(NAME, columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    } else if texts.is_empty() && default.is_some() {
        pairs.keep(NAME, String::new());
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, keys: &[&str], titles: &[&str], problems: usize) {
        let mut pairs = Pairs::of(query);
        let columns = read_extra(&mut pairs, None);
        assert_eq!(columns.iter().map(ToString::to_string).collect::<Vec<_>>(), keys, "{query}");
        assert_eq!(columns.iter().map(ExtraColumn::title).collect::<Vec<_>>(), titles, "{query}");
        let (found, given) = pairs.finish();
        assert_eq!(found.len(), problems, "{query}: {found:?}");
        assert_eq!(given.is_empty(), keys.is_empty(), "{query}");
    }

    #[test]
    fn extra_columns_are_named_like_the_plugins() {
        check("", &[], &[], 0);
        check("extraColumns=", &[], &[], 0);
        check(
            "extraColumns=annotations.summary,labels.team",
            &["annotations.summary", "labels.team"],
            &["Summary", "Team"],
            0,
        );
        check(
            "extraColumns=labels.a,%20labels.a,&extraColumns=labels.b",
            &["labels.a", "labels.b"],
            &["A", "B"],
            0,
        );
        check(
            "extraColumns=labels.app.kubernetes.io/name",
            &["labels.app.kubernetes.io/name"],
            &["Io/name"],
            0,
        );
        check("extraColumns=labels.%C3%A9tat", &["labels.\u{e9}tat"], &["\u{c9}tat"], 0);
        check("extraColumns=labels.x.", &["labels.x."], &["X"], 0);
        check("extraColumns=name,labels.,labels.ok", &["labels.ok"], &["Ok"], 2);
        let many: Vec<String> = (0..20).map(|i| format!("labels.l{i}")).collect();
        let keys: Vec<&str> = many.iter().take(8).map(String::as_str).collect();
        let titles = ["L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7"];
        check(&format!("extraColumns={}", many.join(",")), &keys, &titles, 1);
    }
}
