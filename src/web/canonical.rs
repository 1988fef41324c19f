//! One address for each entity: other spellings of its path redirect to the one in lower case.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};
use percent_encoding::percent_decode_str;

use crate::catalog::EntityRef;
use crate::web::links::entity_path;
use crate::web::settings::WebSettings;

/// Redirects before the routes are tried. The new address is only a path, so no host that a client sent is repeated.
pub async fn redirect(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let reading = [Method::GET, Method::HEAD].contains(request.method());
    let settings = request.app_data::<web::Data<WebSettings>>();
    let prefix = settings.map_or("", |settings| settings.prefix());
    let Some(path) = reading.then(|| canonical(prefix, request.uri().path())).flatten() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let address = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let reply = HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "private, max-age=300"))
        .finish();
    Ok(request.into_response(reply))
}

/// `/catalog/Default/Component/Payments/` -> `/catalog/default/component/payments`. None: the path is canonical, or names
/// no entity.
fn canonical(prefix: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(prefix)?.strip_prefix("/catalog/")?;
    let mut parts = rest.trim_end_matches('/').splitn(4, '/');
    let mut part = || percent_decode_str(parts.next()?).decode_utf8().ok();
    let (namespace, kind, name) = (part()?, part()?, part()?);
    let reference = EntityRef::new(&kind, &namespace, &name)?;
    let page = parts.next().map(|page| format!("/{page}")).unwrap_or_default();
    let canonical = entity_path(prefix, &reference, &page);
    (canonical != path).then_some(canonical)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_spelling_has_one_address() {
        check("/catalog/default/component/payments", None);
        check("/catalog/Default/Component/Payments", Some("/catalog/default/component/payments"));
        check("/catalog/default/component/payments/", Some("/catalog/default/component/payments"));
        check("/catalog/default/component/%50ayments", Some("/catalog/default/component/payments"));
        check("/catalog/default/Component/payments.json", Some("/catalog/default/component/payments.json"));
        check("/catalog/a/API/B/graphs///", Some("/catalog/a/api/b/graphs"));
    }

    #[test]
    fn what_names_no_entity_is_left_alone() {
        for path in [
            "/",
            "/catalog/",
            "/catalog/a/b",
            "/catalog//a/b",
            "//evil.example/catalog/A/b/c",
            "/catalog/a/B/%2e%2e%2f",
            "/catalog/A/b/c%2Fd",
            "/catalog/A/b/%ff",
            "/catalog/A/b/%00",
        ] {
            check(path, None);
        }
    }

    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(canonical("", path).as_deref(), expected, "{path}");
        let below = canonical("/catalog/portal", &format!("/catalog/portal{path}"));
        assert_eq!(below, expected.map(|path| format!("/catalog/portal{path}")), "{path}");
    }
}
