//! The static files: embedded, hashed in their names, compressed at build time, cached for ever.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};

/// One embedded file in every form that is worth sending.
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

/// A name is tied to its content, so a copy never goes stale.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Where a file is served, relative to the portal's root, without a leading slash. A name that is not in
/// `static/` comes back as it would be without a hash, which is a 404; `tests/it` looks for such names.
pub fn path(name: &str) -> &str {
    TABLE.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.path)
}

/// Registers `static/...` under the scope that the route table stands in.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(web::resource("/static/{name:.*}").route(web::get().to(serve)).route(web::head().to(serve)));
}

async fn serve(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let path = format!("static/{name}");
    let Some(asset) = TABLE.iter().find(|asset| asset.path == path) else {
        return HttpResponse::NotFound().insert_header((CACHE_CONTROL, "no-store")).finish();
    };
    let (encoding, body) = asset.best(&accepted(request.headers()));
    let etag = asset.etag(encoding);
    let fresh = holds(request.headers(), &etag);
    let mut reply = HttpResponse::build(if fresh { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    reply
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((ETAG, etag));
    if fresh {
        return reply.finish();
    }
    if let Some(token) = encoding.token() {
        reply.insert_header((CONTENT_ENCODING, token));
    }
    reply.content_type(asset.content_type).body(body)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

impl Asset {
    /// The smallest form among those that the client likes best. Identity is always served when nothing else
    /// will do: refusing a style sheet helps nobody.
    fn best(&self, accepted: &Accepted) -> (Encoding, &'static [u8]) {
        let mut best = (accepted.identity, Encoding::Identity, self.identity);
        let packed =
            [(accepted.gzip, Encoding::Gzip, self.gzip), (accepted.brotli, Encoding::Brotli, self.brotli)];
        for (quality, encoding, body) in packed {
            let Some(body) = body.filter(|_| quality > 0.0) else { continue };
            if quality > best.0 || (quality == best.0 && body.len() < best.2.len()) {
                best = (quality, encoding, body);
            }
        }
        (best.1, best.2)
    }

    fn etag(&self, encoding: Encoding) -> String {
        match encoding.token() {
            Some(token) => format!("\"{}-{token}\"", self.sha256),
            None => format!("\"{}\"", self.sha256),
        }
    }
}

/// Whether the client takes gzip at least as gladly as the plain form.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = accepted(headers);
    accepted.gzip > 0.0 && accepted.gzip >= accepted.identity
}

/// What the client takes, by weight from 0, a refusal, to 1.
#[derive(Debug)]
struct Accepted {
    brotli: f32,
    gzip: f32,
    identity: f32,
}

/// The smallest weight that can be written.
const LEAST: f32 = 0.001;

/// Reads Accept-Encoding (RFC 9110, 12.5.3). Without the header: identity, for the sake of simple clients.
fn accepted(headers: &HeaderMap) -> Accepted {
    let mut brotli = None;
    let mut gzip = None;
    let mut identity = None;
    let mut any = None;
    let values = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    for item in values.flat_map(|value| value.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        let quality = quality(parameters);
        match coding.trim().to_ascii_lowercase().as_str() {
            "br" => brotli = Some(quality),
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => identity = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    Accepted {
        brotli: brotli.or(any).unwrap_or(0.0),
        gzip: gzip.or(any).unwrap_or(0.0),
        // Unnamed, identity is allowed but never preferred.
        identity: identity.or(any.map(|q| q.min(LEAST))).unwrap_or(LEAST),
    }
}

/// `;q=0.5` -> 0.5. A missing or broken weight counts as 1, as browsers do.
fn quality(parameters: &str) -> f32 {
    let weight = parameters.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    match weight {
        Some(weight) if (0.0..=1.0).contains(&weight) => weight,
        _ => 1.0,
    }
}

/// Whether the client's copy is this one (If-None-Match, compared weakly).
fn holds(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == etag)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
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
        check(None, Encoding::Identity);
        check(Some(""), Encoding::Identity);
        check(Some("gzip"), Encoding::Gzip);
        check(Some("gzip, deflate, br, zstd"), Encoding::Brotli);
        check(Some("br;q=0.5, gzip;q=0.8"), Encoding::Gzip);
        check(Some("br;q=0, gzip"), Encoding::Gzip);
        check(Some("BR ; Q=1.0"), Encoding::Brotli);
        check(Some("*"), Encoding::Brotli);
        check(Some("*;q=0"), Encoding::Identity);
        check(Some("identity, gzip;q=0.5"), Encoding::Identity);
        check(Some("gzip;q=nonsense"), Encoding::Gzip);
        check(Some("deflate"), Encoding::Identity);
    }

    fn check(header: Option<&str>, expected: Encoding) {
        let mut request = TestRequest::default();
        if let Some(value) = header {
            request = request.insert_header((ACCEPT_ENCODING, value));
        }
        let asset = TABLE.iter().find(|asset| asset.name == "vendor/htmx.min.js").unwrap();
        assert_eq!(asset.best(&accepted(request.to_http_request().headers())).0, expected, "{header:?}");
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
