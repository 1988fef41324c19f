//! A URL with places that an entity fills, each with one DNS label or one path segment and nothing else.

use std::borrow::Cow;

use url::Url;

use super::field::RoutingField;
use crate::annotations::SERVICE_NAME;
use crate::catalog::Entity;

/// The longest value, in bytes: that of a DNS label.
const MAX_VALUE: usize = 63;
/// The longest name of a host, in bytes.
const MAX_HOST: usize = 253;

/// Where a place is in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlacePosition {
    Host,
    Path,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    ServiceName(PlacePosition),
    Field(RoutingField, PlacePosition),
}

impl Part {
    /// The path inside `{{ }}`.
    fn read(text: &str, position: PlacePosition) -> Result<Self, String> {
        if text == "serviceName" {
            return Ok(Self::ServiceName(position));
        }
        RoutingField::read(text).map(|field| Self::Field(field, position)).ok_or_else(|| {
            format!(
                "has no value for `{text}`; there are serviceName, kind, metadata.name, metadata.namespace, \
                 metadata.labels.KEY, metadata.annotations.KEY and spec.PATH"
            )
        })
    }

    fn position(&self) -> Option<PlacePosition> {
        match self {
            Self::Text(_) => None,
            Self::ServiceName(position) | Self::Field(_, position) => Some(*position),
        }
    }
}

/// An http or https address whose places are in its host and path only: scheme, port and everything
/// between the places are the operator's.
#[derive(Clone, Debug)]
pub struct UrlTemplate {
    parts: Vec<Part>,
    /// Filled with values that no entity has.
    sample: Url,
}

impl UrlTemplate {
    /// The error ends the sentence "the value ...".
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        let sample = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::ServiceName(_) | Part::Field(..) => "sample".to_owned(),
        };
        let filled: String = parts.iter().map(sample).collect();
        let sample = address(&filled).ok_or_else(|| {
            "is no http or https URL of plain parts: without credentials, query, fragment, dot segments or \
             capitals in its host"
                .to_owned()
        })?;
        Ok(Self { parts, sample })
    }

    /// The template's scheme, port and fixed parts.
    pub fn sample(&self) -> &Url {
        &self.sample
    }

    pub fn has_places_in_host(&self) -> bool {
        self.parts.iter().any(|part| part.position() == Some(PlacePosition::Host))
    }

    pub fn has_places_in_path(&self) -> bool {
        self.parts.iter().any(|part| part.position() == Some(PlacePosition::Path))
    }

    pub fn has_service_name(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::ServiceName(_)))
    }

    /// Puts the entity's values into their places. Whatever they are, they change neither scheme nor port,
    /// nor how many labels or segments there are. The error is for the operator.
    pub fn fill(&self, entity: &Entity, service_name: Option<&str>) -> Result<Url, String> {
        let mut filled = String::new();
        for part in &self.parts {
            let (value, name, position) = match part {
                Part::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Part::ServiceName(position) => {
                    (service_name.map(Cow::Borrowed), SERVICE_NAME.to_owned(), position)
                }
                Part::Field(field, position) => (field.value(entity), field.to_string(), position),
            };
            let value = value.ok_or_else(|| format!("the entity has no {name}"))?;
            if !position.takes(&value) {
                return Err(format!("the entity's {name} is not one DNS label or path segment"));
            }
            filled.push_str(&value);
        }
        address(&filled).ok_or_else(|| "the entity's values make no address".to_owned())
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut rest) = (Vec::new(), text);
    let authority = text.find("://").map(|i| i + "://".len()).ok_or("has no scheme, such as `https://`")?;
    let path = text.get(authority..).and_then(|t| t.find('/')).map_or(text.len(), |i| authority + i);
    while let Some((before, inside)) = rest.split_once("{{") {
        let place = text.len() - inside.len();
        let (inside, after) = inside.split_once("}}").ok_or("has a `{{` without its `}}`")?;
        let position = match place {
            i if i < authority => return Err("has a place in its scheme".to_owned()),
            i if i < path => PlacePosition::Host,
            _ => PlacePosition::Path,
        };
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::read(inside.trim(), position)?);
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    let loose = |part: &Part| matches!(part, Part::Text(text) if text.contains(['{', '}']));
    if parts.iter().any(loose) {
        return Err("has braces that are no `{{ place }}`".to_owned());
    }
    Ok(parts)
}

/// The address, if it is parsed to exactly what is written; so nothing in it was repaired or means something else.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let origin = url.origin().ascii_serialization();
    let default_port = if url.scheme() == "https" { ":443" } else { ":80" };
    // A default port may be written out.
    let path = text.strip_prefix(&origin)?;
    let path = path.strip_prefix(default_port).unwrap_or(path);
    let is_same = path == url.path() || (path.is_empty() && url.path() == "/");
    let host = url.host_str()?;
    let fits = host.len() <= MAX_HOST && host.split('.').all(|label| label.len() <= MAX_VALUE);
    (plain && is_same && fits).then_some(url)
}

impl PlacePosition {
    /// In a host one DNS label in lower case (RFC 1123), no punycode, which is unreadable; in a path one segment
    /// of unreserved characters (RFC 3986).
    fn takes(self, value: &str) -> bool {
        if value.is_empty() || value.len() > MAX_VALUE {
            return false;
        }
        match self {
            Self::Host => {
                let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                value.bytes().all(inner)
                    && !value.starts_with('-')
                    && !value.ends_with('-')
                    && !value.starts_with("xn--")
            }
            Self::Path => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
                value.bytes().all(plain) && value.bytes().any(|b| b != b'.')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entity;
    use super::*;

    /// The address for a service name, `?` where it is refused.
    fn filled(template: &str, service_name: &str) -> String {
        let template = UrlTemplate::read(template).unwrap_or_else(|e| panic!("{template}: {e}"));
        template.fill(&entity(), Some(service_name)).map_or_else(|_| "?".to_owned(), |url| url.to_string())
    }

    #[test]
    fn a_value_is_one_label_of_a_host() {
        let template = "https://{{ serviceName }}.prometheus.example:8443/api/v1/";
        for good in ["eu", "eu-1", "1", &"x".repeat(63)] {
            assert_eq!(filled(template, good), format!("https://{good}.prometheus.example:8443/api/v1/"));
        }
        for bad in [
            "",
            "evil.com/",
            "evil.com",
            "evil.com#",
            "x#",
            "a@b",
            "u:p@evil.com",
            "..",
            ".",
            "a.b",
            "a/b",
            "a\\b",
            "a?b",
            "a:1",
            "a%2eb",
            "a b",
            " a",
            "a\n",
            "a\t",
            "\0",
            "-a",
            "a-",
            "EU",
            "\u{e9}",
            "\u{ff0e}",
            "\u{3002}",
            "a\u{200b}",
            "xn--9ca",
            "{{ kind }}",
            "[::1]",
            &"x".repeat(64),
            &"x".repeat(10_000),
        ] {
            assert_eq!(filled(template, bad), "?", "{bad:?}");
        }
    }

    #[test]
    fn a_value_is_one_segment_of_a_path() {
        let template = "https://mimir.example/{{ serviceName }}/prometheus/api/v1/";
        for good in ["eu", "Team_A.1~", "..."] {
            let wanted = if good == "..." {
                "?".to_owned()
            } else {
                format!("https://mimir.example/{good}/prometheus/api/v1/")
            };
            assert_eq!(filled(template, good), wanted);
        }
        for bad in
            ["", ".", "..", "a/b", "../x", "a?b", "a#b", "%2e%2e", "a\\b", "a;b", "a b", "\u{e9}", "a@b"]
        {
            assert_eq!(filled(template, bad), "?", "{bad:?}");
        }
    }

    #[test]
    fn parts_that_are_good_alone_may_still_be_refused() {
        assert_eq!(
            filled("https://h.example/{{ serviceName }}.{{ kind }}/", "a"),
            "https://h.example/a.component/"
        );
        assert_eq!(filled("https://h.example/.{{ serviceName }}/", "."), "?");
        assert_eq!(filled("https://a{{ serviceName }}.example/", &"x".repeat(63)), "?");
        // Browsers and resolvers take a lone number for an address.
        assert_eq!(filled("https://{{ serviceName }}/", "2130706433"), "?");
        assert_eq!(filled("https://{{ serviceName }}.{{ serviceName }}/", "1"), "?");
        assert_eq!(filled("https://h.example:443/{{ kind }}", ""), "https://h.example/component");
    }

    #[test]
    fn values_come_from_everywhere_in_the_entity() {
        for (place, wanted) in [
            ("kind", "component"),
            ("metadata.name", "payments"),
            ("metadata.namespace", "default"),
            ("metadata.labels.example.com/cell", "eu-1"),
            ("spec.lifecycle", "production"),
            ("spec.deployed.cell", "7"),
        ] {
            assert_eq!(
                filled(&format!("http://{{{{{place}}}}}.h.example/"), ""),
                format!("http://{wanted}.h.example/")
            );
        }
        let template = UrlTemplate::read("http://{{ spec.nothing }}.h/").unwrap();
        assert_eq!(template.fill(&entity(), None), Err("the entity has no spec.nothing".to_owned()));
        let template = UrlTemplate::read("http://{{ serviceName }}.h/").unwrap();
        assert_eq!(
            template.fill(&entity(), None),
            Err("the entity has no prometheus.io/service-name".to_owned())
        );
        let unfit = "the entity's prometheus.io/service-name is not one DNS label or path segment";
        assert_eq!(template.fill(&entity(), Some("a@b")), Err(unfit.to_owned()));
    }

    #[test]
    fn a_template_is_plain_or_refused() {
        for bad in [
            "",
            "{{ serviceName }}",
            "{{ serviceName }}://h/",
            "ftp://{{ serviceName }}/",
            "https://u:p@{{ serviceName }}.h/",
            "https://{{ serviceName }}@h/",
            "https://h:{{ serviceName }}/",
            "https://h/?x={{ serviceName }}",
            "https://h/#{{ serviceName }}",
            "https://{{ serviceName.h/",
            "https://{{ serviceName }}}.h/",
            "https://{ serviceName }.h/",
            "https://{{ metadata.uid }}.h/",
            "https://{{ metadata.labels. }}.h/",
            "https://{{ serviceName | lower }}.h/",
            "https://H.example/{{ serviceName }}",
            "https://h.example/../{{ serviceName }}",
            "https:/{{ serviceName }}.h/",
            "//{{ serviceName }}.h/",
        ] {
            assert!(UrlTemplate::read(bad).is_err(), "{bad}");
        }
    }
}
