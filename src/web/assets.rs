//! The static files: embedded, with a hash in each name, compressed at build time, cached for a year.

use std::cmp::Reverse;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, ContentEncoding, ETag, Encoding, EntityTag, Header,
    HeaderValue, IF_NONE_MATCH, IfNoneMatch, Preference, Quality, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

/// An embedded file, and its compressed forms that are smaller.
#[derive(Debug)]
struct Asset {
    /// Path under `static/`: `js/portal.js`.
    name: &'static str,
    /// Where it is served, relative to the portal's root: `static/js/portal.0123456789ab.js`.
    path: &'static str,
    sha256: &'static str,
    content_type: &'static str,
    identity: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

/// Sorted by name; a path sorts as its name does up to the hash, so lookups by path scan. There are about ten.
static TABLE: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What browsers accept. All of them take gzip, which need not be read each time.
const OF_BROWSERS: [&[u8]; 4] = [b"gzip, deflate, br, zstd", b"gzip, deflate, br", b"gzip, deflate", b"gzip"];

/// The name contains a hash of the content, so a copy is never stale.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Where a file is served, relative to the portal's root, without a leading slash. A name that is not in `static/` is
/// returned without a hash, and its address is a 404. `tests/it` looks for such names.
pub fn path(name: &str) -> &str {
    TABLE.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.path)
}

/// Registers `static/...`.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(web::resource("/static/{name:.*}").route(web::get().to(serve)).route(web::head().to(serve)));
}

async fn serve(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let path = format!("static/{name}");
    let Some(asset) = TABLE.iter().find(|asset| asset.path == path) else {
        return HttpResponse::NotFound().insert_header((CACHE_CONTROL, "no-store")).finish();
    };
    let (encoding, body) = asset.best(&accepted(&request));
    let etag = asset.etag(encoding);
    let is_held = is_held(&request, &etag);
    let mut reply = HttpResponse::build(if is_held { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    reply
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(ETag(etag));
    if is_held {
        return reply.finish();
    }
    if encoding != ContentEncoding::Identity {
        reply.insert_header(encoding);
    }
    reply.content_type(asset.content_type).body(body)
}

impl Asset {
    /// The smallest of the encodings that the client weighs highest. Identity is served even if the client refuses
    /// it: a page needs its style sheet.
    fn best(&self, accepted: &AcceptEncoding) -> (ContentEncoding, &'static [u8]) {
        let packed = [(ContentEncoding::Brotli, self.brotli), (ContentEncoding::Gzip, self.gzip)];
        let packed = packed.into_iter().filter(|(encoding, _)| takes(accepted, *encoding));
        let packed =
            packed.filter_map(|(encoding, body)| Some((weight(accepted, encoding), encoding, body?)));
        let best = packed.max_by_key(|(weight, _, body)| (*weight, Reverse(body.len())));
        best.map_or((ContentEncoding::Identity, self.identity), |(_, encoding, body)| (encoding, body))
    }

    fn etag(&self, encoding: ContentEncoding) -> EntityTag {
        EntityTag::new_strong(match encoding {
            ContentEncoding::Identity => self.sha256.to_owned(),
            packed => format!("{}-{}", self.sha256, packed.as_str()),
        })
    }
}

/// Whether the client holds a copy with this tag.
pub fn is_held(request: &impl HttpMessage, etag: &EntityTag) -> bool {
    // Browsers send the tag as they got it, which need not be read.
    let alone = request.headers().get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    let quoted = alone.and_then(|tag| tag.strip_prefix(b"\"")?.strip_suffix(b"\""));
    if quoted.is_some_and(|tag| tag == etag.tag().as_bytes()) {
        return true;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(held)) => held.iter().any(|held| held.weak_eq(etag)),
        Err(_) => false,
    }
}

/// Whether the client prefers gzip to the plain form.
pub fn takes_gzip(request: &impl HttpMessage) -> bool {
    let mut given = request.headers().get_all(ACCEPT_ENCODING);
    match (given.next(), given.next()) {
        (None, _) => false,
        (Some(one), None) if OF_BROWSERS.contains(&one.as_bytes()) => true,
        _ => takes(&accepted(request), ContentEncoding::Gzip),
    }
}

fn accepted(request: &impl HttpMessage) -> AcceptEncoding {
    AcceptEncoding::parse(request).unwrap_or(AcceptEncoding(Vec::new()))
}

/// Whether the client accepts an encoding, and does not weigh identity higher.
fn takes(accepted: &AcceptEncoding, encoding: ContentEncoding) -> bool {
    let identity = own_weight(accepted, ContentEncoding::Identity).unwrap_or(Quality::ZERO);
    let weight = weight(accepted, encoding);
    weight > Quality::ZERO && weight >= identity
}

/// An encoding's own weight, else that of `*`. Without either it is refused.
fn weight(accepted: &AcceptEncoding, encoding: ContentEncoding) -> Quality {
    let any = || accepted.0.iter().find(|item| item.item == Preference::Any).map(|item| item.quality);
    own_weight(accepted, encoding).or_else(any).unwrap_or(Quality::ZERO)
}

fn own_weight(accepted: &AcceptEncoding, encoding: ContentEncoding) -> Option<Quality> {
    let encoding = Preference::Specific(Encoding::Known(encoding));
    accepted.0.iter().find(|item| item.item == encoding).map(|item| item.quality)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, rt};

    use super::*;

    #[test]
    fn every_vendored_file_is_the_one_its_readme_names() {
        let readme = include_str!("../../static/vendor/README.md");
        let vendored: Vec<_> = TABLE.iter().filter(|asset| asset.name.starts_with("vendor/")).collect();
        assert_eq!(vendored.len(), 2);
        for asset in vendored {
            assert!(readme.contains(asset.sha256), "{}", asset.name);
        }
    }

    #[test]
    fn a_path_carries_the_hash_of_its_content() {
        for asset in TABLE {
            assert!(path(asset.name).contains(asset.sha256.get(..12).unwrap()), "{}", asset.name);
            assert!(asset.path.starts_with("static/"));
        }
        assert_eq!(path("js/none.js"), "js/none.js");
    }

    #[test]
    fn the_client_chooses_the_encoding() {
        check(None, ContentEncoding::Identity);
        check(Some(""), ContentEncoding::Identity);
        check(Some("gzip"), ContentEncoding::Gzip);
        check(Some("gzip, deflate, br, zstd"), ContentEncoding::Brotli);
        check(Some("br;q=0.5, gzip;q=0.8"), ContentEncoding::Gzip);
        check(Some("br;q=0, gzip"), ContentEncoding::Gzip);
        check(Some("BR ; Q=1.0"), ContentEncoding::Brotli);
        check(Some("*"), ContentEncoding::Brotli);
        check(Some("*;q=0"), ContentEncoding::Identity);
        check(Some("identity, gzip;q=0.5"), ContentEncoding::Identity);
        check(Some("gzip;q=nonsense"), ContentEncoding::Identity);
        check(Some("deflate"), ContentEncoding::Identity);
    }

    fn check(header: Option<&str>, expected: ContentEncoding) {
        let mut request = TestRequest::default();
        if let Some(value) = header {
            request = request.insert_header((ACCEPT_ENCODING, value));
        }
        let asset = TABLE.iter().find(|asset| asset.name == "vendor/htmx.min.js").unwrap();
        assert_eq!(asset.best(&accepted(&request.to_http_request())).0, expected, "{header:?}");
    }

    #[test]
    fn what_browsers_accept_is_read_alike() {
        for accept in
            OF_BROWSERS.into_iter().chain([&b"br"[..], b"gzip;q=0", b"identity, gzip;q=0.5", b"*", b""])
        {
            let accept = HeaderValue::from_bytes(accept).unwrap();
            let request = TestRequest::default().insert_header((ACCEPT_ENCODING, accept)).to_http_request();
            let read = takes(&accepted(&request), ContentEncoding::Gzip);
            assert_eq!(takes_gzip(&request), read, "{request:?}");
        }
        assert!(!takes_gzip(&TestRequest::default().to_http_request()));
    }

    #[test]
    fn a_file_is_served_once_and_then_held() {
        rt::System::new().block_on(async {
            let app = init_service(App::new().configure(configure)).await;
            let at = format!("/{}", path("vendor/htmx.min.js"));
            let get = TestRequest::get().uri(&at).insert_header((ACCEPT_ENCODING, "br"));
            let reply = call_service(&app, get.to_request()).await;
            assert_eq!(reply.status(), StatusCode::OK);
            assert_eq!(reply.headers().get(CACHE_CONTROL).unwrap(), FOR_EVER);
            assert_eq!(reply.headers().get(CONTENT_ENCODING).unwrap(), "br");
            assert_eq!(reply.headers().get(VARY).unwrap(), "Accept-Encoding");
            assert_eq!(reply.headers().get(CONTENT_TYPE).unwrap(), "text/javascript; charset=utf-8");
            let etag = reply.headers().get(ETAG).unwrap().clone();
            assert!(read_body(reply).await.len() < 15_000);

            let again = TestRequest::get()
                .uri(&at)
                .insert_header((ACCEPT_ENCODING, "br"))
                .insert_header((IF_NONE_MATCH, etag));
            let reply = call_service(&app, again.to_request()).await;
            assert_eq!(reply.status(), StatusCode::NOT_MODIFIED);
            assert!(reply.headers().get(CONTENT_LENGTH).is_none());

            let plain = call_service(&app, TestRequest::get().uri(&at).to_request()).await;
            assert!(plain.headers().get(CONTENT_ENCODING).is_none());

            for unknown in ["/static/vendor/htmx.min.js", "/static/", "/static/vendor/../js/portal.js"] {
                let reply = call_service(&app, TestRequest::get().uri(unknown).to_request()).await;
                assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{unknown}");
            }
        });
    }
}
