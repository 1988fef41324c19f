//! Query parameters: pages report a bad value and use the default, data forms reject it.

use world::World;
use world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/rule: up, prometheus.io/alert: all}
"#;

const PAYMENTS: &str = "/catalog/default/component/payments";

const HOSTILE: [&str; 24] = [
    "from=NaN",
    "from=1e999",
    "from=inf&to=-inf",
    "from=now-99999999999999999999y",
    "from=now/x",
    "to=%2B300000000000-01-01T00:00:00Z",
    "from=now&to=now-1h",
    "from=9223372036854775807&to=9223372036854775808",
    "from=now-1h&from=now-2h",
    "range=1e300y",
    "range=-6h",
    "step=0",
    "step=NaN",
    "step=1e-300",
    "refresh=0.0000001x",
    "refresh=99999999999999999999",
    "tz=../../../etc/passwd",
    "tz=%00",
    "theme=%3Cscript%3Ealert(1)%3C/script%3E",
    "graphType=pie",
    "sort=%27%3B--&page=0&pageSize=-1",
    "state=%ff%fe",
    "kiosk=perhaps&view=%3C",
    "showInactiveAlerts=2",
];

#[tokio::test]
async fn page_reports_a_bad_parameter_and_uses_the_default() {
    let world = World::of(CATALOG).await;
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up")], 1.0)]));
    world.upstream.on_rules(Reply::rules(serde_json::json!([])));
    let pages = [
        "/".to_owned(),
        "/status".to_owned(),
        PAYMENTS.to_owned(),
        format!("{PAYMENTS}/alerts"),
        format!("{PAYMENTS}/graphs"),
        format!("{PAYMENTS}/graphs/1"),
    ];
    for query in HOSTILE {
        let parameter = query.split('=').next().unwrap();
        for page in &pages {
            let reply = world.get(&format!("{page}?{query}")).await;
            assert_eq!(reply.status, 200, "{page}?{query}: {}", reply.text());
            assert!(!reply.text().contains("<script>alert"), "{page}?{query}");
        }
        let answer = world.get(&format!("{PAYMENTS}?{query}")).await;
        assert!(answer.text().contains(parameter), "{query} is not reported");
    }
}

#[tokio::test]
async fn data_form_rejects_a_bad_parameter() {
    let world = World::of(CATALOG).await;
    for query in HOSTILE {
        for form in [".json", "/alerts.json", "/graphs/1.json"] {
            let reply = world.get(&format!("{PAYMENTS}{form}?{query}")).await;
            assert_eq!(reply.status, 400, "{form}?{query}: {}", reply.text());
            assert_eq!(reply.json()["error"]["kind"], "bad_parameter", "{form}?{query}");
        }
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let world = World::of(CATALOG).await;
    let plain = world.get(&format!("{PAYMENTS}.json")).await;
    for query in ["utm_source=chat", "&&&", "=", "a=1&a=2", "%ff=%ff", "from", "%zz"] {
        let reply = world.get(&format!("{PAYMENTS}.json?{query}")).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, plain.text()), "{query}");
    }
}
