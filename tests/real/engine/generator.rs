//! Makes queries by the grammar of PromQL.

use crate::differential::Dice;

/// Makes queries.
pub struct Generator(pub Dice);

impl Generator {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.0.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }

    pub fn query(&mut self) -> String {
        match self.0.below(12) {
            0 => self.scalar(2),
            _ => self.vector(3),
        }
    }

    fn selector(&mut self) -> String {
        let selector = self.one(&[
            "up",
            "requests_total",
            "requests_total{code='200'}",
            "requests_total{code=~'4..|5..'}",
            "requests_total{job='api', instance!='a:1'}",
            "temperature",
            "temperature{floor='0'}",
            "wanted",
            "wanted{room!~'.*l.*'}",
            "humidity",
            "odd",
            "odd{kind!='nan'}",
            "gaps",
            "gaps{path=~'late|holes'}",
            "build_info",
            "latency_count",
            "{job='db'}",
            "ALERTS",
            "nothing",
        ]);
        selector.to_owned()
    }

    fn shift(&mut self) -> &'static str {
        self.one(&["", "", "", "", "", "", " offset 7m", " offset -90s", " @ end()", " @ start() offset 1m"])
    }

    fn range(&mut self, depth: i64) -> String {
        let range = self.one(&["15s", "1m", "5m", "5m", "7m11s", "30m", "1h"]);
        let shift = self.shift();
        if depth > 0 && self.0.below(5) == 0 {
            let step = self.one(&["", "1m", "47s", "5m"]);
            return format!("{}[{range}:{step}]{shift}", self.primary(depth - 1));
        }
        format!("{}[{range}]{shift}", self.selector())
    }

    fn scalar(&mut self, depth: i64) -> String {
        if depth <= 0 {
            return self
                .one(&["0", "1", "-2.5", "12", "0.3", "1e3", "NaN", "Inf", "time()", "pi()"])
                .to_owned();
        }
        match self.0.below(4) {
            0 => format!("scalar({})", self.vector(depth - 1)),
            1 => {
                let operator = self.one(&["+", "-", "*", "/", "%", "^", "> bool", "== bool"]);
                format!("({} {operator} {})", self.scalar(depth - 1), self.scalar(depth - 1))
            }
            _ => self.scalar(0),
        }
    }

    fn labels(&mut self) -> &'static str {
        self.one(&["", "job", "instance", "room", "job, instance", "code", "instance, code", "floor", "kind"])
    }

    /// A vector that needs no parentheses.
    fn primary(&mut self, depth: i64) -> String {
        if depth <= 0 {
            return format!("{}{}", self.selector(), self.shift());
        }
        match self.0.below(9) {
            0 => format!("{}{}", self.selector(), self.shift()),
            1 | 2 => self.aggregation(depth - 1),
            3 | 4 => self.over_time(depth - 1),
            5 => format!("({})", self.vector(depth - 1)),
            _ => self.call(depth - 1),
        }
    }

    fn vector(&mut self, depth: i64) -> String {
        if depth <= 0 || self.0.below(2) == 0 {
            return self.primary(depth);
        }
        match self.0.below(8) {
            0 => format!("-{}", self.primary(depth - 1)),
            1 => {
                let operator = self.operator();
                format!("{} {operator} {}", self.scalar(1), self.primary(depth - 1))
            }
            2 | 3 => {
                let operator = self.operator();
                format!("{} {operator} {}", self.primary(depth - 1), self.scalar(1))
            }
            _ => self.operation(depth - 1),
        }
    }

    fn operator(&mut self) -> &'static str {
        self.one(&[
            "+", "-", "*", "/", "%", "^", ">", "<", "==", "!=", ">=", "<=", "> bool", "!= bool", "<= bool",
        ])
    }

    fn operation(&mut self, depth: i64) -> String {
        let (left, right) = (self.primary(depth), self.primary(depth));
        let matching = match self.0.below(3) {
            0 => String::new(),
            1 => format!("on ({})", self.labels()),
            _ => format!("ignoring ({})", self.labels()),
        };
        if self.0.below(3) == 0 {
            return format!("{left} {} {matching} {right}", self.one(&["and", "or", "unless"]));
        }
        let group = match self.0.below(3) {
            _ if matching.is_empty() => "",
            0 => "",
            1 => self.one(&["group_left ()", "group_left (version)"]),
            _ => self.one(&["group_right ()", "group_right (version)"]),
        };
        format!("{left} {} {matching} {group} {right}", self.operator())
    }

    fn aggregation(&mut self, depth: i64) -> String {
        let labels = self.labels();
        let by = self.one(&["by", "without"]);
        let by = if self.0.below(4) == 0 { String::new() } else { format!("{by} ({labels})") };
        let inner = self.vector(depth);
        match self.0.below(5) {
            0 => format!("quantile {by} ({}, {inner})", self.scalar(0)),
            // The last bits would become labels.
            1 => format!("count_values {by} ('value', round(clamp({inner}, -1e6, 1e6), 0.125))"),
            // Others have elements that are equal, of which any may be chosen.
            2 => {
                let operator = self.one(&["topk", "bottomk"]);
                format!(
                    "{operator} {by} ({}, {})",
                    self.one(&["1", "2", "0.5", "3"]),
                    self.one(&["temperature", "wanted"])
                )
            }
            _ => {
                let operator = self.one(&["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]);
                format!("{operator} {by} ({inner})")
            }
        }
    }

    fn over_time(&mut self, depth: i64) -> String {
        let range = self.range(depth);
        match self.0.below(8) {
            0 => format!("quantile_over_time({}, {range})", self.scalar(0)),
            1 => format!("predict_linear({range}, {})", self.one(&["60", "-3600", "0"])),
            2 | 3 => format!("{}({range})", self.one(&["rate", "increase", "irate"])),
            4 => format!("{}({range})", self.one(&["delta", "idelta", "deriv", "changes", "resets"])),
            _ => {
                let kind = self.one(&[
                    "avg", "min", "max", "sum", "count", "stddev", "stdvar", "last", "present", "absent",
                ]);
                format!("{kind}_over_time({range})")
            }
        }
    }

    fn call(&mut self, depth: i64) -> String {
        let inner = self.vector(depth);
        match self.0.below(9) {
            0 => format!(
                "histogram_quantile({}, rate(latency_bucket[5m]))",
                self.one(&["0.1", "0.5", "0.9", "0.99"])
            ),
            1 => format!("clamp({inner}, {}, {})", self.scalar(0), self.scalar(0)),
            2 => format!("{}({inner}, {})", self.one(&["clamp_min", "clamp_max", "round"]), self.scalar(0)),
            3 => format!("label_replace({inner}, 'job', '$1x', 'instance', '(.):.*')"),
            4 => format!("label_join({inner}, 'job', '-', 'instance', 'code', 'room')"),
            5 => format!("{}({inner})", self.one(&["absent", "sort", "sort_desc", "timestamp"])),
            6 => format!("{}({inner})", self.one(&["hour", "day_of_week", "year", "days_in_month"])),
            7 => format!("vector({})", self.scalar(depth)),
            _ => format!(
                "{}({inner})",
                self.one(&["abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "deg"])
            ),
        }
    }
}
