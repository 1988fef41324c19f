//! Warnings and infos of an answer.

/// Bytes in memory, about.
pub fn weight(remarks: &[String]) -> usize {
    remarks.iter().map(|remark| remark.capacity() + 40).sum()
}
