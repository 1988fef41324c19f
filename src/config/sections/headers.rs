//! The headers that go to one instance. Their values are secrets, which no fault shows.

use secrecy::SecretString;

use crate::config::key::ConfigKey;
use crate::upstream::RESERVED_HEADERS;

/// Reads `headers` of a proxy entry.
pub(super) fn read(headers: &ConfigKey<'_>) -> Vec<(String, SecretString)> {
    let mut found: Vec<(String, SecretString)> = Vec::new();
    for (name, value) in headers.entries() {
        if let Err(message) = check_name(name) {
            value.fault(message);
            continue;
        }
        if found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            value.fault("duplicate header, in different case");
            continue;
        }
        let Some(text) = value.text() else { continue };
        match check_value(&text.value) {
            Ok(()) => found.push((name.to_owned(), text.value.into())),
            Err(message) => value.fault(message),
        }
    }
    found
}

/// A token, as RFC 9110 has it.
pub(super) fn is_name(name: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(is_token)
}

fn check_name(name: &str) -> Result<(), String> {
    if !is_name(name) {
        return Err("is not a header name".to_owned());
    }
    if RESERVED_HEADERS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err("this header cannot be set; Promenade sets it itself".to_owned());
    }
    Ok(())
}

/// Says what is wrong without the value, wherever that came from.
fn check_value(value: &str) -> Result<(), String> {
    if value.contains(['\n', '\r']) {
        return Err("the header's value contains a line break".to_owned());
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err("the header's value contains a control character".to_owned());
    }
    Ok(())
}
