//! A rule's own link (`generatorURL`) as an address of the portal: it leads to the entity with the rule's alert.

use std::sync::Arc;

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::alert_target::AlertTime;
use crate::monitoring::alert_index::AlertIndex;
use crate::monitoring::{AlertIndexer, Expressions, MatchedEntity};
use crate::promql::PromQl;
use crate::web::links::{AlertLink, Link};
use crate::web::page_error::PageError;
use crate::web::params::FurtherQuery;
use crate::web::request::View;

/// The page of the one entity whose alert rule has the expression. It queries nothing but what annotations name, so
/// it needs no permission.
pub async fn entity_page(
    request: &HttpRequest,
    view: &View,
    indexer: &AlertIndexer,
    expressions: &Expressions,
) -> Result<Option<Link>, PageError> {
    if !is_from_prometheus(request.query_string()) {
        return Ok(None);
    }
    // The index of owners is none of the answers that are checked.
    view.portal.monitoring.recorder().iter().for_each(|recorder| recorder.refuse());
    match indexer.index().await {
        Some(index) => {
            let entity = of_rule(view, &index, expressions).await;
            // The index may be that of an older catalog.
            let entity = entity.filter(|found| indexer.has(&found.entity));
            match entity {
                Some(entity) => Ok(Some(page_of(view, &entity).await)),
                None => Ok(None),
            }
        }
        // A reader who may see the graph itself need not wait for the catalog.
        None => view.authorize_graph().map(|()| None).map_err(|_| PageError::CatalogNotRead),
    }
}

/// Prometheus writes such links with no parameter of ours.
fn is_from_prometheus(query: &str) -> bool {
    let names: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
    let ours =
        |name: &str| matches!(name, "query" | "entity" | "instance") || FurtherQuery::number(name).is_some();
    names.iter().any(|name| name == "g0.expr") && !names.iter().any(|name| ours(name))
}

async fn of_rule(view: &View, index: &Arc<AlertIndex>, expressions: &Expressions) -> Option<MatchedEntity> {
    let query = PromQl::read(view.params.custom.query.as_deref()?).0?;
    view.portal.monitoring.entity_of_expression(index, expressions, &query).await
}

async fn page_of(view: &View, entity: &MatchedEntity) -> Link {
    let params = &view.params;
    let time = AlertTime { at: None, text: None, now: params.period.now };
    let alert = time.link(&view.portal, entity).await;
    let is_timed = ["from", "to", "range"].iter().any(|name| params.is_given(name));
    let alert = if is_timed { AlertLink { from: None, to: None, ..alert } } else { alert };
    view.links().entity_alert(&entity.entity.reference, &alert)
}
