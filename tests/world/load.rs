//! Many rough series of one metric: they compress worst and take the longest to draw.

use std::fmt::Write;
use std::time::Duration;

use promenade::config::Settings;

use crate::World;
use crate::catalog::Entity;
use crate::upstream::{Reply, Request};

/// An entity with this rule annotation.
pub fn payments(rule: &str) -> Entity {
    Entity::component("payments").rule(rule)
}

/// So many series, none like another and none smooth: what compresses worst.
pub fn rough(series: usize) -> Reply {
    Reply::computed(move |request: &Request| {
        let at = |name| request.form(name).unwrap().parse::<f64>().unwrap();
        let (start, end, step) = (at("start"), at("end"), at("step"));
        let count = ((end - start) / step).round() as u64;
        let mut body = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
        for s in 0..series as u64 {
            let comma = if s == 0 { "" } else { "," };
            let name = format!(r#"{{"__name__":"load","instance":"10.0.0.{s}:9100"}}"#);
            write!(body, r#"{comma}{{"metric":{name},"values":["#).unwrap();
            for i in 0..=count {
                // SplitMix64: neighbouring values are unrelated.
                let mut mixed = (s * 1_000_003 + i + start as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^= mixed >> 31;
                let comma = if i == 0 { "" } else { "," };
                // Six decimals, as whole numbers: there are many, and a debug build writes them.
                let (whole, part) = ((mixed >> 58) + s, mixed >> 45 & 0x7_ffff);
                write!(body, r#"{comma}[{},"{whole}.{part:06}"]"#, start as u64 + i * step as u64).unwrap();
            }
            body.push_str("]}");
        }
        body.push_str("]}}");
        Reply::http(200, &[("Content-Type", "application/json")], body)
    })
}

/// The portal asks an upstream that writes slowly.
pub async fn many(series: usize) -> World {
    let world = World::with(payments("load|instance"), |settings: &mut Settings| {
        settings.store.max_bytes = 64 << 20;
        settings.instances[0].timeout = Duration::from_secs(60);
    })
    .await;
    world.upstream.on("load", rough(series));
    world
}
