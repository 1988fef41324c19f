//! Reads the many files of a location on all cores, before the scan reaches them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::glob::FoundFile;
use super::loader::{Content, Loader};

/// Fewer files are not worth a thread.
const FILES_PER_THREAD: usize = 4;

/// The contents by path. Empty where one thread is enough.
pub(super) fn prefetch(loader: &Loader, files: &[&FoundFile]) -> HashMap<PathBuf, Content> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len() / FILES_PER_THREAD);
    if threads < 2 {
        return HashMap::new();
    }
    let next = &AtomicUsize::new(0);
    let work = || {
        let mut contents = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            contents.push((file.path.clone(), loader.read(file)));
        }
        contents
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}
