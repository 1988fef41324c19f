//! Later files and `APP_CONFIG_*` variables over earlier files. The right values are those of Backstage's config loader.

use std::fs;
use std::path::PathBuf;

use promenade::config::Settings;
use promenade::diagnostic::Diagnostic;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use world::program::Program;

/// A secret that must not appear anywhere.
const CANARY: &str = "canary-7c2d";
const EARLY: &str = "app: {title: one, baseUrl: 'https://x/base'}\n\
    proxy: {endpoints: {'/prometheus/api': {target: 'http://one/api/v1/', headers: {X: early, Y: early}}}}\n\
    promenade: {embedding: {frameAncestors: ['https://a']}, instances: {default: {timeout: 5s}}}\n";

fn env(name: &str) -> Option<String> {
    let value = match name {
        "SET" => "two",
        "EMPTY" => "",
        "BLANK" => "  ",
        "PADDED" => " two\n",
        "HOST" => "http://two",
        _ => return None,
    };
    Some(value.to_owned())
}

fn read(files: &[&str], variables: &[(&str, &str)]) -> (Option<Settings>, Vec<Diagnostic>) {
    let directory = TempDir::new().unwrap();
    let write = |(i, text): (usize, &&str)| {
        let path = directory.path().join(format!("{i}.yaml"));
        fs::write(&path, text).unwrap();
        path
    };
    let files: Vec<PathBuf> = files.iter().enumerate().map(write).collect();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(owned).collect();
    Settings::read(&files, None, &env, &variables)
}

/// Title, address, headers and timeout of the only instance, and the frames, in one line.
fn shown(files: &[&str], variables: &[(&str, &str)]) -> String {
    let settings =
        Settings::without_faults(read(files, variables)).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let [instance] = settings.instances.as_slice() else { panic!("{:?}", settings.instances) };
    let headers = instance.headers.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
    let headers: Vec<String> = headers.collect();
    let (title, frames) = (&settings.web.title, settings.web.frame_ancestors.join(","));
    format!("{title} {} {} {:?} {frames}", instance.api, headers.join(","), instance.timeout)
}

#[test]
fn a_value_without_its_variable_keeps_the_earlier_one() {
    let title = |written: &str| {
        let all = shown(&[EARLY, &format!("app: {{title: {written}}}")], &[]);
        all.strip_suffix(" http://one/api/v1/ X=early,Y=early 5s https://a")
            .unwrap_or_else(|| panic!("{all}"))
            .to_owned()
    };
    for written in [
        "'${NONE:-}'",
        "'${NONE}'",
        "'${EMPTY:-}'",
        "'${BLANK:-}'",
        "'x${NONE:-}'",
        "'${SET}${NONE:-}'",
        "'x${NONE}y'",
        "{$env: NONE}",
        "'${}'",
        "'${:-}'",
        "{$env: '${NONAME:-NONE}'}",
    ] {
        assert_eq!(title(written), "one", "{written}");
    }
    for written in
        ["'${SET}'", "'${SET:-}'", "'${PADDED}'", "{$env: SET}", "{$env: PADDED}", "'${NONE:-two}'"]
    {
        assert_eq!(title(written), "two", "{written}");
    }
    // An empty text, and nothing, replace the earlier value.
    for written in ["''", "'${EMPTY}'", "'${BLANK}'", "{$env: EMPTY}", "~"] {
        assert_eq!(title(written), "Promenade", "{written}");
    }
    assert_eq!(title("'$${SET}'"), "${SET}");
}

#[test]
fn what_has_no_value_keeps_what_is_earlier_at_every_depth() {
    let early = shown(&[EARLY], &[]);
    for over in [
        "proxy: {endpoints: {'/prometheus/api': '${NONE:-}'}}",
        "proxy: {endpoints: '${NONE:-}'}",
        "proxy: '${NONE:-}'\npromenade: {instances: {default: '${NONE:-}'}}",
        "promenade: {embedding: {frameAncestors: '${NONE:-}'}, instances: {default: {timeout: '${NONE:-}'}}}",
    ] {
        assert_eq!(shown(&[EARLY, over], &[]), early, "{over}");
    }
    let over = "proxy: {endpoints: {'/prometheus/api': {target: '${HOST}/api', headers: {X: '${NONE:-}', Y: late}}}}";
    assert_eq!(shown(&[EARLY, over], &[]), "one http://two/api/ X=early,Y=late 5s https://a");
    let list = "promenade: {embedding: {frameAncestors: ['${NONE:-}', 'https://b']}}";
    assert_eq!(shown(&[EARLY, list], &[]), "one http://one/api/v1/ X=early,Y=early 5s https://b");
    // Nor is it an item or a key where nothing is earlier.
    for over in [
        "catalog: {locations: ['${NONE:-}']}",
        "catalog: {rules: ['${NONE:-}', {allow: ['${NONE:-}']}]}",
        "promenade: {routing: ['${NONE:-}']}",
        "promenade: {routing: '${NONE:-}', embedding: '${NONE:-}'}",
        "promenade: {instances: {default: {allowedEntities: [{kind: component}, '${NONE:-}']}}}",
        "catalog: '${NONE:-}'",
        "prometheus: {instances: '${NONE:-}'}",
        "proxy: {endpoints: {'/prometheus-two/api': '${NONE:-}'}}",
    ] {
        let (settings, faults) = read(&[EARLY, over], &[]);
        assert_eq!((faults.len(), settings.is_some()), (0, true), "{over}: {faults:#?}");
    }
    // A limit of an instance is not lifted by a missing variable.
    let limit = "promenade: {instances: {default: {allowedEntities: '${NONE:-}'}}}";
    let (_, faults) = read(&[EARLY, limit], &[]);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let (settings, faults) = read(
        &[
            "proxy: {endpoints: {'/p': 'http://one/api/v1'}}",
            "prometheus: {instances: ['${NONE:-}', {name: a, proxyPath: /p}]}",
        ],
        &[],
    );
    assert!(settings.is_some_and(|settings| settings.instances.len() == 1), "{faults:#?}");
    let third = shown(&[EARLY, "app: {title: ~}", "app: {title: '${NONE:-}'}"], &[]);
    assert!(third.starts_with("Promenade "), "{third}");
    // Without an earlier value, the variable is missing.
    let (_, faults) = read(&["app: {baseUrl: '${NONE}'}", "app: {baseUrl: '${NONE:-}'}"], &[]);
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].config_key(), faults[0].message.as_str()),
        (Some("app.baseUrl"), "the variable NONE is not set")
    );
}

#[test]
fn variables_override_files() {
    let over = |variables: &[(&str, &str)]| shown(&[EARLY, "app: {title: two}"], variables);
    let rest = "http://one/api/v1/ X=early,Y=early 5s https://a";
    for (variables, title) in [
        (&[("APP_CONFIG_app_title", "env")][..], "env"),
        (&[("APP_CONFIG_app_title", "\"4 2\"")], "4 2"),
        (&[("APP_CONFIG_app_title", "42")], "42"),
        (&[("APP_CONFIG_app_title", "${SET}")], "${SET}"),
        (&[("APP_CONFIG_app_title", "")], "two"),
        (&[("APP_CONFIG_App_title", "env"), ("app_title", "env"), ("xAPP_CONFIG_app_title", "env")], "two"),
        (&[("APP_CONFIG_app", "{\"title\": null}")], "Promenade"),
        (&[("APP_CONFIG_app", "{}"), ("APP_CONFIG_app_title", "env")], "env"),
        (&[("APP_CONFIG_backend__x", "null"), ("APP_CONFIG_techdocs_a_b", "1")], "two"),
    ] {
        assert_eq!(over(variables), format!("{title} {rest}"), "{variables:?}");
    }
    let all = [
        (
            "APP_CONFIG_proxy_endpoints",
            r#"{"/prometheus/api": {"target": "http://env/api", "headers": {"X": "$${A}"}}}"#,
        ),
        ("APP_CONFIG_promenade_instances_default_timeout", "7s"),
        ("APP_CONFIG_promenade_embedding_frameAncestors", r#"["https://e", "https://f"]"#),
    ];
    assert_eq!(over(&all), "two http://env/api/ X=$${A},Y=early 7s https://e,https://f");
}

#[test]
fn a_fault_of_a_variable_names_it_and_hides_its_value() {
    for (variables, key, part) in [
        (&[("APP_CONFIG_promenade_listen", CANARY)][..], "promenade.listen", "is not an address"),
        (
            &[("APP_CONFIG_promenade_adHocQueries", "\"canary-7c2d\"")],
            "promenade.adHocQueries",
            "neither true nor false",
        ),
        (&[("APP_CONFIG_app_baseUrl", "http://u:canary-7c2d@x")], "app.baseUrl", "credentials"),
        (&[("APP_CONFIG_app_title", "[\"canary-7c2d\"]")], "app.title", "must be text, not a list"),
        (&[("APP_CONFIG_promenade", CANARY)], "promenade", "must be a mapping"),
        (
            &[("APP_CONFIG_promenade", "{\"lisen\": \"canary-7c2d\"}")],
            "promenade.lisen",
            "did you mean `listen`?",
        ),
        (&[("APP_CONFIG_app_title", "null")], "app.title", "cannot set a key to null"),
        (&[("APP_CONFIG_app__title", CANARY)], "app__title", "not a path of keys"),
        (&[("APP_CONFIG__app_title", CANARY)], "_app_title", "not a path of keys"),
        (&[("APP_CONFIG_app", CANARY), ("APP_CONFIG_app_title", CANARY)], "app.title", "not a mapping"),
        (&[("APP_CONFIG_app_title", CANARY), ("APP_CONFIG_app", "{}")], "app", "already"),
        (
            &[("APP_CONFIG_app_baseUrl", r#"{"$file": "/etc/passwd"}"#)],
            "app.baseUrl",
            "must be text, not a reference",
        ),
        (
            &[("APP_CONFIG_proxy_endpoints", r#"{"/prometheus/api": {"target": "ftp://canary-7c2d"}}"#)],
            "proxy.endpoints./prometheus/api.target",
            "not an http or https",
        ),
    ] {
        let (_, faults) = read(&[EARLY], variables);
        let own = faults
            .iter()
            .find(|fault| fault.config_key() == Some(key))
            .unwrap_or_else(|| panic!("{faults:#?}"));
        assert!(own.message.contains(part), "{own:?}");
        let name = variables.last().unwrap().0;
        assert!(own.to_string().starts_with(&format!("{name}: {key}: ")), "{own}");
        let messages: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(!messages.concat().contains(CANARY), "{messages:#?}");
    }
}

#[tokio::test]
async fn the_program_reads_the_variables_of_its_environment() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("app-config.yaml");
    fs::write(&file, EARLY).unwrap();
    for (command, status) in [("serve", 2), ("check", 1)] {
        let mut program = Program::start(|p| {
            p.args([command, "--config"]).arg(&file).env("APP_CONFIG_promenade_defaults_range", CANARY)
        });
        assert_eq!(program.end().await.code(), Some(status), "{}", program.output());
        let output = program.output();
        assert!(output.contains("APP_CONFIG_promenade_defaults_range: "), "{output}");
        assert!(
            output.contains("promenade.defaults.range: the value (not shown: it is substituted)"),
            "{output}"
        );
        assert!(!output.contains(CANARY), "{output}");
    }
}
