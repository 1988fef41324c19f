//! A time as a server sent it.

use jiff::Timestamp;
use serde::Serialize;

/// The text of a time, and the time if it is readable (RFC 3339). JSON and CSV repeat the text; everything else uses
/// the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SentTime {
    text: Box<str>,
    #[serde(skip)]
    at: Option<Timestamp>,
}

impl SentTime {
    pub fn of(text: String) -> Self {
        Self { at: text.parse().ok(), text: text.into() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// None: the text is not readable as a time.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }
}
