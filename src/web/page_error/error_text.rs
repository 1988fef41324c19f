//! The shape of an error's text.

use actix_web::http::StatusCode;

/// An error as its reader sees it: what failed, why, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorText {
    pub status: StatusCode,
    /// The contract's word: `timeout`.
    pub kind: &'static str,
    /// A few words, as a heading.
    pub title: String,
    /// A sentence or two.
    pub explanation: String,
    /// What Prometheus itself said: verbatim, untrusted.
    pub said: Option<String>,
    /// What the reader can do; empty when there is nothing.
    pub advice: String,
}

impl ErrorText {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: impl Into<String>,
        explanation: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (title, explanation, advice) = (title.into(), explanation.into(), advice.into());
        Self { status, kind, title, explanation, said: None, advice }
    }

    /// All of it in one line, for data forms.
    pub fn message(&self) -> String {
        let said = self.said.as_ref().map(|said| format!(" Prometheus said: {said}")).unwrap_or_default();
        format!("{}: {}{said}", self.title, self.explanation)
    }
}
