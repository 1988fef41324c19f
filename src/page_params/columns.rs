//! The columns that an address, an entity or the config adds to the alert table.

use std::fmt;
use std::str::FromStr;

pub const MAX_EXTRA_COLUMNS: usize = 8;
/// The longest name of a label or an annotation, in characters.
const MAX_NAME_CHARS: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnSource {
    Annotations,
    Labels,
}

impl ColumnSource {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Annotations => "annotations",
            Self::Labels => "labels",
        }
    }
}

/// `annotations.summary`, `labels.team`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraColumn {
    pub source: ColumnSource,
    /// Never empty.
    pub name: String,
}

impl FromStr for ExtraColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sources = [ColumnSource::Annotations, ColumnSource::Labels].into_iter();
        let mut named = sources.filter_map(|source| {
            let name = text.strip_prefix(source.as_str())?.strip_prefix('.')?;
            (1..=MAX_NAME_CHARS)
                .contains(&name.chars().count())
                .then(|| Self { source, name: name.to_owned() })
        });
        named.next().ok_or_else(|| "is not a column; use annotations.NAME or labels.NAME".to_owned())
    }
}

/// As an address has it.
impl fmt::Display for ExtraColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source.as_str(), self.name)
    }
}

impl ExtraColumn {
    /// The name's last part with a capital: `Summary`.
    pub fn title(&self) -> String {
        let last = self.name.rsplit('.').find(|part| !part.is_empty()).unwrap_or(&self.name);
        let mut characters = last.chars();
        characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
    }
}

/// Reads a comma-separated list: each column once, at least one.
pub fn read_extra_columns(text: &str) -> Result<Vec<ExtraColumn>, String> {
    let mut columns = Vec::new();
    for text in text.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let column = text
            .parse()
            .map_err(|_| "has a column that is neither annotations.NAME nor labels.NAME".to_owned())?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    match columns.len() {
        0 => Err("names no column; use annotations.NAME or labels.NAME".to_owned()),
        1..=MAX_EXTRA_COLUMNS => Ok(columns),
        _ => Err(format!("names more than {MAX_EXTRA_COLUMNS} columns")),
    }
}
