//! Watches the catalog's directories, and reloads when their changes have ended.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::FileSource;
use crate::clock;

/// How long a directory must be still: an editor writes, renames and deletes in one go.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// A directory that is never still is read all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// A message to the watching thread.
pub(super) enum Signal {
    Changed(Event),
    /// The catalog was read for another reason: other directories may matter now.
    Reloaded,
    Stop,
}

/// Changes of catalog files are noticed until this is dropped.
#[must_use]
pub struct FileWatch {
    stop: Sender<Signal>,
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        // The thread may have ended before.
        self.stop.send(Signal::Stop).ok();
    }
}

/// Watches the directories of the source's last reading.
pub(super) fn start(source: FileSource) -> Result<(FileWatch, Sender<Signal>), String> {
    let (sender, signals) = mpsc::channel();
    let changes = sender.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event
            && !is_reading(&event.kind)
        {
            changes.send(Signal::Changed(event)).ok();
        }
    });
    let failed = |error: &dyn fmt::Display| format!("the catalog's files cannot be watched: {error}");
    let watcher = watcher.map_err(|error| failed(&error))?;
    let mut watching = WatchedDirectories {
        watcher,
        directories: BTreeSet::new(),
        file_names: HashSet::new(),
        is_logged: false,
    };
    watching.follow(&source);
    std::thread::Builder::new()
        .name("catalog-watch".to_owned())
        .spawn(move || run(&source, &signals, &mut watching))
        .map_err(|error| failed(&error))?;
    Ok((FileWatch { stop: sender.clone() }, sender))
}

/// Our own reading opens and closes files, which must not cause the next reading.
fn is_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write))
}

fn run(source: &FileSource, signals: &Receiver<Signal>, watching: &mut WatchedDirectories) {
    while let Ok(signal) = signals.recv() {
        match signal {
            Signal::Stop => return,
            Signal::Reloaded => watching.follow(source),
            Signal::Changed(event) if !watching.matters(&event) => {}
            Signal::Changed(_) if wait_until_still(signals, watching) => {
                source.reload(clock::now());
                // At once: a file that was new to this reading may have been written meanwhile.
                watching.follow(source);
            }
            Signal::Changed(_) => return,
        }
    }
}

/// Waits until nothing changes; false when the watch is over.
fn wait_until_still(signals: &Receiver<Signal>, watching: &WatchedDirectories) -> bool {
    let since = clock::stopwatch();
    let mut still_at = DEBOUNCE;
    while let Some(left) = still_at.min(LONGEST_WAIT).checked_sub(since.elapsed()) {
        match signals.recv_timeout(left) {
            Ok(Signal::Changed(event)) if !watching.matters(&event) => {}
            Ok(Signal::Changed(_) | Signal::Reloaded) => still_at = since.elapsed() + DEBOUNCE,
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}

struct WatchedDirectories {
    watcher: RecommendedWatcher,
    directories: BTreeSet<PathBuf>,
    /// The names of the files that the last reading found.
    file_names: HashSet<OsString>,
    /// A failure to watch was logged.
    is_logged: bool,
}

impl WatchedDirectories {
    /// Directories and not files: what replaces a file by renaming would end a file's watch.
    fn follow(&mut self, source: &FileSource) {
        let wanted = source.directories();
        self.file_names = source.file_names();
        for gone in self.directories.difference(&wanted) {
            // It may have been deleted, which ended its watch.
            self.watcher.unwatch(gone).ok();
        }
        // A known directory is watched again, because one that was replaced has lost its watch.
        self.directories = wanted.into_iter().filter(|directory| self.is_watched(directory)).collect();
    }

    /// Whether the catalog may differ after an event. A write to a file that no target names changes nothing: each
    /// reading writes to the log, which may be in a catalog's directory.
    fn matters(&self, event: &Event) -> bool {
        let is_write = matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_)));
        !is_write || event.paths.iter().any(|path| self.is_read(path))
    }

    /// Whether the last reading found a file of this name. The name is enough: a directory can be watched by two paths.
    fn is_read(&self, path: &Path) -> bool {
        path.file_name().is_none_or(|name| self.file_names.contains(name))
    }

    fn is_watched(&mut self, directory: &Path) -> bool {
        let watched = self.watcher.watch(directory, RecursiveMode::NonRecursive);
        if let Err(error) = &watched
            && !self.is_logged
        {
            self.is_logged = true;
            let message = "not every catalog directory can be watched, SIGHUP reads again";
            tracing::warn!(?directory, "{message}: {error}");
        }
        watched.is_ok()
    }
}
