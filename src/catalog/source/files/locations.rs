//! From locations to files: the config's own, and those that entities of kind Location point to.

use std::path::{Path, PathBuf};

use super::document::LocationTarget;
use super::glob::FoundFile;
use super::loader::{MAX_POINTER_DEPTH, MAX_POINTERS, Scan};
use crate::catalog::{FileLocation, SourceFault};

impl LocationTarget {
    fn fault(&self, message: impl Into<String>) -> SourceFault {
        SourceFault::at(&self.place, message).of_entity(&self.entity)
    }
}

impl Scan<'_> {
    /// A location of the config: its operator is trusted to point anywhere.
    pub(super) fn location(&mut self, location: &FileLocation) {
        let roots: Vec<PathBuf> = location.bases.iter().filter_map(|b| b.canonicalize().ok()).collect();
        let (target, bases) = (location.target.as_str(), location.bases.as_slice());
        let files = self.expand(target, bases, None, 0, |looked| {
            let message = format!("no file matches this location's target (looked for {looked})");
            Some(SourceFault::of_file(target, message))
        });
        if files.is_empty() {
            self.unmatched.push(location.clone());
        }
        self.read_ahead(&files);
        for file in files {
            self.roots.clone_from(&roots);
            self.roots.extend(file.real.parent().map(Path::to_path_buf));
            self.file(&file, 0);
        }
        self.ahead.clear();
    }

    /// The files of a target. When it has none any more, the ones it had before stay as they last were,
    /// unless `missing` says that there is no fault in that.
    fn expand(
        &mut self,
        target: &str,
        bases: &[PathBuf],
        roots: Option<&[PathBuf]>,
        depth: usize,
        missing: impl FnOnce(String) -> Option<SourceFault>,
    ) -> Vec<FoundFile> {
        let matched = self.matcher.expand(target, bases, roots);
        let key = (target.to_owned(), bases.to_vec());
        if !matched.files.is_empty() {
            self.faults.extend(matched.faults);
            self.matches.insert(key, matched.files.clone());
            return matched.files;
        }
        let mut faults = matched.faults;
        if faults.is_empty() {
            let looked: Vec<String> = bases.iter().map(|b| b.join(target).display().to_string()).collect();
            faults.extend(missing(looked.join(", ")));
        }
        let before = self.loader.matches.get(&key).cloned().unwrap_or_default();
        if !faults.is_empty() && !before.is_empty() {
            faults.iter_mut().for_each(|fault| fault.kept_last_good = true);
            self.matches.insert(key, before.clone());
            before.iter().for_each(|file| self.keep_vanished(file, depth));
        }
        self.faults.extend(faults);
        Vec::new()
    }

    /// Shows a file that cannot be found, and what it points to, as they last were. Reads nothing of it.
    fn keep_vanished(&mut self, file: &FoundFile, depth: usize) {
        let Some(known) = self.loader.known.get(&file.path).cloned() else { return };
        if !self.visited.insert(file.real.clone()) {
            return;
        }
        self.kept.extend(known.good.iter().cloned());
        let pointers = known.good_pointers.clone();
        self.known.insert(file.path.clone(), known);
        for pointer in pointers {
            self.follow(&file.path, &pointer, depth);
        }
    }

    /// A target of a Location: within the roots, and YAML or JSON by its name.
    pub(super) fn follow(&mut self, from: &Path, pointer: &LocationTarget, depth: usize) {
        self.bound_faults();
        if self.pointers_left == 0 {
            return;
        }
        self.pointers_left -= 1;
        if self.pointers_left == 0 {
            let message =
                format!("Locations have more than {MAX_POINTERS} targets: the rest is not looked at");
            return self.faults.push(pointer.fault(message));
        }
        if depth >= MAX_POINTER_DEPTH {
            let message = format!("Locations point to Locations more than {MAX_POINTER_DEPTH} times");
            return self.faults.push(pointer.fault(message));
        }
        let base = from.parent().unwrap_or(Path::new("")).to_path_buf();
        let roots = self.roots.clone();
        let files = self.expand(&pointer.target, &[base], Some(&roots), depth + 1, |looked| {
            let message = format!("no file matches this Location's target (looked for {looked})");
            (!pointer.optional).then(|| pointer.fault(message))
        });
        for file in files {
            let is_text = file.path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
            if is_text {
                self.file(&file, depth + 1);
            } else {
                let message = "a Location may point to .yaml, .yml and .json files only";
                self.faults.push(pointer.fault(message));
            }
        }
    }
}
