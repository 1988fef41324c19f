//! What pages show, as JSON and CSV for other programs. Field names and their order are a contract.

pub mod alerts;
pub mod csv;
pub mod entity;
pub mod graph;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::panels::remarks::Remark;

/// A remark on a graph, once for each. CSV has no place for remarks, and a picture not always.
const NOTICE: HeaderName = HeaderName::from_static("promenade-notice");
/// A reply has this many of them, and the last counts the rest. Proxies refuse replies with longer heads.
const MAX_NOTICES: usize = 8;
const MAX_NOTICE_BYTES: usize = 300;

pub fn with_notices(mut reply: HttpResponse, remarks: &[Remark]) -> HttpResponse {
    let mut texts: Vec<String> = remarks.iter().map(ToString::to_string).collect();
    if let Some(beyond) = texts.len().checked_sub(MAX_NOTICES).filter(|beyond| *beyond > 0) {
        texts.truncate(MAX_NOTICES - 1);
        texts.push(format!("And {} more.", beyond + 1));
    }
    for text in texts {
        if let Ok(value) = HeaderValue::from_str(&in_ascii(&text)) {
            reply.headers_mut().append(NOTICE, value);
        }
    }
    reply
}

/// A header has only these characters; others are written as `\u{e9}`. A text that is too long ends in `...`.
fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len().min(MAX_NOTICE_BYTES));
    for c in text.chars() {
        let before = ascii.len();
        match c {
            ' '..='~' => ascii.push(c),
            _ => ascii.extend(c.escape_unicode()),
        }
        if ascii.len() > MAX_NOTICE_BYTES {
            ascii.truncate(before);
            return ascii + "...";
        }
    }
    ascii
}

/// Epoch seconds, with milliseconds where there are any.
fn seconds(milliseconds: i64) -> serde_json::Number {
    let whole = milliseconds.div_euclid(1000);
    match milliseconds.rem_euclid(1000) {
        0 => whole.into(),
        _ => serde_json::Number::from_f64(milliseconds as f64 / 1000.0).unwrap_or_else(|| whole.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::panels::remarks::Remark;

    fn notices(remarks: &[Remark]) -> Vec<String> {
        let reply = with_notices(HttpResponse::Ok().finish(), remarks);
        reply.headers().get_all(NOTICE).map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_remark_is_a_header_or_counted() {
        assert_eq!(notices(&[]), [""; 0]);
        let hostile = Remark::info("größe\r\nX-Injected: 1 \u{202e}");
        assert_eq!(notices(&[hostile]), ["gr\\u{f6}\\u{df}e\\u{d}\\u{a}X-Injected: 1 \\u{202e}."]);
        let many: Vec<Remark> = (0..20).map(|i| Remark::info(format!("remark {i}"))).collect();
        let all = notices(&many);
        assert_eq!((all.len(), all[0].as_str(), all[7].as_str()), (8, "remark 0.", "And 13 more."));
        let eight = notices(&many[..8]);
        assert_eq!((eight.len(), eight[7].as_str()), (8, "remark 7."));
        let long = &notices(&[Remark::info("é".repeat(9_999))])[0];
        assert!(long.len() <= MAX_NOTICE_BYTES + 3 && long.ends_with("\\u{e9}..."), "{long}");
    }
}
