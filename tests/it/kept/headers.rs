//! Requests to one address whose replies differ by a header.

use world::World;
use world::rules::Rule;
use world::upstream::{Reply, Upstream};

use super::{count, payments, scripted};
use crate::routing::config;

const ALERTS: &str = "/catalog/default/component/payments/alerts";

/// The panel of alerts, requested by the entity's page.
const OF_PAGE: [(&str, &str); 2] =
    [("HX-Request", "true"), ("HX-Current-URL", "http://portal.example/catalog/default/component/payments")];

/// The same with one header more, or another value of it.
fn changed<'t>(name: &'t str, value: &'t str) -> Vec<(&'t str, &'t str)> {
    OF_PAGE.into_iter().filter(|(other, _)| *other != name).chain([(name, value)]).collect()
}

/// Until the tick does not end in between.
#[tokio::test]
async fn each_header_of_the_key_has_a_reply_of_its_own() {
    let other = Upstream::start().await;
    other.on_rules(Reply::group([Rule::new("Up")]));
    let second = other.instance("other");
    let world = World::with(payments(), |settings| {
        settings.routing =
            config("\n  routing:\n    - {when: {header: {X-Stage: blue}}, instance: other}\n").routing;
        settings.instances.push(second);
    })
    .await;
    scripted(&world, 1.0);
    for (name, value, in_body) in [
        ("x-stage", "blue", true),
        ("HX-Current-URL", "http://portal.example/catalog/default/component/payments/alerts", true),
        // The panel is the same. A header puts its address into the browser's.
        ("HX-Source", "form#alerts-search", false),
        ("HX-Request-Type", "full", true),
        ("HX-History-Restore-Request", "true", true),
        ("Accept-Encoding", "gzip", true),
    ] {
        let changed = changed(name, value);
        for attempt in 0.. {
            let both =
                async || [world.get_with(ALERTS, &OF_PAGE).await, world.get_with(ALERTS, &changed).await];
            let first = both().await;
            let kept = "promenade_http_replies_total{how=\"kept\"}";
            let before = count(&world, kept).await;
            let [one, other] = both().await;
            let is_one_tick = first[0].header("etag") == one.header("etag");
            if is_one_tick && count(&world, kept).await - before == 2 {
                assert_eq!((&first[0].body, &first[1].body), (&one.body, &other.body), "{name}");
                assert_eq!(first[1].header("etag"), other.header("etag"), "{name}");
                assert_ne!(one.header("etag"), other.header("etag"), "{name}");
                assert_eq!(one.body != other.body, in_body, "{name}");
                for answer in [one, other] {
                    let vary = answer.header("vary").to_owned();
                    assert!(
                        vary.split(", ").any(|varied| varied.eq_ignore_ascii_case(name)),
                        "{name}: {vary}"
                    );
                }
                break;
            }
            assert!(attempt < 20, "{name}: not both are kept");
        }
    }
}
