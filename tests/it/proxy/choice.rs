//! Parameters of the proxy path that choose a part of an answer: `limit`, and the names of rules.

use serde_json::{Value, json};
use world::upstream::Reply;

use super::{API, range, world};

#[tokio::test]
async fn proxy_cuts_answers_at_the_limit() {
    let world = world().await;
    let series: [(&[(&str, &str)], f64); 3] =
        [(&[("a", "2")], 2.0), (&[("a", "1")], 1.0), (&[("a", "3")], 3.0)];
    world.upstream.on("up", Reply::matrix(&series));
    let element = |a: &str| json!({"metric": {"a": a}, "value": [7, a]});
    let vector = json!({"resultType": "vector", "result": [element("3"), element("1"), element("2")]});
    world.upstream.on("sort_desc(up)", Reply::json(200, &json!({"status": "success", "data": vector})));
    let names = |data: &Value| -> Vec<String> {
        let all = data["data"]["result"].as_array().unwrap();
        all.iter().map(|one| one["metric"]["a"].as_str().unwrap().to_owned()).collect()
    };
    for (limit, in_range, at_once) in [
        ("", 3, 3),
        ("&limit=", 3, 3),
        ("&limit=0", 3, 3),
        ("&limit=3", 3, 3),
        ("&limit=2", 2, 2),
        ("&limit=1", 1, 1),
    ] {
        let ranged = world.get(&format!("{}{limit}", range("up"))).await.json();
        assert_eq!(names(&ranged), ["1", "2", "3"][..in_range], "in the order of labels");
        let now = world.get(&format!("{API}/query?query=sort_desc(up)&time=7{limit}")).await.json();
        assert_eq!(names(&now), ["3", "1", "2"][..at_once], "in the order of the answer");
        for answer in [ranged, now] {
            let warnings = if in_range < 3 { json!(["results truncated due to limit"]) } else { Value::Null };
            assert_eq!(answer["warnings"], warnings, "{limit}");
        }
    }
    assert_eq!(world.upstream.requests().len(), 2, "every limit shares one answer");
}

#[tokio::test]
async fn proxy_selects_rules_by_name_group_and_file() {
    let world = world().await;
    let alert = json!({"labels": {"alertname": "A"}, "annotations": {}, "state": "firing", "activeAt": "2026-11-23T09:00:00Z", "value": "1"});
    let rule = |name: &str| json!({"name": name, "query": "x", "state": "firing", "type": "alerting", "labels": {"is": name.to_lowercase(), "team": "till"}, "alerts": [alert]});
    let group = |name: &str, file: &str| json!({"name": name, "file": file, "rules": [rule("A"), rule("B")]});
    world.upstream.on_rules(Reply::rules(json!([group("g", "f"), group("h", "f"), group("g", "k")])));
    for (choice, expected) in [
        ("", "g f A B, h f A B, g k A B"),
        ("&rule_name[]=B", "g f B, h f B, g k B"),
        ("&rule_name[]=B&rule_name[]=A&rule_group[]=h", "h f A B"),
        ("&rule_group[]=g&file[]=k", "g k A B"),
        ("&rule_group[]=g&file[]=k&rule_name[]=C", ""),
        ("&file[]=nowhere", ""),
        ("&exclude_alerts=true", "g f A B, h f A B, g k A B"),
        ("&match[]={is=\"a\"}&file[]=f", "g f A, h f A"),
        ("&match[]={is=\"a\",team!=\"till\"}&match[]={is=~\"b|c\"}&file[]=k", "g k B"),
        ("&match[]={team=\"till\"}&rule_name[]=A&rule_group[]=g", "g f A, g k A"),
        ("&match[]={alertname=\"A\"}", ""),
        ("&match[]=A", ""),
    ] {
        let answer = world.get(&format!("{API}/rules?type=alert{choice}")).await.json();
        let shown = |group: &Value| {
            let rules = group["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap());
            let names = rules.collect::<Vec<_>>().join(" ");
            format!("{} {} {names}", group["name"].as_str().unwrap(), group["file"].as_str().unwrap())
        };
        let groups: Vec<String> = answer["data"]["groups"].as_array().unwrap().iter().map(shown).collect();
        assert_eq!(groups.join(", "), expected, "{choice}");
        let alerts = if choice.contains("exclude_alerts") { 0 } else { 1 };
        for rule in
            answer["data"]["groups"].as_array().unwrap().iter().flat_map(|g| g["rules"].as_array().unwrap())
        {
            assert_eq!(rule["alerts"].as_array().unwrap().len(), alerts, "{choice}");
        }
    }
    assert_eq!(world.upstream.requests().len(), 1);
}
