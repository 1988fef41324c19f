//! Backstage's catalog as a source, with the program itself: config, log, signals, and `check`.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use world::backstage::{Backstage, TOKEN, component};
use world::program::{Program, program};
use world::upstream::Reply;

use crate::backstage_source::{OF_FILE, after_questions};
use crate::config::{check_faults, load};

/// The program itself, because it writes the log and hears signals.
#[cfg(unix)]
#[tokio::test]
async fn log_reports_each_change_of_state_once_and_sighup_reloads_at_once() {
    let backstage = Backstage::start(vec![component("first")]).await;
    let dir = tempfile::tempdir().unwrap();
    let (config, catalog) = (dir.path().join("app-config.yaml"), dir.path().join("c.yaml"));
    std::fs::write(&catalog, OF_FILE).unwrap();
    let text = |interval: &str| {
        format!(
            "catalog: {{locations: [{{type: file, target: ./c.yaml}}]}}\npromenade: {{listen: '127.0.0.1:0', catalog: \
             {{backstage: {{baseUrl: 'http://{}', token: '${{TOKEN_OF_A_TEST}}', interval: {interval}}}}}}}\n",
            backstage.upstream.address
        )
    };
    std::fs::write(&config, text("1s")).unwrap();
    let portal = serve(&config);
    portal.until("catalog read", 2).await;
    backstage.fail(Reply::json(500, &json!({})));
    portal.until("Backstage's catalog cannot be read, its 1 entities are shown as of", 1).await;
    after_questions(&backstage, 3).await;
    backstage.mend();
    portal.until("Backstage's catalog can be read again", 1).await;
    let log = portal.output();
    assert_eq!(log.matches("cannot be read").count(), 1, "{log}");
    assert!(!log.contains(TOKEN), "{log}");
    drop(portal);

    std::fs::write(&config, text("1h")).unwrap();
    let portal = serve(&config);
    portal.until("serving", 1).await;
    portal.until("catalog read", 2).await;
    backstage.set(vec![component("first"), component("second")]);
    portal.signal("HUP");
    portal.until("catalog read entities=3", 1).await;
}

/// With its log as people read it.
fn serve(config: &Path) -> Program {
    Program::start(|p| {
        p.args(["serve", "--config"])
            .arg(config)
            .env("TOKEN_OF_A_TEST", TOKEN)
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG")
    })
}

#[test]
fn check_reports_that_it_does_not_read_backstage() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("app-config.yaml");
    let backstage = "promenade: {catalog: {backstage: {baseUrl: 'http://127.0.0.1:9'}}}";
    std::fs::write(&config, backstage).unwrap();
    let output = Command::new(program()).args(["check", "--config"]).arg(&config).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("Backstage's catalog (promenade.catalog.backstage) is not asked"), "{text}");
}

#[test]
fn backstage_source_settings_are_valid_or_reported() {
    let load_one = |text: &str| {
        let text = format!("promenade: {{catalog: {{backstage: {text}}}}}");
        load(&[&text]).unwrap().catalog.backstage
    };
    let source = load_one("{baseUrl: 'http://backstage:7007/', token: abc}").unwrap();
    assert_eq!(source.base_url.as_str(), "http://backstage:7007/");
    assert_eq!((source.token.is_some(), source.interval.as_secs()), (true, 60));
    let source = load_one("{baseUrl: 'https://x/y', interval: 5m}").unwrap();
    assert_eq!((source.token.is_none(), source.interval.as_secs()), (true, 300));
    assert!(load(&["promenade: {catalog: {}}"]).unwrap().catalog.backstage.is_none());

    let own = |text: &str| format!("promenade: {{catalog: {text}}}");
    let key = "promenade.catalog.backstage";
    let check = check_faults;
    check(&own("{backstag: {}}"), &[("promenade.catalog.backstag", "did you mean `backstage`?")]);
    check(
        &own("{backstage: {baseURL: 'http://x', tokn: y}}"),
        &[
            (&format!("{key}.baseURL"), "did you mean `baseUrl`?"),
            (&format!("{key}.tokn"), "did you mean `token`?"),
            (&format!("{key}.baseUrl"), "missing"),
        ],
    );
    check(
        &own("{backstage: {baseUrl: 'ftp://x'}}"),
        &[(&format!("{key}.baseUrl"), "is not an http or https URL")],
    );
    check(&own("{backstage: {baseUrl: 'http://x?a=b'}}"), &[(&format!("{key}.baseUrl"), "has a query")]);
    let with = |rest: &str| own(&format!("{{backstage: {{baseUrl: 'http://x', {rest}}}}}"));
    check(&with("token: '${NONE}'"), &[(&format!("{key}.token"), "NONE is not set")]);
    check(&with("token: ''"), &[(&format!("{key}.token"), "is empty")]);
    check(&with("token: 'a\tb'"), &[(&format!("{key}.token"), "(not shown) contains white space")]);
    check(&with("interval: 2d"), &[(&format!("{key}.interval"), "is not between 1s and 1d")]);
    check(&own("{backstage: 'http://x'}"), &[(key, "must be a mapping, not text")]);
}
