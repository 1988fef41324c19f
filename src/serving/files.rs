//! How many files may be open, and so how many connections there may be.

/// More connections than this cost memory that no portal needs: idle ones make room for new ones.
const MOST_CONNECTIONS: usize = 8_192;
/// Files that are not connections of readers: those to instances, the catalog's files, the log, connections that are
/// being closed.
const OTHERS: usize = 256;
/// The limit that is assumed if the system does not tell it: the usual soft limit.
const UNKNOWN_LIMIT: u64 = 1_024;

/// Raises the soft limit of open files to the hard one, and returns it, or [`UNKNOWN_LIMIT`].
pub fn raise_file_limit() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(UNKNOWN_LIMIT)
}

/// The connections of readers that a limit of open files leaves room for.
pub fn connections_within(file_limit: u64) -> usize {
    let files = usize::try_from(file_limit).unwrap_or(usize::MAX);
    files.saturating_sub(OTHERS).max(files / 2).clamp(1, MOST_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(connections_within(64), 32);
        assert_eq!(connections_within(UNKNOWN_LIMIT), 768);
        assert_eq!(connections_within(1 << 20), MOST_CONNECTIONS);
        assert_eq!(connections_within(u64::MAX), MOST_CONNECTIONS);
    }
}
