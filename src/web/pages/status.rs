//! What the portal has read and knows of itself.

use actix_web::HttpResponse;

use crate::web::{PageError, StatusFacts};

pub async fn show(facts: StatusFacts) -> Result<HttpResponse, PageError> {
    let _ = facts;
    Err(PageError::internal("the status page", &"not built yet"))
}
