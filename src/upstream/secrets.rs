//! The values of the headers that the portal sends: no text that a server answers may bring them to a page, a data form
//! or a log.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

/// What stands in the place of a value.
const REDACTED: &str = "[secret]";
/// Shorter values are words that any text may have.
const SHORTEST: usize = 4;
/// The same for a part of a cookie.
const SHORTEST_PART: usize = 8;
/// A shorter credential is taken out of messages only: as the value of a label it may be a plain word.
const SHORTEST_IN_BODY: usize = 16;
/// How the names of headers end that hold a credential. Others (`X-Scope-OrgID`) may also be labels of series.
const CREDENTIALS: [&str; 7] = ["authorization", "auth", "cookie", "token", "key", "secret", "password"];

/// The values of the headers of one server. Cheap to clone.
#[derive(Clone, Default)]
pub struct HeaderSecrets(Arc<[HeaderSecret]>);

struct HeaderSecret {
    text: SecretString,
    /// It is taken out of every text of an answer, not only out of messages.
    is_credential: bool,
}

impl HeaderSecrets {
    pub fn of(headers: &[(String, SecretString)]) -> Self {
        let mut all: Vec<HeaderSecret> = Vec::new();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            let is_credential = CREDENTIALS.iter().any(|word| name.ends_with(word));
            let value = value.expose_secret();
            all.extend(whole(value).map(|text| HeaderSecret { text: text.into(), is_credential }));
            // The value of a label may be that of a cookie, such as a region.
            all.extend(cookies(value).map(|text| HeaderSecret { text: text.into(), is_credential: false }));
        }
        // The longest first: a part of another must not leave the rest of it.
        all.sort_by_key(|secret| Reverse(secret.text.expose_secret().len()));
        Self(all.into())
    }

    /// A message of the server without the values of all headers.
    pub fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, secret| {
            let secret = secret.text.expose_secret();
            if text.contains(secret) { text.replace(secret, REDACTED).into() } else { text }
        })
    }

    /// A whole answer without credentials, whichever of its texts repeats them.
    pub fn without_credentials(&self, body: Vec<u8>) -> Vec<u8> {
        let is_sought = |secret: &&HeaderSecret| {
            let text = secret.text.expose_secret();
            // Digits alone may be a number, which must stay one.
            secret.is_credential
                && text.len() >= SHORTEST_IN_BODY
                && !text.bytes().all(|b| b.is_ascii_digit())
        };
        let sought = self.0.iter().filter(is_sought);
        sought.fold(body, |body, secret| replaced(body, secret.text.expose_secret().as_bytes()))
    }
}

/// A value, and the credential behind its scheme (`Bearer`).
fn whole(value: &str) -> impl Iterator<Item = &str> {
    let whole = value.trim();
    let bare = whole.split_once(' ').map(|(_, credential)| credential.trim());
    std::iter::once(whole).chain(bare).filter(|text| text.len() >= SHORTEST)
}

/// The parts of a cookie, with their names and without.
fn cookies(value: &str) -> impl Iterator<Item = &str> {
    let parts = value.split([';', ',']).map(str::trim);
    let parts = parts.flat_map(|part| [Some(part), part.split_once('=').map(|(_, value)| value)]);
    parts.flatten().filter(move |part| part.len() >= SHORTEST_PART && *part != value.trim())
}

fn replaced(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let mut places = memmem::find_iter(&body, secret).peekable();
    if places.peek().is_none() {
        drop(places);
        return body;
    }
    let (mut clean, mut rest) = (Vec::with_capacity(body.len()), 0);
    for place in places {
        clean.extend_from_slice(body.get(rest..place).unwrap_or_default());
        clean.extend_from_slice(REDACTED.as_bytes());
        rest = place + secret.len();
    }
    clean.extend_from_slice(body.get(rest..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(headers: &[(&str, &str)]) -> HeaderSecrets {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), SecretString::from(*value));
        HeaderSecrets::of(&headers.iter().map(header).collect::<Vec<_>>())
    }

    #[test]
    fn no_value_and_no_part_of_one_is_repeated_in_a_message() {
        let all = secrets(&[
            ("Authorization", "Bearer token"),
            ("X-Other", " token-of-more "),
            ("Cookie", "session=0123456789; theme=dark"),
            ("X-Scope-OrgID", "tills"),
            ("X-Short", "abc"),
        ]);
        for (text, clean) in [
            ("Bearer token", "[secret]"),
            ("bad token: token", "bad [secret]: [secret]"),
            ("token-of-more", "[secret]"),
            ("0123456789 and dark", "[secret] and dark"),
            ("session=0123456789", "[secret]"),
            ("no tenant tills", "no tenant [secret]"),
            ("abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(all.redacted(text), clean, "{text}");
        }
        assert!(matches!(all.redacted("nothing"), Cow::Borrowed("nothing")), "nothing is copied");
    }

    #[test]
    fn a_credential_leaves_every_text_of_an_answer_and_a_tenant_only_messages() {
        let all = secrets(&[
            ("authorization", "Basic 0123456789abcdef"),
            ("x-api-key", "01234567890123456789"),
            ("x-scope-orgid", "tenant-of-all-the-tills"),
            ("x-token", "short"),
            ("cookie", "session=0123456789; region=europe-west-production"),
            ("x-auth-org", "payments-production-eu"),
        ]);
        for (body, clean) in [
            (r#"{"region":"europe-west-production"}"#, r#"{"region":"europe-west-production"}"#),
            (r#"{"org":"payments-production-eu"}"#, r#"{"org":"payments-production-eu"}"#),
            ("sent: session=0123456789; region=europe-west-production", "sent: [secret]"),
            (
                r#"{"a":"Basic 0123456789abcdef","b":"0123456789abcdef"}"#,
                r#"{"a":"[secret]","b":"[secret]"}"#,
            ),
            ("0123456789abcdef", "[secret]"),
            ("x0123456789abcdefx0123456789abcdef", "x[secret]x[secret]"),
            (r#"[01234567890123456789]"#, r#"[01234567890123456789]"#),
            (r#"{"tenant":"tenant-of-all-the-tills"}"#, r#"{"tenant":"tenant-of-all-the-tills"}"#),
            ("a short word", "a short word"),
        ] {
            assert_eq!(all.without_credentials(body.into()), clean.as_bytes(), "{body}");
        }
        assert_eq!(HeaderSecrets::default().without_credentials(b"x".to_vec()), b"x");
    }
}
