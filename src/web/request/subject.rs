//! What an address is about: an entity of the catalog, or what its parameters describe.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::Portal;
use crate::annotations::defaults_of;
use crate::catalog::{Catalog, Entity, EntityRef};
use crate::web::links::Source;
use crate::web::page_error::PageError;
use crate::web::params::PageParams;

/// What an address is about.
#[derive(Clone)]
pub enum ViewSubject {
    /// An entity of the catalog, by its path.
    Entity(Arc<Entity>),
    /// What the parameters describe. An entity among them chooses the instance.
    AdHoc(Option<Arc<Entity>>),
}

impl ViewSubject {
    pub fn entity(&self) -> Option<&Arc<Entity>> {
        match self {
            Self::Entity(entity) => Some(entity),
            Self::AdHoc(entity) => entity.as_ref(),
        }
    }

    pub fn source(&self) -> Source<'_> {
        match self {
            Self::Entity(entity) => Source::Entity(&entity.reference),
            Self::AdHoc(_) => Source::AdHoc,
        }
    }
}

/// None: the path names no entity.
pub(super) fn entity_of_path(
    request: &HttpRequest,
    catalog: &Catalog,
) -> Result<Option<Arc<Entity>>, PageError> {
    let Some(name) = request.match_info().get("name") else { return Ok(None) };
    let part = |name| request.match_info().get(name).unwrap_or_default();
    let reference = EntityRef::new(part("kind"), part("namespace"), name);
    let reference = reference.ok_or(PageError::NoSuchPage)?;
    catalog.get(&reference).map(Some).ok_or(PageError::NoSuchEntity(reference))
}

/// Reads the address with the portal's defaults, and again with those of the entity that it names.
pub(super) fn read_ad_hoc(query: &str, portal: &Portal) -> Result<(ViewSubject, PageParams), PageError> {
    let (now, defaults) = (portal.now(), &portal.settings.defaults);
    let params = PageParams::read_custom(query, defaults, now);
    let Some(reference) = &params.custom.entity else { return Ok((ViewSubject::AdHoc(None), params)) };
    let entity = portal.catalog.get(reference).ok_or_else(|| PageError::NoSuchEntity(reference.clone()))?;
    let defaults = defaults_of(&entity).over(defaults);
    Ok((ViewSubject::AdHoc(Some(entity)), PageParams::read_custom(query, &defaults, now)))
}
