//! The catalog: every entity, found and filtered.

use actix_web::HttpResponse;

use crate::web::{PageError, PageParams};

pub async fn show(params: PageParams) -> Result<HttpResponse, PageError> {
    let _ = params;
    Err(PageError::internal("the catalog page", &"not built yet"))
}
