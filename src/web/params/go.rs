//! The address of `/go`: every parameter is a label of the alert, save when it fired, on which instance, and the theme of
//! the page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::form_urlencoded;

use super::ParamProblem;
use super::instant::{End, TimeReader};
use crate::monitoring::AlertQuery;
use crate::page_params::quoted;
use crate::prometheus::Labels;
use crate::promql::{MatchOp, Matcher, RegexLimit};

/// The parameters that are no labels. No label of Prometheus begins so, but for those it keeps to itself.
pub const AT: &str = "__at";
pub const INSTANCE: &str = "__instance";
pub const THEME: &str = "__theme";
/// More labels are left out, and so are longer ones.
const MOST_LABELS: usize = 100;
const LONGEST_LABEL: usize = 4_096;
const MAX_CLOCK_SKEW_SECS: i64 = 600;

/// All that such an address says.
#[derive(Clone, Debug)]
pub struct GoParams {
    pub query: AlertQuery,
    /// How the page looks, as a query string of other pages.
    pub look: String,
    pub problems: Vec<ParamProblem>,
}

impl GoParams {
    /// Never fails: what cannot be understood is a problem. Empty values are those of templates whose alerts
    /// differ, and say nothing.
    pub fn read(query: &str, now: Timestamp) -> Self {
        let (mut labels, mut problems) = (BTreeMap::<String, Option<String>>::new(), Vec::new());
        let (mut at_text, mut instance, mut left_out) = (None, None, 0);
        let mut look = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // A label's value keeps its blanks.
            if value.is_empty() || name.is_empty() {
                continue;
            }
            match name.as_ref() {
                AT => at_text = Some(value.into_owned()),
                INSTANCE => instance = Some(value.into_owned()),
                THEME => _ = look.append_pair("theme", &value),
                _ if name.len() + value.len() > LONGEST_LABEL || labels.len() >= MOST_LABELS => left_out += 1,
                name => {
                    let known = labels.entry(name.to_owned()).or_insert_with(|| Some(value.to_string()));
                    *known = known.take().filter(|known| *known == value);
                }
            }
        }
        let mut refuse = |parameter: &'static str, message| {
            problems.push(ParamProblem { parameter: parameter.into(), message })
        };
        for (name, _) in labels.iter().filter(|(_, value)| value.is_none()) {
            let name = quoted(name);
            refuse("label", format!("{name} is given twice with different values, so it is ignored"));
        }
        if left_out > 0 {
            let limits = format!("at most {MOST_LABELS}, each of at most {LONGEST_LABEL} bytes");
            refuse("label", format!("{left_out} labels are ignored: a link has {limits}"));
        }
        let at = at_text.and_then(|text| {
            read_time(&text, now).map_err(|end| refuse(AT, format!("{} {end}", quoted(&text)))).ok()
        });
        let labels = labels.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Self { query: AlertQuery { labels, at, instance, ad_hoc: false }, look: look.finish(), problems }
    }
}

/// The labels of a resolved alert, in an address that `/go` wrote.
pub(super) fn read_labels(text: &str) -> Result<Labels, String> {
    // None of them may be a regex, so none is compiled.
    let (matchers, problems) = Matcher::read_list_within(text, RegexLimit::NONE);
    let plain = problems.is_empty() && matchers.iter().all(|m| m.op == MatchOp::Equal);
    let labels = matchers.into_iter().map(|m| (m.name, m.value)).collect();
    plain.then_some(labels).ok_or_else(|| "is not a list of labels".to_owned())
}

/// RFC 3339, or seconds or milliseconds since 1970; no later than now, save for what clocks differ by.
pub(super) fn read_time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let invalid = || "is not a valid time; use 2026-01-31T12:00:00Z or epoch seconds".to_owned();
    if text.trim_start().starts_with("now") {
        return Err(invalid());
    }
    let at = TimeReader::utc(now).instant(text.trim(), End::From).map_err(|_| invalid())?;
    if at.as_second().saturating_sub(now.as_second()) > MAX_CLOCK_SKEW_SECS {
        return Err("is in the future".to_owned());
    }
    Ok(at.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: &str) {
        let now = "2026-11-23T14:02:15Z".parse().unwrap();
        let GoParams { query, look, problems } = GoParams::read(query, now);
        let labels = query.labels.iter().map(|(name, value)| format!("{name}={value}"));
        let at = query.at.map(|at| format!("@{at}"));
        let instance = query.instance.map(|name| format!("on {name}"));
        let problems = problems.iter().map(|problem| format!("!{}", problem.parameter));
        let look = Some(look).filter(|look| !look.is_empty());
        let all = labels.chain(at).chain(instance).chain(look).chain(problems).collect::<Vec<_>>();
        assert_eq!(all.join(" "), expected, "{expected}");
    }

    #[test]
    fn every_parameter_is_a_label() {
        check("alertname=A&kiosk=1&theme=x&tz=&from=now&severity=", "alertname=A from=now kiosk=1 theme=x");
        check("alertname=a%2Bb+c&x=%22%3C%26%C3%A9", "alertname=a+b c x=\"<&é");
        check("alertname=A&__instance=prod&instance=h:9100", "alertname=A instance=h:9100 on prod");
        check("alertname=A&a=1&a=1&b=1&b=2&b=1", "a=1 alertname=A !label");
        check("alertname=A&__theme=dark&theme=x", "alertname=A theme=x theme=dark");
        check("", "");
        check(&format!("alertname=A&x={}", "y".repeat(5_000)), "alertname=A !label");
    }

    #[test]
    fn times_are_absolute() {
        for (text, at) in [
            ("2026-11-23T12:00:00Z", "@2026-11-23T12:00:00Z"),
            ("2026-11-23T13:00:00%2B01:00", "@2026-11-23T12:00:00Z"),
            ("2026-11-23T13:00:00+01:00", "@2026-11-23T12:00:00Z"),
            ("1795435200", "@2026-11-23T12:00:00Z"),
            ("1795435200000", "@2026-11-23T12:00:00Z"),
            ("2026-11-23T14:05:00Z", "@2026-11-23T14:02:15Z"),
            ("2026-11-24T12:00:00Z", "!__at"),
            ("now-1h", "!__at"),
            ("soon", "!__at"),
            ("-5", "!__at"),
            ("1e999", "!__at"),
            ("0001-01-01T00:00:00Z", "!__at"),
        ] {
            check(&format!("__at={text}"), at);
        }
    }
}
