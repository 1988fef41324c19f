//! Clients build without a CA bundle, and errors contain no secret.

use std::process::Command;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn client(url: &Url, headers: &[(String, SecretString)], secure: bool) -> Result<HttpClient, String> {
    HttpClient::new(Who::Backstage, url, headers, secure, Duration::from_secs(10))
}

fn header(name: &str, value: &str) -> Vec<(String, SecretString)> {
    vec![(name.to_owned(), SecretString::from(value.to_owned()))]
}

#[test]
fn headers_that_cannot_be_sent_are_told_without_their_value() {
    for (name, value) in
        [("Host", "canary"), ("TE", "canary"), ("bad name", "canary"), ("authorization", "canary\r\nx: y")]
    {
        let message = client(&url("http://h/"), &header(name, value), true).err().unwrap();
        assert!(message.contains(name) && !message.contains("canary"), "{message}");
    }
    assert!(client(&url("http://h/"), &header("x-scope-orgid", "team"), true).is_ok());
}

/// Runs in a process of its own (below), whose environment has no CA bundle.
#[test]
#[ignore = "started by without_a_ca_bundle_only_checked_https_fails"]
fn in_a_world_without_a_ca_bundle() {
    assert!(client(&url("http://h/"), &[], true).is_ok());
    assert!(client(&url("https://h/"), &[], false).is_ok());
    let message = client(&url("https://h/"), &[], true).err().unwrap();
    assert!(message.contains("CA bundle"), "{message}");
}

#[test]
fn without_a_ca_bundle_only_checked_https_fails() {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "upstream::http::tests::in_a_world_without_a_ca_bundle"])
        .env("SSL_CERT_FILE", "/nowhere")
        .env("SSL_CERT_DIR", "/nowhere")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}

#[tokio::test]
async fn a_refused_connection_names_no_address() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = url(&format!("http://canary:secret@127.0.0.1:{port}/api/v1/query"));
    let error = client(&target, &[], true).unwrap().get(target).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error:?}");
    assert!(!error.to_string().contains(&port.to_string()) && !error.to_string().contains("secret"));
}

#[test]
fn a_date_is_read_as_http_writes_it() {
    let read = |text: &str| date(text).map(Timestamp::as_second);
    assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
    assert_eq!(read(" Fri, 27 Nov 2026 14:00:00 GMT "), Some(1_795_788_000));
    let long = format!("Sun, 06 Nov 1994 08:49:37 GMT ({})", "x".repeat(64));
    for text in ["", "0", "Sun, 06 Nov 1994", "Sun, 36 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", &long]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn an_error_repeats_neither_a_header_nor_the_credential_in_it() {
    let headers = header("authorization", "Bearer canary-token");
    let client = client(&url("http://h/"), &headers, true).unwrap();
    let error = client.error(ErrorKind::Upstream, "bad token canary-token in\n'Bearer canary-token'");
    assert_eq!(error.detail, "bad token [secret] in '[secret]'");
    let long = "é".repeat(MAX_TEXT - 4) + "canary-token" + &"é".repeat(100_000);
    let text = client.redacted(&long);
    assert_eq!(text.chars().count(), MAX_TEXT);
    assert!(!text.contains("cana"), "a credential at the end is redacted before the text is cut");
}

#[test]
fn endpoints_are_below_the_whole_path() {
    for (api, expected) in [
        ("http://h:9090/api/v1/", "http://h:9090/api/v1/rules"),
        ("http://h/prom/api/v1", "http://h/prom/api/v1/rules"),
        ("http://h", "http://h/rules"),
        ("http://h/api/v1/?x=1#y", "http://h/api/v1/rules"),
    ] {
        assert_eq!(endpoint(&url(api), &["rules"]).unwrap().as_str(), expected);
    }
}
