//! What is known of PromQL's functions by their names.

/// The functions of one vector whose values measure the same as the vector's.
const OF_SAME_QUANTITY: [&[&str]; 4] = [
    &["abs", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "round"],
    &["sort", "sort_by_label", "sort_by_label_desc", "sort_desc"],
    &["delta", "double_exponential_smoothing", "holt_winters", "idelta", "predict_linear"],
    &["histogram_avg", "histogram_stddev"],
];

/// The other functions that give each series of a vector a value.
const OF_OTHER_QUANTITY: [&[&str]; 6] = [
    &["changes", "deriv", "increase", "irate", "rate", "resets"],
    &["exp", "ln", "log10", "log2", "sgn", "sqrt"],
    &["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "deg", "rad", "sin", "sinh"],
    &["tan", "tanh", "timestamp", "hour", "minute", "month", "year"],
    &["day_of_month", "day_of_week", "day_of_year", "days_in_month", "histogram_count", "histogram_fraction"],
    &["histogram_quantile", "histogram_stdvar", "histogram_sum"],
];

fn is_in(lists: &[&[&str]], name: &str) -> bool {
    lists.iter().any(|names| names.contains(&name))
}

/// Whether a function gives each series of its vector a value and leaves it its labels but for the metric's name
/// (Prometheus' `promql/functions.go`). False for one that is not known.
pub(super) fn keeps_labels(name: &str) -> bool {
    let is_over_time = name.ends_with("_over_time") && name != "absent_over_time";
    is_over_time || is_in(&OF_SAME_QUANTITY, name) || is_in(&OF_OTHER_QUANTITY, name)
}

/// Whether the values of a function measure the same as those of its vector.
pub(super) fn keeps_quantity(name: &str) -> bool {
    match name.strip_suffix("_over_time") {
        Some(kind) => {
            matches!(kind, "avg" | "first" | "last" | "mad" | "max" | "min" | "quantile" | "stddev")
        }
        None => is_in(&OF_SAME_QUANTITY, name) || matches!(name, "label_join" | "label_replace" | "scalar"),
    }
}
