//! Finds the files of a target, which is a path or a glob.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use walkdir::{DirEntry, WalkDir};

use crate::diagnostic::Diagnostic;
use crate::yaml::io_sentence;

/// The deepest directory below a glob's fixed part that is looked into.
const MAX_DEPTH: usize = 32;
/// Directories that are watched, at most.
const MAX_DIRECTORIES: usize = 8192;

const DEAD_LINK: &str = "is a symlink that leads nowhere";

/// A file that may be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundFile {
    /// As its target names it.
    pub(super) path: PathBuf,
    /// Without symlinks, as they were when the file was found. This path is opened.
    pub(super) real: PathBuf,
}

/// Finds files, and remembers the directories in which a change may matter.
#[derive(Debug)]
pub(super) struct FileFinder {
    pub(super) directories: BTreeSet<PathBuf>,
    /// Directory entries that may still be looked at.
    pub(super) entries_left: usize,
}

impl FileFinder {
    /// The files of a target, ordered by path. Tries the bases in turn, and stops at one that has files or faults.
    /// With `roots` (canonical directories), a file outside all of them is refused.
    pub(super) fn expand(
        &mut self,
        target: &str,
        bases: &[PathBuf],
        roots: Option<&[PathBuf]>,
        faults: &mut Vec<Diagnostic>,
    ) -> Vec<FoundFile> {
        for base in bases {
            let path = tidy(&base.join(target));
            let found = if path.symlink_metadata().is_ok() {
                self.explicit(&path, roots).map(|file| vec![file])
            } else if let Some((fixed, pattern)) = split_glob(base, target) {
                self.glob(&fixed, &pattern, roots, faults)
            } else {
                self.watch_nearest(&path);
                Ok(Vec::new())
            };
            let files = found.map_err(|fault| faults.push(fault)).unwrap_or_default();
            if !files.is_empty() || !faults.is_empty() {
                return files;
            }
        }
        Vec::new()
    }

    /// A path without wildcards: the operator's own may be a symlink to anywhere.
    fn explicit(&mut self, path: &Path, roots: Option<&[PathBuf]>) -> Result<FoundFile, Diagnostic> {
        self.watch_nearest(path);
        let file = resolve(path, roots)?;
        if path.is_symlink() {
            // The file may change where the link leads to.
            self.watch_nearest(&file.real);
        }
        Ok(file)
    }

    fn glob(
        &mut self,
        fixed: &Path,
        pattern: &str,
        roots: Option<&[PathBuf]>,
        faults: &mut Vec<Diagnostic>,
    ) -> Result<Vec<FoundFile>, Diagnostic> {
        let of_glob = |message: String| Diagnostic::of_file(fixed.join(pattern), message);
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = glob.map_err(|error| of_glob(format!("is no glob: {}", error.kind())))?.compile_matcher();
        let Ok(root) = fixed.canonicalize() else {
            self.watch_nearest(fixed);
            return Ok(Vec::new());
        };
        let (mut files, own_root) = (Vec::new(), [root]);
        let roots = roots.unwrap_or(&own_root);
        let is_wanted = |path: &Path| path.strip_prefix(fixed).is_ok_and(|relative| glob.is_match(relative));
        for entry in entries(fixed, pattern, roots) {
            if self.entries_left == 0 {
                faults.push(of_glob("has too many directory entries: the rest is not looked at".to_owned()));
                break;
            }
            self.entries_left -= 1;
            match entry {
                Ok(entry) if entry.file_type().is_dir() => self.watch(entry.into_path()),
                Ok(entry) if is_wanted(entry.path()) => match resolve(entry.path(), Some(roots)) {
                    Ok(file) => files.push(file),
                    Err(fault) => faults.push(fault),
                },
                Ok(_) => {}
                Err(error) => faults.extend(report(&error, is_wanted)),
            }
        }
        files.sort();
        Ok(files)
    }

    fn watch(&mut self, directory: PathBuf) {
        let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
        if self.directories.len() < MAX_DIRECTORIES {
            self.directories.insert(directory);
        }
    }

    /// Watches the closest directory that exists, so that the path is noticed when it appears.
    fn watch_nearest(&mut self, path: &Path) {
        let current = Path::new(".");
        let mut above = path.ancestors().skip(1).map(|a| if a.as_os_str().is_empty() { current } else { a });
        if let Some(nearest) = above.find(|directory| directory.is_dir()) {
            self.watch(nearest.to_path_buf());
        }
    }
}

/// The regular file behind a path, or why it is not read.
fn resolve(path: &Path, roots: Option<&[PathBuf]>) -> Result<FoundFile, Diagnostic> {
    let refused = |message: String| Diagnostic::of_file(path, message);
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) if path.is_symlink() => return Err(refused(DEAD_LINK.to_owned())),
        Err(error) => return Err(refused(io_sentence(&error))),
    };
    if roots.is_some_and(|roots| !roots.iter().any(|root| real.starts_with(root))) {
        return Err(refused("leads out of the directory that its location may read".to_owned()));
    }
    match real.metadata() {
        Ok(meta) if meta.is_file() => Ok(FoundFile { path: path.to_path_buf(), real }),
        Ok(meta) if meta.is_dir() => {
            Err(refused("is a directory: name its files, as in `*.yaml`".to_owned()))
        }
        Ok(_) => Err(refused("is not a regular file".to_owned())),
        Err(error) => Err(refused(io_sentence(&error))),
    }
}

/// What may match the pattern. A directory comes before its entries.
fn entries(
    fixed: &Path,
    pattern: &str,
    roots: &[PathBuf],
) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let hidden = pattern.starts_with('.') || pattern.contains("/.");
    let depth = if pattern.contains("**") { MAX_DEPTH } else { pattern.split('/').count() };
    let walk = WalkDir::new(fixed).follow_links(true).max_depth(depth).sort_by_file_name();
    walk.into_iter().filter_entry(move |entry| entry.depth() == 0 || may_enter(entry, hidden, roots))
}

fn may_enter(entry: &DirEntry, hidden: bool, roots: &[PathBuf]) -> bool {
    if !hidden && entry.file_name().to_string_lossy().starts_with('.') {
        return false;
    }
    let leads_away =
        |path: &Path| path.canonicalize().is_ok_and(|real| !roots.iter().any(|root| real.starts_with(root)));
    !(entry.path_is_symlink() && entry.file_type().is_dir() && leads_away(entry.path()))
}

/// The fault of a path that the walk could not read, if the glob needs it.
fn report(error: &walkdir::Error, is_wanted: impl Fn(&Path) -> bool) -> Option<Diagnostic> {
    let path = error.path()?;
    if is_wanted(path) && path.is_symlink() {
        return Some(Diagnostic::of_file(path, DEAD_LINK));
    }
    let error = error.io_error().filter(|_| is_wanted(path) || path.is_dir())?;
    Some(Diagnostic::of_file(path, io_sentence(error)))
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
