//! One graph of an entity as the address would have it: the plugin's props of a card.

use super::{Custom, PageError, PageParams};
use crate::annotations::{GraphSpec, MonitoringSpec, Templates};
use crate::catalog::Entity;

/// A graph, and whether its query is the address's.
pub struct Chosen {
    pub spec: GraphSpec,
    pub is_ad_hoc: bool,
}

impl Chosen {
    /// The graph of a number from 1. A query in the address stands over the annotation's, or as the first graph
    /// where there is no annotation; it needs the permission for queries of one's own, and is filled from the entity.
    pub fn of(
        entity: &Entity,
        spec: &MonitoringSpec,
        number: usize,
        params: &PageParams,
        may_query: bool,
    ) -> Result<Self, PageError> {
        let own = number.checked_sub(1).and_then(|at| spec.graphs.get(at));
        let stands_in = spec.graphs.is_empty() && number == 1;
        let props = &params.custom;
        let (mut chosen, is_ad_hoc) = match (&props.query, own) {
            (Some(_), _) if !may_query => return Err(PageError::AdHocForbidden),
            (Some(query), own) if own.is_some() || stands_in => {
                (GraphSpec::of_query(query, Some(&Templates::of(entity))), true)
            }
            (None, Some(own)) => (own.clone(), false),
            _ => return Err(PageError::NoSuchGraph { graphs: spec.graphs.len() }),
        };
        if !props.dimensions.is_empty() {
            chosen.dimensions.clone_from(&props.dimensions);
        }
        chosen.title = props.title.clone().or(chosen.title);
        chosen.unit = props.unit.clone().or(chosen.unit);
        chosen.stack |= props.stack;
        Ok(Self { spec: chosen, is_ad_hoc })
    }

    /// Refuses a query of the address that cannot be sent. A broken one of the annotation is told with it.
    pub fn readable(&self) -> Result<(), PageError> {
        if self.is_ad_hoc { Custom::readable(&self.spec) } else { Ok(()) }
    }
}
