//! Links from chat where not all is known: nothing is then called over, or unowned.

use super::*;

#[tokio::test]
async fn a_late_answer_is_not_told_as_one_that_remembers_nothing() {
    let (world, _second) = world().await;
    let query = r#"ALERTS{alertstate="firing",alertname="Slow",service=~"payments|"}"#;
    world.upstream.on(query, Reply::hang());
    let page = format!("{PAYMENTS}?landed=alertname%3D%22Slow%22%2Cservice%3D%22payments%22");
    let text = words(world.get(&page).await.text());
    assert!(text.contains("Since when is not known: Prometheus did not answer in time."), "{text}");
}
