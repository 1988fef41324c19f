//! Builds value trees from the parser's events, counting what they cost.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::origins::Style;
use super::scalar;
use super::{Budget, Entry, Map, Node, Origins, Text, Value, shown, too_large};
use crate::diagnostic::{Diagnostic, Location, Position};

/// Broken documents of one text that are told.
const MAX_BROKEN: usize = 1000;

/// The documents of a text, each read or refused for itself: a broken one does not take its neighbours.
/// Empty documents are left out. Ends when a budget of the whole text is spent.
pub fn documents(text: &str, file: &Arc<Path>, budget: &Budget) -> Vec<Result<Node, Diagnostic>> {
    if text.len() > budget.bytes {
        return vec![Err(Diagnostic::of_file(file, too_large(budget)))];
    }
    let options = granit_parser::options! {
        flow_nesting_limit: budget.depth,
        block_nesting_limit: budget.depth,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut spent = Spent { nodes: 0, bytes: 0 };
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

/// Counted over all documents of a text.
struct Spent {
    nodes: usize,
    bytes: usize,
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

/// A collection whose end has not come yet.
struct Open {
    at: Position,
    anchor: usize,
    kind: OpenKind,
    /// Of the subtree so far, for what an alias to it costs.
    cost: Cost,
}

enum OpenKind {
    List(Vec<Node>),
    Map { map: Map, seen: HashSet<String>, key: Option<(String, Position, bool)>, merges: Vec<Node> },
}

#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

struct Builder<'a> {
    source: &'a str,
    file: &'a Arc<Path>,
    budget: &'a Budget,
    spent: &'a mut Spent,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Cost)>,
    root: Option<Node>,
}

fn fault(file: &Arc<Path>, at: Position, message: impl Into<String>) -> Diagnostic {
    Diagnostic::at(Location::new(file, at), message)
}

impl<'a> Builder<'a> {
    fn new(source: &'a str, file: &'a Arc<Path>, budget: &'a Budget, spent: &'a mut Spent) -> Self {
        Self { source, file, budget, spent, open: Vec::new(), anchors: HashMap::new(), root: None }
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Diagnostic> {
        let at = start_of(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(at, Cost { nodes: 1, bytes: text.len(), depth: 0 })?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.place(node, anchor, Cost { nodes: 1, bytes: text.len(), depth: 0 }, plain)
            }
            Event::SequenceStart(_, anchor, _) => self.enter(at, anchor, OpenKind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let (map, seen) = (Map::default(), HashSet::new());
                self.enter(at, anchor, OpenKind::Map { map, seen, key: None, merges: Vec::new() })
            }
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

    /// Pays for a node, or for all that an alias repeats.
    fn count(&mut self, at: Position, cost: Cost) -> Result<(), Diagnostic> {
        self.spent.nodes = self.spent.nodes.saturating_add(cost.nodes);
        self.spent.bytes = self.spent.bytes.saturating_add(cost.bytes);
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
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let written = span.slice(self.source).unwrap_or_default();
        let origins = Origins::trace(written, start_of(span), style, text);
        let at = origins.start();
        Node { value: Value::Text(Text { value: text.to_owned(), origins }), at }
    }

    fn enter(&mut self, at: Position, anchor: usize, kind: OpenKind) -> Result<(), Diagnostic> {
        self.count(at, Cost { nodes: 1, bytes: 0, depth: 1 })?;
        self.open.push(Open { at, anchor, kind, cost: Cost { nodes: 1, bytes: 0, depth: 1 } });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.kind {
            OpenKind::List(items) => Value::List(items),
            OpenKind::Map { mut map, mut seen, merges, .. } => {
                for merged in merges {
                    merge(self.file, &mut map, &mut seen, merged)?;
                }
                Value::Map(map)
            }
        };
        self.place(Node { value, at: open.at }, open.anchor, open.cost, false)
    }

    /// Puts a finished node into the collection that is open, or makes it the document.
    fn place(&mut self, node: Node, anchor: usize, cost: Cost, plain: bool) -> Result<(), Diagnostic> {
        if anchor > 0 {
            // Its copy is paid for, or anchors within anchors would come to many times the text.
            self.count(node.at, cost)?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.cost.nodes = open.cost.nodes.saturating_add(cost.nodes);
        open.cost.bytes = open.cost.bytes.saturating_add(cost.bytes);
        open.cost.depth = open.cost.depth.max(cost.depth.saturating_add(1));
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map { map, seen, key, merges } => match key.take() {
                None => *key = Some(key_of(self.file, node, plain)?),
                Some((text, _, true)) if text == "<<" => merges.push(node),
                Some((text, at, _)) => {
                    if !seen.insert(text.clone()) {
                        return Err(fault(self.file, at, format!("duplicate key `{}`", shown(&text))));
                    }
                    map.entries.push(Entry { key: text, at, value: node });
                }
            },
        }
        Ok(())
    }
}

/// A key's text, its place, and whether it is plain (`<<` in quotes is an ordinary key).
fn key_of(file: &Arc<Path>, node: Node, plain: bool) -> Result<(String, Position, bool), Diagnostic> {
    let text = match node.value {
        Value::Text(text) => text.value,
        Value::Number(number) => number,
        Value::Bool(flag) => flag.to_string(),
        Value::Null => "null".to_owned(),
        Value::List(_) | Value::Map(_) => {
            return Err(fault(file, node.at, "a key must be text, not a list or a mapping"));
        }
    };
    Ok((text, node.at, plain))
}

/// `<<`: what the mapping has itself wins, then the earlier of several.
fn merge(
    file: &Arc<Path>,
    map: &mut Map,
    seen: &mut HashSet<String>,
    merged: Node,
) -> Result<(), Diagnostic> {
    match merged.value {
        Value::Map(other) => {
            for entry in other.entries {
                if seen.insert(entry.key.clone()) {
                    map.entries.push(entry);
                }
            }
            Ok(())
        }
        Value::List(items) => items.into_iter().try_for_each(|item| merge(file, map, seen, item)),
        _ => Err(fault(file, merged.at, "`<<` takes a mapping or a list of mappings")),
    }
}
