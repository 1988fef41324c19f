//! Reads files, and remembers between readings what they contained.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use super::document::{LocationTarget, ParsedFile, read_text};
use super::glob::FoundFile;
use super::threads::ReadingThreads;
use crate::catalog::{CatalogSettings, Entity, EntityRef};
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Budget};

/// The files of each target and its base directories.
pub(super) type FilesByTarget = HashMap<(String, Vec<PathBuf>), Vec<FoundFile>>;

/// A file's content, and the hash of its bytes.
pub(super) type Content = Result<(u64, Arc<ParsedFile>), Diagnostic>;

/// Remembers the last good state of each file.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) settings: CatalogSettings,
    pub(super) files: HashMap<PathBuf, FileState>,
    pub(super) targets: FilesByTarget,
    /// A change in one of these may matter.
    pub(super) directories: BTreeSet<PathBuf>,
    hasher: RandomState,
    threads: ReadingThreads,
}

/// A file after its last reading.
#[derive(Clone, Debug)]
pub(super) struct FileState {
    hash: u64,
    pub(super) parsed: Arc<ParsedFile>,
    /// The entities and targets to use while the file is broken.
    pub(super) good: Vec<Arc<Entity>>,
    pub(super) good_targets: Vec<LocationTarget>,
}

impl Loader {
    pub(super) fn new(settings: CatalogSettings) -> Self {
        let (files, targets) = (HashMap::new(), HashMap::new());
        let (hasher, threads) = (RandomState::new(), ReadingThreads::default());
        Self { settings, files, targets, directories: BTreeSet::new(), hasher, threads }
    }

    /// Parses a file, unless it has not changed since the last reading.
    pub(super) fn read(&self, file: &FoundFile) -> Content {
        read(file, self.files.get(&file.path), &self.hasher)
    }

    /// The contents of many files by path, read on all cores. Empty where one thread is enough.
    pub(super) fn prefetch(&mut self, files: &[&FoundFile]) -> HashMap<PathBuf, Content> {
        let with_state = |file: &&FoundFile| ((*file).clone(), self.files.get(&file.path).cloned());
        let (files, hasher): (Vec<_>, _) = (files.iter().map(with_state).collect(), self.hasher.clone());
        let contents = self.threads.read(files.len(), move |place| {
            let (file, before) = files.get(place)?;
            Some((file.path.clone(), read(file, before.as_ref(), &hasher)))
        });
        contents.into_iter().flatten().collect()
    }
}

/// Parses a file, unless it is as it was before.
fn read(file: &FoundFile, before: Option<&FileState>, hasher: &RandomState) -> Content {
    let path = file.path.as_path();
    let of_file = |message: String| Diagnostic::of_file(path, message);
    let bytes = yaml::read_regular(&file.real, Budget::CATALOG.bytes).map_err(of_file)?;
    let hash = hasher.hash_one(&bytes);
    if let Some(before) = before.filter(|before| before.hash == hash) {
        return Ok((hash, before.parsed.clone()));
    }
    let text = yaml::decode(&bytes, &path.into(), &Budget::CATALOG)?;
    Ok((hash, Arc::new(read_text(path, text))))
}

impl FileState {
    /// The state after a reading. What broken YAML may have contained stays as it was before.
    pub(super) fn next(hash: u64, parsed: Arc<ParsedFile>, before: Option<&Self>) -> Self {
        let mut good = parsed.entities.clone();
        let mut good_targets = parsed.targets.clone();
        if let Some(before) = before.filter(|_| parsed.torn) {
            let present: HashSet<&EntityRef> = parsed.entities.iter().map(|e| &e.reference).collect();
            let lost = before.good.iter().filter(|e| !present.contains(&e.reference));
            good.extend(lost.cloned());
            let unknown = before.good_targets.iter().filter(|target| !parsed.targets.contains(target));
            good_targets.extend(unknown.cloned());
        }
        Self { hash, parsed, good, good_targets }
    }

    /// The entities of earlier readings that the file may still contain.
    pub(super) fn kept(&self) -> &[Arc<Entity>] {
        self.good.get(self.parsed.entities.len()..).unwrap_or_default()
    }
}
