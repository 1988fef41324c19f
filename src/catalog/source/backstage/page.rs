//! Reads one answer of `entities/by-query`. A bad entity affects only itself.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::item;
use crate::catalog::Entity;
use crate::catalog::source::faults::BACKSTAGE;
use crate::diagnostic::Diagnostic;
use crate::upstream::ETag;

/// A page of entities, with the ETag and the hash that show whether it has changed.
pub(super) struct Page {
    pub(super) etag: Option<ETag>,
    /// Of its bytes.
    pub(super) hash: u64,
    pub(super) entities: Vec<Arc<Entity>>,
    pub(super) faults: Vec<Diagnostic>,
    /// Further faults, which are only counted.
    pub(super) omitted: usize,
    /// The number of its entities, bad ones included.
    pub(super) items: usize,
    /// The number of entities of the whole catalog.
    pub(super) total: Option<usize>,
    /// The cursor of the page that follows.
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageBody<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    total_items: Option<usize>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    next_cursor: Option<String>,
}

/// Lists `room` faults at most. Fails with the end of a sentence when the body is no page.
pub(super) fn read(body: &[u8], room: usize, hash: u64, etag: Option<ETag>) -> Result<Page, String> {
    let answer: PageBody<'_> =
        serde_json::from_slice(body).map_err(|e| format!("its JSON is unexpected: {e}"))?;
    let (mut entities, mut faults) = (Vec::with_capacity(answer.items.len()), Vec::new());
    for raw in &answer.items {
        match item::read(raw.get(), &mut faults) {
            Ok(entity) => entities.push(Arc::new(entity)),
            Err(message) => faults.push(Diagnostic::of_file(BACKSTAGE, message)),
        }
    }
    let omitted = faults.len().saturating_sub(room);
    faults.truncate(room);
    Ok(Page {
        etag,
        hash,
        entities,
        faults,
        omitted,
        items: answer.items.len(),
        total: answer.total_items,
        next: answer.page_info.next_cursor.filter(|cursor| !cursor.is_empty()),
    })
}
