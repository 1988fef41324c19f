//! The files of a config, and those that they include, as one tree.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::substitution::{Env, look_up, only_argument, substitute};
use crate::diagnostic::{Diagnostic, DiagnosticSubject, Location, Position, Severity};
use crate::yaml::{self, Budget, Entry, Node, Value};

/// How deep files may include each other.
const MAX_INCLUDES: usize = 8;

/// The files of one load, and the faults found in them. Lines are numbered through all files, so that the position of
/// a node says which file it is from.
pub(super) struct Sources<'a> {
    pub(super) env: Env<'a>,
    pub(super) faults: RefCell<Vec<Diagnostic>>,
    files: Vec<SourceFile>,
    /// Why an include failed, by the position of its node. It is a fault only where the node is read.
    failed_includes: BTreeMap<Position, String>,
}

struct SourceFile {
    path: Arc<Path>,
    /// Of all files before this one.
    lines_before: usize,
    lines: usize,
    /// A variable, as a file of one line. Its value is shown nowhere.
    is_variable: bool,
}

impl<'a> Sources<'a> {
    pub(super) fn new(env: Env<'a>) -> Self {
        Self { env, faults: RefCell::default(), files: Vec::new(), failed_includes: BTreeMap::new() }
    }

    /// Reads one file, with what it includes. None when it is empty.
    pub(super) fn load(&mut self, path: &Path) -> Result<Option<Node>, Diagnostic> {
        // Not only regular files: a shell hands over a pipe for `<(...)`.
        let bytes = File::open(path).map_err(|error| yaml::io_sentence(&error));
        let bytes = bytes.and_then(|file| yaml::read_within(file, Budget::CONFIG.bytes));
        let bytes = bytes.map_err(|message| of_config(Diagnostic::of_file(path, message)))?;
        self.load_bytes(path, &bytes)
    }

    /// The same of a file's content, whether there is such a file or not.
    pub(super) fn load_bytes(&mut self, path: &Path, bytes: &[u8]) -> Result<Option<Node>, Diagnostic> {
        let Some(root) = self.parse(path, bytes).map_err(of_config)? else { return Ok(None) };
        if root.as_map().is_none() {
            let message = format!("the config is {}, not a mapping", root.what());
            let location = self.location(root.at);
            return Err(of_config(Diagnostic { location, ..Diagnostic::new(Severity::Error, message) }));
        }
        Ok(Some(self.with_includes(root, 0)))
    }

    fn parse(&mut self, path: &Path, bytes: &[u8]) -> Result<Option<Node>, Diagnostic> {
        let path: Arc<Path> = path.into();
        let text = yaml::decode(bytes, &path, &Budget::CONFIG)?;
        let mut documents = yaml::documents(text, &path, &Budget::CONFIG).into_iter();
        let Some(first) = documents.next() else { return Ok(None) };
        let mut root = first?;
        match documents.next() {
            None => {}
            Some(Err(fault)) => return Err(fault),
            Some(Ok(second)) => {
                let message = "a second document begins here; a config file has only one";
                return Err(Diagnostic::at(Location::new(&path, second.at), message));
            }
        }
        let lines = text.lines().count() + 1;
        let lines_before = self.add(SourceFile { path, lines_before: 0, lines, is_variable: false });
        shift(&mut root, lines_before);
        Ok(Some(root))
    }

    /// Numbers the lines after those of the files so far, whose number it returns.
    fn add(&mut self, file: SourceFile) -> usize {
        let lines_before = self.files.last().map_or(0, |file| file.lines_before + file.lines);
        self.files.push(SourceFile { lines_before, ..file });
        lines_before
    }

    /// The place of a variable's value.
    pub(super) fn add_variable(&mut self, name: &str) -> Position {
        let path = Path::new(name).into();
        let before = self.add(SourceFile { path, lines_before: 0, lines: 1, is_variable: true });
        Position { line: before + 1, column: 1 }
    }

    fn file_of(&self, at: Position) -> Option<&SourceFile> {
        self.files.iter().rfind(|file| file.lines_before < at.line)
    }

    /// Where a node is written.
    pub(super) fn location(&self, at: Position) -> Option<Location> {
        let file = self.file_of(at)?;
        if file.is_variable {
            return Some(Location::of_file(&file.path));
        }
        let position = Position { line: at.line - file.lines_before, column: at.column };
        Some(Location::new(&file.path, position))
    }

    /// Whether a node is from a variable, as it is: nothing in it is substituted.
    pub(super) fn is_variable(&self, at: Position) -> bool {
        self.file_of(at).is_some_and(|file| file.is_variable)
    }

    /// Relative paths in a node begin here.
    pub(super) fn directory(&self, at: Position) -> &Path {
        let directory = self.file_of(at).and_then(|file| file.path.parent());
        directory.filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    pub(super) fn failed_include(&self, node: &Node) -> Option<&str> {
        self.failed_includes.get(&node.at).filter(|_| is_include(node)).map(String::as_str)
    }

    /// Replaces each `$include` by what it names.
    fn with_includes(&mut self, mut node: Node, depth: usize) -> Node {
        if is_include(&node) {
            return match self.include(&node, depth) {
                Ok(included) => included,
                Err(message) => {
                    self.failed_includes.insert(node.at, message);
                    node
                }
            };
        }
        node.value = match node.value {
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.with_includes(item, depth)).collect())
            }
            Value::Map(entries) => {
                let included =
                    |entry: Entry| Entry { value: self.with_includes(entry.value, depth), ..entry };
                Value::Map(entries.into_iter().map(included).collect())
            }
            scalar => scalar,
        };
        node
    }

    /// `file.yaml#path.in.it`. The errors show neither the file's content nor what a variable held.
    fn include(&mut self, node: &Node, depth: usize) -> Result<Node, String> {
        let Some(written) = only_argument(node, "$include")?.as_text() else {
            return Err("`$include` takes a path".to_owned());
        };
        if depth >= MAX_INCLUDES {
            return Err(format!("`$include` is nested more than {MAX_INCLUDES} files deep"));
        }
        let target = substitute(written, self.env)?.map(|text| text.value).ok_or("`$include` has no path")?;
        let (file, inner) = target.split_once('#').map_or((target.as_str(), None), |(f, p)| (f, Some(p)));
        let path = self.directory(node.at).join(file);
        if !path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            return Err(format!("`$include: {written}` is not a .yaml, .yml or .json file"));
        }
        let failed = |reason: &str| format!("the file of `$include: {written}` {reason}");
        let bytes = yaml::read_regular(&path, Budget::CONFIG.bytes).map_err(|reason| failed(&reason))?;
        let root = self.parse(&path, &bytes).map_err(|fault| {
            let line = fault.position().map(|at| format!(" in line {}", at.line));
            failed(&format!("is not valid{}: {}", line.unwrap_or_default(), fault.message))
        })?;
        let root = root.ok_or_else(|| failed("is empty"))?;
        let mut found = self.with_includes(root, depth + 1);
        for part in inner.into_iter().flat_map(|path| path.split('.')).filter(|part| !part.is_empty()) {
            found = found.get(part).cloned().ok_or_else(|| failed("has nothing at that path"))?;
        }
        Ok(found)
    }
}

impl Sources<'_> {
    /// Lays `over` on `base`: mappings merge, everything else is replaced. As in Backstage, a value with a variable
    /// that is not set, or with an empty default in place of one, replaces nothing.
    pub(super) fn merge(&self, base: Option<Node>, over: Node) -> Node {
        let Some(base) = base else { return over };
        let is_plain = directive(&over).is_none() && directive(&base).is_none();
        match (base.value, over.value) {
            (Value::Map(base), Value::Map(entries)) if is_plain => {
                Node { value: Value::Map(self.merge_entries(base, entries)), at: over.at }
            }
            (value, over_value) => {
                let over = Node { value: over_value, at: over.at };
                if self.is_undefined(&over) { Node { value, at: base.at } } else { over }
            }
        }
    }

    fn merge_entries(&self, mut base: Vec<Entry>, over: Vec<Entry>) -> Vec<Entry> {
        for mut entry in over {
            match base.iter().position(|below| below.key == entry.key) {
                Some(i) => {
                    entry.value = self.merge(Some(base.remove(i).value), entry.value);
                    base.insert(i, entry);
                }
                None => base.push(entry),
            }
        }
        base
    }

    /// Whether an empty default takes the place of a variable: as in Backstage, the value counts as not written.
    pub(super) fn is_unwritten(&self, node: &Node) -> bool {
        let is_unset = |text: &str| matches!(substitute(text, self.env), Ok(None));
        !self.is_variable(node.at) && node.as_text().is_some_and(is_unset)
    }

    fn is_undefined(&self, node: &Node) -> bool {
        if self.is_variable(node.at) {
            return false;
        }
        let is_unset = |text: &str| !matches!(substitute(text, self.env), Ok(Some(_)));
        match (node.as_text(), directive(node)) {
            (Some(text), _) => is_unset(text),
            (None, Some(("$env", argument))) => argument.as_text().is_some_and(|name| {
                let name = substitute(name, self.env);
                matches!(name, Ok(Some(name)) if look_up(&name.value, self.env).is_none())
            }),
            _ => false,
        }
    }
}

fn of_config(fault: Diagnostic) -> Diagnostic {
    Diagnostic { subject: DiagnosticSubject::Config(String::new()), ..fault }
}

fn shift(node: &mut Node, lines: usize) {
    node.at.line += lines;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, lines)),
        Value::Map(entries) => entries.iter_mut().for_each(|entry| {
            entry.at.line += lines;
            shift(&mut entry.value, lines);
        }),
        _ => {}
    }
}

/// The key and value of `{$env: X}`, `{$file: x}` and the like.
pub(super) fn directive(node: &Node) -> Option<(&str, &Node)> {
    let entry = node.as_map()?.iter().find(|entry| entry.key.starts_with('$'))?;
    Some((entry.key.as_str(), &entry.value))
}

fn is_include(node: &Node) -> bool {
    directive(node).is_some_and(|(name, _)| name == "$include")
}
