//! Units by name and by metadata, and all the queries that say nothing.

use super::*;

fn read(query: &str) -> PromQl {
    PromQl::read(query).0.unwrap_or_else(|| panic!("{query}"))
}

fn check(expected: &Unit, queries: &[&str]) {
    for query in queries {
        assert_eq!(unit_from_names(&read(query)), UnitGuess::Known(expected.clone()), "{query}");
    }
}

#[test]
fn units_by_suffix() {
    check(
        &Unit::Bytes,
        &[
            "node_memory_Active_bytes",
            " process_resident_memory_bytes{job=\"a)b\", x='{'} ",
            "x_bytes offset 5m",
            "sum(x_bytes)",
            "sum by (job) (x_bytes{a=\"b\"})",
            "sum(x_bytes) by (job, instance)",
            "max without(instance) (avg_over_time(x_bytes[5m]))",
            "((((((((((x_bytes))))))))))",
            "topk(3, sum by (pod) (x_bytes))",
            "sum(x_bytes) > 3",
            "3 < sum(x_bytes)",
            "mem_total_bytes - mem_free_bytes",
            "x_bytes or y_bytes",
            "x_bytes and on (job) up",
            "clamp_min(x_bytes - 10, 0)",
            "increase(net_bytes_total[1h])",
            "histogram_quantile(0.9, sum by (le) (rate(size_bytes_bucket[5m])))",
            "histogram_quantile(0.9, sum(rate(size_bytes[5m])))",
            "job:size_bytes:sum",
        ],
    );
    check(
        &Unit::BytesPerSecond,
        &[
            "rate(net_bytes_total[5m])",
            "sum(irate(net_bytes_total{d!~\"lo|a\"}[1m])) by (d)",
            "rate(net_receive_bytes_total[5m]) + rate(net_transmit_bytes_total[5m])",
            "rate(size_bytes_sum[5m])",
            "job:net_bytes:rate5m",
            "disk_bytes_per_second",
        ],
    );
    check(&Unit::Ratio, &["cache_hit_ratio", "avg(cache_hit_ratio) by (job)", "job:errors:ratio_rate5m"]);
    check(
        &Unit::PerSecond,
        &[
            "rate(http_requests_total[5m])",
            "sum(rate(http_requests_total[5m]))",
            "rate(x_seconds_count[5m])",
            "job:http_requests:rate5m",
        ],
    );
    check(&Unit::Milliseconds, &["x_milliseconds", "max(x_ms)"]);
    check(&Unit::Celsius, &["avg(node_hwmon_temp_celsius)"]);
    check(&Unit::Watts, &["rate(node_rapl_package_joules_total[5m])"]);
}

#[test]
fn durations_and_time_stamps() {
    check(
        &Unit::Seconds,
        &[
            "queue_wait_seconds",
            "histogram_quantile(.99, sum(rate(http_request_duration_seconds_bucket{a=\"b\"}[5m])) by (le))",
            "rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])",
            "sum by (a) (rate(x_seconds_sum[5m])) / sum by (a) (rate(x_seconds_count[5m]))",
            "time() - process_start_time_seconds",
            "time() - max(backup_last_success_timestamp_seconds)",
            "certmanager_certificate_expiration_timestamp_seconds - time()",
            "(x_timestamp_seconds - time()) < 86400*21",
            "min by (name) (x_timestamp_seconds) - (time())",
            "x_timestamp_seconds - (time() + 3600)",
            "(time() + 3600) - x_timestamp_seconds",
            "1700000000 - x_timestamp_seconds",
            "x_timestamp_seconds - scalar(y_timestamp_seconds)",
        ],
    );
    check(
        &Unit::Timestamp,
        &[
            "x_timestamp_seconds",
            "x_timestamp_seconds - 3600",
            "x_timestamp_seconds - (24 * -3600)",
            "x_timestamp_seconds + 86400",
            "time()",
            "vector(time())",
            "timestamp(up)",
            "max by (job) (timestamp(x_bytes))",
            "scalar(timestamp(up))",
            "topk(3, timestamp(up) > 5)",
            "timestamp(up) + 60",
        ],
    );
    check(
        &Unit::Seconds,
        &["time() - timestamp(up)", "time() - max(timestamp(x_bytes))", "stddev(timestamp(up))"],
    );
    check(&Unit::TimestampMilliseconds, &["x_timestamp_ms", "max(last_push_timestamp_milliseconds)"]);
    check(&Unit::Milliseconds, &["delta(x_timestamp_ms[1h])"]);
    check(
        &Unit::None,
        &[
            "1000 * time()",
            "time() / 60",
            "sum(timestamp(up))",
            "count(timestamp(up))",
            "timestamp(up) - timestamp(x)",
            "rate(timestamp(up)[5m:1m])",
            "hour(timestamp(up))",
            "time() % 86400",
            "vector(1)",
        ],
    );
    check(&Unit::Bytes, &["x_bytes - scalar(y_bytes)", "1024 - x_bytes", "x_bytes - 10"]);
    check(&Unit::Ratio, &["1 - x_ratio"]);
}

#[test]
fn in_doubt_none() {
    check(
        &Unit::None,
        &[
            "up",
            "sum(up)",
            "ALERTS",
            "x_bytes / y_bytes",
            "x_bytes * 2",
            "x_bytes > bool 3",
            "x_bytes + y_seconds",
            "sum(x_ratio)",
            "sum(x_celsius)",
            "rate(cpu_seconds_total[5m])",
            "rate(rate(x_total[5m])[5m:])",
            "x_time_seconds",
            "x_created",
            "a_timestamp_seconds - b_timestamp_seconds",
            "sum(x_timestamp_seconds)",
            "rate(x_timestamp_seconds[5m])",
            "x_timestamp_seconds * 1000",
            "changes(process_start_time_seconds[1h])",
            "x_seconds_count",
            "count(x_bytes)",
            "time() - x_seconds",
            "x_bytes - time()",
            "rate(x_seconds_sum[5m]) / rate(y_seconds_count[5m])",
            "rate(x_seconds_sum[5m]) / x_seconds_count",
            "{__name__=\"x_bytes\"}",
            "histogram_quantile(0.9, histogram_quantile(0.9, x_seconds_bucket))",
            "vector(1)",
            "1",
            "nobody_knows(this_bytes)",
            "a + b + c",
        ],
    );
}

#[test]
fn metadata_is_requested_of_names_without_a_unit() {
    let check = |query: &str, names: &[&str]| {
        assert_eq!(
            unit_from_names(&read(query)),
            UnitGuess::InMetadata(names.iter().map(|n| (*n).to_owned()).collect()),
            "{query}"
        );
    };
    check("go_goroutines", &["go_goroutines"]);
    check("sum by (a) (rate(requests[5m]))", &["requests"]);
    check("b - a + a", &["a", "b"]);
    check("mem_kilobytes", &["mem_kilobytes"]);
    check("x_bytes + y", &["y"]);
    check("histogram_quantile(0.9, rate(latency_bucket[5m]))", &["latency"]);
    check("rate(size_sum[5m]) / rate(size_count[5m])", &["size"]);
}

#[test]
fn metadata_gives_the_unit_that_a_name_lacks() {
    let check = |query: &str, unit: &str, is_counter: bool, expected: Unit| {
        let query = read(query);
        let UnitGuess::InMetadata(metrics) = unit_from_names(&query) else {
            panic!("{query} needs no metadata")
        };
        let unit = Some(unit).filter(|unit| !unit.is_empty()).map(str::to_owned);
        let metadata = vec![Metadata { unit, is_counter }; metrics.len()];
        assert_eq!(unit_from_metadata(&query, &metrics, &metadata), expected, "{query}");
    };
    check("size", "bytes", false, Unit::Bytes);
    check("sum(rate(sent[5m]))", "bytes", true, Unit::BytesPerSecond);
    check("sum(rate(requests[5m]))", "", true, Unit::PerSecond);
    check("rate(requests[5m])", "", false, Unit::None);
    check("requests", "", true, Unit::None);
    check("a - b", "volts", false, Unit::Volts);
    check("x_bytes - b", "seconds", false, Unit::None);
    check("x_bytes - b", "bytes", false, Unit::Bytes);
    check("depth", "orders", false, Unit::Other("orders".to_owned()));
    check("histogram_quantile(0.9, rate(latency_bucket[5m]))", "seconds", false, Unit::Seconds);
    check("fullness", "ratio", false, Unit::Ratio);
    check("sum(fullness)", "ratio", false, Unit::None);
}
