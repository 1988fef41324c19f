//! Prometheus' durations: `30s`, `1h30m`, `1w`.

use std::time::Duration;

/// The units in the order in which Prometheus wants them, in milliseconds; a year has 365 days.
const UNITS: [(&str, u64); 7] = [
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest duration that Prometheus can hold: 2^63 nanoseconds, about 292 years.
const LONGEST_MS: u64 = 9_223_372_036_854;

const TOO_LONG: &str = "is longer than Prometheus' limit of 292 years";
const NOT_A_DURATION: &str = "is not a duration; use 30s, 5m, 1h30m, 1d or a number of seconds";

/// Reads `1h30m`, or bare seconds (`14`, `0.5`), as Prometheus' `step` does.
/// At least a millisecond, which is as fine as Prometheus' own clock. The error completes the sentence `"TEXT" ...`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty; use 30s, 5m, 1h30m or 1d".to_owned());
    }
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let millis = if is_number { seconds(text)? } else { units(text)? };
    match millis {
        0 => Err("is shorter than a millisecond".to_owned()),
        1..=LONGEST_MS => Ok(Duration::from_millis(millis)),
        _ => Err(TOO_LONG.to_owned()),
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    let seconds: f64 = text.parse().map_err(|_| NOT_A_DURATION)?;
    if seconds.is_nan() {
        return Err(NOT_A_DURATION.to_owned());
    }
    if seconds < 0.0 {
        return Err("is negative".to_owned());
    }
    // A float beyond the range becomes the largest integer here, which the caller refuses.
    Ok((seconds * 1000.0).round() as u64)
}

fn units(text: &str) -> Result<u64, String> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut allowed = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, behind) = rest.split_at_checked(digits).ok_or(NOT_A_DURATION)?;
        let letters = behind.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, behind) = behind.split_at_checked(letters).ok_or(NOT_A_DURATION)?;
        if count.is_empty() || unit.is_empty() {
            return Err(NOT_A_DURATION.to_owned());
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            let unit: String = unit.chars().take(16).collect();
            return Err(format!("has the unknown unit `{unit}`; use y, w, d, h, m, s or ms"));
        }
        let (_, millis) = allowed
            .find(|(name, _)| *name == unit)
            .ok_or("has its units out of order; write the largest first and each once")?;
        let part = count.parse::<u64>().ok().and_then(|n| n.checked_mul(*millis));
        total = part.and_then(|p| total.checked_add(p)).ok_or(TOO_LONG)?;
        rest = behind;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Option<u64>) {
        let millis = parse_duration(text).ok().map(|d| d.as_millis() as u64);
        assert_eq!(millis, wanted, "{text}");
    }

    #[test]
    fn reads_what_prometheus_reads() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1m500ms", 60_500),
            ("1d", 86_400_000),
            ("1w", 604_800_000),
            ("1y", 31_536_000_000),
            ("1y2w3d4h5m6s7ms", 33_019_506_007),
            ("0h30m", 1_800_000),
            ("14", 14_000),
            ("0.5", 500),
            (" 1e2 ", 100_000),
            ("292y", 9_208_512_000_000),
        ] {
            check(text, Some(millis));
        }
    }

    #[test]
    fn refuses_the_rest_without_a_panic() {
        for text in [
            "",
            " ",
            "0",
            "0s",
            "0.0",
            "-1",
            "-1s",
            "+",
            ".",
            "e",
            "NaN",
            "nan",
            "inf",
            "-inf",
            "infinity",
            "1e999",
            "1e-300",
            "1e20",
            "0.0001",
            "293y",
            "99999999999999999999y",
            "18446744073709551615y",
            "1h1h",
            "1m1h",
            "1ms1s",
            "h",
            "1x",
            "1.5h",
            "1 h",
            "1H",
            "0x10",
            "1_000",
            "５m",
            "5m\u{0}",
            "1🙂",
        ] {
            check(text, None);
        }
    }
}
