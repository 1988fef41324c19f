//! All files of a catalog, read once and looked at whole: for those who judge a catalog, not serve it.

use std::sync::Arc;

use jiff::Timestamp;

use super::loader::Loader;
use crate::catalog::{CatalogSettings, Entity, FileLocation, SourceFault};

/// What a catalog's files hold.
#[derive(Debug)]
pub struct Survey {
    /// In the order of their files, those whose reference another one has already included.
    pub entities: Vec<Arc<Entity>>,
    pub faults: Vec<SourceFault>,
    pub files_read: usize,
    /// The settings' locations that led to no file; each has a fault, too, told of its target.
    pub unmatched: Vec<FileLocation>,
}

impl Survey {
    /// Reads everything once, waiting for the disk.
    pub fn of(settings: CatalogSettings) -> Self {
        let mut loader = Loader::new(settings);
        let (mut pass, settings) = loader.pass();
        let entities = pass.fresh.clone();
        let unmatched = std::mem::take(&mut pass.unmatched);
        let part = pass.finish(&settings, Timestamp::UNIX_EPOCH);
        Self { entities, faults: part.faults, files_read: part.files_read, unmatched }
    }
}
