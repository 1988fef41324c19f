//! The page about an error.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Shell;
use crate::clock;
use crate::web::reply::{self, CachePolicy};
use crate::web::{ErrorText, PageError, PageParams, WebSettings};

#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage<'a> {
    pub shell: Shell<'a>,
    pub error: &'a ErrorText,
}

/// With the status of the error.
pub fn show(request: &HttpRequest, error: &ErrorText) -> Result<HttpResponse, PageError> {
    let settings = request.app_data::<web::Data<WebSettings>>();
    let settings = settings.ok_or_else(|| PageError::internal("the settings", &"they are not wired"))?;
    let params = PageParams::read(request.query_string(), &settings.defaults, clock::now());
    let mut shell = Shell::new(settings, &params, request.path(), &error.title);
    shell.icon = "unknown";
    reply::html_as(request, error.status, &ErrorPage { shell, error }, CachePolicy::Live)
}
