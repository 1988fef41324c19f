//! The labels that a query's result may have, derived from the query, compared with the answers of a real Prometheus.

use promenade::promql::{MatchOp, Matcher, PossibleValues, ResultLabels};

use crate::differential::Dice;
use crate::prometheus::RealPrometheus;

const LABELS: [&str; 4] = ["zone", "instance", "code", "extra"];

/// Makes up expressions over the series of the generated history.
struct Author(Dice);

impl Author {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.0.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }

    fn labels(&mut self) -> String {
        let some: Vec<&str> = LABELS.into_iter().filter(|_| self.0.below(3) == 0).collect();
        some.join(", ")
    }

    fn selector(&mut self) -> String {
        let metric = self.one(&["load", "http_requests_total", "http_requests_total", "load", "zero"]);
        let matchers: Vec<&str> = (0..self.0.below(3))
            .map(|_| {
                self.one(&[
                    r#"zone="a""#,
                    r#"zone=~"a|b""#,
                    r#"zone=~"c|""#,
                    r#"zone!="a""#,
                    r#"zone="""#,
                    r#"instance="a:9100""#,
                    r#"instance=~"a:9100|b:9100""#,
                    r#"instance=~"[ab].*""#,
                    r#"code='200'"#,
                    r#"code=~`200|500`"#,
                    r#"code!~"2..""#,
                ])
            })
            .collect();
        format!("{metric}{{{}}}", matchers.join(", "))
    }

    fn matching(&mut self) -> String {
        match self.0.below(3) {
            0 => String::new(),
            1 => format!("on ({})", self.labels()),
            _ => format!("ignoring ({})", self.labels()),
        }
    }

    fn binary(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth - 1), self.vector(depth - 1));
        let matching = self.matching();
        if self.0.below(3) == 0 {
            let operator = self.one(&["and", "or", "unless"]);
            return format!("({left} {operator} {matching} {right})");
        }
        let operator = self.one(&["+", "*", ">=", "!= bool", "atan2"]);
        let group = match self.0.below(3) {
            _ if matching.is_empty() => String::new(),
            0 => format!("group_left ({})", self.labels()),
            1 => format!("group_right ({})", self.labels()),
            _ => String::new(),
        };
        format!("({left} {operator} {matching} {group} {right})")
    }

    fn vector(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.selector();
        }
        match self.0.below(12) {
            0 => self.selector(),
            1 => format!("rate({}[5m])", self.selector()),
            2 => format!("max_over_time(({})[5m:1m])", self.vector(depth - 1)),
            3 => format!("({} > -1e99)", self.vector(depth - 1)),
            4 | 5 => {
                let name = self.one(&["sum", "max", "group", "topk", "bottomk", "quantile", "count_values"]);
                let parameter = match name {
                    "topk" | "bottomk" => "2, ",
                    "quantile" => "0.5, ",
                    "count_values" => self.one(&["\"extra\", ", "\"code\", "]),
                    _ => "",
                };
                let grouping = self.one(&["by", "without"]);
                format!("{name} {grouping} ({}) ({parameter}{})", self.labels(), self.vector(depth - 1))
            }
            6 => {
                let (to, from) = (self.one(&LABELS), self.one(&LABELS));
                format!(r#"label_replace({}, "{to}", "$1x", "{from}", "(.*)")"#, self.vector(depth - 1))
            }
            7 => {
                let call = self.one(&["absent", "abs", "sort_desc", "hour", "timestamp", "sum"]);
                format!("{call}({})", self.vector(depth - 1))
            }
            8 => self.one(&["vector(1)", "hour()", "vector(time())"]).to_owned(),
            _ => self.binary(depth),
        }
    }
}

#[tokio::test]
async fn possible_labels_of_a_query_contain_every_label_of_its_result() {
    let prometheus = RealPrometheus::start().await;
    let mut author = Author(Dice(2026));
    let (mut answered, mut ruled_out, mut seen) = (0, 0, 0);
    for n in 0..1_500 {
        let query = author.vector(1 + n % 3);
        let answer = prometheus.get("/api/v1/query", &[("query", &query)]).await;
        // What has several matches is refused, as a real rule's evaluation is; so is a label that is matched twice.
        let Some(series) = answer["data"]["result"].as_array() else { continue };
        answered += usize::from(!series.is_empty());
        let found = ResultLabels::of(&query);
        for label in LABELS {
            let values = found.values(label);
            ruled_out += usize::from(values != PossibleValues::Any && !series.is_empty());
            for one in series {
                let value = one["metric"][label].as_str().unwrap_or_default();
                let matcher = Matcher::new(label, MatchOp::Equal, value).unwrap();
                assert!(values.admits(&matcher), "{query}: {label} is {value:?}, not one of {values:?}");
                seen += 1;
            }
        }
    }
    assert!(answered > 500, "only {answered} answers have series");
    assert!(ruled_out > 1_000, "only {ruled_out} labels were ruled out");
    assert!(seen > 3_000, "only {seen} labels were compared");
}
