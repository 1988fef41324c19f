//! The parameters of a request to the demo, by Prometheus' rules and with its messages.

use actix_web::HttpRequest;
use jiff::Timestamp;
use url::form_urlencoded;

use crate::promql::parse_duration;

/// In milliseconds; far beyond any calendar, and safe to add to.
const FARTHEST: f64 = 1e15;

/// Names and values, those of the form first: as in Go, the form wins.
pub struct RequestParameters(Vec<(String, String)>);

impl RequestParameters {
    pub fn of(request: &HttpRequest, form: &[u8]) -> Self {
        let address = form_urlencoded::parse(request.query_string().as_bytes());
        let all = form_urlencoded::parse(form).chain(address);
        Self(all.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of a name; empty without one.
    pub fn first(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// An instant in epoch milliseconds.
    pub fn instant(&self, name: &str, otherwise: i64) -> Result<i64, String> {
        match self.first(name) {
            "" => Ok(otherwise),
            text => read_instant(name, text),
        }
    }

    /// How many elements an answer may have; None for any number.
    pub fn limit(&self) -> Result<Option<usize>, String> {
        match self.first("limit") {
            "" | "0" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| format!("invalid parameter \"limit\": cannot parse {text:?} to a valid limit")),
        }
    }

    /// Start, end and step of a range, in milliseconds.
    pub fn steps(&self) -> Result<(i64, i64, i64), String> {
        let (start, end) =
            (read_instant("start", self.first("start"))?, read_instant("end", self.first("end"))?);
        if end < start {
            return Err("invalid parameter \"end\": end timestamp must not be before start time".to_owned());
        }
        let text = self.first("step");
        let step = duration(text).ok_or_else(|| {
            format!("invalid parameter \"step\": cannot parse {text:?} to a valid duration")
        })?;
        if step <= 0 {
            return Err("invalid parameter \"step\": zero or negative query resolution step widths \
                        are not accepted. Try a positive integer"
                .to_owned());
        }
        Ok((start, end, step))
    }
}

/// Epoch seconds or RFC 3339, as epoch milliseconds.
fn read_instant(name: &str, text: &str) -> Result<i64, String> {
    let read = match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    };
    read.ok_or_else(|| format!("invalid parameter {name:?}: cannot parse {text:?} to a valid timestamp"))
}

/// Seconds, or `1h30m`, as milliseconds.
fn duration(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => i64::try_from(parse_duration(text).ok()?.as_millis()).ok(),
    }
}

fn milliseconds(seconds: f64) -> Option<i64> {
    let all = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within bounds")]
    (all.abs() <= FARTHEST).then_some(all as i64)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::RequestParameters;

    fn steps(start: &str, end: &str, step: &str) -> Result<(i64, i64, i64), String> {
        let request = TestRequest::default().to_http_request();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("start", start), ("end", end), ("step", step)])
            .finish();
        RequestParameters::of(&request, form.as_bytes()).steps()
    }

    #[test]
    fn reads_what_prometheus_reads() {
        let same = [
            ("1800000000", "1800000060", "30"),
            ("1800000000.000", "1800000060.0", "30s"),
            ("2027-01-15T08:00:00Z", "2027-01-15T09:01:00+01:00", "0m30s"),
        ];
        for (start, end, step) in same {
            assert_eq!(
                steps(start, end, step),
                Ok((1_800_000_000_000, 1_800_000_060_000, 30_000)),
                "{start}"
            );
        }
    }

    #[test]
    fn refuses_with_the_messages_of_prometheus() {
        let cases = [
            ("", "1", "1", "invalid parameter \"start\": cannot parse \"\" to a valid timestamp"),
            ("1", "NaN", "1", "invalid parameter \"end\": cannot parse \"NaN\" to a valid timestamp"),
            ("1", "1e300", "1", "invalid parameter \"end\": cannot parse \"1e300\" to a valid timestamp"),
            ("2", "1", "1", "invalid parameter \"end\": end timestamp must not be before start time"),
            ("1", "2", "", "invalid parameter \"step\": cannot parse \"\" to a valid duration"),
            ("1", "2", "5x", "invalid parameter \"step\": cannot parse \"5x\" to a valid duration"),
            ("1", "2", "99999999999999999999y", "invalid parameter \"step\": cannot parse"),
            ("1", "2", "0", "invalid parameter \"step\": zero or negative query resolution"),
            ("1", "2", "-1", "invalid parameter \"step\": zero or negative query resolution"),
        ];
        for (start, end, step, message) in cases {
            let error = steps(start, end, step).expect_err("a refusal");
            assert!(error.starts_with(message), "{start} {end} {step}: {error}");
        }
    }

    #[test]
    fn the_form_wins_and_names_may_repeat() {
        let request = TestRequest::with_uri("/?query=address&match[]=a&match%5B%5D=b").to_http_request();
        let parameters = RequestParameters::of(&request, b"query=form&limit=3");
        assert_eq!((parameters.first("query"), parameters.first("absent")), ("form", ""));
        assert_eq!(parameters.all("match[]").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(parameters.limit(), Ok(Some(3)));
        assert_eq!((parameters.instant("time", 7), parameters.instant("limit", 7)), (Ok(7), Ok(3000)));
    }
}
