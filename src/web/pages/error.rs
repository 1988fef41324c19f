//! Gives every error a body, a page or JSON as the address requests. There is no fragment of an error: on an error
//! status htmx leaves the panel as it is.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Serialize;

use super::Shell;
use crate::clock;
use crate::web::format::Format;
use crate::web::links::Link;
use crate::web::page_error::{ErrorText, PageError};
use crate::web::params::PageParams;
use crate::web::proxy;
use crate::web::reply;
use crate::web::settings::WebSettings;

/// Most full queues are shorter and most catalogs are read by then.
const RETRY_AFTER_SECS: &str = "2";

/// Replaces an error's empty body. Wraps all routes.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let reply = next.call(request).await?.map_into_boxed_body();
    let status = reply.status();
    let has_body = reply.headers().contains_key(CONTENT_TYPE);
    if !(status.is_client_error() || status.is_server_error())
        || (has_body && reply.response().error().is_none())
    {
        return Ok(reply);
    }
    let error = reply.response().error().and_then(|error| error.as_error::<PageError>()).cloned();
    let error = error.unwrap_or(match status {
        StatusCode::NOT_FOUND => PageError::NoSuchPage,
        StatusCode::METHOD_NOT_ALLOWED => PageError::MethodNotAllowed,
        other => PageError::Refused(other),
    });
    log(&error);
    let (request, _) = reply.into_parts();
    // The route knows best: an entity may be named `x.json`.
    let route = request.match_pattern().unwrap_or_else(|| request.path().to_owned());
    let mut body = body(&request, &route, &error);
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = if proxy::is_route(&route) { proxy::allowed(&request) } else { "GET, HEAD" };
            body.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            body.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECS));
        }
        _ => {}
    }
    Ok(ServiceResponse::new(request, body))
}

/// An instance's failure is logged where it happens.
fn log(error: &PageError) {
    match error {
        PageError::Internal(_) => tracing::error!(%error, "the portal failed"),
        _ => tracing::debug!(%error, "refused"),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ErrorBody<'t> {
    Error { kind: &'t str, message: &'t str },
}

fn body(request: &HttpRequest, route: &str, error: &PageError) -> HttpResponse {
    let text = &error.text();
    let reply = if proxy::is_route(route) {
        proxy::refusal(request, error, text)
    } else if Format::of_route(route).is_some() {
        let body = ErrorBody::Error { kind: text.kind, message: &text.message() };
        reply::json_as(request, text.status, &body)
    } else {
        page(request, error, text)
    };
    // The error page failed too: send at least the title.
    reply.unwrap_or_else(|_| HttpResponse::build(text.status).body(text.title.clone()))
}

#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage<'a> {
    pub shell: Shell<'a>,
    pub error: &'a ErrorText,
    /// Where the error says that more is to be read.
    pub status: Option<Link>,
}

fn page(request: &HttpRequest, cause: &PageError, error: &ErrorText) -> Result<HttpResponse, PageError> {
    let settings = request.app_data::<web::Data<WebSettings>>();
    let settings = settings.ok_or_else(|| PageError::internal("the settings", &"they are not wired"))?;
    let params = PageParams::read(request.query_string(), &settings.defaults, clock::now());
    let mut shell = Shell::new(settings, &params, request.path(), &error.title);
    shell.icon = "unknown";
    let names_status = matches!(cause, PageError::NoSuchEntity(_)) && !settings.admin_apart;
    let status = names_status.then(|| shell.status());
    reply::html_as(request, error.status, &ErrorPage { shell, error, status })
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
    use actix_web::{App, HttpResponse, rt, web};
    use serde_json::Value;

    use super::*;
    use crate::web::page_error::catch_panics;

    async fn explode() -> HttpResponse {
        panic!("secret detail")
    }

    #[test]
    fn a_panic_is_a_500_and_keeps_its_details() {
        rt::System::new().block_on(async {
            let route = web::resource("/x.json").to(explode).wrap(from_fn(catch_panics));
            let app = init_service(App::new().service(route).wrap(from_fn(render))).await;
            for _ in 0..3 {
                let reply = call_service(&app, TestRequest::get().uri("/x.json").to_request()).await;
                assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
                let body: Value = read_body_json(reply).await;
                assert_eq!(body["error"]["kind"], "internal");
                assert!(!body.to_string().contains("secret"));
            }
        });
    }

    #[test]
    fn what_the_library_refuses_gets_a_body_too() {
        rt::System::new().block_on(async {
            let teapot = web::resource("/x.json").to(|| async { HttpResponse::ImATeapot().finish() });
            let app = init_service(App::new().service(teapot).wrap(from_fn(render))).await;
            for (path, status, kind) in [("/x.json", 418, "bad_request"), ("/y.json", 404, "not_found")] {
                let reply = call_service(&app, TestRequest::get().uri(path).to_request()).await;
                assert_eq!(reply.status().as_u16(), status);
                let body: Value = read_body_json(reply).await;
                assert_eq!(body["error"]["kind"], kind);
            }
        });
    }
}
