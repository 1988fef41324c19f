//! Watches the catalog's directories, and reloads when their changes have ended.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::FileSource;
use crate::clock;

/// How long a directory must be still: an editor writes, renames and deletes in one go.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// A directory that is never still is read all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// A message to the watching thread.
pub(super) enum Signal {
    Changed,
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
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|e| matters(&e.kind)) {
            changes.send(Signal::Changed).ok();
        }
    });
    let failed = |error: &dyn fmt::Display| format!("the catalog's files cannot be watched: {error}");
    let watcher = watcher.map_err(|error| failed(&error))?;
    let mut watching = WatchedDirectories { watcher, directories: BTreeSet::new(), is_logged: false };
    watching.follow(source.directories());
    std::thread::Builder::new()
        .name("catalog-watch".to_owned())
        .spawn(move || run(&source, &signals, &mut watching))
        .map_err(|error| failed(&error))?;
    Ok((FileWatch { stop: sender.clone() }, sender))
}

/// Our own reading opens and closes files, which must not cause the next reading.
fn matters(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write))
}

fn run(source: &FileSource, signals: &Receiver<Signal>, watching: &mut WatchedDirectories) {
    while let Ok(signal) = signals.recv() {
        match signal {
            Signal::Stop => return,
            Signal::Reloaded => watching.follow(source.directories()),
            Signal::Changed if wait_until_still(signals) => source.reload(clock::now()),
            Signal::Changed => return,
        }
    }
}

/// Waits until nothing changes; false when the watch is over.
fn wait_until_still(signals: &Receiver<Signal>) -> bool {
    let since = clock::stopwatch();
    while since.elapsed() < LONGEST_WAIT {
        match signals.recv_timeout(DEBOUNCE) {
            Ok(Signal::Changed | Signal::Reloaded) => {}
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}

struct WatchedDirectories {
    watcher: RecommendedWatcher,
    directories: BTreeSet<PathBuf>,
    /// A failure to watch was logged.
    is_logged: bool,
}

impl WatchedDirectories {
    /// Directories and not files: what replaces a file by renaming would end a file's watch.
    fn follow(&mut self, wanted: BTreeSet<PathBuf>) {
        for gone in self.directories.difference(&wanted) {
            // It may have been deleted, which ended its watch.
            self.watcher.unwatch(gone).ok();
        }
        // A known directory is watched again, because one that was replaced has lost its watch.
        self.directories = wanted.into_iter().filter(|directory| self.is_watched(directory)).collect();
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
