//! Configs: the settings that they become, and the message for each mistake.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use promenade::catalog::source::{FileSource, SourceMerger};
use promenade::config::Settings;
use promenade::diagnostic::Diagnostic;
use promenade::metrics::Metrics;
use promenade::page_params::Refresh;
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// A secret that must not appear anywhere.
const CANARY: &str = "canary-5e1f";

fn env(name: &str) -> Option<String> {
    let value = match name {
        "TOKEN" => CANARY.to_owned(),
        "HOST" => "http://from-env:9090".to_owned(),
        "BROKEN" => format!("{CANARY}\r\nX-Injected: 1"),
        "NUL" => format!("{CANARY}\0"),
        "SECRET_URL" => format!("ftp://{CANARY}"),
        "NESTED" => "${TOKEN}".to_owned(),
        "EMPTY" => String::new(),
        "YES" => "true".to_owned(),
        _ => return None,
    };
    Some(value)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Loads these files, in this order, from one directory.
pub fn load(texts: &[&str]) -> Result<Settings, Vec<Diagnostic>> {
    load_in(TempDir::new().unwrap().path(), texts, None)
}

fn load_in(
    directory: &Path,
    texts: &[&str],
    listen: Option<SocketAddr>,
) -> Result<Settings, Vec<Diagnostic>> {
    let write = |(i, text): (usize, &&str)| {
        let path = directory.join(format!("{i}.yaml"));
        fs::write(&path, text).unwrap();
        path
    };
    let files: Vec<PathBuf> = texts.iter().enumerate().map(write).collect();
    Settings::load(&files, listen, &env)
}

const PROXY: &str = "proxy: {'/prometheus/api': 'http://p:9090/api/v1/'}\n";

#[test]
fn sample_config_loads_with_the_documented_defaults() {
    let file = root().join("config/app-config.yaml");
    let settings = Settings::load(std::slice::from_ref(&file), None, &|_| None).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7080");
    let [instance] = settings.instances.as_slice() else { panic!("{:?}", settings.instances) };
    assert_eq!(instance.api.as_str(), "http://localhost:9090/api/v1/");
    assert_eq!(instance.ui_url.as_ref().unwrap().as_str(), "http://localhost:9090/");
    // It contains the defaults: an empty config gives the same settings.
    let empty = load(&["{}"]).unwrap();
    assert_eq!(format!("{:?}", empty.web), format!("{:?}", settings.web));
    assert_eq!((empty.listen, empty.store.max_bytes), (settings.listen, settings.store.max_bytes));
    let plain = load(&[PROXY]).unwrap().instances.remove(0);
    assert_eq!(plain.scrape_interval, instance.scrape_interval);
    assert_eq!((plain.max_concurrent, plain.timeout), (instance.max_concurrent, instance.timeout));
    let source = FileSource::open(
        settings.catalog,
        SourceMerger::alone(Metrics::new().catalog),
        Timestamp::UNIX_EPOCH,
    );
    let snapshot = source.catalog().snapshot();
    assert!(snapshot.faults.is_empty(), "{:?}", snapshot.faults);
    assert!(snapshot.entities.iter().any(|e| e.reference.to_string() == "component:default/prometheus"));
    // Its commented examples are config too.
    let text = fs::read_to_string(&file).unwrap();
    for key in ["baseUrl", "headers", "secure", "pathRewrite", "instances", "frameAncestors", "catalog"] {
        assert!(text.contains(&format!("# {key}:")), "{key} is not documented");
    }
}

#[test]
fn config_of_create_app_loads_without_errors() {
    let directory = root().join("tests/fixtures/create-app");
    for (files, not_read) in
        [(&["app-config.yaml"][..], 1), (&["app-config.yaml", "app-config.production.yaml"], 0)]
    {
        let files: Vec<PathBuf> = files.iter().map(|f| directory.join(f)).collect();
        let settings = Settings::load(&files, None, &|_| None).unwrap();
        assert!(settings.instances.is_empty());
        assert_eq!(settings.web.title, "A new Backstage");
        assert_eq!(settings.catalog.not_read.values().sum::<usize>(), not_read);
        let source = FileSource::open(
            settings.catalog,
            SourceMerger::alone(Metrics::new().catalog),
            Timestamp::UNIX_EPOCH,
        );
        let snapshot = source.catalog().snapshot();
        assert!(snapshot.faults.is_empty(), "{:?}", snapshot.faults);
        let names: Vec<String> = snapshot.entities.iter().map(|e| e.reference.to_string()).collect();
        let expected = [
            "api:default/example-grpc-api",
            "component:default/example-website",
            "group:default/guests",
            "system:default/examples",
            "template:default/example-nodejs-template",
            "user:default/guest",
        ];
        assert_eq!(names, expected);
    }
}

#[test]
fn instances_are_read_from_every_form_of_config() {
    let check = |text: &str, expected: &[&str]| {
        let settings = load(&[text]).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        let ui = |url: &Option<url::Url>| url.as_ref().map_or("none".to_owned(), ToString::to_string);
        let shown = settings.instances.iter();
        let mut shown: Vec<String> =
            shown.map(|i| format!("{} {} {} {}", i.name, i.proxy_path, i.api, ui(&i.ui_url))).collect();
        shown.sort();
        assert_eq!(shown, expected, "{text}");
    };
    check(PROXY, &["default /prometheus/api http://p:9090/api/v1/ none"]);
    check(
        "proxy: {endpoints: {'/prometheus/api/': {target: 'http://p/api/v1'}}}",
        &["default /prometheus/api http://p/api/v1/ none"],
    );
    check(
        "proxy:\n  '/prometheus/api': http://p/api/v1/\n  '/prometheus-staging/api': http://s/api/v1/\n  \
         '/prometheus-/api': x\n  '/prometheus-a/b/api': x\n  '/other': ${NONE}\nprometheus: {uiUrl: 'http://ui'}",
        &[
            "default /prometheus/api http://p/api/v1/ http://ui/",
            "staging /prometheus-staging/api http://s/api/v1/ none",
        ],
    );
    let listed = "proxy:\n  endpoints:\n    '/a': http://a/api/v1/\n    '/b': http://b/api/v1/\n    \
                  '/prometheus-seed/api': x\nprometheus:\n  proxyPath: /a\n  uiUrl: http://ui/x\n  instances:\n    \
                  - {name: Bee, proxyPath: /b, uiUrl: 'http://b-ui'}\n    - {name: Cee, proxyPath: /b}\n    - {name: default, proxyPath: a}";
    let bees = ["Bee /b http://b/api/v1/ http://b-ui/", "Cee /b http://b/api/v1/ none"];
    check(listed, &[bees[0], bees[1], "default /a http://a/api/v1/ http://ui/x"]);
    check("proxy: {'/x': 'http://x'}\nprometheus: {instances: []}", &[]);
    check(
        "proxy:\n  '/prometheus/api': {target: 'http://p', pathRewrite: {'^/api/proxy/prometheus/api': /api/v1}}",
        &["default /prometheus/api http://p/api/v1/ none"],
    );
    check("", &[]);
}

#[test]
fn later_files_override_earlier_ones() {
    let settings = load(&[
        "app: {title: one, baseUrl: 'https://x/base'}\nproxy: {'/prometheus/api': {target: 'http://one', secure: false}}\n\
         promenade: {embedding: {frameAncestors: ['https://a', 'https://b']}, defaults: {range: 6h}}",
        "# nothing\n",
        "app: {title: two}\nproxy: {'/prometheus/api': {target: '${HOST}/api/v1'}}\n\
         promenade: {embedding: {frameAncestors: ['https://c'], parentOrigins: ['https://D:443']}, defaults: {refresh: 0, tz: europe/berlin}}",
    ]);
    let settings = settings.unwrap();
    assert_eq!((settings.web.title.as_str(), settings.web.base_url.unwrap().path()), ("two", "/base"));
    assert_eq!(settings.web.frame_ancestors, ["https://c"]);
    assert_eq!(settings.web.parent_origins, ["https://d"], "as a browser writes it");
    let defaults = settings.web.defaults;
    assert_eq!(defaults.range, Some(Duration::from_secs(6 * 3600)));
    assert_eq!((defaults.refresh, defaults.zone().name()), (Some(Refresh::Off), "Europe/Berlin"));
    assert_eq!(settings.instances[0].api.as_str(), "http://from-env:9090/api/v1/");
    assert!(!settings.instances[0].secure);
}

#[test]
fn values_come_from_environment_files_and_includes() {
    let directory = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("more/token", "from-file\n");
    write("more/inner.yaml", "a:\n  b:\n    X-File: {$file: token}\n    X-Env: {$env: NESTED}\n");
    write("more/all.json", r#"{"$include": "inner.yaml#a.b"}"#);
    let text = "proxy:\n  '/prometheus/api':\n    target: ${NONE:-http://p/api/v1/}\n    headers:\n      \
                $include: more/all.json\n";
    let over = "proxy: {'/prometheus/api': {headers: {X-More: 'a${TOKEN}b $${TOKEN}'}}}";
    let settings = load_in(directory.path(), &[text, over], None).unwrap();
    let headers = settings.instances[0].headers.iter();
    let headers: Vec<(&str, &str)> =
        headers.map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
    assert_eq!(
        headers,
        [("X-File", "from-file"), ("X-Env", "${TOKEN}"), ("X-More", "acanary-5e1fb ${TOKEN}"),]
    );
    assert!(!format!("{settings:?}").contains(CANARY));
}

/// The text has exactly these faults: the key, and a part of its sentence.
pub fn check_faults(text: &str, expected: &[(&str, &str)]) {
    let faults = load(&[text]).err().unwrap_or_else(|| panic!("no fault in {text}"));
    let messages: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), expected.len(), "{text}: {messages:#?}");
    for (fault, (key, part)) in faults.iter().zip(expected) {
        assert_eq!(fault.config_key(), Some(*key), "{messages:#?}");
        assert!(fault.message.contains(part), "{messages:#?} lacks {part:?}");
        assert!(fault.position().is_some(), "{fault:?}");
    }
    assert!(!messages.join("\n").contains(CANARY), "{messages:#?}");
}

fn entry(inner: &str) -> String {
    format!("proxy:\n  '/prometheus/api':\n    target: http://p/api/v1/\n    {inner}\n")
}

#[test]
fn mistakes_in_headers_are_reported() {
    let check = check_faults;
    let key = "proxy./prometheus/api";
    for (header, name, part) in [
        ("X: '${BROKEN}'", "X", "line break"),
        ("X: \"a\\nb\"", "X", "line break"),
        ("X: '${NUL}'", "X", "control"),
        ("X: '${NONE}'", "X", "NONE is not set"),
        ("X: {$env: NONE}", "X", "NONE is not set"),
        ("X: {$file: nowhere}", "X", "does not exist"),
        ("X: {$file: /dev/zero}", "X", "not a regular file"),
        ("X: {$file: x, y: z}", "X", "must be the only key"),
        ("X: {$what: x}", "X", "unknown directive `$what`"),
        ("X: [a]", "X", "not a list"),
        ("Host: x", "Host", "cannot be set"),
        ("content-length: 5", "content-length", "cannot be set"),
        ("TE: x", "TE", "cannot be set"),
        ("'a b': x", "a b", "not a header name"),
        ("'X:': x", "X:", "not a header name"),
        ("X: {$include: nowhere.yaml}", "X", "does not exist"),
        ("X: {$include: x.txt}", "X", "not a .yaml"),
    ] {
        check(&entry(&format!("headers: {{ {header} }}")), &[(&format!("{key}.headers.{name}"), part)]);
    }
    check(&entry("headers: {X-A: '1', x-a: '2'}"), &[(&format!("{key}.headers.x-a"), "duplicate header")]);
    check(&entry("headers: [a]"), &[(&format!("{key}.headers"), "must be a mapping, not a list")]);
}

#[test]
fn mistakes_in_proxy_entries_are_reported() {
    let check = check_faults;
    let key = "proxy./prometheus/api";
    check(&entry("secure: maybe"), &[(&format!("{key}.secure"), "neither true nor false")]);
    check(&entry("pathRewrite: {'.*': /x}"), &[(&format!("{key}.pathRewrite"), "does not keep the end")]);
    for (target, part) in [
        ("ftp://x", "not an http or https"),
        ("'${SECRET_URL}'", "not an http or https"),
        ("x", "is not a URL"),
        ("''", "is not a URL"),
        ("'http://u:p@x'", "credentials"),
        ("http://x?y=1", "query"),
        ("'${NONE}/x'", "NONE is not set"),
        ("file:///etc/passwd", "not an http"),
        ("[a]", "not a list"),
        ("~", "needs a `target`"),
    ] {
        check(
            &format!("proxy: {{'/prometheus/api': {{target: {target}}}}}"),
            &[(&format!("{key}.target"), part)],
        );
    }
    // A password is shown no more where the file itself spells it.
    let url = format!("proxy: {{'/prometheus/api': 'http://u:{CANARY}@x'}}");
    check(&url, &[(key, "(not shown: it may hold a password) contains credentials")]);
    check("proxy: {'/prometheus/api': \"'x'\"}", &[(key, "`'x'` is not a URL")]);
    check(
        "proxy: {'/prometheus/api': {headers: {$env: A}, target: http://p}}",
        &[(&format!("{key}.headers"), "must be a mapping, not a reference such as `$env`")],
    );
    check("proxy: {'/prometheus/api': }", &[(key, "needs a `target`")]);
    check(
        "proxy: {endpoints: {'/prometheus/api': 5}}",
        &[("proxy.endpoints./prometheus/api", "is not a URL")],
    );
}

#[test]
fn mistakes_in_backstage_keys_are_reported() {
    let check = check_faults;
    check(
        "prometheus: {proxyPath: /none}",
        &[("prometheus.proxyPath", "no proxy entry has this path: `/none`")],
    );
    check("prometheus: {proxyPath: '${TOKEN}'}", &[("prometheus.proxyPath", "not shown")]);
    check(
        "prometheus: {instances: [{name: a, proxyPath: /none}]}",
        &[("prometheus.instances[0].proxyPath", "no proxy entry")],
    );
    let listed = |items: &str| format!("{PROXY}prometheus: {{instances: [{items}]}}");
    let one = "{name: a, proxyPath: /prometheus/api}";
    check(&listed(&format!("{one}, {one}")), &[("prometheus.instances[1].proxyPath", "same name")]);
    check(&listed("{proxyPath: /x}"), &[("prometheus.instances[0].name", "needs a `name`")]);
    check(&listed("{name: x}"), &[("prometheus.instances[0].proxyPath", "needs a `proxyPath`")]);
    check(&listed("{name: '', proxyPath: /prometheus/api}"), &[("prometheus.instances[0].name", "is empty")]);
    check(&listed("x"), &[("prometheus.instances[0]", "must be a mapping, not text")]);
    check(
        &listed("{name: a, proxyPath: /prometheus/api, uiURL: 'http://x'}"),
        &[("prometheus.instances[0].uiURL", "did you mean `uiUrl`?")],
    );
    check("prometheus: {uiUrl: 'javascript:alert(1)'}", &[("prometheus.uiUrl", "not an http")]);
    check("prometheus: {proxypath: /x}", &[("prometheus.proxypath", "did you mean `proxyPath`?")]);
    check("app: {baseUrl: 'x y'}", &[("app.baseUrl", "is not a URL")]);
    check("app: {title: '${NONE}'}", &[("app.title", "NONE is not set")]);
    check(
        "catalog: {locations: [{type: file}, {target: x}, {type: file, target: ''}]}",
        &[
            ("catalog.locations[0].target", "needs a `target`"),
            ("catalog.locations[1].type", "needs a `type`"),
            ("catalog.locations[2].target", "needs a `target`"),
        ],
    );
    check("catalog: {locations: {type: file}}", &[("catalog.locations", "must be a list, not a mapping")]);
}

#[test]
fn ad_hoc_queries_default_to_loopback_only() {
    let open = "listen: '0.0.0.0:80', auth: {allowUnauthenticated: true}";
    for (text, expected) in [
        ("{}".to_owned(), true),
        ("{listen: '[::1]:80'}".to_owned(), true),
        ("{adHocQueries: false}".to_owned(), false),
        (format!("{{{open}}}"), false),
        (format!("{{{open}, adHocQueries: true}}"), true),
    ] {
        assert_eq!(load(&[&format!("promenade: {text}")]).unwrap().web.ad_hoc, expected, "{text}");
    }
}

#[test]
fn mistakes_in_promenade_keys_are_reported() {
    let check = check_faults;
    let own = |text: &str| format!("{PROXY}promenade: {text}");
    check(&own("{lisen: x}"), &[("promenade.lisen", "did you mean `listen`?")]);
    check(&own("{zzz: x}"), &[("promenade.zzz", "use listen")]);
    check(&own("{adHocQueries: perhaps}"), &[("promenade.adHocQueries", "neither true nor false")]);
    check(&own("{listen: 7080}"), &[("promenade.listen", "not an address and port")]);
    check(&own("{listen: '0.0.0.0:80'}"), &[("promenade.auth.allowUnauthenticated", "beyond this machine")]);
    check(
        &own("{listen: '[::ffff:8.8.8.8]:80'}"),
        &[("promenade.auth.allowUnauthenticated", "beyond this machine")],
    );
    check(&own("{defaults: {range: 51y}}"), &[("promenade.defaults.range", "longer than 50 years")]);
    check(&own("{defaults: {refresh: 1.5s}}"), &[("promenade.defaults.refresh", "duration")]);
    check(&own("{defaults: {refresh: 2d}}"), &[("promenade.defaults.refresh", "longer than a day")]);
    check(&own("{defaults: {tz: Mars}}"), &[("promenade.defaults.tz", "not a known time zone")]);
    let any_parent = own("{embedding: {parentOrigins: ['*']}}");
    check(&any_parent, &[("promenade.embedding.parentOrigins[0]", "wildcard")]);
    check(
        &own("{embedding: {frameAncestors: ['*', 'https://a.com;x']}}"),
        &[
            ("promenade.embedding.frameAncestors[0]", "wildcard"),
            ("promenade.embedding.frameAncestors[1]", "an invalid host name"),
        ],
    );
    check(&own("{cache: {maxBytes: 5}}"), &[("promenade.cache.maxBytes", "not between")]);
    check(&own("{instances: {staging: {}}}"), &[("promenade.instances.staging", "unknown instance")]);
    check(
        &own(
            "{instances: {default: {timeout: 6m, unstableTail: 2d, maxConcurrent: 0, scrapeInterval: x, scrapInterval: 1s}}}",
        ),
        &[
            ("promenade.instances.default.scrapInterval", "did you mean `scrapeInterval`?"),
            ("promenade.instances.default.scrapeInterval", "not a duration"),
            ("promenade.instances.default.timeout", "not between 1s and 5m"),
            ("promenade.instances.default.maxConcurrent", "between 1 and 256"),
            ("promenade.instances.default.unstableTail", "not between 1s and 1d"),
        ],
    );
    check(
        &own("{instances: {default: {alertmanager: {ur: x}}}}"),
        &[
            ("promenade.instances.default.alertmanager.ur", "url"),
            ("promenade.instances.default.alertmanager.url", "needs a `url`"),
        ],
    );
    check(&own("5"), &[("promenade", "must be a mapping, not a number")]);
}

#[test]
fn unreadable_config_file_is_reported() {
    let check = |text: &str, part: &str, line: Option<usize>| {
        let faults = load(&[PROXY, text]).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].message.contains(part), "{faults:?}");
        let location = faults[0].location.as_ref().unwrap();
        assert_eq!((location.position.map(|at| at.line), location.file.ends_with("1.yaml")), (line, true));
    };
    check("a: [", "bracket", Some(1));
    check("a: 1\na: 2", "duplicate key `a`", Some(2));
    check("a: 1\n---\nb: 1", "a second document", Some(3));
    check("- a", "a mapping", Some(1));
    check(&"[".repeat(100_000), "", Some(1));
    check(&"# x\n".repeat(300_000), "larger than", None);
    let faults = Settings::load(&[PathBuf::from("nowhere.yaml")], None, &env).unwrap_err();
    assert_eq!(faults[0].to_string(), "nowhere.yaml: does not exist");
    let directory = TempDir::new().unwrap();
    let looped = load_in(directory.path(), &["app: {title: {$include: 0.yaml#app.title}}"], None);
    assert!(looped.unwrap_err()[0].message.contains("more than 8 files"));
}

#[test]
fn listening_beyond_loopback_needs_allow_unauthenticated() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let directory = TempDir::new().unwrap();
    let listen =
        |text: &str, listen| load_in(directory.path(), &[text], listen).map(|s| s.listen.to_string());
    assert!(listen("{}", Some(everywhere)).unwrap_err()[0].message.contains("the command line"));
    assert_eq!(
        listen("promenade: {auth: {allowUnauthenticated: '${YES}'}}", Some(everywhere)).unwrap(),
        "0.0.0.0:0"
    );
    assert_eq!(
        listen("promenade: {listen: '0.0.0.0:1'}", Some("127.0.0.2:0".parse().unwrap())).unwrap(),
        "127.0.0.2:0"
    );
    assert_eq!(listen("promenade: {listen: '[::1]:7'}", None).unwrap(), "[::1]:7");
    assert_eq!(listen("promenade: {listen: localhost:7}", None).unwrap(), "127.0.0.1:7");
}

#[test]
fn unknown_keys_of_backstage_are_ignored() {
    let text = "backend: {auth: {keys: [{secret: '${NONE}'}]}}\napp: {support: {url: '${NONE}'}}\n\
                integrations: {$include: nowhere.yaml}\ntechdocs: {$file: /dev/zero}\n\
                proxy: {'/other': {target: '${NONE}', headers: {Host: x}}, '/x': 5, endpoints: {'/y': [a]}}\n\
                auth: {environment: development, providers: {x: {$env: NONE}}}\n";
    load(&[text]).unwrap();
}

proptest::proptest! {
    /// A damaged config is read or reported. It never panics, and no message contains the secret.
    #[test]
    fn damaged_config_is_read_or_reported(at in 0usize..5000, length in 0usize..40, spoilt in "[ -~\n\t\u{e9}]{0,12}") {
        let text = fs::read_to_string(root().join("config/app-config.yaml")).unwrap();
        let text = text.replace("# headers:", "headers:").replace("#   Authorization: ", "  X: ${TOKEN} ");
        let (at, end) = (at.min(text.len()), (at + length).min(text.len()));
        let loaded = load(&[&format!("{}{spoilt}{}", &text[..at], &text[end..])]);
        let messages: String = loaded.err().iter().flatten().map(ToString::to_string).collect();
        assert!(!messages.contains(CANARY), "{messages}");
    }
}
