//! The sizes of the portal's scripts and of the chart library, compressed.

use world::World;
use world::markup::tags;

#[tokio::test]
async fn portal_script_is_small() {
    let world = World::of("").await;
    let page = world.get("/").await;
    let scripts: Vec<_> = tags(page.text()).into_iter().filter(|tag| tag.name == "script").collect();
    let own = scripts.iter().filter_map(|tag| tag.get("src")).find(|src| src.contains("/portal.")).unwrap();
    // Browsers take brotli over TLS only.
    for (encoding, most) in [("gzip", 18_000), ("br", 16_500)] {
        let reply = world.get_with(own, &[("Accept-Encoding", encoding)]).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, encoding));
        eprintln!("{encoding}: {} bytes", reply.body.len());
        assert!(reply.body.len() <= most, "{encoding}: {} bytes", reply.body.len());
    }
}

#[tokio::test]
async fn scripts_for_frames_are_small_and_only_where_messages_are() {
    let apart = World::of("").await.get("/").await;
    assert!(!apart.text().contains("/look.") && !apart.text().contains("/frame."));
    let world =
        World::with("", |all| all.web.parent_origins = vec!["https://backstage.example".to_owned()]).await;
    let page = world.get("/").await;
    let scripts: Vec<_> = tags(page.text()).into_iter().filter(|tag| tag.name == "script").collect();
    let named =
        |name: &str| scripts.iter().position(|tag| tag.get("src").is_some_and(|src| src.contains(name)));
    let places = ["/look.", "/portal.", "/frame."].map(|name| named(name).unwrap());
    assert!(
        places.is_sorted(),
        "the look would miss the answer to promenade:ready, the frame the first state"
    );
    for (place, most) in [(places[0], 2_300), (places[2], 1_600)] {
        let reply = world.get_with(scripts[place].get("src").unwrap(), &[("Accept-Encoding", "gzip")]).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, "gzip"));
        assert!(reply.body.len() <= most, "{} bytes", reply.body.len());
    }
}

#[tokio::test]
async fn chart_library_is_small_and_makes_no_code_from_text() {
    let world = World::of("").await;
    let page = world.get("/").await;
    let root = tags(page.text()).into_iter().find(|tag| tag.name == "html").unwrap();
    let library = root.get("data-echarts").unwrap();
    for (encoding, most) in [("gzip", 175_000), ("br", 148_000)] {
        let reply = world.get_with(library, &[("Accept-Encoding", encoding)]).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, encoding));
        eprintln!("{encoding}: {} bytes", reply.body.len());
        assert!(reply.body.len() <= most, "{encoding}: {} bytes", reply.body.len());
    }
    let plain = world.get(library).await;
    for forbidden in ["new Function", "eval("] {
        assert!(!plain.text().contains(forbidden), "the content security policy blocks {forbidden}");
    }
}
