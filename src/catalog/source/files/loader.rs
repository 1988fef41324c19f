//! One reading of all sources: files in order, last good states, one winner for each reference.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::document::{LocationTarget, ParsedFile, read_text};
use super::glob::{FileFinder, FoundFile};
use crate::catalog::source::merge::SourceContent;
use crate::catalog::{About, CatalogSettings, Entity, EntityFault, EntityRef, FileLocation, SourceFault};
use crate::yaml::{self, Budget};

/// Locations that point to locations, at most.
pub(super) const MAX_POINTER_DEPTH: usize = 8;
/// Targets of Locations that are followed in one reading.
pub(super) const MAX_POINTERS: usize = 100_000;
pub(super) const MAX_FILES: usize = 100_000;
const MAX_DIRECTORY_ENTRIES: usize = 1_000_000;
/// Faults of one entity beyond which no second one of its name is told on its page.
const MAX_SECONDS: usize = 20;
/// Faults that a snapshot keeps; the rest is counted.
const MAX_FAULTS: usize = 1000;

/// Remembers the last good state of each file between readings.
#[derive(Debug)]
pub(super) struct Loader {
    settings: CatalogSettings,
    pub(super) known: HashMap<PathBuf, FileState>,
    /// What each target last led to.
    pub(super) matches: HashMap<(String, Vec<PathBuf>), Vec<FoundFile>>,
    directories: Vec<PathBuf>,
    hasher: RandomState,
}

/// A file as it was last read.
#[derive(Clone, Debug)]
pub(super) struct FileState {
    /// Of the bytes behind `reading`.
    hash: u64,
    reading: Arc<ParsedFile>,
    /// The entities and pointers to show while the file is broken.
    pub(super) good: Vec<Arc<Entity>>,
    pub(super) good_pointers: Vec<LocationTarget>,
}

impl Loader {
    pub(super) fn new(settings: CatalogSettings) -> Self {
        let (known, matches) = (HashMap::new(), HashMap::new());
        Self { settings, known, matches, directories: Vec::new(), hasher: RandomState::new() }
    }

    pub(super) fn directories(&self) -> Vec<PathBuf> {
        self.directories.clone()
    }

    pub(super) fn load(&mut self, now: Timestamp) -> SourceContent {
        let (pass, settings) = self.pass();
        pass.finish(&settings, now)
    }

    /// The content of a file; what has not changed since the last reading is not parsed again.
    pub(super) fn read(&self, file: &FoundFile) -> Content {
        let path = file.path.as_path();
        let of_file = |message: String| SourceFault::of_file(path, message);
        let bytes = yaml::read_regular(&file.real, Budget::CATALOG.bytes).map_err(of_file)?;
        let hash = self.hasher.hash_one(&bytes);
        if let Some(before) = self.known.get(path).filter(|before| before.hash == hash) {
            return Ok((hash, before.reading.clone()));
        }
        let text = yaml::decode(&bytes, &Budget::CATALOG).map_err(|fault| SourceFault {
            line: fault.at.map(|at| at.line),
            column: fault.at.map(|at| at.column),
            ..of_file(fault.message)
        })?;
        Ok((hash, Arc::new(read_text(path, text))))
    }

    /// Reads everything; what wins is not yet decided.
    pub(super) fn pass(&mut self) -> (Scan<'_>, CatalogSettings) {
        let mut pass = Scan::new(self);
        let settings = pass.loader.settings.clone();
        for (name, text) in &settings.embedded {
            let reading = read_text(Path::new(name), text);
            pass.faults.extend(reading.faults);
            pass.fresh.extend(reading.entities);
        }
        for location in &settings.files {
            pass.location(location);
        }
        (pass, settings)
    }
}

/// A file's content, and the hash of its bytes.
pub(super) type Content = Result<(u64, Arc<ParsedFile>), SourceFault>;

/// The state of one reading.
pub(super) struct Scan<'a> {
    pub(super) loader: &'a mut Loader,
    pub(super) matcher: FileFinder,
    /// Contents of files whose turn has not come yet, by path.
    pub(super) ahead: HashMap<PathBuf, Content>,
    /// Canonical paths: a file is read once, whoever points to it.
    pub(super) visited: HashSet<PathBuf>,
    pub(super) known: HashMap<PathBuf, FileState>,
    pub(super) matches: HashMap<(String, Vec<PathBuf>), Vec<FoundFile>>,
    /// Canonical directories that Locations may point into.
    pub(super) roots: Vec<PathBuf>,
    pub(super) fresh: Vec<Arc<Entity>>,
    /// From earlier readings: shown unless a fresh one has the reference.
    pub(super) kept: Vec<Arc<Entity>>,
    pub(super) faults: Vec<SourceFault>,
    /// Faults beyond those that are told.
    untold: usize,
    /// The config's locations that led to no file.
    pub(super) unmatched: Vec<FileLocation>,
    pub(super) pointers_left: usize,
    pub(super) files_read: usize,
    pub(super) not_read: BTreeMap<String, usize>,
}

impl<'a> Scan<'a> {
    fn new(loader: &'a mut Loader) -> Self {
        let matcher = FileFinder { directories: Default::default(), entries_left: MAX_DIRECTORY_ENTRIES };
        Self {
            not_read: loader.settings.not_read.clone(),
            loader,
            matcher,
            ahead: HashMap::new(),
            visited: HashSet::new(),
            known: HashMap::new(),
            matches: HashMap::new(),
            roots: Vec::new(),
            fresh: Vec::new(),
            kept: Vec::new(),
            faults: Vec::new(),
            untold: 0,
            unmatched: Vec::new(),
            pointers_left: MAX_POINTERS,
            files_read: 0,
        }
    }

    pub(super) fn file(&mut self, file: &FoundFile, depth: usize) {
        if !self.visited.insert(file.real.clone()) {
            return;
        }
        if self.visited.len() > MAX_FILES {
            if self.visited.len() == MAX_FILES + 1 {
                let message = format!("is the first of more than {MAX_FILES} files, which are not read");
                self.faults.push(SourceFault::of_file(&file.path, message));
            }
            return;
        }
        let before = self.loader.known.get(&file.path).cloned();
        let known = match (self.read(file, before.as_ref()), before) {
            (Ok(known), _) => known,
            (Err(mut fault), Some(before)) => {
                fault.kept_last_good = !before.good.is_empty();
                self.faults.push(fault);
                self.kept.extend(before.good.iter().cloned());
                before
            }
            (Err(fault), None) => return self.faults.push(fault),
        };
        let pointers = known.good_pointers.clone();
        self.known.insert(file.path.clone(), known);
        for pointer in pointers {
            self.follow(&file.path, &pointer, depth);
        }
    }

    fn read(&mut self, file: &FoundFile, before: Option<&FileState>) -> Result<FileState, SourceFault> {
        let ahead = self.ahead.remove(&file.path);
        let (hash, reading) = ahead.unwrap_or_else(|| self.loader.read(file))?;
        let nothing = reading.entities.is_empty() && reading.faults.is_empty();
        if nothing && before.is_some_and(|b| !b.good.is_empty()) {
            return Err(SourceFault::of_file(&file.path, "is empty"));
        }
        self.files_read += 1;
        Ok(self.accept(hash, reading, before))
    }

    /// Takes a reading; what its broken YAML may have held stays as it last was.
    fn accept(&mut self, hash: u64, reading: Arc<ParsedFile>, before: Option<&FileState>) -> FileState {
        let mut good = reading.entities.clone();
        let mut good_pointers = reading.pointers.clone();
        if let Some(before) = before.filter(|_| reading.torn) {
            let present: HashSet<&EntityRef> = reading.entities.iter().map(|e| &e.reference).collect();
            let lost = before.good.iter().filter(|e| !present.contains(&e.reference));
            good.extend(lost.cloned());
            let unknown = before.good_pointers.iter().filter(|p| !reading.pointers.contains(p));
            good_pointers.extend(unknown.cloned());
        }
        let lost = good.get(reading.entities.len()..).unwrap_or_default();
        self.kept.extend(lost.iter().cloned());
        self.fresh.extend(reading.entities.iter().cloned());
        for (kind, count) in &reading.not_read {
            *self.not_read.entry(kind.clone()).or_default() += count;
        }
        let keeps = !lost.is_empty();
        self.faults
            .extend(reading.faults.iter().cloned().map(|f| SourceFault { kept_last_good: keeps, ..f }));
        FileState { hash, reading, good, good_pointers }
    }

    pub(super) fn bound_faults(&mut self) {
        self.untold += self.faults.len().saturating_sub(MAX_FAULTS);
        self.faults.truncate(MAX_FAULTS);
    }

    pub(super) fn finish(mut self, settings: &CatalogSettings, now: Timestamp) -> SourceContent {
        let mut winners: HashMap<EntityRef, Arc<Entity>> = HashMap::new();
        for entity in std::mem::take(&mut self.fresh) {
            match winners.get_mut(&entity.reference) {
                Some(winner) => {
                    self.faults.push(second(winner, &entity));
                    let fault = again(winner, &entity);
                    if winner.faults.len() < MAX_SECONDS {
                        Arc::make_mut(winner).faults.push(fault);
                    }
                }
                None => {
                    winners.insert(entity.reference.clone(), entity);
                }
            }
        }
        for entity in std::mem::take(&mut self.kept) {
            winners.entry(entity.reference.clone()).or_insert(entity);
        }
        self.bound_faults();
        if self.untold > 0 {
            self.faults.push(SourceFault::of_file("", format!("{} more faults are not listed", self.untold)));
        }
        self.loader.known = self.known;
        self.loader.matches = self.matches;
        self.loader.directories = self.matcher.directories.into_iter().collect();
        SourceContent {
            entities: winners.into_values().collect(),
            faults: self.faults,
            files_read: self.files_read + settings.embedded.len(),
            not_read: self.not_read,
            read_at: Some(now),
        }
    }
}

/// What the page of the first of two entities tells of the second.
fn again(winner: &Entity, other: &Entity) -> EntityFault {
    let texts = |entity: &Entity| -> Vec<(String, String)> {
        entity.annotations.iter().map(|(key, annotation)| (key.clone(), annotation.value.clone())).collect()
    };
    let is_alike = texts(winner) == texts(other) && other.faults.is_empty();
    let at = other.place.as_ref().map(|p| format!(", in {}, line {}", p.file.display(), p.line));
    let differs = if is_alike { "with the same annotations" } else { "with other annotations" };
    let message = format!(
        "`{}` stands a second time{}, {differs}; this one is left out",
        other.reference,
        at.unwrap_or_default()
    );
    EntityFault { about: About::Second { is_alike }, message, place: other.place.clone() }
}

/// The warning of an entity whose reference is taken.
fn second(winner: &Entity, other: &Entity) -> SourceFault {
    let at = winner.place.as_ref().map(|p| format!(" in {}, line {}", p.file.display(), p.line));
    let message =
        format!("`{}` stands already{}; this one is left out", other.reference, at.unwrap_or_default());
    let fault = match &other.place {
        Some(place) => SourceFault::at(place, message),
        None => SourceFault::of_file("", message),
    };
    fault.of_entity(&other.reference)
}
