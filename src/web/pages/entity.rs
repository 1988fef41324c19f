//! An entity's pages: everything, its alerts, its graphs, one graph.

use actix_web::HttpResponse;

use crate::web::{GraphNumber, PageError, PageParams, Subject};

pub async fn show(subject: Subject, params: PageParams) -> Result<HttpResponse, PageError> {
    let _ = (subject, params);
    Err(PageError::internal("the entity's page", &"not built yet"))
}

pub async fn alerts(subject: Subject, params: PageParams) -> Result<HttpResponse, PageError> {
    show(subject, params).await
}

pub async fn graphs(subject: Subject, params: PageParams) -> Result<HttpResponse, PageError> {
    show(subject, params).await
}

pub async fn graph(
    subject: Subject,
    number: GraphNumber,
    params: PageParams,
) -> Result<HttpResponse, PageError> {
    let _ = number;
    show(subject, params).await
}
