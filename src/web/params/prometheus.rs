//! Translates addresses of Prometheus' own graph page, versions 2 and 3, to the portal's parameters.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::FurtherQuery;
use super::pairs::Pairs;
use crate::promql::parse_duration;

/// Replaces `g0.*` by the portal's own parameters, which win where the address has both. Returns the expressions of
/// further graphs.
pub(super) fn translate(pairs: &mut Pairs, default_range: Duration) -> Vec<FurtherQuery> {
    if pairs.has_any("g0.") {
        translate_one(pairs, "g0.expr", "query", |text| Ok(text.to_owned()));
        let table = translate_one(pairs, "g0.tab", "view", |text| match text {
            "0" | "graph" => Ok("chart".to_owned()),
            "1" | "table" => Ok("table".to_owned()),
            _ => Err("is not supported; use graph or table".to_owned()),
        });
        time(pairs, table.as_deref() == Some("table"), default_range);
        step(pairs);
        stacking(pairs);
    }
    pairs.further_queries()
}

/// Reads `name` and sets `ours` to the result, which it returns.
fn translate_one(
    pairs: &mut Pairs,
    name: &'static str,
    ours: &'static str,
    read: impl FnOnce(&str) -> Result<String, String>,
) -> Option<String> {
    let text = pairs.text(name).filter(|text| !text.is_empty())?;
    if pairs.has(ours) {
        pairs.refuse(name, format!("ignored, because {ours} is given"));
        return None;
    }
    match read(&text) {
        Ok(value) => {
            pairs.put(ours, value.clone());
            Some(value)
        }
        Err(end) => {
            pairs.refuse_value(name, &text, &end);
            None
        }
    }
}

/// The end as `end_input` or, of a table, `moment_input`; the start as the range before it.
fn time(pairs: &mut Pairs, is_table: bool, default_range: Duration) {
    if ["from", "to", "range"].into_iter().any(|name| pairs.has(name)) {
        for name in ["g0.range_input", "g0.end_input", "g0.moment_input"] {
            if pairs.has(name) {
                pairs.refuse(name, "ignored, because from, to or range is given".to_owned());
            }
        }
        return;
    }
    let range_text = pairs.text("g0.range_input").filter(|text| !text.is_empty());
    let range = range_text.as_deref().and_then(|text| {
        parse_duration(text).map_err(|end| pairs.refuse_value("g0.range_input", text, &end)).ok()
    });
    let (end, moment) = (end(pairs, "g0.end_input"), end(pairs, "g0.moment_input"));
    let end = if is_table { moment.or(end) } else { end.or(moment) };
    match (end, range, range_text) {
        (Some(end), range, _) => {
            let range = range.unwrap_or(default_range).max(Duration::from_secs(1));
            let start = end.checked_sub(range).ok().filter(|start| *start >= Timestamp::UNIX_EPOCH);
            match start {
                Some(start) => pairs.put("from", start.to_string()),
                None => pairs.refuse("g0.range_input", "the start is before 1970".to_owned()),
            }
            pairs.put("to", end.to_string());
        }
        (None, Some(_), Some(text)) => pairs.put("range", text),
        _ => {}
    }
}

/// `YYYY-MM-DD HH:MM:SS`, in UTC whatever the page's zone is.
fn end(pairs: &mut Pairs, name: &'static str) -> Option<Timestamp> {
    let text = pairs.text(name).filter(|text| !text.is_empty())?;
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let end = text.parse().ok().or_else(|| Some(civil()?.timestamp()));
    if end.is_none() {
        pairs.refuse_value(name, &text, "is not a valid time; use 2026-01-31 12:00:00 (UTC)");
    }
    end
}

/// `res_step` of the types that have one, else the older `step_input`; both are seconds or a duration.
fn step(pairs: &mut Pairs) {
    let own = pairs.text("g0.res_type").is_some_and(|kind| matches!(kind.as_str(), "fixed" | "custom"));
    let named = if own && pairs.has("g0.res_step") { "g0.res_step" } else { "g0.step_input" };
    translate_one(pairs, named, "step", |text| parse_duration(text).map(|_| text.to_owned()));
}

fn stacking(pairs: &mut Pairs) {
    let old = pairs.text("g0.stacked").is_some_and(|text| text == "1");
    let mode = pairs.text("g0.display_mode");
    match mode.as_deref() {
        Some("lines") => return,
        Some("stacked") => {}
        None | Some("") if old => {}
        None | Some("") => return,
        Some(other) => {
            return pairs.refuse_value("g0.display_mode", other, "is not supported; use lines or stacked");
        }
    }
    for (ours, value) in [("graphType", "area"), ("stack", "true")] {
        if !pairs.has(ours) {
            pairs.put(ours, value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::page_params::PageDefaults;
    use crate::web::PageParams;

    /// What an address means in the portal's own parameters; a problem is told by its parameter.
    fn check(query: &str, expected: &str) {
        let defaults = PageDefaults { zone: "Asia/Tokyo".parse().ok(), ..PageDefaults::default() };
        let params = PageParams::read_custom(query, &defaults, "2026-11-23T14:02:15Z".parse().unwrap());
        let given = params.given.iter().map(|(name, value)| format!("{name}={value}"));
        let problems = params.problems.iter().map(|problem| format!("!{}", problem.parameter));
        let more =
            params.custom.more.iter().map(|further| format!("+{}={}", further.parameter, further.query));
        let all = given.chain(problems).chain(more).collect::<Vec<_>>();
        assert_eq!(all.join(" "), expected, "{query}");
    }

    #[test]
    fn addresses_of_prometheus_2_are_understood() {
        check("g0.expr=up&g0.tab=1&g0.stacked=0&g0.range_input=1h", "range=1h view=table query=up");
        check(
            "g0.expr=up&g0.tab=0&g0.stacked=1&g0.range_input=",
            "graphType=area stack=true view=chart query=up",
        );
        let from_to = "from=2026-11-23T08:00:00Z to=2026-11-23T14:00:00Z step=60 view=chart query=up";
        for end in
            ["2026-11-23%2014%3A00%3A00", "2026-11-23+14:00:00", "2026-11-23+14:00", "2026-11-23T14:00:00Z"]
        {
            let at = format!("g0.range_input=6h&g0.end_input={end}&g0.moment_input={end}&g0.step_input=60");
            check(&format!("g0.expr=up&g0.tab=0&{at}"), from_to);
        }
        let moments = "g0.end_input=2026-11-23+14:00:00&g0.moment_input=2026-11-23+12:00:00";
        check(
            &format!("g0.expr=up&g0.tab=1&{moments}"),
            "from=2026-11-23T11:00:00Z to=2026-11-23T12:00:00Z view=table query=up",
        );
        check(&format!("g0.expr=up&{moments}"), "from=2026-11-23T13:00:00Z to=2026-11-23T14:00:00Z query=up");
    }

    #[test]
    fn addresses_of_prometheus_3_are_understood() {
        let view = "g0.show_tree=0&g0.tab=graph&g0.range_input=1h30m&g0.y_axis_min=0&g0.show_exemplars=0";
        check(
            &format!("g0.expr=up&{view}&g0.res_type=auto&g0.res_density=medium&g0.display_mode=lines"),
            "range=1h30m view=chart query=up",
        );
        for kind in ["fixed", "custom"] {
            check(
                &format!("g0.expr=up&{view}&g0.res_type={kind}&g0.res_step=30&g0.display_mode=stacked"),
                "range=1h30m step=30 graphType=area stack=true view=chart query=up",
            );
        }
        check("g0.expr=up&g0.tab=table&g0.step_input=31m", "step=31m view=table query=up");
    }

    #[test]
    fn nothing_is_dropped_in_silence() {
        check(
            "g0.expr=up&g2.expr=c&g1.expr=b&g1.tab=0&g10.expr=d&gx.expr=e",
            "query=up +g1.expr=b +g2.expr=c +g10.expr=d",
        );
        check("g0.expr=up&query=down&instance=prod", "query=down instance=prod !g0.expr");
        check(
            "g0.expr=up&g0.range_input=1x&g0.end_input=now&g0.step_input=-5",
            "query=up !g0.range_input !g0.end_input !g0.step_input",
        );
        check("g0.expr=up&g0.tab=explain&g0.display_mode=heatmap", "query=up !g0.tab !g0.display_mode");
        check("g0.expr=up&g0.range_input=2h&range=6h", "range=6h query=up !g0.range_input");
        check("g0.expr=up&g0.expr=down", "!g0.expr");
        check(
            "g0.expr=up&g0.range_input=90y&g0.end_input=2026-11-23+14:00:00",
            "to=2026-11-23T14:00:00Z query=up !g0.range_input",
        );
    }

    #[test]
    fn an_expression_keeps_every_character() {
        check("g0.expr=a+%2B+b+%25+c%7Bd%3D%22%26%23%22%7D", "query=a + b % c{d=\"&#\"}");
    }
}
