//! OpenMetrics' text as Prometheus' older text format, for tools that read no other.

use std::fmt::Write;

/// The formats differ in their comments alone: the older one has no units and no end, and names a
/// counter as its samples are named.
pub(super) fn of(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        let mut parts = line.splitn(4, ' ');
        // Writing into a String cannot fail.
        let _ = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("#"), Some("HELP"), Some(name), Some(text)) => {
                help = Some((name, text));
                Ok(())
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => typed(&mut text, name, kind, help.take()),
            (Some("#"), ..) => Ok(()),
            _ => writeln!(text, "{line}"),
        };
    }
    text
}

fn typed(text: &mut String, name: &str, kind: &str, help: Option<(&str, &str)>) -> std::fmt::Result {
    let (suffix, kind) = match kind {
        "counter" => ("_total", kind),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        _ => ("", kind),
    };
    if let Some((_, help)) = help.filter(|(helped, _)| *helped == name) {
        writeln!(text, "# HELP {name}{suffix} {help}")?;
    }
    writeln!(text, "# TYPE {name}{suffix} {kind}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_are_put_as_the_older_format_has_them() {
        let open = [
            "# HELP b_build The version.",
            "# TYPE b_build info",
            "b_build_info{version=\"# TYPE 1\"} 1",
            "# HELP b_asked Questions, by how they ended.",
            "# TYPE b_asked counter",
            "b_asked_total{outcome=\"ok\"} 2",
            "# HELP b_took_seconds How long.",
            "# TYPE b_took_seconds histogram",
            "# UNIT b_took_seconds seconds",
            "b_took_seconds_sum 0.5",
            "# EOF",
        ];
        let plain = [
            "# HELP b_build_info The version.",
            "# TYPE b_build_info gauge",
            "b_build_info{version=\"# TYPE 1\"} 1",
            "# HELP b_asked_total Questions, by how they ended.",
            "# TYPE b_asked_total counter",
            "b_asked_total{outcome=\"ok\"} 2",
            "# HELP b_took_seconds How long.",
            "# TYPE b_took_seconds histogram",
            "b_took_seconds_sum 0.5",
        ];
        let lines = |lines: &[&str]| lines.join("\n") + "\n";
        assert_eq!(super::of(&lines(&open)), lines(&plain));
    }
}
