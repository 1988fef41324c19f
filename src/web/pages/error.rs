//! The page in place of a page that cannot be.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Shell;
use crate::clock;
use crate::web::{CachePolicy, PageError, PageParams, Told, WebSettings, form};

#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage<'a> {
    pub shell: Shell<'a>,
    pub told: &'a Told,
}

/// The status is the fault's own.
pub fn show(request: &HttpRequest, told: &Told) -> Result<HttpResponse, PageError> {
    let settings = request.app_data::<web::Data<WebSettings>>();
    let settings = settings.ok_or_else(|| PageError::internal("the settings", &"they are not wired"))?;
    let params = PageParams::read(request.query_string(), &settings.defaults, clock::now());
    let mut shell = Shell::new(settings, &params, request.path(), &told.title);
    shell.icon = "unknown";
    form::html_as(request, told.status, &ErrorPage { shell, told }, CachePolicy::Live)
}
