//! Guesses what a query measures from its metric's name. In doubt it says nothing.

use crate::annotations::Unit;

/// The unit of a plain selector, or of a few functions and aggregations around one; else none.
///
/// Prometheus' naming rules give a metric its base unit as a suffix, and counters `_total` after it:
/// <https://prometheus.io/docs/practices/naming/>.
pub fn guess(query: &str) -> Unit {
    let Some((metric, outer)) = peel(query, 0) else { return Unit::None };
    match outer {
        Measure::Itself => level(metric),
        Measure::Sum => match level(metric) {
            // The sum of shares is no share.
            Unit::Ratio | Unit::Percent => Unit::None,
            unit => unit,
        },
        Measure::Rate => speed(metric),
        Measure::Quantile => metric.strip_suffix("_bucket").map_or(Unit::None, level),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Itself,
    Sum,
    Rate,
    Quantile,
}

fn level(metric: &str) -> Unit {
    let metric = metric.strip_suffix("_total").unwrap_or(metric);
    if metric.ends_with("_bytes") {
        Unit::Bytes
    } else if metric.ends_with("_timestamp_seconds") || metric.ends_with("_time_seconds") {
        // An instant, not a length.
        Unit::None
    } else if metric.ends_with("_seconds") {
        Unit::Seconds
    } else if metric.ends_with("_ratio") {
        Unit::Ratio
    } else if metric.ends_with("_percent") {
        Unit::Percent
    } else {
        Unit::None
    }
}

fn speed(metric: &str) -> Unit {
    match level(metric) {
        Unit::Bytes => Unit::BytesPerSecond,
        Unit::None if metric.ends_with("_total") || metric.ends_with("_count") => Unit::PerSecond,
        _ => Unit::None,
    }
}

/// The metric at the bottom of a query and what is made of it. None where the query has another shape.
fn peel(query: &str, depth: usize) -> Option<(&str, Measure)> {
    let query = query.trim();
    if depth > 8 {
        return None;
    }
    let end =
        query.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(query.len());
    let (word, rest) = query.split_at_checked(end)?;
    if word.is_empty() {
        return if let Some((inner, "")) = bracketed(rest, '(', ')') { peel(inner, depth + 1) } else { None };
    }
    let rest = rest.trim_start();
    if let Some(rest) = grouping(rest) {
        let (inner, "") = bracketed(rest, '(', ')')? else { return None };
        return called(word, inner, depth);
    }
    if let Some((inner, after)) = bracketed(rest, '(', ')') {
        let after = after.trim();
        let grouped = grouping(after).is_some_and(|rest| rest.trim().is_empty());
        return if after.is_empty() || grouped { called(word, inner, depth) } else { None };
    }
    let rest = bracketed(rest, '{', '}').map_or(rest, |(_, after)| after).trim_start();
    let rest = bracketed(rest, '[', ']').map_or(rest, |(_, after)| after);
    rest.trim().is_empty().then_some((word, Measure::Itself))
}

fn called<'a>(function: &str, inner: &'a str, depth: usize) -> Option<(&'a str, Measure)> {
    let own = match function {
        "avg" | "min" | "max" | "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" => {
            Measure::Itself
        }
        "sum" => Measure::Sum,
        "rate" | "irate" => Measure::Rate,
        "histogram_quantile" => {
            let (quantile, buckets) = inner.split_once(',')?;
            quantile.trim().parse::<f64>().ok()?;
            return peel(buckets, depth + 1)
                .filter(|(_, within)| *within != Measure::Quantile)
                .map(|(metric, _)| (metric, Measure::Quantile));
        }
        _ => return None,
    };
    match (own, peel(inner, depth + 1)?) {
        (Measure::Itself, found) => Some(found),
        (own, (metric, Measure::Itself)) => Some((metric, own)),
        (Measure::Sum, found) => Some(found),
        // A rate of anything but a selector is a subquery's, and rare.
        _ => None,
    }
}

/// What follows `by (...)` or `without (...)`.
fn grouping(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("by").or_else(|| text.strip_prefix("without"))?;
    bracketed(rest.trim_start(), '(', ')').map(|(_, after)| after.trim_start())
}

/// What stands within and after the bracket that `text` begins with; strings in it are skipped.
fn bracketed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let body = text.strip_prefix(open)?;
    let mut depth = 1_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(q) if c == '\\' && q != '`' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == open => depth += 1,
            None if c == close => {
                depth -= 1;
                if depth == 0 {
                    let (inner, after) = body.split_at_checked(at)?;
                    return Some((inner, after.strip_prefix(close)?));
                }
            }
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Unit, queries: &[&str]) {
        for query in queries {
            assert_eq!(guess(query), expected, "{query}");
        }
    }

    #[test]
    fn units_by_suffix() {
        check(
            Unit::Bytes,
            &[
                "node_memory_Active_bytes",
                " process_resident_memory_bytes{job=\"a)b\", x='{'} ",
                "sum(x_bytes)",
                "sum by (job) (x_bytes{a=\"b\"})",
                "sum(x_bytes) by (job, instance)",
                "max without(instance) (avg_over_time(x_bytes[5m]))",
                "(x_bytes)",
                "histogram_quantile(0.9, sum by (le) (rate(size_bytes_bucket[5m])))",
            ],
        );
        check(
            Unit::BytesPerSecond,
            &["rate(net_bytes_total[5m])", "sum(irate(net_bytes_total{d!~\"lo|a\"}[1m])) by (d)"],
        );
        check(
            Unit::Seconds,
            &[
                "queue_wait_seconds",
                "histogram_quantile(.99, sum(rate(http_request_duration_seconds_bucket{a=\"b\"}[5m])) by (le))",
            ],
        );
        check(Unit::Ratio, &["cache_hit_ratio", "avg(cache_hit_ratio) by (job)"]);
        check(
            Unit::PerSecond,
            &[
                "rate(http_requests_total[5m])",
                "sum(rate(http_requests_total[5m]))",
                "rate(x_seconds_count[5m])",
            ],
        );
    }

    #[test]
    fn in_doubt_none() {
        check(
            Unit::None,
            &[
                "",
                "up",
                "http_requests_total",
                "x_bytes / y_bytes",
                "x_bytes * 2",
                "x_bytes offset 5m",
                "sum(x_ratio)",
                "rate(cpu_seconds_total[5m])",
                "rate(rate(x_total[5m])[5m:])",
                "process_start_time_seconds",
                "increase(x_total[5m])",
                "count(x_bytes)",
                "time() - x_seconds",
                "topk(3, x_bytes)",
                "sum(x_bytes) > 3",
                "{__name__=\"x_bytes\"}",
                "sum(x_bytes",
                "\"x_bytes",
                "(((((((((((x_bytes)))))))))))",
                "histogram_quantile(0.9, 0.9, x_seconds_bucket)",
                "é_bytes",
            ],
        );
    }
}
