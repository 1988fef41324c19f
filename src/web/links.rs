//! Every URL that the portal writes. Templates spell none.

use super::PageParams;
use crate::catalog::EntityRef;

/// Writes links for one request: under the portal's path, keeping `kiosk`, `theme`, `tz` and the time window.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    /// The path of `app.baseUrl` without its trailing slash; empty at the root.
    pub prefix: &'a str,
    pub params: &'a PageParams,
}

impl Links<'_> {
    pub fn catalog(&self) -> String {
        todo!()
    }
    pub fn status(&self) -> String {
        todo!()
    }
    pub fn entity(&self, entity: &EntityRef) -> String {
        let _ = entity;
        todo!()
    }
    pub fn alerts(&self, entity: &EntityRef) -> String {
        let _ = entity;
        todo!()
    }
    pub fn graphs(&self, entity: &EntityRef) -> String {
        let _ = entity;
        todo!()
    }
    /// `number` from 1.
    pub fn graph(&self, entity: &EntityRef, number: usize) -> String {
        let _ = (entity, number);
        todo!()
    }
    /// The same page at `path` with some parameters set (Some) or taken out (None).
    pub fn with(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let _ = (path, changes);
        todo!()
    }
    /// A hashed asset: `asset("js/portal.js")`.
    pub fn asset(&self, name: &str) -> String {
        let _ = name;
        todo!()
    }
}
