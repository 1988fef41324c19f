//! The templates in the annotations of the demo's rules: the part of Go's templates that they use. Anything else is an
//! error when the demo starts.

use crate::prometheus::{Float, Labels};

/// A text with values to fill in.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationTemplate(Vec<TemplatePart>);

#[derive(Clone, Debug, PartialEq)]
enum TemplatePart {
    Text(String),
    Label(String),
    Value(ValueForm),
}

/// How the value of an alert is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ValueForm {
    Plain,
    Humanize,
    HumanizePercentage,
    HumanizeDuration,
    /// `printf "%.2f"` with its decimals.
    Decimals(usize),
}

impl AnnotationTemplate {
    pub fn read(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, behind) = after.split_once("}}").ok_or("a `{{` has no `}}`")?;
            parts.push(TemplatePart::Text(before.to_owned()));
            parts.push(TemplatePart::read(inside.trim())?);
            rest = behind;
        }
        parts.push(TemplatePart::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// `labels` are those of the expression's result.
    pub fn fill(&self, labels: &Labels, value: f64) -> String {
        let parts = self.0.iter().map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Label(name) => labels.get(name).unwrap_or_default().to_owned(),
            TemplatePart::Value(form) => form.write(value),
        });
        parts.collect()
    }
}

impl TemplatePart {
    fn read(inside: &str) -> Result<Self, String> {
        if let Some(name) = inside.strip_prefix("$labels.") {
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            return match is_name {
                true => Ok(Self::Label(name.to_owned())),
                false => Err(unknown(inside)),
            };
        }
        let words: Vec<&str> = inside.split_whitespace().collect();
        let form = match words.as_slice() {
            ["$value"] => ValueForm::Plain,
            ["$value", "|", "humanize"] | ["humanize", "$value"] => ValueForm::Humanize,
            ["$value", "|", "humanizePercentage"] | ["humanizePercentage", "$value"] => {
                ValueForm::HumanizePercentage
            }
            ["$value", "|", "humanizeDuration"] | ["humanizeDuration", "$value"] => {
                ValueForm::HumanizeDuration
            }
            ["$value", "|", "printf", format] | ["printf", format, "$value"] => {
                let decimals = format.strip_prefix("\"%.").and_then(|format| format.strip_suffix("f\""));
                let decimals = decimals.and_then(|decimals| decimals.parse().ok()).filter(|d| *d <= 9);
                ValueForm::Decimals(decimals.ok_or_else(|| unknown(inside))?)
            }
            _ => return Err(unknown(inside)),
        };
        Ok(Self::Value(form))
    }
}

fn unknown(inside: &str) -> String {
    format!("the demo does not know the template `{inside}`")
}

impl ValueForm {
    fn write(self, value: f64) -> String {
        match self {
            Self::Plain => plain(value),
            Self::Humanize => humanize(value),
            Self::HumanizePercentage => format!("{}%", significant(value * 100.0)),
            Self::HumanizeDuration => humanize_duration(value),
            Self::Decimals(decimals) if value.is_finite() => format!("{value:.decimals$}"),
            Self::Decimals(_) => Float(value).to_string(),
        }
    }
}

/// As Go prints a float: with an exponent only if it is very large or very small.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-4..1e21).contains(&size) {
        return Float(value).to_string();
    }
    with_exponent(&format!("{value:e}"))
}

/// Go's `%.4g`.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return Float(value).to_string();
    }
    let text = format!("{value:.3e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..4).contains(&exponent) {
        let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0') } else { mantissa };
        return with_exponent(&format!("{}e{exponent}", mantissa.trim_end_matches('.')));
    }
    let decimals = usize::try_from(3 - exponent).unwrap_or_default();
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0') } else { &text };
    text.trim_end_matches('.').to_owned()
}

/// The exponent with a sign and two digits at least.
fn with_exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    match exponent.strip_prefix('-') {
        Some(digits) => format!("{mantissa}e-{digits:0>2}"),
        None => format!("{mantissa}e+{exponent:0>2}"),
    }
}

fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return significant(value);
    }
    let (mut scaled, mut prefix) = (value, "");
    if value.abs() >= 1.0 {
        for larger in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
            if scaled.abs() < 1000.0 {
                break;
            }
            (scaled, prefix) = (scaled / 1000.0, larger);
        }
    } else {
        (scaled, prefix) = smaller(value);
    }
    format!("{}{prefix}", significant(scaled))
}

/// In the largest of the smaller units that gives at least one.
fn smaller(value: f64) -> (f64, &'static str) {
    let (mut scaled, mut prefix) = (value, "");
    for smaller in ["m", "u", "n", "p", "f", "a", "z", "y"] {
        if scaled.abs() >= 1.0 {
            break;
        }
        (scaled, prefix) = (scaled * 1000.0, smaller);
    }
    (scaled, prefix)
}

fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return significant(value);
    }
    if value.abs() < 1.0 {
        let (scaled, prefix) = if value == 0.0 { (0.0, "") } else { smaller(value) };
        return format!("{}{prefix}s", significant(scaled));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let whole = value.abs() as i64;
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    if days > 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours > 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes > 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", significant(value.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::AnnotationTemplate;
    use crate::prometheus::Labels;

    #[test]
    fn values_are_written_as_prometheus_writes_them() {
        let labels: Labels = [("zone", "a <b>")].into_iter().collect();
        let cases = [
            ("{{ $value }}", 16.9, "16.9"),
            ("{{$value}}", 1e21, "1e+21"),
            ("{{ $value }}", 0.000_01, "1e-05"),
            ("{{ $value }}", f64::INFINITY, "+Inf"),
            ("{{ $value | humanize }}", 0.0, "0"),
            ("{{ $value | humanize }}", 1_234_567.0, "1.235M"),
            ("{{ humanize $value }}", 0.02, "20m"),
            ("{{ $value | humanize }}", -999.0, "-999"),
            ("{{ $value | humanizePercentage }}", 0.051_234, "5.123%"),
            ("{{ $value | humanizePercentage }}", 1.0, "100%"),
            ("{{ $value | humanizePercentage }}", 123.456_7, "1.235e+04%"),
            ("{{ $value | humanizeDuration }}", 0.0, "0s"),
            ("{{ $value | humanizeDuration }}", 1.234_56, "1.235s"),
            ("{{ $value | humanizeDuration }}", 0.25, "250ms"),
            ("{{ $value | humanizeDuration }}", 61.9, "1m 1s"),
            ("{{ $value | humanizeDuration }}", -3661.0, "-1h 1m 1s"),
            ("{{ $value | humanizeDuration }}", 90_061.0, "1d 1h 1m 1s"),
            ("{{ $value | humanizeDuration }}", f64::NAN, "NaN"),
            (r#"{{ printf "%.2f" $value }}"#, 1.005, "1.00"),
            (r#"{{ $value | printf "%.0f" }} %"#, 86.5, "86 %"),
            ("in {{ $labels.zone }}{{ $labels.absent }}.", 1.0, "in a <b>."),
            ("no template", 1.0, "no template"),
        ];
        for (template, value, text) in cases {
            let read = AnnotationTemplate::read(template).expect(template);
            assert_eq!(read.fill(&labels, value), text, "{template} of {value}");
        }
    }

    #[test]
    fn other_templates_are_errors() {
        let cases = [
            "{{ if $value }}",
            "{{ $labels }}",
            "{{ $labels.a-b }}",
            "{{ $value | title }}",
            "{{ query \"up\" }}",
            "{{ printf \"%d\" $value }}",
            "{{ printf \"%.99f\" $value }}",
            "{{ $externalURL }}",
            "{{ $value",
        ];
        for template in cases {
            assert!(AnnotationTemplate::read(template).is_err(), "{template}");
        }
    }
}
