//! Queries with `{{ }}` in them: a value that is put in stays one value, whatever it says.

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

/// A query with the places where values are still to be put in.
#[derive(Debug)]
pub struct Template<'a> {
    text: &'a str,
    slots: Vec<Slot>,
}

/// One `{{ ... }}` of a query, where a value can stand.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot {
    /// With its braces.
    pub span: Span,
    place: Place,
}

impl<'a> Template<'a> {
    /// Finds the templates of a query. A problem is one of a place where no value could stand, or of an unclosed
    /// or unknown mark; spans are byte offsets into `text`. A template in a comment is part of the comment.
    pub fn read(text: &'a str) -> Result<Self, Diagnostic> {
        let slots = places::find(text)?;
        match slots.get(MAX_SLOTS) {
            Some(slot) => {
                Err(Diagnostic::error(slot.span, format!("a query may have at most {MAX_SLOTS} templates")))
            }
            None => Ok(Self { text, slots }),
        }
    }

    /// In the order of the text; empty when nothing is to be put in.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// What stands between the braces of a slot.
    pub fn expression(&self, slot: &Slot) -> &'a str {
        let text = slot.span.of(self.text);
        text.get(2..text.len().saturating_sub(2)).unwrap_or_default()
    }

    /// The query with one value for each slot, in their order. It is built as it would be with any other values:
    /// only what its strings say and how its metrics and labels are named may differ.
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
        let filled = Filled::of(self, &written);
        let (query, problems) = PromQl::read(&filled.text);
        let problems = problems
            .into_iter()
            .map(|p| Diagnostic { span: p.span.map(|span| filled.source_of(span)), ..p })
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
        let models: Vec<String> = (0..self.slots.len()).map(Place::model).collect();
        let model = Filled::of(self, &models).text;
        if let Err(reason) = grammar::analyze(&model) {
            return Some(format!(
                "the query could not be parsed here ({reason}), so its templates cannot be filled; \
                 write them out"
            ));
        }
        let message = "not sent: these values would change the meaning of the query";
        (!grammar::same_shape(filled.as_str(), &model)).then(|| message.to_owned())
    }
}

/// A template's text with something in each slot.
struct Filled {
    text: String,
    /// For each slot, where it stands here and where in the template.
    places: Vec<(Span, Span)>,
}

impl Filled {
    fn of(template: &Template<'_>, texts: &[String]) -> Self {
        let mut filled = Self { text: String::with_capacity(template.text.len()), places: Vec::new() };
        let mut at = 0;
        for (slot, text) in template.slots.iter().zip(texts) {
            filled.text.push_str(Span::new(at, slot.span.start).of(template.text));
            let start = filled.text.len();
            filled.text.push_str(text);
            filled.places.push((Span::new(start, filled.text.len()), slot.span));
            at = slot.span.end;
        }
        filled.text.push_str(Span::new(at, template.text.len()).of(template.text));
        filled
    }

    /// The place in the template's text; a part of a value is its whole slot.
    fn source_of(&self, span: Span) -> Span {
        Span::new(self.source_at(span.start, |slot| slot.start), self.source_at(span.end, |slot| slot.end))
    }

    fn source_at(&self, at: usize, side: fn(Span) -> usize) -> usize {
        let mut passed = (0, 0);
        for (here, there) in &self.places {
            if at <= here.start {
                break;
            }
            if at < here.end {
                return side(*there);
            }
            passed = (here.end, there.end);
        }
        passed.1 + at.saturating_sub(passed.0)
    }
}
