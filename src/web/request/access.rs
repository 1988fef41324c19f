//! Who may read what. Every permission of the portal is checked here.

use crate::web::page_error::PageError;
use crate::web::settings::WebSettings;

/// What a request reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// What an entity's annotations choose, or a single alert whose name the reader knows.
    Annotated,
    /// Whatever a query or a selection of the reader's own finds.
    AdHoc,
}

impl WebSettings {
    pub fn allows(&self, access: Access) -> bool {
        match access {
            Access::Annotated => true,
            Access::AdHoc => self.ad_hoc,
        }
    }

    pub fn authorize(&self, access: Access) -> Result<(), PageError> {
        if self.allows(access) { Ok(()) } else { Err(PageError::AdHocForbidden) }
    }
}
