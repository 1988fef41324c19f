//! The answers that no app gives: a request was broken, late or too large.

use std::sync::Arc;

use actix_http::StatusCode;

/// Writes refusals: a status, the security headers, no body.
#[derive(Clone, Debug)]
pub struct Refusals {
    /// Lines that end in CR LF.
    headers: Arc<str>,
}

impl Refusals {
    pub fn new(headers: impl IntoIterator<Item = (String, String)>) -> Self {
        let lines = headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        Self { headers: lines.collect::<String>().into() }
    }

    pub fn answer(&self, status: StatusCode) -> Vec<u8> {
        let reason = status.canonical_reason().unwrap_or("Error");
        let headers = &self.headers;
        format!(
            "HTTP/1.1 {} {reason}\r\n{headers}cache-control: no-store\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            status.as_u16()
        )
        .into_bytes()
    }
}

/// The status of an answer's first bytes.
pub fn status_of(head: &[u8]) -> Option<StatusCode> {
    let digits = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
    StatusCode::from_bytes(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_with_the_headers_and_no_body() {
        let refusals = Refusals::new([("x-a".to_owned(), "b".to_owned())]);
        let answer = refusals.answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(status_of(&answer), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        let text = String::from_utf8(answer).unwrap();
        assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\nx-a: b\r\n"), "{text}");
        assert!(text.ends_with("\r\ncontent-length: 0\r\n\r\n"), "{text}");
        assert_eq!(status_of(b"HTTP/1.1 4"), None);
        assert_eq!(status_of(b"nothing"), None);
    }
}
