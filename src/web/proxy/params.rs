//! The parameters of Prometheus' API, of the address or of a form: each once, each in its meaning there.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use jiff::Timestamp;
use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::diagnostic::Severity;
use crate::prometheus::wire::RulesChoice;
use crate::prometheus::{MAX_POINTS, Window};
use crate::promql::{Matcher, PromQl, parse_duration, quote};
use crate::web::page_error::PageError;

/// The most bytes of a form, and of a query string.
pub const MAX_FORM: usize = 64 << 10;

/// Those that are understood.
const KNOWN: [&str; 8] = ["query", "start", "end", "step", "time", "type", "limit", "exclude_alerts"];
/// It would change the answer, which the portal cannot do. Others change nothing and are passed over.
/// Pages of rules too: every answer has all groups and no token, as one does whose limit is high enough.
const REFUSED: &str = "lookback_delta";
const SELECTOR: &str = "match[]";
const FORM: &str = "application/x-www-form-urlencoded";
/// Of an answer to a question for all rules.
const ALERTING_ONLY: &str = "recording rules are not part of this answer";

/// Parameters of which none that matters is there twice.
pub struct Given(Vec<(String, String)>);

impl Given {
    /// Of the address and, with POST, of the body.
    pub fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, PageError> {
        if !body.is_empty() {
            let content_type = request.headers().get(header::CONTENT_TYPE).map(|v| v.as_bytes());
            let media_type = content_type.and_then(|v| v.split(|b| *b == b';').next()).unwrap_or_default();
            if request.method() != Method::POST {
                return Err(PageError::bad_parameter("body", "belongs to POST only"));
            }
            if !media_type.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes()) {
                return Err(PageError::bad_parameter(
                    "body",
                    "is not a form (application/x-www-form-urlencoded)",
                ));
            }
        }
        Self::of(request.query_string().as_bytes(), body)
    }

    fn of(address: &[u8], body: &[u8]) -> Result<Self, PageError> {
        if address.len() > MAX_FORM {
            return Err(PageError::bad_parameter("address", "is longer than 64 KiB"));
        }
        for text in [address, body] {
            if percent_decode(text).decode_utf8().is_err() {
                return Err(PageError::bad_parameter("address", "or body is not valid UTF-8"));
            }
        }
        let all: Vec<(String, String)> =
            [address, body].into_iter().flat_map(|text| form_urlencoded::parse(text).into_owned()).collect();
        let times = |name: &str| all.iter().filter(|(n, _)| n == name).count();
        if let Some(name) = KNOWN.into_iter().find(|name| times(name) > 1) {
            return Err(PageError::bad_parameter(name, "is given more than once"));
        }
        if times(REFUSED) > 0 {
            return Err(PageError::bad_parameter(REFUSED, "is not supported by the portal"));
        }
        Ok(Self(all))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(n, _)| n == name)?;
        Some(value).filter(|v| !v.is_empty()).map(String::as_str)
    }

    fn required(&self, name: &'static str) -> Result<&str, PageError> {
        self.text(name).ok_or_else(|| PageError::bad_parameter(name, "is missing"))
    }

    pub fn query(&self) -> Result<PromQl, PageError> {
        self.check_timeout()?;
        let (query, problems) = PromQl::read(self.required("query")?);
        query.ok_or_else(|| {
            let fault = problems.into_iter().find(|problem| problem.severity == Severity::Error);
            PageError::BrokenQuery(fault.map(|fault| fault.message).unwrap_or_default())
        })
    }

    /// The portal has a deadline of its own, so the value does not count. Prometheus refuses one that is none.
    fn check_timeout(&self) -> Result<(), PageError> {
        let Some(text) = self.text("timeout") else { return Ok(()) };
        let fault = |more| format!("cannot parse {} to a valid duration{more}", quote(text));
        match text.parse::<f64>() {
            // In nanoseconds.
            Ok(seconds) if (seconds * 1e9).abs() > i64::MAX as f64 => {
                Err(PageError::bad_parameter("timeout", fault(". It overflows int64")))
            }
            Ok(_) => Ok(()),
            Err(_) if parse_duration(text).is_ok() => Ok(()),
            Err(_) => Err(PageError::bad_parameter("timeout", fault(""))),
        }
    }

    /// Exactly the requested instants.
    pub fn window(&self) -> Result<Window, PageError> {
        let time =
            |name| time(self.required(name)?).map_err(|message| PageError::bad_parameter(name, message));
        let (start, end) = (time("start")?, time("end")?);
        let step =
            step(self.required("step")?).map_err(|message| PageError::bad_parameter("step", message))?;
        if end < start {
            return Err(PageError::bad_parameter("end", "is before start"));
        }
        Window::exact(start, end, step).ok_or_else(|| {
            PageError::bad_parameter(
                "step",
                format!("is too short for this range: a series has at most {MAX_POINTS} points"),
            )
        })
    }

    /// In epoch milliseconds.
    pub fn instant(&self, now: Timestamp) -> Result<i64, PageError> {
        match self.text("time") {
            Some(text) => time(text).map_err(|message| PageError::bad_parameter("time", &message)),
            None => Ok(now.as_millisecond()),
        }
    }

    /// The most series of an answer. None: all of them.
    pub fn limit(&self) -> Result<Option<usize>, PageError> {
        let Some(text) = self.text("limit") else { return Ok(None) };
        match text.parse::<i64>().map(usize::try_from) {
            Ok(Ok(limit)) => Ok(Some(limit).filter(|limit| *limit > 0)),
            Ok(Err(_)) => Err(PageError::bad_parameter("limit", "is negative")),
            Err(_) => Err(PageError::bad_parameter("limit", "is not a whole number")),
        }
    }

    /// Which of the rules are in the answer.
    pub fn choice(&self) -> Result<RulesChoice, PageError> {
        let values = |name: &'static str| {
            self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
        };
        let all = |name| values(name).map(str::to_owned).collect();
        let selectors = Matcher::read_selectors(values(SELECTOR));
        let without_alerts = self.text("exclude_alerts").map(|text| match text.to_lowercase().as_str() {
            "1" | "t" | "true" => Ok(true),
            "0" | "f" | "false" => Ok(false),
            _ => Err(PageError::bad_parameter("exclude_alerts", "is neither true nor false")),
        });
        Ok(RulesChoice {
            names: all("rule_name[]"),
            groups: all("rule_group[]"),
            files: all("file[]"),
            selectors: selectors.map_err(|message| PageError::bad_parameter(SELECTOR, message))?,
            without_alerts: without_alerts.transpose()?.unwrap_or(false),
        })
    }

    /// Which rules are requested, as a remark on the answer.
    pub fn rules(&self) -> Result<Option<&'static str>, PageError> {
        match self.text("type") {
            Some("alert") => Ok(None),
            None => Ok(Some(ALERTING_ONLY)),
            Some(_) => {
                Err(PageError::bad_parameter("type", "is not alert, and the portal tells of no other rules"))
            }
        }
    }
}

/// Epoch seconds with decimals, or RFC 3339, as epoch milliseconds.
fn time(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        // Beyond 2^53 neighbours are equal.
        #[expect(clippy::cast_possible_truncation, reason = "within 2^53, as just tested")]
        return if ms.abs() < 9_007_199_254_740_992.0 {
            Ok(ms as i64)
        } else {
            Err("is beyond all times".to_owned())
        };
    }
    let instant: Result<Timestamp, _> = text.parse();
    instant.map(Timestamp::as_millisecond).map_err(|_| "is neither epoch seconds nor an RFC 3339 time".into())
}

/// Seconds with decimals, or a duration. Prometheus drops what is finer than a millisecond, so do we.
fn step(text: &str) -> Result<Duration, String> {
    let step = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| "is not above zero".to_owned())?,
        Err(_) => parse_duration(text).map_err(|fault| fault.to_string())?,
    };
    if step.is_zero() {
        return Err("is not above zero".to_owned());
    }
    if step < Duration::from_millis(1) {
        return Err("is shorter than a millisecond".to_owned());
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, end and step in milliseconds, or the invalid parameter.
    fn check(address: &str, body: &str, expected: Result<(i64, i64, i64), &str>) {
        let window = Given::of(address.as_bytes(), body.as_bytes()).and_then(|given| given.window());
        let got = window.map(|w| (w.start_ms(), w.until_ms(), w.step_ms())).map_err(|error| match error {
            PageError::BadParameters(problems) => problems[0].parameter.clone().into_owned(),
            other => panic!("{other}"),
        });
        assert_eq!(got, expected.map_err(str::to_owned), "{address} {body}");
    }

    #[test]
    fn times_and_steps_mean_what_they_mean_to_prometheus() {
        check("start=1.234&end=43.9&step=14", "", Ok((1_234, 43_900, 14_000)));
        check("start=1.234&end=43.9", "step=14s", Ok((1_234, 43_900, 14_000)));
        check("", "start=-1e3&end=+0&step=1h30m", Err("end"));
        check("", "start=-1e3&end=0&step=1h30m", Ok((-1_000_000, 0, 5_400_000)));
        check(
            "start=2026-11-23T10:00:00.5Z&end=1795428001.0004&step=0.0015",
            "",
            Ok((1_795_428_000_500, 1_795_428_001_000, 1)),
        );
        check(
            "start=2026-11-23T12:00:00%2B02:00&end=2026-11-23T10:00:00Z&step=1",
            "",
            Ok((1_795_428_000_000, 1_795_428_000_000, 1_000)),
        );
        check("start=0&end=153986&step=14", "", Ok((0, 153_986_000, 14_000)));
    }

    #[test]
    fn limits_are_those_of_prometheus_3() {
        for (text, expected) in [
            ("", Ok(None)),
            ("0", Ok(None)),
            ("1", Ok(Some(1))),
            ("+2", Ok(Some(2))),
            ("9999999999", Ok(Some(9_999_999_999))),
        ] {
            let given = Given::of(format!("limit={}", text.replace('+', "%2B")).as_bytes(), b"").unwrap();
            assert_eq!(given.limit().map_err(|error| error.to_string()), expected, "{text}");
        }
        for text in ["-1", "1.5", "1e3", "x", "99999999999999999999", "1_0", "0x1"] {
            let given = Given::of(format!("limit={text}").as_bytes(), b"").unwrap();
            assert!(given.limit().is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        for (address, parameter) in [
            ("end=1&step=1", "start"),
            ("start=&end=1&step=1", "start"),
            ("start=0&end=1", "step"),
            ("start=NaN&end=1&step=1", "start"),
            ("start=0&end=inf&step=1", "end"),
            ("start=0&end=1e300&step=1", "end"),
            ("start=yesterday&end=1&step=1", "start"),
            ("start=1&end=0&step=1", "end"),
            ("start=0&end=1&step=0", "step"),
            ("start=0&end=1&step=-1", "step"),
            ("start=0&end=1&step=NaN", "step"),
            ("start=0&end=1&step=1e300", "step"),
            ("start=0&end=1&step=0.0001", "step"),
            ("start=0&end=1&step=1x", "step"),
            ("start=0&end=11000&step=1", "step"),
            ("start=0&start=0&end=1&step=1", "start"),
            ("start=0&end=1&step=1&limit=3&limit=3", "limit"),
            ("start=0&end=1&step=1&lookback_delta=1m", "lookback_delta"),
            ("start=0&end=1&step=1&other=%ff", "address"),
        ] {
            check(address, "", Err(parameter));
        }
        check("start=0&end=1&step=1", "step=1", Err("step"));
        check("start=0&end=1&step=1&rule_name%5B%5D=x&match%5B%5D=x", "", Ok((0, 1_000, 1_000)));
        for (timeout, message) in [
            ("x", Some("cannot parse \"x\" to a valid duration")),
            ("-1s", Some("cannot parse \"-1s\" to a valid duration")),
            ("1e30", Some("cannot parse \"1e30\" to a valid duration. It overflows int64")),
            ("1h30m", None),
            ("0.5", None),
            ("", None),
        ] {
            let query = Given::of(format!("query=up&timeout={timeout}").as_bytes(), b"").unwrap().query();
            let fault = query.err().map(|error| match error {
                PageError::BadParameters(problems) => problems[0].message.clone(),
                other => panic!("{other}"),
            });
            assert_eq!(fault.as_deref(), message, "{timeout}");
        }
        check("start=0&end=1&step=1&stats=all&stats=all", "timeout=1s", Ok((0, 1_000, 1_000)));
    }
}
