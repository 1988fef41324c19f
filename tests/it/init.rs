//! `promenade init`, against a scripted Prometheus; and `promenade serve` without a config.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use world::backstage::{Backstage, TOKEN, component, with_graph};
use world::program::{Program, program};
use world::upstream::{Reply, Upstream};

/// What `init` asks to estimate the scrape interval.
const SPACING: &str = "max(count_over_time(up[5m]) and (up offset 5m))";
const ENTITY: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payments, \
                      annotations: {prometheus.io/alert: all}}\n";
const PLAIN_ENTITY: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ledger}\n";

/// A directory with two services, of which one has annotations.
fn services() -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, entity) in [("payments", ENTITY), ("ledger", PLAIN_ENTITY)] {
        let folder = directory.path().join("services").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("catalog-info.yaml"), entity).unwrap();
        fs::write(folder.join("deployment.yaml"), "kind: Deployment\n").unwrap();
    }
    directory
}

async fn upstream() -> Upstream {
    let upstream = Upstream::start().await;
    let rule = json!({"name": "A", "query": "x", "type": "alerting", "health": "ok", "state": "inactive", "alerts": []});
    upstream.on_rules(Reply::group([rule]));
    upstream.on_build_info(json!({"version": "3.5.0"}));
    let yaml = "global:\n  scrape_interval: 30s\n";
    upstream.on_config(Reply::json(200, &json!({"status": "success", "data": {"yaml": yaml}})));
    upstream.on(SPACING, vector("20"));
    upstream
}

fn vector(value: &str) -> Reply {
    let result = json!([{"metric": {}, "value": [7, value]}]);
    Reply::json(200, &json!({"status": "success", "data": {"resultType": "vector", "result": result}}))
}

/// Runs the program in a directory; its status, output and errors.
async fn run(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command.env_remove("RUST_LOG").env_remove("BACKSTAGE_TOKEN").envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

async fn init(directory: &Path, url: &str, more: &[&str]) -> (i32, String, String) {
    let arguments = [&["init", "--prometheus", url, "--catalog", "services"], more].concat();
    run(directory, &arguments, &[]).await
}

/// Serves the config in a directory and fetches a page of it.
async fn page_of(directory: &Path, path: &str) -> String {
    let program = Program::start(|command| {
        let arguments =
            ["serve", "--config", "app-config.yaml", "--listen", "127.0.0.1:0", "--log-format", "json"];
        command.args(arguments).current_dir(directory).env_remove("RUST_LOG")
    });
    program.until("\"message\":\"serving\"", 1).await;
    let output = program.output();
    let address = output.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
    let reply = world::client().get(format!("http://{address}{path}")).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{}", program.output());
    #[expect(clippy::disallowed_methods, reason = "a test may read a whole body")]
    reply.text().await.unwrap()
}

#[tokio::test]
async fn init_writes_a_config_that_check_and_serve_take() {
    let (directory, upstream) = (services(), upstream().await);
    let directory = directory.path();
    let url = format!("http://{}", upstream.address);
    let (status, output, errors) = init(directory, &url, &[]).await;
    assert_eq!((status, errors.as_str()), (0, ""), "{output}");
    for line in [
        &format!("Prometheus {url}"),
        "version          3.5.0",
        "rules            1 alerting rule in 1 group",
        "scrape interval  30s (from its configuration)",
        "entities         2 entities in 2 files",
        "with annotations 1 (prometheus.io/...)",
        "promenade serve --config app-config.yaml",
    ] {
        assert!(output.contains(line), "{line} in {output}");
    }
    let written = fs::read_to_string(directory.join("app-config.yaml")).unwrap();
    let target = format!("target: {url}/api/v1/\n");
    for line in [&target, "target: \"services/**/catalog-info.yaml\"\n", "scrapeInterval: 30s\n"] {
        assert!(written.contains(line), "{line} in {written}");
    }
    let (status, report, errors) = run(directory, &["check", "--config", "app-config.yaml"], &[]).await;
    assert_eq!((status, errors.as_str()), (0, ""), "{report}");
    assert!(page_of(directory, "/catalog/default/component/payments").await.contains("payments"));
    assert!(page_of(directory, "/status").await.contains(&url), "with links to Prometheus");
}

#[tokio::test]
async fn init_lists_the_faults_of_the_catalog() {
    let (directory, upstream) = (services(), upstream().await);
    let services = directory.path().join("services");
    let url = upstream.address.to_string();
    fs::write(services.join("payments/catalog-info.yaml"), format!("{ENTITY}---\nkind: [\u{7}\n")).unwrap();
    let (status, output, _) = init(directory.path(), &url, &[]).await;
    assert_eq!(status, 0);
    let (_, faults) = output.split_once("  faults           1\n").unwrap();
    let fault = faults.lines().next().unwrap();
    assert!(fault.starts_with("    services/payments/catalog-info.yaml:"), "{output}");
    assert!(!output.contains("/status") && !output.contains('\u{7}'), "{output}");
    for number in 0..12 {
        fs::create_dir(services.join(format!("broken-{number}"))).unwrap();
        fs::write(services.join(format!("broken-{number}/catalog-info.yaml")), "kind: [\n").unwrap();
    }
    let (_, output, _) = init(directory.path(), &url, &["--force"]).await;
    let (_, faults) = output.split_once("  faults           13\n").unwrap();
    assert_eq!(faults.lines().take_while(|line| line.contains("catalog-info.yaml:")).count(), 10, "{output}");
    assert!(faults.contains("    and 3 more, which promenade check lists\n"), "{output}");
}

#[tokio::test]
async fn init_replaces_no_file_unless_told() {
    let (directory, upstream) = (services(), upstream().await);
    let file = directory.path().join("app-config.yaml");
    fs::write(&file, "app: {title: Mine}\n").unwrap();
    let url = upstream.address.to_string();
    let (status, output, errors) = init(directory.path(), &url, &[]).await;
    assert_eq!((status, output.as_str()), (2, ""));
    assert!(errors.contains("app-config.yaml exists") && errors.contains("--force"), "{errors}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "app: {title: Mine}\n");
    assert!(upstream.requests().is_empty());
    let (status, _, errors) = init(directory.path(), &url, &["--force"]).await;
    assert_eq!(status, 0, "{errors}");
    let written = fs::read_to_string(&file).unwrap();
    assert!(
        written.contains(&format!("target: http://{url}/api/v1/")) && !written.contains("Mine"),
        "{written}"
    );
    let other = ["--output", "shop/app-config.yaml"];
    let (status, _, errors) = init(directory.path(), &url, &other).await;
    assert_eq!(status, 1, "{errors}");
    fs::create_dir(directory.path().join("shop")).unwrap();
    let (status, output, errors) = init(directory.path(), &url, &other).await;
    assert_eq!(status, 0, "{errors}");
    assert!(output.contains("2 entities"), "paths begin at the file's directory: {output}");
}

#[tokio::test]
async fn init_says_why_no_prometheus_answers_and_writes_nothing() {
    let directory = services();
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (status, _, errors) = init(directory.path(), &format!("http://{refusing}"), &[]).await;
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains(" as a Prometheus: ") && errors.contains("Is Prometheus running"), "{errors}");
    for (reply, words) in [
        (Reply::http(401, &[], "who are you?"), "--header 'Authorization: Bearer ${PROMETHEUS_TOKEN}'"),
        (Reply::http(401, &[], "\u{1b}[2Jwho?"), "it asks for credentials; the answer says: [2Jwho?."),
        (
            Reply::http(502, &[], "no backend"),
            "it answered with the status 502; the answer says: no backend.",
        ),
        (Reply::http(403, &[], "no"), "It needs credentials"),
        (Reply::html(200, "<!doctype html><title>Login</title>"), "looks like a proxy or login page"),
        (Reply::redirect("/login"), "redirect"),
        (Reply::http(404, &[], "404 page not found"), "there is no Prometheus API"),
        (Reply::json(200, &json!({"state": "ok"})), "Nothing was written"),
        (Reply::reset(), "Is Prometheus running"),
    ] {
        let upstream = Upstream::start().await;
        upstream.on_any(reply);
        let (status, output, errors) = init(directory.path(), &upstream.address.to_string(), &[]).await;
        assert_eq!((status, output.as_str()), (1, ""), "{errors}");
        assert!(errors.contains(words) && errors.contains("Nothing was written."), "{words} in {errors}");
        assert!(!directory.path().join("app-config.yaml").exists(), "{errors}");
    }
}

#[tokio::test]
async fn init_says_what_it_cannot_find() {
    let directory = services();
    let upstream = Upstream::start().await;
    upstream.on_rules(Reply::http(404, &[], "404 page not found"));
    let url = upstream.address.to_string();
    let (status, output, errors) = init(directory.path(), &url, &[]).await;
    assert_eq!(status, 0, "{errors}");
    for line in [
        "version          not found",
        "rules            none: this server has no /rules. Graphs work, alerts are unknown",
        "scrape interval  not found; the default is 15s",
    ] {
        assert!(output.contains(line), "{line} in {output}");
    }
    let written = fs::read_to_string(directory.path().join("app-config.yaml")).unwrap();
    assert!(written.contains("#     scrapeInterval: 15s\n"), "{written}");
    let (status, report, _) = run(directory.path(), &["check", "--config", "app-config.yaml"], &[]).await;
    assert_eq!(status, 0, "{report}");
    upstream.on_build_info(json!({"version": "3\u{1b}[2J\nWrote", "application": "x".repeat(100)}));
    upstream.on(SPACING, vector("5"));
    let (status, output, errors) = init(directory.path(), &url, &["--force"]).await;
    assert_eq!(status, 0, "{errors}");
    let version = format!("version          3\u{fffd}[2J Wrote ({}…)\n", "x".repeat(59));
    assert!(output.contains(&version), "{output}");
    assert!(
        output.contains("scrape interval  1m (estimated from the number of samples in 5 minutes)"),
        "{output}"
    );
}

#[tokio::test]
async fn no_secret_reaches_the_file() {
    let (directory, upstream) = (services(), upstream().await);
    let directory = directory.path();
    let refuse = async |arguments: &[&str], words: &str| {
        let (status, output, errors) = run(directory, &[&["init"], arguments].concat(), &[]).await;
        assert_eq!((status, output.as_str()), (2, ""), "{errors}");
        assert!(errors.contains(words) && !errors.contains("hunter2"), "{words} in {errors}");
        assert!(!directory.join("app-config.yaml").exists());
    };
    let (url, folder) = (upstream.address.to_string(), ["--catalog", "services"]);
    let with = |more: &[&str]| -> Vec<String> {
        let all = [&["--prometheus", url.as_str()], more, &folder].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let basic = "--header 'Authorization: Basic ${PROMETHEUS_CREDENTIALS}'";
    refuse(&[&["--prometheus", "http://me:hunter2@localhost:9090"][..], &folder].concat(), basic).await;
    refuse(&[&["--prometheus", "hunter2@localhost"][..], &folder].concat(), basic).await;
    refuse(
        &["--prometheus", "localhost:9090", "--backstage", "https://x:hunter2@b"],
        "--backstage: the address",
    )
    .await;
    for (header, words) in [
        ("Authorization: Bearer hunter2", "into one variable"),
        ("Authorization: Bearer ${NOBODY_SET_THIS:-hunter2}", "into one variable"),
        ("hunter2", "a colon"),
        ("Authorization: Bearer ${NOBODY_SET_THIS}", "NOBODY_SET_THIS"),
    ] {
        let arguments = with(&["--header", header]);
        refuse(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), words).await;
    }
    fs::create_dir(directory.join("a[b]")).unwrap();
    refuse(&["--prometheus", url.as_str(), "--catalog", "a[b]"], "a[b] exists, but").await;
    refuse(&["--prometheus", url.as_str(), "--catalog", "servces"], "servces: no such file or folder").await;
    refuse(&["--prometheus", url.as_str()], "--catalog").await;
    refuse(&[&["--prometheus", "ftp://localhost"][..], &folder].concat(), "not an http or https URL").await;
    assert!(upstream.requests().is_empty(), "nobody was asked");

    let header = ["--header", "Authorization: Bearer ${TOKEN_OF_A_TEST}", "--header", "X-Scope-OrgID: shop"];
    let backstage = ["--backstage", "https://backstage.example/"];
    let arguments = with(&[&header[..], &backstage].concat());
    let arguments: Vec<&str> = ["init"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let token = [("TOKEN_OF_A_TEST", "hunter2")];
    let (status, output, errors) = run(directory, &arguments, &token).await;
    assert_eq!(status, 0, "{errors}");
    assert!(output.contains("export BACKSTAGE_TOKEN="), "{output}");
    let request = &upstream.requests()[0];
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("x-scope-orgid"), Some("shop"));
    let written = fs::read_to_string(directory.join("app-config.yaml")).unwrap();
    assert!(!written.contains("hunter2") && !output.contains("hunter2"), "{written}");
    assert!(written.contains("baseUrl: https://backstage.example\n"), "{written}");
    assert!(written.contains("token: ${BACKSTAGE_TOKEN}\n"), "{written}");
    assert!(output.contains("not read         BACKSTAGE_TOKEN is not set"), "{output}");
    let variables = [token[0], ("BACKSTAGE_TOKEN", "hunter2")];
    let (status, report, _) = run(directory, &["check", "--config", "app-config.yaml"], &variables).await;
    assert_eq!(status, 0, "{report}");
}

#[tokio::test]
async fn init_reads_the_catalog_of_backstage_with_its_token() {
    let (directory, upstream) = (TempDir::new().unwrap(), upstream().await);
    let backstage = Backstage::start(vec![component("till"), with_graph("payments", "up")]).await;
    let (url, base) = (upstream.address.to_string(), format!("http://{}/", backstage.upstream.address));
    let arguments = ["init", "--prometheus", &url, "--backstage", &base, "--force"];
    let init = async |token: &str| run(directory.path(), &arguments, &[("BACKSTAGE_TOKEN", token)]).await;
    let (status, output, errors) = init(TOKEN).await;
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(output.contains("entities         2 entities\n  with annotations 1 "), "{output}");
    assert!(!output.contains("export") && !output.contains(TOKEN), "{output}");
    let (status, output, _) = init("of-another-backstage").await;
    assert_eq!(status, 0);
    assert!(output.contains("not read         Backstage does not know the token"), "{output}");
    let (_, output, _) = init(" ").await;
    assert!(output.contains("export BACKSTAGE_TOKEN="), "{output}");
}

#[tokio::test]
async fn serve_without_a_config_says_what_to_write() {
    let directory = services();
    let directory = directory.path();
    let (status, output, errors) = run(directory, &["serve"], &[]).await;
    assert_eq!((status, output.as_str()), (2, ""));
    for words in ["there is no config/app-config.yaml here", "promenade init --prometheus", "promenade demo"]
    {
        assert!(errors.contains(words), "{words} in {errors}");
    }
    let example = errors.lines().skip_while(|line| *line != "  proxy:");
    let example: String =
        example.map_while(|line| line.strip_prefix("  ")).map(|line| format!("{line}\n")).collect();
    fs::write(directory.join("app-config.yaml"), &example).unwrap();
    let (status, report, _) = run(directory, &["check", "--config", "app-config.yaml"], &[]).await;
    assert_eq!(status, 0, "{report} of {example}");
    assert!(page_of(directory, "/catalog/default/component/payments").await.contains("payments"));
}
