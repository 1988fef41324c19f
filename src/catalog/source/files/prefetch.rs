//! Reads the many files of a location on all cores, before each has its turn.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::glob::FoundFile;
use super::loader::{Content, Loader, MAX_FILES, Scan};

/// Fewer files are not worth a thread.
const FILES_PER_THREAD: usize = 4;

impl Scan<'_> {
    /// What cannot be read ahead is read when its turn comes.
    pub(super) fn read_ahead(&mut self, files: &[FoundFile]) {
        let threads =
            thread::available_parallelism().map_or(1, usize::from).min(files.len() / FILES_PER_THREAD);
        if threads < 2 {
            return;
        }
        let unread: Vec<&FoundFile> =
            files.iter().filter(|file| !self.visited.contains(&file.real)).take(MAX_FILES).collect();
        let (loader, next) = (&*self.loader, &AtomicUsize::new(0));
        let unread = unread.as_slice();
        let contents: Vec<(usize, Content)> = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| some(loader, unread, next))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        });
        let by_path =
            contents.into_iter().filter_map(|(i, content)| Some((unread.get(i)?.path.clone(), content)));
        self.ahead.extend(by_path);
    }
}

/// Takes one file after the other until none is left.
fn some(loader: &Loader, files: &[&FoundFile], next: &AtomicUsize) -> Vec<(usize, Content)> {
    let mut contents = Vec::new();
    loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        let Some(file) = files.get(i) else { return contents };
        contents.push((i, loader.read(file)));
    }
}
