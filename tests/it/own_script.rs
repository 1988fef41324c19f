//! The size of the portal's script, compressed.

use world::World;
use world::markup::tags;

#[tokio::test]
async fn portal_script_is_small() {
    let world = World::of("").await;
    let page = world.get("/").await;
    let scripts: Vec<_> = tags(page.text()).into_iter().filter(|tag| tag.name == "script").collect();
    let own = scripts.iter().filter_map(|tag| tag.get("src")).find(|src| src.contains("/portal.")).unwrap();
    // Browsers take brotli over TLS only.
    for (encoding, most) in [("gzip", 13_000), ("br", 12_000)] {
        let reply = world.get_with(own, &[("Accept-Encoding", encoding)]).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, encoding));
        eprintln!("{encoding}: {} bytes", reply.body.len());
        assert!(reply.body.len() <= most, "{encoding}: {} bytes", reply.body.len());
    }
}
