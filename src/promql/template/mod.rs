//! Queries with `{{ }}` in them. A value that is put in stays one value, whatever its text is.

mod places;
#[cfg(test)]
mod tests;
mod writing;

use super::guard::MAX_QUERY_BYTES;
use super::{PromQl, grammar};
use crate::diagnostic::{Diagnostic, Span};
use places::Place;

/// The most templates in one query.
const MAX_SLOTS: usize = 64;

/// A query with slots for values.
#[derive(Debug)]
pub struct Template<'a> {
    text: &'a str,
    slots: Vec<Slot>,
}

/// One `{{ ... }}` of a query, where a value is possible.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot {
    /// With its braces.
    pub span: Span,
    place: Place,
}

impl<'a> Template<'a> {
    /// Finds the templates of a query. It is an error if no value is possible in a place, or if a mark is unclosed
    /// or unknown; spans are byte offsets into `text`. A template in a comment is part of the comment.
    pub fn read(text: &'a str) -> Result<Self, Diagnostic> {
        let slots = places::find(text)?;
        match slots.get(MAX_SLOTS) {
            Some(slot) => {
                Err(Diagnostic::error(slot.span, format!("a query may have at most {MAX_SLOTS} templates")))
            }
            None => Ok(Self { text, slots }),
        }
    }

    /// In the order of the text.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The text between the braces of a slot.
    pub fn expression(&self, slot: &Slot) -> &'a str {
        let text = slot.span.of(self.text);
        text.get(2..text.len().saturating_sub(2)).unwrap_or_default()
    }

    /// The query with one value for each slot, in their order. Values change only the texts of its strings and the
    /// names of its metrics and labels.
    /// The spans of all problems are byte offsets into the template's text.
    pub fn fill(&self, values: &[String]) -> (Option<PromQl>, Vec<Diagnostic>) {
        let mut written = Vec::with_capacity(values.len());
        let mut problems = Vec::new();
        for (slot, value) in self.slots.iter().zip(values) {
            match slot.place.write(value) {
                Ok(text) => written.push(text),
                Err(message) => problems.push(Diagnostic::error(slot.span, message)),
            }
        }
        if !problems.is_empty() {
            return (None, problems);
        }
        let whole = Span::whole(self.text).trimmed(self.text);
        if written.iter().map(String::len).sum::<usize>() > MAX_QUERY_BYTES {
            let message = format!("the query with its values is longer than {MAX_QUERY_BYTES} bytes");
            return (None, vec![Diagnostic::error(whole, message)]);
        }
        let (query, problems) = PromQl::read(&self.with(&written));
        let problems = problems
            .into_iter()
            .map(|p| Diagnostic { span: p.span.map(|span| self.source_of(span, &written)), ..p })
            .collect();
        let Some(query) = query else { return (None, problems) };
        match self.misuse(&query) {
            Some(message) => (None, vec![Diagnostic::error(whole, message)]),
            None => (Some(query), problems),
        }
    }

    /// Why the filled query must not be sent. Each value was written so that it cannot break out;
    /// this asks the parser whether that is so.
    fn misuse(&self, filled: &PromQl) -> Option<String> {
        // Harmless values for any place, each another one.
        let models: Vec<String> = (0..self.slots.len()).map(|number| format!("slot_{number}")).collect();
        let model = self.with(&models);
        if let Err(reason) = grammar::analyze(&model) {
            return Some(format!(
                "the query could not be parsed here ({reason}), so its templates cannot be filled; \
                 write them out"
            ));
        }
        let message = "not sent: these values would change the meaning of the query";
        (!grammar::same_shape(filled.as_str(), &model)).then(|| message.to_owned())
    }

    /// The text with one of `texts` in each slot.
    fn with(&self, texts: &[String]) -> String {
        let mut filled = String::with_capacity(self.text.len());
        let mut at = 0;
        for (slot, text) in self.slots.iter().zip(texts) {
            filled.push_str(Span::new(at, slot.span.start).of(self.text));
            filled.push_str(text);
            at = slot.span.end;
        }
        filled.push_str(Span::new(at, self.text.len()).of(self.text));
        filled
    }

    /// A place of the text with `texts` in the slots, in the template's text. A part of a value is its whole slot.
    fn source_of(&self, filled: Span, texts: &[String]) -> Span {
        let source_at = |at: usize, side: fn(Span) -> usize| {
            // The ends of the last slot before `at`, in the filled text and in the template's.
            let (mut filled_end, mut end) = (0, 0);
            for (slot, text) in self.slots.iter().zip(texts) {
                let start = filled_end + slot.span.start - end;
                if at <= start {
                    break;
                }
                (filled_end, end) = (start + text.len(), slot.span.end);
                if at < filled_end {
                    return side(slot.span);
                }
            }
            end + at.saturating_sub(filled_end)
        };
        Span::new(source_at(filled.start, |slot| slot.start), source_at(filled.end, |slot| slot.end))
    }
}
