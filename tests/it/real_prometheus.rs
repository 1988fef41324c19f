//! The portal's JSON against what a real Prometheus says itself.

use crate::world::prometheus::RealPrometheus;

#[actix_web::test]
async fn the_world_has_alerts_in_every_state() {
    let prometheus = RealPrometheus::start().await;
    let rules = prometheus.get("/api/v1/rules", &[("type", "alert")]).await;
    let mut states: Vec<&str> = Vec::new();
    for group in rules["data"]["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            states.push(rule["state"].as_str().unwrap());
            if rule["name"] == "ManyToMany" {
                assert_eq!(rule["health"], "err");
            }
        }
    }
    for state in ["firing", "pending", "inactive"] {
        assert!(states.contains(&state), "{state} in {states:?}");
    }
}
