//! From a real alert of a real Prometheus, through a real Alertmanager and the templates that ship, along the link
//! that came out, to the row.

use std::time::Duration;

use promenade::alertmanager::AlertmanagerSettings;
use promenade::prometheus::InstanceName;
use regex::Regex;
use serde_json::{Value, json};
use world::World;
use world::markup::words;
use world::upstream::{Reply, Request, Upstream};

use crate::alertmanager::{BASE, RealAlertmanager};
use crate::prometheus::RealPrometheus;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  annotations:
    prometheus.io/alert: HighLoad
    prometheus.io/labels: 'team="payments, checkout"'
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: memory
  annotations:
    prometheus.io/alert: '"Excessive Memory, Usage"'
"#;

/// A second receiver, for the messages to Teams.
const TEAMS: &str = r#"
  - name: teams
    slack_configs:
      - api_url: API/teams
        channel: '#teams'
        title: '{{ template "promenade.teams.title" . }}'
        text: '{{ template "promenade.teams.text" . }}'
"#;

struct Chat {
    world: World,
    slack: Upstream,
    alertmanager: RealAlertmanager,
    _prometheus: RealPrometheus,
}

async fn chat() -> Chat {
    let slack = Upstream::start().await;
    slack.on_any(Reply::http(200, &[], "ok"));
    let api = format!("http://{}", slack.address);
    let alertmanager = RealAlertmanager::start(|config| {
        let route = "group_wait: 0s\n  group_interval: 1s\n  routes:\n    - {receiver: teams, continue: true}\n    - {receiver: slack}";
        let changed = config
            .replace("https://hooks.slack.com/services/T000/B000/XXXX", &format!("{api}/slack"))
            .replace("group_by: [alertname, service]", "group_by: ['...']")
            .replace("group_wait: 30s", route);
        changed + &TEAMS.replace("API", &api)
    })
    .await;
    let config = format!(
        "global: {{evaluation_interval: 1s, external_labels: {{cluster: 'eu & us'}}}}\nrule_files: [rules.yml]\nscrape_configs: []\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n",
        alertmanager.host()
    );
    let prometheus = RealPrometheus::start_with(&config).await;
    let api: url::Url = format!("{}/api/v1/", prometheus.url).parse().unwrap();
    let url: url::Url = alertmanager.url.parse().unwrap();
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].api = api;
        settings.instances[0].scrape_interval = Duration::from_secs(1);
        let (ui_url, headers, timeout) = (url.clone(), Vec::new(), Duration::from_secs(5));
        settings
            .alertmanagers
            .insert(InstanceName::new("default"), AlertmanagerSettings { url, ui_url, headers, timeout });
    })
    .await;
    Chat { world, slack, alertmanager, _prometheus: prometheus }
}

impl Chat {
    /// The attachment of the first message to a receiver that has all these texts.
    async fn message(&self, receiver: &str, texts: &[&str]) -> Value {
        let has = |request: &Request| {
            let body = &request.body;
            request.path.ends_with(receiver) && texts.iter().all(|text| body.contains(text))
        };
        for _ in 0..300 {
            if let Some(request) = self.slack.requests().iter().find(|request| has(request)) {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                return body["attachments"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let bodies: Vec<_> = self.slack.requests().into_iter().map(|r| r.body).collect();
        panic!("no message to {receiver} with {texts:?}: {bodies:?}\n{}", self.alertmanager.log());
    }

    /// Follows a link of a message, and then where it leads.
    async fn follow(&self, link: &str) -> (String, String) {
        let link = link.strip_prefix(BASE).unwrap_or_else(|| panic!("{link}"));
        let page = self.world.get(link).await;
        assert_eq!(page.status, 302, "{link}: {}", page.text());
        let to = page.header("location").to_owned();
        let entity_page = self.world.get(to.split('#').next().unwrap()).await;
        assert_eq!(entity_page.status, 200);
        (to, entity_page.text().to_owned())
    }
}

/// The marked row and its details.
fn marked(html: &str) -> String {
    let at = html.find(" marked\"").unwrap_or_else(|| panic!("no row is marked in {html}"));
    let end = html[at..].find("</tbody>").unwrap() + at;
    let row = &html[at..end];
    let next = row[1..].find("<tr class=\"row").map_or(row.len(), |next| next + 1);
    let row = words(&format!("<x{}", &row[..next]));
    // How long it has been active, which goes on from one page to the next.
    Regex::new(r" \d+s ").unwrap().replace(&row, " ").into_owned()
}

/// The address behind a word of Slack's text or of Markdown.
fn linked(text: &str, word: &str, slack: bool) -> String {
    let (open, close) = if slack { ('<', format!("|{word}>")) } else { ('(', String::new()) };
    if slack {
        let end = text.find(&close).unwrap_or_else(|| panic!("no {word} in {text}"));
        return text[..end].rsplit(open).next().unwrap().to_owned();
    }
    let from = text.find(&format!("[{word}](")).unwrap_or_else(|| panic!("no {word} in {text}"));
    text[from + word.len() + 3..].split(')').next().unwrap().to_owned()
}

#[tokio::test]
async fn link_in_a_message_opens_the_row_of_its_alert() {
    let chat = chat().await;
    let message = chat.message("/slack", &["HighLoad", "b%3A9100"]).await;
    assert_eq!(message["title"], "[FIRING:1] HighLoad");
    let link = message["title_link"].as_str().unwrap();
    assert!(link.contains("cluster=eu+%26+us") && link.contains("team=payments%2C+checkout"), "{link}");
    let (to, html) = chat.follow(link).await;
    assert!(to.starts_with("/catalog/default/component/checkout?from="), "{to}");
    let row = marked(&html);
    assert!(row.contains("instance b:9100") && row.contains("HighLoad"), "{row}");
    let text = message["text"].as_str().unwrap();
    // Each alert has its own link, with its summary as Slack wants it.
    let own = text.split('|').next().unwrap().trim_start_matches('<');
    assert_eq!(marked(&chat.follow(own).await.1), row);
    assert_eq!(linked(text, "Runbook", true), "https://runbooks.example/high?x=1&y=2");
    // The rule's expression belongs to one entity alone.
    let (to, html) = chat.follow(&linked(text, "Graph", true)).await;
    assert!(to.starts_with("/catalog/default/component/checkout?"), "{to}");
    assert!(marked(&html).contains("HighLoad"));
}

#[tokio::test]
async fn names_and_labels_with_special_characters_survive_the_templates() {
    let chat = chat().await;
    let message = chat.message("/teams", &["Excessive"]).await;
    assert_eq!(message["title"], "[FIRING:1] Excessive Memory, Usage");
    let text = message["text"].as_str().unwrap();
    let (to, html) = chat.follow(&linked(text, "Open in Promenade", false)).await;
    assert!(to.starts_with("/catalog/default/component/memory?"), "{to}");
    assert!(marked(&html).contains("odd <b>\"x\"</b> \\ , | żółć"), "{}", marked(&html));
    let (to, _) = chat.follow(&linked(text, "Graph", false)).await;
    assert!(to.starts_with("/catalog/default/component/memory?"), "{to}");
    // An alert without an entity is shown by itself.
    let message = chat.message("/slack", &["Infinite"]).await;
    let link = message["title_link"].as_str().unwrap().strip_prefix(BASE).unwrap();
    let page = chat.world.get(link).await;
    let text = words(page.text());
    assert!(text.contains("No entity owns this alert") && text.contains("1 firing"), "{text}");
}

#[tokio::test]
async fn silence_of_a_real_alertmanager_is_shown() {
    let chat = chat().await;
    chat.message("/slack", &["HighLoad", "a%3A9100"]).await;
    let silence = json!({
        "matchers": [{"name": "instance", "value": "a:9100", "isRegex": false, "isEqual": true}],
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2036-01-01T00:00:00Z",
        "createdBy": "ann@example.com", "comment": "moving house",
    });
    let client = world::client();
    let post = client.post(format!("{}/api/v2/silences", chat.alertmanager.url));
    let posted =
        post.header("Content-Type", "application/json").body(silence.to_string()).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    for _ in 0..40 {
        let page = chat.world.get_opened("/catalog/default/component/checkout/alerts").await;
        let text = words(page.text());
        if text.contains("1 firing, 1 silenced") {
            let expected = "Silenced by ann@example.com until 2036-01-01 00:00:00 UTC: moving house";
            assert!(text.contains(expected), "{text}");
            // Alertmanager's own labels are what a silence must match.
            assert!(page.text().contains("cluster%3D%22eu%20%26%20us%22"), "{}", page.text());
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{}", words(chat.world.get("/catalog/default/component/checkout/alerts").await.text()));
}
