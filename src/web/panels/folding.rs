//! Panels without data as one line, which opens.

use super::Frame;
use crate::web::page_error::ErrorText;
use crate::web::params::{FOLDED, Folding};

/// What a folded panel says.
pub struct FoldLine {
    pub is_failed: bool,
    pub is_shared: bool,
    pub text: String,
}

impl FoldLine {
    pub(super) fn of_fault(fault: &ErrorText, folding: Folding) -> Option<Self> {
        // By now it may have failed for another reason than the page says.
        let is_shared = folding == Folding::Shared && is_of_instance(fault);
        let text = if is_shared { "No answer".to_owned() } else { fault.title.clone() };
        (folding != Folding::Open).then_some(Self { is_failed: true, is_shared, text })
    }
}

/// The instance failed, not the query.
pub fn is_of_instance(fault: &ErrorText) -> bool {
    fault.status.is_server_error()
}

impl Frame {
    /// The same panel, which stays a line until it has data.
    pub(super) fn folded(mut self, folding: Folding) -> Self {
        self.source = self.source.map(|source| source.set(FOLDED, folding.value()));
        self
    }
}
