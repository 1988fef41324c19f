//! Links out of the portal: to the pages of Prometheus and Alertmanager, and links in annotations and catalog files.

use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::monitoring::Period;
use crate::page_params::in_one_unit;
use crate::prometheus::Labels;
use crate::promql::{MatchOp, Matcher};

/// What stays unescaped in a value of a query. A blank becomes `%20`, which every reader of queries takes.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longer texts are shown, not linked.
const LONGEST_HREF: usize = 2_000;

/// The expression in Prometheus' own graph page over the same instants. `/graph?g0...` is understood by
/// Prometheus 2, which reads `step_input`, and 3, which reads `res_type` and `res_step`; both in seconds.
pub fn prometheus_graph(ui_url: &Url, query: &str, period: &Period) -> String {
    let length = in_one_unit(period.to.duration_since(period.from).try_into().unwrap_or_default());
    let end = period.to.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let step = period.step.unwrap_or_default();
    let (whole, exact) = (step.as_millis().div_ceil(1_000).to_string(), step.as_secs_f64().to_string());
    let mut pairs = vec![("g0.expr", query), ("g0.tab", "0")];
    pairs.extend([("g0.range_input", length.as_str()), ("g0.end_input", &end)]);
    if !step.is_zero() {
        pairs.extend([("g0.step_input", whole.as_str()), ("g0.res_type", "custom"), ("g0.res_step", &exact)]);
    }
    let encoded = pairs.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)));
    let query = encoded.collect::<Vec<_>>().join("&");
    let mut url = under(ui_url, "graph");
    url.set_query(Some(&query));
    url.into()
}

/// Prometheus' own page of alerts.
pub fn prometheus_alerts(ui_url: &Url) -> String {
    under(ui_url, "alerts").into()
}

/// Alertmanager's own form for a new silence, with a matcher for each label.
pub fn new_silence(ui_url: &Url, labels: &Labels) -> String {
    let matcher = |(name, value): (&str, &str)| Matcher::new(name, MatchOp::Equal, value).ok();
    let matchers = labels.iter().filter(|(_, value)| !value.is_empty()).filter_map(matcher);
    let filter = format!("{{{}}}", matchers.map(|m| m.to_string()).collect::<Vec<_>>().join(", "));
    let mut url = under(ui_url, "");
    url.set_fragment(Some(&format!("/silences/new?filter={}", utf8_percent_encode(&filter, VALUE))));
    url.into()
}

fn under(ui_url: &Url, page: &str) -> Url {
    let mut url = ui_url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only on addresses without a host, which hold neither a password nor a path to extend.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(page);
    }
    url
}

/// A text from an annotation or a catalog file as a link: only if it is, as written, an absolute http or https
/// address without user information. What browsers would quietly repair (tabs, backslashes, missing slashes)
/// is refused, so that what is linked is what a reader sees; a name in other scripts comes out as punycode.
pub fn safe_href(text: &str) -> Option<String> {
    let scheme_ends = text.find("://")?;
    let (scheme, rest) = text.split_at_checked(scheme_ends)?;
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let rest = rest.get("://".len()..)?;
    let authority = rest.split(['/', '?', '#']).next().filter(|a| !a.is_empty())?;
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if !web || text.len() > LONGEST_HREF || text.contains(odd) || authority.contains('@') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.has_host();
    (plain && url.username().is_empty() && url.password().is_none()).then(|| url.into())
}
