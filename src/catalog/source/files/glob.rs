//! From a target, a path or a glob, to the files that it means.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::{DirEntry, WalkDir};

use crate::diagnostic::Diagnostic;
use crate::yaml::io_sentence;

/// The deepest directory below a glob's fixed part that is looked into.
const MAX_DEPTH: usize = 32;
/// Directories that are watched, at most.
const MAX_DIRECTORIES: usize = 8192;

/// What a target leads to.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// Ordered by path; empty when nothing was found.
    pub(super) files: Vec<FoundFile>,
    pub(super) faults: Vec<Diagnostic>,
}

/// A file that may be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundFile {
    /// As its target names it.
    pub(super) path: PathBuf,
    /// Without symlinks, as it was when it was looked at: this is what is opened.
    pub(super) real: PathBuf,
}

/// Finds files, and notes the directories in which a change may matter.
#[derive(Debug)]
pub(super) struct FileFinder {
    pub(super) directories: BTreeSet<PathBuf>,
    /// Directory entries that may still be looked at.
    pub(super) entries_left: usize,
}

impl FileFinder {
    /// Tries the bases in turn. With `roots` (canonical directories), a file outside all of them is refused.
    pub(super) fn expand(&mut self, target: &str, bases: &[PathBuf], roots: Option<&[PathBuf]>) -> Matches {
        let mut matched = Matches::default();
        for base in bases {
            let path = tidy(&base.join(target));
            if path.symlink_metadata().is_ok() {
                self.explicit(path, roots, &mut matched);
            } else if let Some((fixed, pattern)) = split_glob(base, target) {
                self.glob(&fixed, &pattern, roots, &mut matched);
            } else {
                self.watch_nearest(&path);
            }
            if !matched.files.is_empty() || !matched.faults.is_empty() {
                break;
            }
        }
        matched
    }

    /// A path that was written out: the operator's own may be a symlink to anywhere.
    fn explicit(&mut self, path: PathBuf, roots: Option<&[PathBuf]>, matched: &mut Matches) {
        self.watch_nearest(&path);
        match resolve(&path, roots) {
            Err(reason) => matched.faults.push(Diagnostic::of_file(path, reason)),
            Ok(real) => {
                if path.is_symlink() {
                    // Where it leads, changes happen too.
                    self.watch_nearest(&real);
                }
                matched.files.push(FoundFile { path, real });
            }
        }
    }

    fn glob(&mut self, fixed: &Path, pattern: &str, roots: Option<&[PathBuf]>, matched: &mut Matches) {
        let glob = match GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let message = format!("is no glob: {}", error.kind());
                return matched.faults.push(Diagnostic::of_file(fixed.join(pattern), message));
            }
        };
        let Ok(root) = fixed.canonicalize() else { return self.watch_nearest(fixed) };
        let own_root = [root];
        let roots = roots.unwrap_or(&own_root);
        let hidden = pattern.starts_with('.') || pattern.contains("/.");
        let depth = if pattern.contains("**") { MAX_DEPTH } else { pattern.split('/').count() };
        let walk = WalkDir::new(fixed).follow_links(true).max_depth(depth).sort_by_file_name();
        let enter = |entry: &DirEntry| entry.depth() == 0 || may_enter(entry, hidden, roots);
        for entry in walk.into_iter().filter_entry(enter) {
            if self.entries_left == 0 {
                let message = "has too many directory entries: the rest is not looked at";
                return matched.faults.push(Diagnostic::of_file(fixed.join(pattern), message));
            }
            self.entries_left -= 1;
            match entry {
                Ok(entry) if entry.file_type().is_dir() => self.watch(entry.into_path()),
                Ok(entry) => self.candidate(entry.path(), fixed, &glob, roots, matched),
                Err(error) => report(&error, fixed, &glob, matched),
            }
        }
        matched.files.sort();
    }

    fn candidate(
        &mut self,
        path: &Path,
        fixed: &Path,
        glob: &GlobMatcher,
        roots: &[PathBuf],
        to: &mut Matches,
    ) {
        if !path.strip_prefix(fixed).is_ok_and(|relative| glob.is_match(relative)) {
            return;
        }
        match resolve(path, Some(roots)) {
            Err(reason) => to.faults.push(Diagnostic::of_file(path, reason)),
            Ok(real) => to.files.push(FoundFile { path: path.to_path_buf(), real }),
        }
    }

    fn watch(&mut self, directory: PathBuf) {
        let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
        if self.directories.len() < MAX_DIRECTORIES {
            self.directories.insert(directory);
        }
    }

    /// The closest directory that exists, so that the path is noticed when it appears.
    fn watch_nearest(&mut self, path: &Path) {
        let above =
            path.ancestors().skip(1).map(|a| if a.as_os_str().is_empty() { Path::new(".") } else { a });
        let nearest = above.filter(|a| a.is_dir()).map(Path::to_path_buf).next();
        nearest.into_iter().for_each(|directory| self.watch(directory));
    }
}

/// The regular file behind a path, or why it is not read.
fn resolve(path: &Path, roots: Option<&[PathBuf]>) -> Result<PathBuf, String> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) if path.is_symlink() => return Err("is a symlink that leads nowhere".to_owned()),
        Err(error) => return Err(io_sentence(&error)),
    };
    if roots.is_some_and(|roots| !roots.iter().any(|root| real.starts_with(root))) {
        return Err("leads out of the directory that its location may read".to_owned());
    }
    match real.metadata() {
        Ok(meta) if meta.is_file() => Ok(real),
        Ok(meta) if meta.is_dir() => Err("is a directory: name its files, as in `*.yaml`".to_owned()),
        Ok(_) => Err("is not a regular file".to_owned()),
        Err(error) => Err(io_sentence(&error)),
    }
}

fn may_enter(entry: &DirEntry, hidden: bool, roots: &[PathBuf]) -> bool {
    if !hidden && entry.file_name().to_string_lossy().starts_with('.') {
        return false;
    }
    let leads_away =
        |path: &Path| path.canonicalize().is_ok_and(|real| !roots.iter().any(|root| real.starts_with(root)));
    !(entry.path_is_symlink() && entry.file_type().is_dir() && leads_away(entry.path()))
}

/// What the walk could not look at, when the glob asks for it.
fn report(error: &walkdir::Error, fixed: &Path, glob: &GlobMatcher, matched: &mut Matches) {
    let Some(path) = error.path() else { return };
    let wanted = path.strip_prefix(fixed).is_ok_and(|relative| glob.is_match(relative));
    if wanted && path.is_symlink() {
        matched.faults.push(Diagnostic::of_file(path, "is a symlink that leads nowhere"));
    } else if let Some(error) = error.io_error().filter(|_| wanted || path.is_dir()) {
        matched.faults.push(Diagnostic::of_file(path, io_sentence(error)));
    }
}

/// The directory before the first wildcard, and the rest; None without a wildcard.
fn split_glob(base: &Path, target: &str) -> Option<(PathBuf, String)> {
    let is_wild = |part: &&str| part.contains(['*', '?', '[', '{']);
    let parts: Vec<&str> = target.split('/').collect();
    let first = parts.iter().position(is_wild)?;
    let (fixed, pattern) = parts.split_at_checked(first)?;
    let mut directory = base.to_path_buf();
    if target.starts_with('/') {
        directory.push("/");
    }
    directory.extend(fixed.iter().filter(|part| !part.is_empty()));
    Some((tidy(&directory), pattern.join("/")))
}

/// Without `.` and `..` where that names the same file.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(short.components().next_back(), Some(Component::Normal(_))) => {
                short.pop();
            }
            other => short.push(other),
        }
    }
    if short.as_os_str().is_empty() {
        short.push(".");
    }
    let same = match (short.canonicalize(), path.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        (Err(_), Err(_)) => !path.components().any(|c| c == Component::ParentDir),
        _ => false,
    };
    if same { short } else { path.to_path_buf() }
}
