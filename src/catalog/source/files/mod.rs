//! Entities from YAML files: globs, Locations that point further, reload.

mod document;
mod glob;
mod loader;
mod scan;
mod threads;
mod validate;
mod watch;

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub use self::document::{LocationTarget, ParsedFile, read_text};
use self::loader::Loader;
pub use self::scan::FileScan;
pub use self::watch::FileWatch;
use self::watch::Signal;
use super::merge::SourceMerger;
use crate::catalog::{Catalog, CatalogSettings};

/// Reads entity files into a catalog. Cheap to clone; all clones are one source.
#[derive(Clone)]
pub struct FileSource {
    merger: Arc<SourceMerger>,
    loader: Arc<Mutex<Loader>>,
    /// To the thread that watches, if there is one.
    watcher: Arc<Mutex<Option<Sender<Signal>>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A reading that panicked has left the last good state.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FileSource {
    /// Reads everything once, waiting for the disk. Faults are part of the snapshot.
    pub fn open(settings: CatalogSettings, merger: Arc<SourceMerger>, now: Timestamp) -> Self {
        let loader = Arc::new(Mutex::new(Loader::new(settings)));
        let source = Self { merger, loader, watcher: Arc::default() };
        source.reload(now);
        source
    }

    /// The catalog that this source fills.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.merger.catalog()
    }

    /// Reads everything again, waiting for the disk, and swaps the snapshot.
    pub fn reload(&self, now: Timestamp) {
        let mut loader = locked(&self.loader);
        self.merger.set_files(FileScan::with(&mut loader, now).content);
        drop(loader);
        if let Some(watcher) = locked(&self.watcher).as_ref() {
            // A watcher that ended needs no signal.
            watcher.send(Signal::Reloaded).ok();
        }
    }

    /// Reads everything again on a thread for blocking work: for a signal's handler.
    pub async fn reload_aside(&self, now: Timestamp) {
        let source = self.clone();
        if tokio::task::spawn_blocking(move || source.reload(now)).await.is_err() {
            tracing::error!("the catalog could not be read again");
        }
    }

    /// Reloads when a file changes, on a thread of its own, until the guard is dropped.
    pub fn watch(&self) -> Result<FileWatch, String> {
        let (guard, signals) = watch::start(self.clone())?;
        *locked(&self.watcher) = Some(signals);
        Ok(guard)
    }

    /// Where a change may matter, as of the last reading.
    fn directories(&self) -> BTreeSet<PathBuf> {
        locked(&self.loader).directories.clone()
    }

    /// The names of the files that the last reading found, and of those behind symlinks.
    fn file_names(&self) -> HashSet<OsString> {
        let loader = locked(&self.loader);
        let files = loader.targets.values().flatten();
        let names = files.flat_map(|file| [file.path.file_name(), file.real.file_name()]).flatten();
        names.map(OsStr::to_owned).collect()
    }
}
