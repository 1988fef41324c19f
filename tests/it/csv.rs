//! CSV of graphs and alert tables. No cell is a formula.

use serde_json::json;
use world::encoded;
use world::upstream::Reply;

use crate::custom_pages::{PAYMENTS, rules, world};

#[tokio::test]
async fn csv_is_safe_to_open_in_a_spreadsheet() {
    let world = world(|_| {}).await;
    world.upstream.on_rules(rules());
    let series: [(&[(&str, &str)], f64); 2] =
        [(&[("job", "=1+1,\"x\"")], 12345678.912345678), (&[("job", "plain")], -0.1)];
    world.upstream.on("sum(rate(requests[5m])) by (zone)", Reply::matrix(&series));
    world.upstream.on("hostile", Reply::matrix(&series));
    let at = "from=1763900000&to=1763900030&step=15";
    let reply = world.get(&format!("/graph.csv?query=hostile&dimension=job&{at}&title=%22%0d%0aX:+y")).await;
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"default-X-y.csv\"");
    assert_eq!(reply.header("x"), "");
    assert_eq!(
        reply.text(),
        "time,\"'=1+1,\"\"x\"\"\",plain\r\n2025-11-23T12:13:15Z,12345678.912345678,-0.1\r\n2025-11-23T12:13:30Z,12345678.912345678,-0.1\r\n2025-11-23T12:13:45Z,12345678.912345678,-0.1\r\n"
    );
    let own = world.get(&format!("{PAYMENTS}/graphs/1.csv?{at}")).await;
    assert_eq!(own.header("content-disposition"), "attachment; filename=\"payments-graph-1.csv\"");
    assert_eq!(own.text().lines().count(), 4, "{}", own.text());
    for (path, name) in [
        (format!("{PAYMENTS}/alerts.csv"), "payments-alerts.csv"),
        ("/alerts.csv?alerts=all".to_owned(), "default-alerts.csv"),
    ] {
        let sheet = world.get(&path).await;
        assert_eq!(sheet.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        let lines: Vec<_> = sheet.text().split("\r\n").collect();
        assert_eq!(lines.len(), 4, "{}", sheet.text());
        assert!(lines[0].starts_with("name,state,value,activeAt,severity,group,labels,annotations,query"));
        assert!(
            lines[1]
                .starts_with("HighLoad,firing,1.5,2026-11-23T12:00:00Z,critical,orders,\"{\"\"alertname\"\"")
        );
        assert!(lines[0].ends_with(",lastEvaluation,summary"), "{}", lines[0]);
        assert!(lines[1].contains(",'-load > 1,300,0,ok,,20"), "{}", lines[1]);
    }
    for (path, status, kind) in [
        (format!("{PAYMENTS}/graphs/2.csv"), 422, "bad_query"),
        (format!("{PAYMENTS}/graphs/3.csv"), 404, "not_found"),
        (format!("{PAYMENTS}/alerts.csv?sort=x"), 400, "bad_parameter"),
        ("/catalog/default/component/lost/alerts.csv".to_owned(), 404, "unknown_instance"),
    ] {
        let reply = world.get(&path).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["kind"]), (status, &json!(kind)), "{path}");
    }
}

#[tokio::test]
async fn csv_of_a_single_value_has_one_row() {
    let world = world(|_| {}).await;
    let scalar =
        json!({"status": "success", "data": {"resultType": "scalar", "result": [1763900000.5, "0.25"]}});
    world.upstream.on("scalar(up)", Reply::json(200, &scalar));
    let text = json!({"status": "success", "data": {"resultType": "string", "result": [1763900000, "=x"]}});
    world.upstream.on("\"=x\"", Reply::json(200, &text));
    for (query, row) in [("scalar(up)", "2025-11-23T12:13:20.5Z,scalar(up),0.25"), ("\"=x\"", "'=x")] {
        let sheet = world.get(&format!("/graph.csv?query={}", encoded(query))).await;
        let lines: Vec<_> = sheet.text().lines().collect();
        assert_eq!((lines.len(), lines[0]), (2, "time,name,value"), "{}", sheet.text());
        assert!(lines[1].ends_with(row), "{}", sheet.text());
    }
}

#[tokio::test]
async fn csv_file_name_says_what_is_wrong() {
    let world = world(|_| {}).await;
    let warned = json!({"status": "success", "warnings": ["a store is gone"], "data": {"resultType": "matrix", "result": []}});
    world.upstream.on("partial", Reply::json(200, &warned));
    let sheet = world.get("/graph.csv?query=partial").await;
    assert_eq!(sheet.header("content-disposition"), "attachment; filename=\"default-graph-incomplete.csv\"");
}

#[tokio::test]
async fn csv_has_its_times_in_the_zone_of_the_page() {
    let world = world(|_| {}).await;
    world.upstream.on("t", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    world.upstream.on_rules(rules());
    // Clocks go back at 3:00 in Berlin, so 2:00 and 2:30 occur twice.
    let night = "query=t&from=2025-10-26+01:00:00&to=2025-10-26+04:00:00&step=30m&tz=Europe/Berlin";
    let sheet = world.get(&format!("/graph.csv?{night}")).await;
    let times: Vec<_> = sheet.text().lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    let expected = ["01:00:00+02:00", "01:30:00+02:00", "02:00:00+02:00", "02:30:00+02:00", "02:00:00+01:00"];
    let expected =
        expected.into_iter().chain(["02:30:00+01:00", "03:00:00+01:00", "03:30:00+01:00", "04:00:00+01:00"]);
    assert_eq!(times, expected.map(|time| format!("2025-10-26T{time}")).collect::<Vec<_>>());
    // The same answer, for another reader.
    let utc = world.get(&format!("/graph.csv?{}", night.replace("Europe/Berlin", "utc"))).await;
    assert!(utc.text().contains("\r\n2025-10-26T01:00:00Z,1\r\n"), "{}", utc.text());
    let days = "query=t&from=1647234000000&to=1647666000000&step=1d&tz=America/Chicago";
    let sheet = world.get(&format!("/graph.csv?{days}")).await;
    let notice = "One point per day, counted in UTC, not in America/Chicago.";
    assert!(
        sheet.text().contains("\r\n2022-03-13T19:00:00-05:00,1\r\n2022-03-14T19:00:00-05:00,1"),
        "{}",
        sheet.text()
    );
    assert_eq!(sheet.header("content-disposition"), "attachment; filename=\"default-graph-utc-grid.csv\"");
    assert_eq!(sheet.header("promenade-notice"), notice);
    assert_eq!(
        world.get(&format!("/graph.svg?{days}")).await.header("promenade-notice"),
        "One point per day."
    );
    assert!(world.get(&format!("/graph?{days}")).await.text().contains(notice));
    let data = world.get(&format!("/graph.json?{days}")).await.json();
    assert_eq!(
        (&data["start"], &data["step"], &data["notices"]),
        (&json!(1_647_216_000), &json!(86_400), &json!([notice]))
    );
    let raised = world.get("/graph.csv?query=t&step=1&range=30d&tz=utc").await;
    assert!(raised.header("promenade-notice").starts_with("The step of 1 s was raised to "));
    let alerts = world.get(&format!("{PAYMENTS}/alerts.csv?tz=Asia/Kolkata")).await;
    assert!(alerts.text().contains("HighLoad,firing,1.5,2026-11-23T17:30:00+05:30,"), "{}", alerts.text());
}
