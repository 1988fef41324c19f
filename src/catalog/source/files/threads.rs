//! Threads that read many files at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// Fewer files are not worth a thread.
const FILES_PER_THREAD: usize = 4;

type ReadingTask = Arc<dyn Fn() + Send + Sync>;

/// The threads stay for the next reading. The allocator of glibc gives freed memory only to threads of the same arena,
/// so new threads would need new memory for each new catalog.
#[derive(Debug, Default)]
pub(super) struct ReadingThreads(Vec<Sender<ReadingTask>>);

impl ReadingThreads {
    /// What `read` makes of each place below `files`, in any order. Empty where one thread is enough. Some are missing if a
    /// thread broke down.
    pub(super) fn read<T: Send + 'static>(
        &mut self,
        files: usize,
        read: impl Fn(usize) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let wanted = cores.min(files / FILES_PER_THREAD);
        if wanted < 2 {
            return Vec::new();
        }
        let (sender, results) = mpsc::channel();
        let next = AtomicUsize::new(0);
        let task: ReadingTask = Arc::new(move || {
            let places = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            // The results are there as long as a thread works.
            places.take_while(|place| *place < files).for_each(|place| drop(sender.send(read(place))));
        });
        self.0.retain(|thread| thread.send(task.clone()).is_ok());
        for _ in self.0.len()..wanted {
            let (thread, tasks) = mpsc::channel();
            let started = thread::Builder::new().name("catalog-read".to_owned()).spawn(move || work(&tasks));
            if started.is_ok() && thread.send(task.clone()).is_ok() {
                self.0.push(thread);
            }
        }
        // The last thread that drops it ends the results.
        drop(task);
        results.into_iter().collect()
    }
}

fn work(tasks: &Receiver<ReadingTask>) {
    while let Ok(task) = tasks.recv() {
        task();
    }
}
