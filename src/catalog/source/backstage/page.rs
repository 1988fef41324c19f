//! One answer of `entities/by-query` into entities: a bad one drops only itself.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PLACE, item};
use crate::catalog::{Entity, EntityRef};
use crate::diagnostic::Diagnostic;
use crate::upstream::ETag;

/// A page, and what tells whether it is still the same.
pub(super) struct Page {
    pub(super) etag: Option<ETag>,
    /// Of its bytes.
    pub(super) hash: u64,
    pub(super) entities: Vec<Arc<Entity>>,
    pub(super) faults: Vec<Diagnostic>,
    /// Further faults, which are only counted.
    pub(super) omitted: usize,
    /// How many entities it brought, the bad ones included.
    pub(super) items: usize,
    /// How many the whole catalog has.
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
            Err(message) => faults.push(Diagnostic::of_file(PLACE, message)),
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

/// The fault of an entity that comes a second time.
pub(super) fn twice(reference: &EntityRef) -> Diagnostic {
    let message = format!("`{reference}` comes twice; the second one is left out");
    Diagnostic::of_file(PLACE, message).of_entity(reference)
}
