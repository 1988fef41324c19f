//! How many files may be open, and so how many connections there may be.

/// More connections than this cost memory that no portal needs: idle ones make room for new ones.
const MOST_CONNECTIONS: usize = 8_192;
/// Files that are not connections of readers: those to instances, the catalog's files, the log, connections that are
/// being closed.
const OTHERS: usize = 256;

/// How many files may be open, and how many connections of readers follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    pub limit: u64,
    pub connections: usize,
}

impl OpenFiles {
    /// Raises the soft limit to the hard one.
    pub fn raised() -> Self {
        Self::of(rlimit::increase_nofile_limit(u64::MAX).ok())
    }

    /// Where the limit is not known, there is room for few.
    fn of(limit: Option<u64>) -> Self {
        let limit = limit.unwrap_or(1_024);
        let files = usize::try_from(limit).unwrap_or(usize::MAX);
        let spare = files.saturating_sub(OTHERS).max(files / 2);
        Self { limit, connections: spare.clamp(1, MOST_CONNECTIONS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        let connections = |limit| OpenFiles::of(limit).connections;
        assert_eq!(connections(Some(64)), 32);
        assert_eq!(connections(Some(1_024)), 768);
        assert_eq!(connections(None), 768);
        assert_eq!(connections(Some(1 << 20)), MOST_CONNECTIONS);
        assert_eq!(connections(Some(u64::MAX)), MOST_CONNECTIONS);
    }
}
