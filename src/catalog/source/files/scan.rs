//! One reading of all files: the config's locations in order, and the files that entities of kind Location point to.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::document::{LocationTarget, read_text};
use super::glob::{FileFinder, FoundFile};
use super::loader::{Content, FileState, FilesByTarget, Loader};
use crate::catalog::source::faults::FaultList;
use crate::catalog::source::merge::{SourceContent, distinct};
use crate::catalog::{CatalogSettings, Entity, FileLocation};
use crate::diagnostic::{Diagnostic, Severity};

/// Locations that point to Locations, at most.
const MAX_DEPTH: usize = 8;
/// Targets of Locations that one reading follows.
const MAX_TARGETS: usize = 100_000;
const MAX_FILES: usize = 100_000;
const MAX_DIRECTORY_ENTRIES: usize = 1_000_000;

/// What one reading of a catalog's files found.
#[derive(Debug, Default)]
pub struct FileScan {
    /// In the order of their files, with those whose reference an earlier one has.
    pub entities: Vec<Arc<Entity>>,
    /// The config's locations without a file. Each has a fault, too.
    pub unmatched: Vec<FileLocation>,
    pub content: SourceContent,
}

impl FileScan {
    /// Reads what has changed since the loader's last scan.
    pub(super) fn with(loader: &mut Loader, now: Timestamp) -> Self {
        FileWalk::new(loader).run(now)
    }

    /// Reads everything once, waiting for the disk.
    pub fn of(settings: CatalogSettings) -> Self {
        Self::with(&mut Loader::new(settings), Timestamp::UNIX_EPOCH)
    }
}

/// The state of one reading.
struct FileWalk<'a> {
    loader: &'a mut Loader,
    finder: FileFinder,
    prefetched: HashMap<PathBuf, Content>,
    /// Canonical paths: a file is read once, however many targets point to it.
    visited: HashSet<PathBuf>,
    files: HashMap<PathBuf, FileState>,
    targets: FilesByTarget,
    /// Canonical directories that Locations may point into.
    roots: Vec<PathBuf>,
    /// Entities of earlier readings. They are shown unless a new one has their reference.
    kept: Vec<Arc<Entity>>,
    faults: FaultList,
    targets_left: usize,
    found: FileScan,
}

impl<'a> FileWalk<'a> {
    fn new(loader: &'a mut Loader) -> Self {
        Self {
            loader,
            finder: FileFinder { directories: Default::default(), entries_left: MAX_DIRECTORY_ENTRIES },
            prefetched: HashMap::new(),
            visited: HashSet::new(),
            files: HashMap::new(),
            targets: HashMap::new(),
            roots: Vec::new(),
            kept: Vec::new(),
            faults: FaultList::default(),
            targets_left: MAX_TARGETS,
            found: FileScan::default(),
        }
    }

    fn run(mut self, now: Timestamp) -> FileScan {
        let settings = self.loader.settings.clone();
        for (name, text) in &settings.embedded {
            let parsed = read_text(Path::new(name), text);
            self.faults.extend(parsed.faults);
            self.found.entities.extend(parsed.entities);
        }
        self.found.content.files_read = settings.embedded.len();
        self.found.content.not_read = settings.not_read;
        for location in &settings.files {
            self.location(location);
        }
        self.loader.files = self.files;
        self.loader.targets = self.targets;
        self.loader.directories = self.finder.directories;
        let (mut found, mut faults) = (self.found, self.faults);
        found.content.entities = distinct(&found.entities, self.kept, &mut faults);
        found.content.faults = faults.listed("");
        found.content.read_at = Some(now);
        found
    }

    /// A location of the config: its operator is trusted to point anywhere.
    fn location(&mut self, location: &FileLocation) {
        let roots: Vec<PathBuf> = location.bases.iter().filter_map(|b| b.canonicalize().ok()).collect();
        let (target, bases) = (location.target.as_str(), location.bases.as_slice());
        let files = self.expand(target, bases, None, 0, |tried| {
            let message = format!("no file matches this location's target (looked for {tried})");
            Some(Diagnostic::of_file(target, message))
        });
        if files.is_empty() {
            self.found.unmatched.push(location.clone());
        }
        let unread = files.iter().filter(|file| !self.visited.contains(&file.real)).take(MAX_FILES);
        self.prefetched = self.loader.prefetch(&unread.collect::<Vec<_>>());
        for file in files {
            self.roots.clone_from(&roots);
            self.roots.extend(file.real.parent().map(Path::to_path_buf));
            self.file(&file, 0);
        }
        self.prefetched.clear();
    }

    /// The files of a target. When it has none any more, those that it had before stay as they were, unless `missing`
    /// says that this is no fault.
    fn expand(
        &mut self,
        target: &str,
        bases: &[PathBuf],
        roots: Option<&[PathBuf]>,
        depth: usize,
        missing: impl FnOnce(String) -> Option<Diagnostic>,
    ) -> Vec<FoundFile> {
        let mut faults = Vec::new();
        let files = self.finder.expand(target, bases, roots, &mut faults);
        let key = (target.to_owned(), bases.to_vec());
        if !files.is_empty() {
            self.faults.extend(faults);
            self.targets.insert(key, files.clone());
            return files;
        }
        if faults.is_empty() {
            let tried: Vec<String> = bases.iter().map(|b| b.join(target).display().to_string()).collect();
            faults.extend(missing(tried.join(", ")));
        }
        let before = self.loader.targets.get(&key).cloned().unwrap_or_default();
        if !faults.is_empty() && !before.is_empty() {
            faults.iter_mut().for_each(|fault| fault.severity = Severity::Warning);
            self.targets.insert(key, before.clone());
            before.iter().for_each(|file| self.keep_vanished(file, depth));
        }
        self.faults.extend(faults);
        Vec::new()
    }

    /// Keeps the last state of a file that cannot be found, and of the files that it points to. Reads nothing of it.
    fn keep_vanished(&mut self, file: &FoundFile, depth: usize) {
        let Some(state) = self.loader.files.get(&file.path).cloned() else { return };
        if self.visited.insert(file.real.clone()) {
            self.kept.extend(state.good.iter().cloned());
            self.remember(file, state, depth);
        }
    }

    fn file(&mut self, file: &FoundFile, depth: usize) {
        if !self.visited.insert(file.real.clone()) {
            return;
        }
        if self.visited.len() > MAX_FILES {
            if self.visited.len() == MAX_FILES + 1 {
                let message = format!("is the first of more than {MAX_FILES} files, which are not read");
                self.faults.push(Diagnostic::of_file(&file.path, message));
            }
            return;
        }
        let before = self.loader.files.get(&file.path).cloned();
        let state = match (self.read(file, before.as_ref()), before) {
            (Ok(state), _) => state,
            (Err(mut fault), Some(before)) => {
                if !before.good.is_empty() {
                    fault.severity = Severity::Warning;
                }
                self.faults.push(fault);
                self.kept.extend(before.good.iter().cloned());
                before
            }
            (Err(fault), None) => return self.faults.push(fault),
        };
        self.remember(file, state, depth);
    }

    fn read(&mut self, file: &FoundFile, before: Option<&FileState>) -> Result<FileState, Diagnostic> {
        let prefetched = self.prefetched.remove(&file.path);
        let (hash, parsed) = prefetched.unwrap_or_else(|| self.loader.read(file))?;
        let is_empty = parsed.entities.is_empty() && parsed.faults.is_empty();
        if is_empty && before.is_some_and(|b| !b.good.is_empty()) {
            return Err(Diagnostic::of_file(&file.path, "is empty"));
        }
        self.found.content.files_read += 1;
        let state = FileState::next(hash, parsed, before);
        let severity = if state.kept().is_empty() { Severity::Error } else { Severity::Warning };
        let parsed = &state.parsed;
        self.kept.extend(state.kept().iter().cloned());
        self.found.entities.extend(parsed.entities.iter().cloned());
        for (kind, count) in &parsed.not_read {
            *self.found.content.not_read.entry(kind.clone()).or_default() += count;
        }
        let faults = parsed.faults.iter().cloned();
        self.faults.extend(faults.map(|fault| Diagnostic { severity, ..fault }));
        Ok(state)
    }

    fn remember(&mut self, file: &FoundFile, state: FileState, depth: usize) {
        let targets = state.good_targets.clone();
        self.files.insert(file.path.clone(), state);
        for target in targets {
            self.follow(&file.path, &target, depth);
        }
    }

    /// A target of a Location: within the roots, and YAML or JSON by its name.
    fn follow(&mut self, from: &Path, target: &LocationTarget, depth: usize) {
        let fault = |message: String| Diagnostic::at(target.place.clone(), message).of_entity(&target.entity);
        if self.targets_left == 0 {
            return;
        }
        self.targets_left -= 1;
        if self.targets_left == 0 {
            let message = format!("Locations have more than {MAX_TARGETS} targets: the rest is ignored");
            return self.faults.push(fault(message));
        }
        if depth >= MAX_DEPTH {
            let message = format!("Locations point to Locations more than {MAX_DEPTH} times");
            return self.faults.push(fault(message));
        }
        let base = from.parent().unwrap_or(Path::new("")).to_path_buf();
        let roots = self.roots.clone();
        let files = self.expand(&target.target, &[base], Some(&roots), depth + 1, |tried| {
            let message = format!("no file matches this Location's target (looked for {tried})");
            (!target.optional).then(|| fault(message))
        });
        for file in files {
            if file.path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
                self.file(&file, depth + 1);
            } else {
                let message = "a Location may point to .yaml, .yml and .json files only".to_owned();
                self.faults.push(fault(message));
            }
        }
    }
}
