//! The legends of a page: which series are drawn, and the order of the rows.

use super::order::{ColumnOrder, OrderKey};
use super::pairs::Pairs;

/// The most choices that an address may carry of a kind, and the longest of them in characters.
const MOST: usize = 200;
const LONGEST: usize = 1_000;

/// A column of the legend table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegendColumn {
    Name,
    Last,
    Min,
    Max,
    Avg,
}

impl OrderKey for LegendColumn {
    const ALL: &'static [Self] = &[Self::Name, Self::Last, Self::Min, Self::Max, Self::Avg];
    const WORDS: &'static str = "name, last, min, max or avg";

    fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Last => "last",
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
        }
    }
}

/// Each choice names its graph first, by the number that the graph has in addresses: `1:payments`.
///
/// - `series`: only these are drawn of the graph
/// - `hide`: all but these are drawn
/// - `legend`: the order of the rows, `1:-max`
///
/// The names of the graph's series are not known here. A name that no series has changes nothing.
#[derive(Clone, Debug, Default)]
pub struct LegendParams {
    orders: Vec<(String, ColumnOrder<LegendColumn>)>,
}

impl LegendParams {
    pub(super) fn read(pairs: &mut Pairs) -> Self {
        let mut orders: Vec<(String, ColumnOrder<LegendColumn>)> = Vec::new();
        for text in texts(pairs, "legend") {
            let read = split_choice(&text).and_then(|(graph, order)| Ok((graph, ColumnOrder::read(order)?)));
            match read {
                Ok((graph, _)) if orders.iter().any(|(known, _)| *known == graph) => {
                    pairs.refuse("legend", format!("graph {graph} is ordered more than once"));
                }
                Ok((graph, order)) => {
                    orders.push((graph.to_owned(), order));
                    pairs.keep("legend", text);
                }
                Err(end) => pairs.refuse_value("legend", &text, &end),
            }
        }
        for name in ["series", "hide"] {
            for text in texts(pairs, name) {
                match split_choice(&text) {
                    Ok(_) => pairs.keep(name, text),
                    Err(end) => pairs.refuse_value(name, &text, &end),
                }
            }
        }
        Self { orders }
    }

    /// None: the graph's own order.
    pub fn order(&self, graph: &str) -> Option<ColumnOrder<LegendColumn>> {
        self.orders.iter().find(|(known, _)| known == graph).map(|(_, order)| *order)
    }

    /// Every order as the address has it, with one graph's changed.
    pub fn with_order(&self, graph: &str, order: Option<ColumnOrder<LegendColumn>>) -> Vec<String> {
        let others = self.orders.iter().filter(|(known, _)| known != graph).cloned();
        let own = order.map(|order| (graph.to_owned(), order));
        others.chain(own).map(|(graph, order)| format!("{graph}:{}", order.text())).collect()
    }
}

fn texts(pairs: &mut Pairs, name: &'static str) -> Vec<String> {
    let mut texts = pairs.texts(name);
    if texts.len() > MOST {
        pairs.refuse(name, format!("given more than {MOST} times; the rest is ignored"));
        texts.truncate(MOST);
    }
    texts
}

/// Splits `1:payments` into graph and choice.
fn split_choice(text: &str) -> Result<(&str, &str), String> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    let plain = |graph: &str| graph.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split_once(':')
        .filter(|(graph, choice)| !graph.is_empty() && plain(graph) && !choice.is_empty())
        .ok_or_else(|| "names no graph; use 1:payments".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::page_params::PageDefaults;
    use crate::web::PageParams;

    /// What is kept, and what is refused.
    fn check(query: &str, expected: &str) {
        let now = "2026-11-23T14:02:15Z".parse().unwrap();
        let params = PageParams::read(query, &PageDefaults::default(), now);
        let given = params.given.iter().map(|(name, value)| format!("{name}={value}"));
        let problems = params.problems.iter().map(|problem| format!("!{}", problem.parameter));
        assert_eq!(given.chain(problems).collect::<Vec<_>>().join(" "), expected, "{query}");
    }

    #[test]
    fn choices_are_kept_as_they_are() {
        check("series=1:a&series=1:b%3Ac&hide=2:%2B+x", "series=1:a series=1:b:c hide=2:+ x");
        check(
            "legend=1:-max&legend=alert-0f-graph-panel:name",
            "legend=1:-max legend=alert-0f-graph-panel:name",
        );
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        check("series=a&hide=:a&series=1:&legend=1:mean", "!legend !series !series !hide");
        check("legend=1:max&legend=1:-min", "legend=1:max !legend");
        check(&format!("series=1:{}", "x".repeat(1001)), "!series");
        check("series=<b>:a", "!series");
    }

    #[test]
    fn one_order_changes_and_the_others_stay() {
        let now = "2026-11-23T14:02:15Z".parse().unwrap();
        let legends = PageParams::read("legend=1:-max&legend=2:name", &PageDefaults::default(), now).legends;
        assert_eq!(legends.with_order("1", None), ["2:name"]);
        assert_eq!(legends.with_order("3", legends.order("1")), ["1:-max", "2:name", "3:-max"]);
    }
}
