//! The look that the frontend package reads from a theme: its own code in a real browser, beside the portal's.

use std::fs;
use std::path::Path;

use browser::chromium::Tab;
use serde_json::{Value, json};
use world::upstream::{Reply, Upstream};

use crate::running::installed;

/// `look` changes a theme like Backstage's light one, and returns what the package makes of it. `fault` is the portal's
/// judgement of a look.
const PAGE: &str = r##"<!doctype html><title>looks</title><script type="module">
import { lookOf } from '/package.js';
const theme = () => ({
    palette: {
        link: '#0a6ebe', background: { default: '#f8f8f8', paper: '#ffffff' }, text: { primary: 'rgba(0, 0, 0, 0.87)' },
        primary: { main: '#1f5493', dark: '#163a66', light: '#4b76a8' },
    },
    shape: { borderRadius: 4 },
    typography: { fontFamily: '"Helvetica Neue", Helvetica, Roboto, Arial, sans-serif' },
});
window.look = (change) => {
    const changed = theme();
    change(changed);
    return lookOf(changed) ?? null;
};
const script = await (await fetch('/portal.js')).text();
window.fault = new Function(`${script}; return fault`)();
window.grey = (level) => `#${level.toString(16).padStart(2, '0').repeat(3)}`;
</script>"##;

/// A browser with both.
async fn page() -> (Tab, Upstream) {
    let package = installed().join("node_modules/backstage-plugin-promenade/dist/look.js");
    let portal = world::root().join("static/js/look.js");
    let script = |path: &Path| {
        Reply::http(200, &[("Content-Type", "text/javascript")], fs::read_to_string(path).unwrap())
    };
    let (package, portal) = (script(&package), script(&portal));
    let upstream = Upstream::start().await;
    upstream.on_any(Reply::computed(move |request| match request.path.as_str() {
        "/package.js" => package.clone(),
        "/portal.js" => portal.clone(),
        _ => Reply::html(200, PAGE),
    }));
    let tab = Tab::open(&format!("http://{}/", upstream.address)).await;
    tab.until("window.grey").await;
    (tab, upstream)
}

/// The look of a changed theme. The portal takes it, if there is one.
async fn look(tab: &Tab, change: &str) -> Value {
    // In a list, because the browser returns no null.
    let [found] = tab.look::<[Value; 1]>(&format!("[look((t) => {{ {change} }})]")).await;
    if !found.is_null() {
        let sent = serde_json::to_string(&found).unwrap();
        assert_eq!(tab.look::<String>(&format!("fault({sent})")).await, "", "{change}: {found}");
    }
    found
}

#[tokio::test]
async fn look_of_a_theme_is_what_the_portal_takes() {
    let (tab, _upstream) = page().await;
    let whole = json!({"background": "#f8f8f8", "surface": "#ffffff", "text": "#212121", "accent": "#0a6ebe",
                       "radius": 4, "font": "Helvetica Neue"});
    assert_eq!(look(&tab, "").await, whole);
    for (change, field, value) in [
        // Any colour of a style sheet, and what is transparent over what is below it.
        ("t.palette.background.default = 'white'", "background", json!("#ffffff")),
        ("t.palette.background.default = 'hsl(0, 0%, 96%)'", "background", json!("#f5f5f5")),
        ("t.palette.background.default = 'rgb(0 0 0 / 5%)'", "background", json!("#f2f2f2")),
        ("t.palette.background.paper = 'transparent'", "surface", json!("#ffffff")),
        ("t.palette.text.primary = '#000'", "text", json!("#000000")),
        // Links that cannot be read, or have no colour, have another.
        ("t.palette.link = undefined", "accent", json!("#1f5493")),
        ("t.palette.link = '#ffff00'", "accent", json!("#1f5493")),
        ("t.palette.link = 'var(--link)'", "accent", json!("#1f5493")),
        ("t.palette.link = t.palette.primary.main = 'yellow'", "accent", json!("#163a66")),
        ("t.palette.link = ''; t.palette.primary = {}", "accent", json!("#212121")),
        ("t.shape.borderRadius = 0", "radius", json!(0)),
        ("t.shape.borderRadius = 16", "radius", json!(16)),
        ("t.shape.borderRadius = 17", "radius", json!(16)),
        ("t.shape.borderRadius = '8px'", "radius", json!(8)),
        ("t.shape.borderRadius = '8'", "radius", json!(8)),
        ("t.shape.borderRadius = '2.5px'", "radius", json!(2.5)),
        ("t.shape.borderRadius = -1", "radius", Value::Null),
        ("t.shape.borderRadius = NaN", "radius", Value::Null),
        ("t.shape.borderRadius = '50%'", "radius", Value::Null),
        ("t.shape.borderRadius = '1rem'", "radius", Value::Null),
        ("t.shape.borderRadius = '.'", "radius", Value::Null),
        ("t.shape.borderRadius = undefined", "radius", Value::Null),
        ("t.typography.fontFamily = 'Papyrus, \"open sans\", Arial'", "font", json!("Open Sans")),
        ("t.typography.fontFamily = \"'Segoe UI'\"", "font", json!("Segoe UI")),
        ("t.typography.fontFamily = 'system-ui'", "font", json!("system-ui")),
        ("t.typography.fontFamily = 'Papyrus; color: red, fantasy'", "font", Value::Null),
        ("t.typography.fontFamily = ''", "font", Value::Null),
        ("t.typography.fontFamily = undefined", "font", Value::Null),
    ] {
        let mut expected = whole.clone();
        // What is absent is absent in the message too.
        if value.is_null() {
            expected.as_object_mut().unwrap().remove(field);
        } else {
            expected[field] = value;
        }
        assert_eq!(look(&tab, change).await, expected, "{change}");
    }
    // Without a colour for page, panels or text, or with text that cannot be read, there is none.
    for place in ["background.default", "background.paper", "text.primary"] {
        for colour in
            ["'var(--x)'", "'currentcolor'", "'inherit'", "'url(x)'", "''", "'#12345'", "'red; x: y'"]
        {
            let change = format!("t.palette.{place} = {colour}");
            assert_eq!(look(&tab, &change).await, Value::Null, "{change}");
        }
    }
    assert_eq!(look(&tab, "t.palette.text.primary = '#888888'").await, Value::Null);
    assert_eq!(look(&tab, "t.palette.background.paper = '#222222'").await, Value::Null);
    assert_eq!(tab.complaints().await, [""; 0]);
    tab.close().await;
}

/// Package and portal compute the contrast each by itself.
#[tokio::test]
async fn package_and_portal_agree_on_what_can_be_read() {
    let (tab, _upstream) = page().await;
    for ground in
        ["#ffffff", "#f8f8f8", "#424242", "#333333", "#0a6ebe", "#9cc9ff", "#808080", "#000000", "#7c3699"]
    {
        let both = format!(
            "[...Array(256).keys()].map(grey).map((text) => [
                look((t) => {{ t.palette.background = {{ default: '{ground}', paper: '{ground}' }};
                               t.palette.text.primary = t.palette.link = text; }}) !== null,
                fault({{ background: '{ground}', surface: '{ground}', text, accent: text }}) === ''])"
        );
        let judged: Vec<(bool, bool)> = tab.look(&both).await;
        assert_eq!(judged.len(), 256);
        for (level, (package, portal)) in judged.iter().enumerate() {
            assert_eq!(package, portal, "grey {level} on {ground}");
        }
        let readable = judged.iter().filter(|(package, _)| *package).count();
        assert!((1..256).contains(&readable), "{readable} of 256 on {ground}");
    }
    tab.close().await;
}
