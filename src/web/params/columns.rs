//! The columns of the alert table that the address chooses.

use super::pairs::{Pairs, shown};

/// The most columns that are added.
const MOST_EXTRA: usize = 8;
/// The longest name of a label or an annotation, in characters.
const LONGEST_NAME: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Annotations,
    Labels,
}

/// `annotations.summary`, `labels.team`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraColumn {
    pub source: Source,
    /// Never empty.
    pub name: String,
}

impl ExtraColumn {
    fn read(text: &str) -> Result<Self, String> {
        let sources = [("annotations.", Source::Annotations), ("labels.", Source::Labels)];
        sources
            .into_iter()
            .find_map(|(prefix, source)| Some((source, text.strip_prefix(prefix)?)))
            .filter(|(_, name)| !name.is_empty() && name.chars().count() <= LONGEST_NAME)
            .map(|(source, name)| Self { source, name: name.to_owned() })
            .ok_or_else(|| format!("{} is no column; write annotations.name or labels.name", shown(text)))
    }

    /// As the address has it.
    pub fn key(&self) -> String {
        let source = match self.source {
            Source::Annotations => "annotations",
            Source::Labels => "labels",
        };
        format!("{source}.{}", self.name)
    }

    /// The name's last part with a capital: `Summary`.
    pub fn title(&self) -> String {
        let last = self.name.rsplit('.').find(|part| !part.is_empty()).unwrap_or(&self.name);
        let mut characters = last.chars();
        characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
    }
}

/// The table's columns beyond those that it always has. None: the address does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnParams {
    pub show_labels: Option<bool>,
    pub show_annotations: Option<bool>,
    /// In the order of the address, each once.
    pub extra: Vec<ExtraColumn>,
}

impl ColumnParams {
    pub(super) fn read(pairs: &mut Pairs) -> Self {
        Self {
            show_labels: pairs.flag("showLabels", &[]),
            show_annotations: pairs.flag("showAnnotations", &[]),
            extra: read_extra(pairs),
        }
    }
}

fn read_extra(pairs: &mut Pairs) -> Vec<ExtraColumn> {
    const NAME: &str = "extraColumns";
    let mut columns: Vec<ExtraColumn> = Vec::new();
    let texts = pairs.texts(NAME);
    let texts = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
    let texts: Vec<&str> = texts.collect();
    for text in &texts {
        match ExtraColumn::read(text) {
            Ok(column) if columns.contains(&column) => {}
            Ok(_) if columns.len() == MOST_EXTRA => {
                pairs.refuse(NAME, format!("names more than {MOST_EXTRA} columns"));
                break;
            }
            Ok(column) => columns.push(column),
            Err(message) => pairs.refuse(NAME, message),
        }
    }
    if texts.is_empty() {
        pairs.keep_empty(NAME);
    } else if !columns.is_empty() {
        pairs.keep(NAME, columns.iter().map(ExtraColumn::key).collect::<Vec<_>>().join(","));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, keys: &[&str], titles: &[&str], problems: usize) {
        let mut pairs = Pairs::of(query);
        let columns = read_extra(&mut pairs);
        assert_eq!(columns.iter().map(ExtraColumn::key).collect::<Vec<_>>(), keys, "{query}");
        assert_eq!(columns.iter().map(ExtraColumn::title).collect::<Vec<_>>(), titles, "{query}");
        let (told, given) = pairs.finish();
        assert_eq!(told.len(), problems, "{query}: {told:?}");
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
