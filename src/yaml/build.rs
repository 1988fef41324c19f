//! Builds trees of values from the parser's events, and counts their cost.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::scalar;
use super::{Budget, Entry, Node, Origins, Value, shown, too_large};
use crate::diagnostic::{Diagnostic, Location, Position};

/// The most broken documents of one text that are reported.
const MAX_BROKEN: usize = 1000;

/// The documents of a text. A broken one does not affect the others. Empty documents are left out. Ends when a budget
/// of the whole text is spent.
pub fn documents(text: &str, file: &Arc<Path>, budget: &Budget) -> Vec<Result<Node, Diagnostic>> {
    if text.len() > budget.bytes {
        return vec![Err(Diagnostic::of_file(file, too_large(budget)))];
    }
    let options = granit_parser::options! {
        flow_nesting_limit: budget.depth,
        block_nesting_limit: budget.depth,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut spent = Cost::default();
    let (mut found, mut broken) = (Vec::new(), 0);
    loop {
        match one_document(&mut parser, Builder::new(text, file, budget, &mut spent)) {
            Ok(Some(node)) if node.is_null() => {}
            Ok(Some(node)) => found.push(Ok(node)),
            Ok(None) => return found,
            Err(fault) => {
                found.push(Err(fault));
                let all_spent = spent.nodes > budget.nodes || spent.bytes > budget.bytes.saturating_mul(2);
                broken += 1;
                if broken == MAX_BROKEN {
                    let message =
                        format!("more than {MAX_BROKEN} documents are invalid; the rest was not read");
                    found.push(Err(Diagnostic::of_file(file, message)));
                    return found;
                }
                if all_spent || !matches!(parser.proceed_next_document(), Ok(true)) {
                    return found;
                }
            }
        }
    }
}

type Events<'a> = Parser<'a, StrInput<'a>>;

fn one_document(parser: &mut Events<'_>, mut builder: Builder<'_>) -> Result<Option<Node>, Diagnostic> {
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            fault(builder.file, Position { line: mark.line(), column: mark.col() + 1 }, error.info())
        })?;
        match event {
            Event::DocumentEnd => {
                let empty = Node { value: Value::Null, at: start_of(&span) };
                return Ok(Some(builder.root.take().unwrap_or(empty)));
            }
            Event::StreamEnd => return Ok(None),
            other => builder.take(other, &span)?,
        }
    }
    Ok(None)
}

fn start_of(span: &Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

/// A list or a mapping whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// Of the subtree so far, for what an alias to it costs.
    cost: Cost,
    /// The keys of a mapping.
    seen: HashSet<String>,
    /// The key of a mapping whose value is next.
    key: Option<PendingKey>,
    /// The values of a mapping's `<<`.
    merges: Vec<Node>,
}

struct PendingKey {
    text: String,
    at: Position,
    /// Not in quotes: `<<` in quotes is an ordinary key.
    is_plain: bool,
}

/// What a tree costs, or all documents of a text so far.
#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

struct Builder<'a> {
    source: &'a str,
    file: &'a Arc<Path>,
    budget: &'a Budget,
    spent: &'a mut Cost,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Cost)>,
    root: Option<Node>,
}

fn fault(file: &Arc<Path>, at: Position, message: impl Into<String>) -> Diagnostic {
    Diagnostic::at(Location::new(file, at), message)
}

impl<'a> Builder<'a> {
    fn new(source: &'a str, file: &'a Arc<Path>, budget: &'a Budget, spent: &'a mut Cost) -> Self {
        Self { source, file, budget, spent, open: Vec::new(), anchors: HashMap::new(), root: None }
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Diagnostic> {
        let at = start_of(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let cost = Cost { nodes: 1, bytes: text.len(), depth: 0 };
                self.count(at, cost)?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.place(node, anchor, cost, plain)
            }
            Event::SequenceStart(_, anchor, _) => self.enter(at, anchor, Value::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.enter(at, anchor, Value::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Alias(id) => {
                let Some((node, cost)) = self.anchors.get(&id).cloned() else {
                    return Err(fault(self.file, at, "this alias refers to itself"));
                };
                self.count(at, cost)?;
                self.place(node, 0, cost, false)
            }
            _ => Ok(()),
        }
    }

    /// Counts the cost of a node, or of all that an alias repeats.
    fn count(&mut self, at: Position, cost: Cost) -> Result<(), Diagnostic> {
        self.spent.add(cost);
        if self.open.len().saturating_add(cost.depth) > self.budget.depth {
            return Err(fault(self.file, at, format!("nested deeper than {} levels", self.budget.depth)));
        }
        if self.spent.nodes > self.budget.nodes {
            let message = format!("more than {} values, aliases expanded", self.budget.nodes);
            return Err(fault(self.file, at, message));
        }
        if self.spent.bytes > self.budget.bytes.saturating_mul(2) {
            return Err(fault(self.file, at, "the aliases expand to too much text"));
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Node {
        let core = tag.and_then(Tag::core_suffix);
        let resolved = match (style, tag, core) {
            (_, Some(_), Some("str")) => None,
            (_, Some(_), Some(_)) | (ScalarStyle::Plain, None, _) => scalar::resolve(text),
            _ => None,
        };
        if let Some(value) = resolved {
            return Node { value, at: start_of(span) };
        }
        let written = span.slice(self.source).unwrap_or_default();
        let origins = Origins::trace(written, start_of(span), style, text);
        let at = origins.start();
        Node { value: Value::Text { value: text.to_owned(), origins }, at }
    }

    fn enter(&mut self, at: Position, anchor: usize, value: Value) -> Result<(), Diagnostic> {
        let cost = Cost { nodes: 1, bytes: 0, depth: 1 };
        self.count(at, cost)?;
        let (node, seen) = (Node { value, at }, HashSet::new());
        self.open.push(Open { node, anchor, cost, seen, key: None, merges: Vec::new() });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Diagnostic> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        if let Value::Map(entries) = &mut open.node.value {
            for merged in open.merges {
                merge(self.file, entries, &mut open.seen, merged)?;
            }
        }
        self.place(open.node, open.anchor, open.cost, false)
    }

    /// Puts a finished node into the collection that is open, or makes it the document.
    fn place(&mut self, node: Node, anchor: usize, cost: Cost, plain: bool) -> Result<(), Diagnostic> {
        if anchor > 0 {
            // The copy counts too: nested anchors could otherwise need many times the memory of the text.
            self.count(node.at, cost)?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.cost.add(cost);
        open.cost.depth = open.cost.depth.max(cost.depth.saturating_add(1));
        match &mut open.node.value {
            Value::Map(entries) => match open.key.take() {
                None => open.key = Some(key_of(self.file, node, plain)?),
                Some(key) if key.is_plain && key.text == "<<" => open.merges.push(node),
                Some(PendingKey { text, at, .. }) => {
                    if !open.seen.insert(text.clone()) {
                        return Err(fault(self.file, at, format!("duplicate key `{}`", shown(&text))));
                    }
                    entries.push(Entry { key: text, at, value: node });
                }
            },
            Value::List(items) => items.push(node),
            _ => {}
        }
        Ok(())
    }
}

fn key_of(file: &Arc<Path>, node: Node, is_plain: bool) -> Result<PendingKey, Diagnostic> {
    let at = node.at;
    let text = match node {
        Node { value: Value::Text { value, .. }, .. } => Some(value),
        Node { value: Value::Null, .. } => Some("null".to_owned()),
        other => other.scalar_text(),
    };
    let text = text.ok_or_else(|| fault(file, at, "a key must be text, not a list or a mapping"))?;
    Ok(PendingKey { text, at, is_plain })
}

/// `<<`: the mapping's own keys win, then the earlier of several mappings.
fn merge(
    file: &Arc<Path>,
    entries: &mut Vec<Entry>,
    seen: &mut HashSet<String>,
    merged: Node,
) -> Result<(), Diagnostic> {
    match merged.value {
        Value::Map(other) => {
            entries.extend(other.into_iter().filter(|entry| seen.insert(entry.key.clone())));
            Ok(())
        }
        Value::List(items) => items.into_iter().try_for_each(|item| merge(file, entries, seen, item)),
        _ => Err(fault(file, merged.at, "`<<` takes a mapping or a list of mappings")),
    }
}
