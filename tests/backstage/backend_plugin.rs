//! `backstage-plugin-promenade-backend` in a real backend, with a real portal behind it.

use world::Reply as Answer;
use world::upstream::{Reply, Upstream};

use crate::portal::{CATALOG, PAYMENTS, Portal};
use crate::running::{Backstage, behind, free_port};
use crate::signed_in::{guest_token, user_cookie};

#[tokio::test(flavor = "multi_thread")]
async fn backend_plugin_admits_signed_in_users_and_returns_what_the_portal_sends() {
    let port = free_port();
    let portal = Portal::behind(&format!("http://127.0.0.1:{port}")).await;
    let backstage = Backstage::of_app("app", port, &behind(&portal.target()), CATALOG);
    let cookie = user_cookie(&backstage).await;
    let get = |path: &str, cookie: &str| {
        let request = world::client().get(format!("{}/api/promenade{path}", backstage.url));
        request.header("Cookie", cookie).header("Accept-Encoding", "gzip").send()
    };
    let (signed, signature) = cookie.rsplit_once('.').unwrap();
    let spoilt = format!("{signed}.x{signature}");
    for path in [PAYMENTS, "/", "/status", "/static/css/tokens.css", "/metrics"] {
        for other in ["", "backstage-auth=x", &spoilt] {
            assert_eq!(get(path, other).await.unwrap().status(), 401, "{path} with {other}");
        }
    }

    let page = get(PAYMENTS, &cookie).await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains(&backstage.url), "{policy}");
    assert!(page.headers().get("x-frame-options").is_none());

    let moved = get("/catalog/default/Component/Payments", &cookie).await.unwrap();
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (308, &format!("/api/promenade{PAYMENTS}").parse().unwrap())
    );
    let file = get(&format!("{PAYMENTS}/graphs/1.csv"), &cookie).await.unwrap();
    assert!(file.headers()["content-disposition"].to_str().unwrap().contains("filename="));

    // A file is asked for again by its ETag.
    let html = world::client().get(format!("{}{PAYMENTS}", portal.target())).send().await.unwrap();
    let html = Answer::read(html).await;
    let (_, rest) = html.text().split_once("rel=\"stylesheet\" href=\"/api/promenade").unwrap();
    let style = rest.split('"').next().unwrap();
    let first = get(style, &cookie).await.unwrap();
    let etag = first.headers()["etag"].clone();
    let request = world::client().get(format!("{}/api/promenade{style}", backstage.url));
    let request =
        request.header("Cookie", &cookie).header("Accept-Encoding", "gzip").header("If-None-Match", etag);
    assert_eq!(request.send().await.unwrap().status(), 304);

    let post =
        world::client().post(format!("{}/api/promenade{PAYMENTS}", backstage.url)).header("Cookie", &cookie);
    let post = post.body("query=up").send().await.unwrap();
    assert_eq!((post.status().as_u16(), &post.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_and_tokens_stay_in_backstage() {
    let (port, recorder) = (free_port(), Upstream::start().await);
    recorder.on_any(Reply::http(
        200,
        &[("Set-Cookie", "a=b"), ("Content-Type", "text/plain"), ("X-Other", "a")],
        "seen",
    ));
    let backstage = Backstage::of_app("app", port, &behind(&format!("http://{}", recorder.address)), CATALOG);
    let (cookie, token) = (user_cookie(&backstage).await, guest_token(&backstage).await);
    let request = world::client().get(format!("{}/api/promenade/graph?query=up", backstage.url));
    let request = request.header("Cookie", cookie).bearer_auth(token).header("HX-Request", "true");
    let reply = request.header("X-Forwarded-Host", "evil.example").send().await.unwrap();
    let reply = Answer::read(reply).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "seen"));
    for name in ["set-cookie", "x-other"] {
        assert!(reply.headers.get(name).is_none(), "{name}");
    }
    // An answer without a policy keeps that of Backstage.
    assert!(reply.headers.contains_key("content-security-policy"), "{:?}", reply.headers);
    assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN");
    let [seen] = recorder.requests().try_into().unwrap();
    assert_eq!(seen.path, "/api/promenade/graph?query=up");
    assert_eq!(seen.header("hx-request"), Some("true"));
    for name in ["cookie", "authorization", "x-forwarded-host"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    // A page of another site may link to a page and frame it, and reads nothing else.
    for (dest, status) in
        [("document", 200), ("iframe", 200), ("image", 403), ("script", 403), ("empty", 403)]
    {
        let request = world::client().get(format!("{}/api/promenade/graph?query=up", backstage.url));
        let request = request.header("Cookie", user_cookie(&backstage).await);
        let request = request.header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Dest", dest);
        assert_eq!(request.send().await.unwrap().status(), status, "{dest}");
    }
    assert_eq!(recorder.requests().len(), 3);
    // Promenade is away.
    drop(recorder);
    let request = world::client().get(format!("{}/api/promenade/", backstage.url));
    let reply = request.header("Cookie", user_cookie(&backstage).await).send().await.unwrap();
    let reply = Answer::read(reply).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (502, "Promenade does not answer.\n"));
}
