//! Reads files, and remembers between readings what they contained.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter, thread};

use super::document::{LocationTarget, ParsedFile, read_text};
use super::glob::FoundFile;
use crate::catalog::{CatalogSettings, Entity, EntityRef};
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Budget};

/// Fewer files are not worth a thread.
const FILES_PER_THREAD: usize = 4;

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
        Self { settings, files, targets, directories: BTreeSet::new(), hasher: RandomState::new() }
    }

    /// Parses a file, unless it has not changed since the last reading.
    pub(super) fn read(&self, file: &FoundFile) -> Content {
        let path = file.path.as_path();
        let of_file = |message: String| Diagnostic::of_file(path, message);
        let bytes = yaml::read_regular(&file.real, Budget::CATALOG.bytes).map_err(of_file)?;
        let hash = self.hasher.hash_one(&bytes);
        if let Some(before) = self.files.get(path).filter(|before| before.hash == hash) {
            return Ok((hash, before.parsed.clone()));
        }
        let text = yaml::decode(&bytes, &path.into(), &Budget::CATALOG)?;
        Ok((hash, Arc::new(read_text(path, text))))
    }

    /// The contents of many files by path, read on all cores. Empty where one thread is enough.
    pub(super) fn prefetch(&self, files: &[&FoundFile]) -> HashMap<PathBuf, Content> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(files.len() / FILES_PER_THREAD);
        if threads < 2 {
            return HashMap::new();
        }
        let next = &AtomicUsize::new(0);
        let work = || {
            let mine = iter::from_fn(|| files.get(next.fetch_add(1, Ordering::Relaxed)));
            mine.map(|file| (file.path.clone(), self.read(file))).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        })
    }
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
