//! The envelope of every answer of Prometheus' API.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::remarks::{Remarks, words};

/// VictoriaMetrics' `isPartial`, as a warning.
const PARTIAL: &str = "partial answer: the instance could not read all of its data (isPartial)";

/// A text without a letter.
const EMPTY: &str = "\"\"";

/// Why a body is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// Prometheus itself says that it failed.
    Error {
        error_type: String,
        message: String,
    },
    /// No JSON at all.
    Html,
    /// Something else than Prometheus' JSON.
    NotPrometheus(String),
    /// Prometheus' JSON, but cut, damaged or without something that it must have.
    Incomplete(String),
    TooLarge(String),
}

impl WireFault {
    /// What Prometheus itself says.
    pub fn into_message(self) -> Option<String> {
        match self {
            Self::Error { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// A successful answer's data, and what Prometheus remarked about it.
#[derive(Debug)]
pub struct Opened<D> {
    pub data: D,
    pub warnings: Remarks,
    pub infos: Remarks,
}

#[derive(Deserialize)]
struct Envelope<'a, D> {
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    data: Option<D>,
    #[serde(default)]
    warnings: Remarks,
    #[serde(default)]
    infos: Remarks,
    #[serde(borrow, rename = "isPartial")]
    is_partial: Option<&'a RawValue>,
    #[serde(borrow, rename = "errorType")]
    error_type: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl<D> Envelope<'_, D> {
    /// An error beside an answer: an unknown part of the answer is missing.
    fn error_beside(&self) -> Option<String> {
        let texts = [self.error, self.error_type].into_iter().flatten().map(RawValue::get);
        let text = texts.filter(|text| *text != EMPTY).map(words).next()?;
        Some(format!("the instance reports an error beside its answer: {text}"))
    }
}

/// The parts of an envelope that an error has, whatever its data is.
#[derive(Deserialize)]
struct ErrorParts<'a> {
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "errorType")]
    error_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
}

/// Opens an answer whose `data` is a `D`.
pub fn open<'a, D: Deserialize<'a>>(body: &'a [u8]) -> Result<Opened<D>, WireFault> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(if looks_like_json(body) {
            WireFault::Incomplete("the answer is not valid UTF-8".into())
        } else {
            WireFault::Html
        });
    };
    let envelope: Envelope<'a, D> = serde_json::from_str(text).map_err(|e| why(text, &e))?;
    let mut warnings = Remarks::default();
    envelope.error_beside().into_iter().for_each(|error| warnings.add(error));
    warnings.add_all(warned(envelope.is_partial, envelope.warnings));
    match (envelope.status.as_deref(), envelope.data) {
        (Some("success"), Some(data)) => Ok(Opened { data, warnings, infos: envelope.infos }),
        (Some("success"), None) => Err(WireFault::Incomplete("the answer has no data".into())),
        _ => Err(error_of(body).unwrap_or_else(other_json)),
    }
}

/// Warnings, with what `isPartial` beside them says.
pub fn warned(is_partial: Option<&RawValue>, warnings: Remarks) -> Remarks {
    let mut all = Remarks::default();
    if is_partial.is_some_and(|flag| flag.get() != "false") {
        all.add(PARTIAL);
    }
    all.add_all(warnings);
    all
}

/// The error in Prometheus' own JSON; None for any other text.
pub fn error_of(body: &[u8]) -> Option<WireFault> {
    let parts: ErrorParts<'_> = serde_json::from_slice(body).ok()?;
    (parts.status.as_deref() == Some("error")).then(|| WireFault::Error {
        error_type: parts.error_type.unwrap_or_default().into_owned(),
        message: parts.error.unwrap_or_default().into_owned(),
    })
}

fn why(text: &str, error: &serde_json::Error) -> WireFault {
    match error.classify() {
        _ if !looks_like_json(text.as_bytes()) => WireFault::Html,
        Category::Eof => WireFault::Incomplete("the answer ends in the middle of its JSON".into()),
        Category::Syntax | Category::Io => {
            WireFault::Incomplete(format!("the answer's JSON is damaged: {error}"))
        }
        Category::Data => match serde_json::from_str::<ErrorParts<'_>>(text) {
            Ok(parts) if parts.status.as_deref() == Some("success") => {
                WireFault::Incomplete(format!("the answer lacks or misshapes a field: {error}"))
            }
            Ok(_) => error_of(text.as_bytes()).unwrap_or_else(other_json),
            Err(_) => other_json(),
        },
    }
}

fn looks_like_json(body: &[u8]) -> bool {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    // An empty body may be JSON that was cut short.
    first.is_none_or(|b| *b == b'{')
}

fn other_json() -> WireFault {
    WireFault::NotPrometheus("the answer is JSON, but not of Prometheus' shape".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::HeaderSecrets;

    fn check(body: &[u8], expected: &str) {
        let got = match open::<Vec<u32>>(body) {
            Ok(_) => "ok",
            Err(WireFault::Error { .. }) => "error",
            Err(WireFault::Html) => "page",
            Err(WireFault::NotPrometheus(_)) => "not prometheus",
            Err(WireFault::Incomplete(_)) => "incomplete",
            Err(WireFault::TooLarge(_)) => "too large",
        };
        assert_eq!(got, expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn each_kind_of_body_is_recognized() {
        let deep = format!("{{\"status\":\"success\",\"data\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for (body, expected) in [
            (&br#"{"status":"success","data":[1]}"#[..], "ok"),
            (br#" { "extra": {"a": [1]}, "data": [], "status": "succ\u0065ss", "warnings": null }"#, "ok"),
            (br#"{"status":"success"}"#, "incomplete"),
            (br#"{"status":"success","data":null}"#, "incomplete"),
            (br#"{"status":"success","data":["x"]}"#, "incomplete"),
            (br#"{"status":"success","data":[1],"data":[1]}"#, "incomplete"),
            (br#"{"status":"success","data":[1"#, "incomplete"),
            (br#"{"status":"success","data":[1,]}"#, "incomplete"),
            (br#"{"status":"success","data":[1]} trailing"#, "incomplete"),
            (br#"{"status":"success","status":"success","data":[1]}"#, "not prometheus"),
            (b"{\"status\":\"succ\xff\",\"data\":[]}", "incomplete"),
            (b"", "incomplete"),
            (br#"{"status":"error","errorType":"bad_data","error":"no"}"#, "error"),
            (br#"{"status":"error","data":{"resultType":"x"}}"#, "error"),
            (br#"{"login":true}"#, "not prometheus"),
            (br#"{"status":200}"#, "not prometheus"),
            (br#"{"status":"ok","data":{}}"#, "not prometheus"),
            (br"[1]", "page"),
            (b"<!doctype html><title>Sign in</title>", "page"),
            (b"\x89PNG\xff", "page"),
            (deep.as_bytes(), "incomplete"),
        ] {
            check(body, expected);
        }
    }

    #[test]
    fn an_answer_that_is_partial_has_a_warning() {
        let warnings = |more: &str| {
            open::<Vec<u32>>(format!(r#"{{"status":"success","data":[]{more}}}"#).as_bytes())
                .unwrap()
                .warnings
                .into_vec(&HeaderSecrets::default())
        };
        for whole in ["", r#","isPartial":false"#, r#","isPartial":null,"stats":{"seriesFetched":"0"}"#] {
            assert!(warnings(whole).is_empty(), "{whole}");
        }
        for partial in ["true", "1", r#""true""#] {
            assert_eq!(warnings(&format!(r#","isPartial":{partial},"warnings":["w"]"#)), [PARTIAL, "w"]);
        }
        assert_eq!(warnings(r#","warnings":[null]"#).len(), 1);
    }

    #[test]
    fn an_error_beside_an_answer_is_a_warning() {
        let warnings = |more: &str| {
            open::<Vec<u32>>(format!(r#"{{"status":"success","data":[]{more}}}"#).as_bytes())
                .unwrap()
                .warnings
                .into_vec(&HeaderSecrets::default())
        };
        assert!(warnings(r#","error":"","errorType":null"#).is_empty());
        for (more, text) in [
            (r#","error":"store down","errorType":"partial""#, "store down"),
            (r#","error":"","errorType":"partial""#, "partial"),
            (r#","error":{"code":7}"#, r#"{"code":7}"#),
        ] {
            let warning = format!("the instance reports an error beside its answer: {text}");
            assert_eq!(warnings(more), [warning], "{more}");
        }
    }

    #[test]
    fn keeps_remarks_and_what_prometheus_said() {
        let body = br#"{"status":"success","data":[],"warnings":["w"],"infos":["i","j"]}"#;
        let opened = open::<Vec<u32>>(body).unwrap();
        let texts = |remarks: Remarks| remarks.into_vec(&HeaderSecrets::default());
        assert_eq!(
            (texts(opened.warnings), texts(opened.infos)),
            (vec!["w".into()], vec!["i".to_owned(), "j".into()])
        );
        assert_eq!(
            error_of(br#"{"status":"error","errorType":"execution","error":"many \"samples\""}"#),
            Some(WireFault::Error { error_type: "execution".into(), message: "many \"samples\"".into() })
        );
    }
}
