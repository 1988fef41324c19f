//! Reads regular files up to a size. Pipes and devices are refused.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The bytes of a regular file, which may be reached through symlinks. The error ends a sentence
/// that begins with the file's name.
pub fn read_regular(path: &Path, max_bytes: usize) -> Result<Vec<u8>, String> {
    let regular = |meta: Metadata| if meta.is_file() { Ok(()) } else { Err(NOT_REGULAR.to_owned()) };
    regular(std::fs::metadata(path).map_err(|e| io_sentence(&e))?)?;
    let file = open_without_waiting(path).map_err(|e| io_sentence(&e))?;
    // Checked again: another file may have taken its place.
    regular(file.metadata().map_err(|e| io_sentence(&e))?)?;
    read_within(file, max_bytes)
}

/// Reads to the end, or fails when there is more than `max_bytes`.
pub fn read_within(file: File, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|e| io_sentence(&e))?;
    if bytes.len() > max_bytes {
        return Err(format!("is larger than {} KiB", max_bytes >> 10));
    }
    Ok(bytes)
}

/// Why a file cannot be read, as the end of a sentence.
pub fn io_sentence(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

const NOT_REGULAR: &str = "is not a regular file";

/// A pipe that took the file's place must not hold the reader.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}
