//! Where a proxy entry's requests arrive: its target, and Backstage's `pathRewrite`.

use regex::{Regex, RegexBuilder};
use url::Url;

/// Where Backstage serves its proxy.
const PREFIX: &str = "/api/proxy";
/// Any endpoint: the path before it is the API's.
const PROBE: &str = "query_range";
const MAX_REGEX_BYTES: usize = 1 << 20;

/// The API's URL with its trailing slash. Without rules, the entry's own path is stripped, as Backstage does;
/// with rules, the first that matches rewrites the whole path. The error ends a sentence.
pub(super) fn api(target: &Url, proxy_path: &str, rules: Option<&[(String, String)]>) -> Result<Url, String> {
    let path = match rules {
        None => format!("/{PROBE}"),
        Some(rules) => rewritten(&format!("{PREFIX}{proxy_path}/{PROBE}"), rules)?,
    };
    let Some(before) = path.strip_suffix(PROBE).filter(|before| before.ends_with('/')) else {
        return Err("does not keep the end of the path, which is the endpoint's name".to_owned());
    };
    let joined = format!("{}/{before}", target.path());
    let parts: Vec<&str> = joined.split('/').filter(|part| !part.is_empty()).collect();
    let mut api = target.clone();
    api.set_path(&if parts.is_empty() { "/".to_owned() } else { format!("/{}/", parts.join("/")) });
    Ok(api)
}

fn rewritten(path: &str, rules: &[(String, String)]) -> Result<String, String> {
    for (pattern, replacement) in rules {
        let regex = compile(pattern)?;
        if regex.is_match(path) {
            return Ok(regex.replace(path, in_our_terms(replacement)).into_owned());
        }
    }
    Ok(path.to_owned())
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(MAX_REGEX_BYTES).build();
    built.map_err(|_| "has an invalid regular expression".to_owned())
}

/// JavaScript's `$1`, `$&` and `$$` as the regex crate writes them; any other `$` is itself.
fn in_our_terms(replacement: &str) -> String {
    let mut out = String::new();
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('$', Some(digit)) if digit.is_ascii_digit() => {
                out.push_str(&format!("${{{digit}}}"));
                chars.next();
            }
            ('$', Some('&')) => {
                out.push_str("${0}");
                chars.next();
            }
            ('$', next) => {
                out.push_str("$$");
                if next == Some('$') {
                    chars.next();
                }
            }
            (other, _) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_where_backstage_would_ask() {
        let check = |target: &str, rules: Option<&[(&str, &str)]>, expected: Result<&str, &str>| {
            let rules: Option<Vec<(String, String)>> =
                rules.map(|r| r.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect());
            let found = api(&Url::parse(target).unwrap(), "/prometheus/api", rules.as_deref());
            match (found, expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.as_str(), expected),
                (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
                (found, expected) => panic!("{target}: {found:?}, not {expected:?}"),
            }
        };
        check("http://p:9090/api/v1/", None, Ok("http://p:9090/api/v1/"));
        check("http://p:9090/api/v1", None, Ok("http://p:9090/api/v1/"));
        check("https://p/prom//api/v1/", None, Ok("https://p/prom/api/v1/"));
        check("http://p:9090", None, Ok("http://p:9090/"));
        let own = "^/api/proxy/prometheus/api/?";
        check("http://p:9090", Some(&[(own, "/api/v1/")]), Ok("http://p:9090/api/v1/"));
        check(
            "http://p/x/",
            Some(&[("^/none", "/"), ("/api/proxy/(\\w+)/api/", "/$1/")]),
            Ok("http://p/x/prometheus/"),
        );
        check("http://p", Some(&[]), Ok("http://p/api/proxy/prometheus/api/"));
        check("http://p", Some(&[("api\\/proxy", "$$a")]), Ok("http://p/$a/prometheus/api/"));
        check("http://p", Some(&[(".*", "/fixed")]), Err("does not keep the end"));
        check("http://p", Some(&[("(?!x)", "/")]), Err("invalid regular expression"));
        check("http://p", Some(&[("(a{1000}){1000}", "/")]), Err("invalid regular expression"));
    }
}
