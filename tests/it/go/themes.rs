//! The page of a link from chat in another theme.

use super::{redirect, value, world_of_components};

#[tokio::test]
async fn go_in_another_theme_keeps_the_labels_and_the_theme() {
    let (world, _second) = world_of_components().await;
    let query = "alertname=HighLoad&theme=x&odd=%22%3Cb%3E%26+1";
    let page = world.get(&format!("/go?{query}")).await;
    assert_eq!(page.status, 200);
    let themes = |html: &str| {
        let links =
            world::markup::tags(html).into_iter().filter_map(|tag| tag.get("href").map(str::to_owned));
        links.filter(|href| href.starts_with("/go?")).collect::<Vec<_>>()
    };
    let [dark, light] = ["dark", "light"].map(|theme| format!("/go?{query}&__theme={theme}"));
    assert_eq!(themes(page.text()), [format!("/go?{query}"), light, dark.clone()]);
    let page = world.get(&dark).await;
    assert!(
        page.text().contains("data-theme=\"dark\"") && page.text().contains("?theme=dark"),
        "{}",
        page.text()
    );
    let to = world.get("/go?alertname=HighLoad&service=payments&__theme=dark").await;
    assert_eq!(value(&redirect(&to).1, "theme"), Some("dark"));
    let wrong = world.get("/go?alertname=HighLoad&__theme=%3Cb%3E").await;
    assert!(wrong.text().contains("class=\"message\"") && !wrong.text().contains("<b>"), "{}", wrong.text());
}
