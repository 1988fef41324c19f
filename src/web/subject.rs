//! What a path names: an entity of the catalog, and one of its graphs.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::PageError;
use crate::catalog::{Catalog, Entity, EntityRef};

/// An entity that the catalog has, named by `/catalog/{namespace}/{kind}/{name}`.
#[derive(Clone, Debug)]
pub struct Subject {
    pub entity: Arc<Entity>,
}

impl FromRequest for Subject {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Subject {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let part = |name| request.match_info().get(name).unwrap_or_default();
        let reference = EntityRef::new(part("kind"), part("namespace"), part("name"));
        let reference = reference.ok_or(PageError::NoSuchPage)?;
        let catalog = request.app_data::<web::Data<Catalog>>();
        let catalog = catalog.ok_or_else(|| PageError::internal("the catalog", &"it is not wired"))?;
        let entity = catalog.get(&reference).ok_or(PageError::NoSuchEntity(reference))?;
        Ok(Self { entity })
    }

    pub fn reference(&self) -> &EntityRef {
        &self.entity.reference
    }
}

/// The number of a graph in a path, from 1. Whether the entity has that many is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphNumber(pub usize);

impl FromRequest for GraphNumber {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("n").unwrap_or_default();
        // `+1` and `01` would be second names of a page.
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        let number = plain.then(|| text.parse().ok()).flatten();
        ready(number.map(Self).ok_or(PageError::NoSuchPage))
    }
}
