//! Annotations as people write them, and what becomes of each entry.

use proptest::prelude::*;

use super::*;
use crate::annotations::spec::tests::entity;
use crate::diagnostic::{Diagnostic, Severity};
use crate::page_params::GraphType;

fn read(value: &str) -> (Vec<GraphSpec>, Vec<Diagnostic>) {
    super::read(value, &Templates::of(&entity(&[])))
}

/// A graph in short: `query|dimension;dimension|type|title|unit|stack`, `!` before a broken query.
fn short(graph: &GraphSpec) -> String {
    let mut parts = vec![format!("{}{}", if graph.query.is_none() { "!" } else { "" }, graph.source)];
    if !graph.dimensions.is_empty() {
        parts.push(graph.dimensions.join(";"));
    }
    parts.extend(graph.graph_type.map(|t| t.as_str().to_owned()));
    parts.extend(graph.title.clone());
    parts.extend(graph.unit.as_ref().map(|u| u.as_str().to_owned()));
    parts.extend(graph.stack.then(|| "stacked".to_owned()));
    parts.join(" | ")
}

/// `problems` are the places of the errors, those of the warnings behind a `?`, and those of infos behind an `i`.
fn check(value: &str, graphs: &[&str], problems: &[&str]) {
    let (read, general) = read(value);
    assert_eq!(read.iter().map(short).collect::<Vec<_>>(), graphs, "{value}");
    let all: Vec<Diagnostic> = read.into_iter().flat_map(|graph| graph.problems).chain(general).collect();
    let places = all.iter().map(|p| match p.severity {
        Severity::Error => p.part_of(value).to_owned(),
        Severity::Warning => format!("?{}", p.part_of(value)),
        Severity::Info => format!("i{}", p.part_of(value)),
    });
    assert_eq!(places.collect::<Vec<_>>(), problems, "{value}: {all:?}");
}

#[test]
fn reads_what_the_plugin_reads() {
    check("memUsage|component", &["memUsage | component"], &[]);
    check(
        "memUsage|component,node_memory_active_bytes|instance,sum by (instance) (rate(http_requests_total[5m]))",
        &[
            "memUsage | component",
            "node_memory_active_bytes | instance",
            "sum by (instance) (rate(http_requests_total[5m]))",
        ],
        &[],
    );
    check(
        "node_memory_Active_bytes|instance,memUsage",
        &["node_memory_Active_bytes | instance", "memUsage"],
        &[],
    );
    check(" up | job ,\n  down|inst , ", &["up | job", "down | inst"], &[]);
}

#[test]
fn reads_what_the_plugin_cannot() {
    check("up{a=\"x\",b=\"y\"}", &["up{a=\"x\",b=\"y\"}"], &[]);
    check("a{p=~\"x|y\"}|job", &["a{p=~\"x|y\"} | job"], &[]);
    check(
        "sum by (a,b) (x)|a;b|type=area|title=\"Requests, by | a\"|unit=per_second|stack=true,up|title=Up now",
        &["sum by (a,b) (x) | a;b | area | Requests, by | a | per_second | stacked", "up | Up now"],
        &[],
    );
    check("up|type=line|unit=USD|stack=false", &["up | line | USD"], &[]);
    check("up|\"k8s.pod\"; job ;job", &["up | k8s.pod;job"], &[]);
    check("up|title=Bob's graph,x{a='b'}", &["up | Bob's graph", "x{a='b'}"], &[]);
    check("up # so, it is | said\n+ 1|job", &["up # so, it is | said\n+ 1 | job"], &[]);
    check("quantile_over_what(x)|job", &["quantile_over_what(x) | job"], &["iquantile_over_what(x)"]);
}

#[test]
fn fills_templates_after_splitting() {
    check(
        "x{a=\"{{ metadata.name }}\"}|job,y{b=\"{{ metadata.annotations['a,b'] | default('z|,y') }}\"}",
        &["x{a=\"payments\"} | job", "y{b=\"z|,y\"}"],
        &[],
    );
    check(
        "up|{{ spec.owner }}_x|title={{ kind }}, now|type=area",
        &["up | team-a_x | Component", "now | area"],
        &[],
    );
    check("up|title=\"{{ kind }}, now\"", &["up | Component, now"], &[]);
}

#[test]
fn tells_what_it_cannot_read_and_lets_the_rest_live() {
    check(" ,", &[], &[" ,"]);
    check("|job,up", &["! | job", "up"], &[""]);
    check("up,sum(x|job|type=area,y", &["up", "!sum(x | job | area", "y"], &["("]);
    check("x[5m)),y{a=\"b\"}", &["!x[5m))", "y{a=\"b\"}"], &[")"]);
    check("x{a=\"b},y|job", &["!x{a=\"b}", "y | job"], &["\"b}"]);
    check(
        "x{a=\"{{ metadata.nam }}\"}|job,y",
        &["!x{a=\"{{ metadata.nam }}\"} | job", "y"],
        &["{{ metadata.nam }}"],
    );
    check("up,x{a=\"{{ kind }}\"|job,y", &["up", "!x{a=\"{{ kind }}\" | job", "y"], &["{"]);
    check("up|title={{ spec.nothing }}|{{ a }}", &["up"], &["?{{ spec.nothing }}", "?{{ a }}"]);
    check("up|color=red|type=bar|job", &["up"], &["?color", "?bar", "?job"]);
    check("up|unit=|stack=maybe|title=\"a,y", &["up", "y"], &["?", "?maybe", "?\"a"]);
    check("up|title=No # 5", &["up"], &["?No # 5"]);
    check("größe{ä=1},up|ö=x", &["größe{ä=1}", "up"], &["igröße{ä=1}", "?ö"]);
    let long = format!("{},up", "x".repeat(9000));
    let (graphs, _) = read(&long);
    assert_eq!(graphs.iter().map(|g| g.query.is_some()).collect::<Vec<_>>(), [false, true]);
    let (graphs, problems) = read(&"up,".repeat(MAX_GRAPHS + 1));
    assert_eq!((graphs.len(), problems.len()), (MAX_GRAPHS, 1));
}

/// Queries as people write them, without a trailing comment or a template.
fn query() -> impl Strategy<Value = String> {
    let text =
        "[a-z,|;={}()\\[\\]#' \u{e9}\u{6f22}]{0,8}".prop_filter("a template", |text| !text.contains("{{"));
    let matcher = ("[a-z_]{1,6}", prop_oneof!["=", "!=", "=~", "!~"], text)
        .prop_map(|(name, op, value)| format!("{name}{op}\"{value}\""));
    let selector = ("[a-z_:]{1,12}", prop::collection::vec(matcher, 0..3))
        .prop_map(|(metric, matchers)| format!("{metric}{{{}}}", matchers.join(", ")));
    let leaf = prop_oneof![
        selector,
        Just("vector(1e-3)".to_owned()),
        Just("x{a=`\\d,'\"|`}".to_owned()),
        Just("y{a='it\\'s, \"'} # a note, with (| \"\n".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|x| format!("sum by (a,b) (rate({x}[5m]))")),
            inner.clone().prop_map(|x| format!("histogram_quantile(0.9, {x})")),
            inner.clone().prop_map(|x| format!("label_replace({x}, \"a\", \"$1\", \"b\", \"(.*),|x\")")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) / on (a,b) group_left ({y})")),
            inner.prop_map(|x| format!("max_over_time({x}[1h:5m] offset 1d)")),
        ]
    })
}

#[derive(Clone, Debug)]
struct GraphEntry {
    query: String,
    dimensions: Vec<String>,
    title: Option<String>,
    options: (Option<GraphType>, Option<Unit>, Option<bool>),
}

impl GraphEntry {
    fn written(&self) -> String {
        let mut fields = vec![self.query.clone()];
        fields.extend((!self.dimensions.is_empty()).then(|| self.dimensions.join(" ; ")));
        let (graph_type, unit, stack) = &self.options;
        fields.extend(graph_type.map(|graph_type| format!("type = {}", graph_type.as_str())));
        fields.extend(self.title.as_ref().map(|title| format!("title={}", crate::promql::quote(title))));
        fields.extend(unit.as_ref().map(|unit| format!("unit=\"{}\"", unit.as_str())));
        fields.extend(stack.map(|stack| format!("stack={stack}")));
        fields.join(" | ")
    }
}

fn entry() -> impl Strategy<Value = GraphEntry> {
    let dimensions = prop::collection::hash_set("[a-z_]{1,8}", 0..3);
    let title = prop::option::of("[a-zA-Z,|#;= ]{0,12}[a-z]");
    let unit = prop_oneof![
        Just(Unit::None),
        Just(Unit::Bytes),
        Just(Unit::Ratio),
        "[a-z]{1,6}[,|/][A-Z]{1,3}".prop_map(Unit::Other),
    ];
    let options = (
        prop::option::of(prop_oneof![Just(GraphType::Line), Just(GraphType::Area)]),
        prop::option::of(unit),
        prop::option::of(any::<bool>()),
    );
    (query(), dimensions, title, options).prop_map(|(query, dimensions, title, options)| GraphEntry {
        query,
        dimensions: dimensions.into_iter().collect(),
        title,
        options,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_joined_is_split_again(entries in prop::collection::vec(entry(), 1..5)) {
        let value = entries.iter().map(GraphEntry::written).collect::<Vec<_>>().join(" ,\n");
        let (graphs, problems) = read(&value);
        prop_assert!(problems.is_empty());
        prop_assert_eq!(graphs.len(), entries.len(), "{}", value);
        for (graph, entry) in graphs.into_iter().zip(entries) {
            prop_assert_eq!(&graph.source, entry.query.trim());
            prop_assert!(graph.query.is_some(), "{:?}", graph);
            // Types are not looked at here, so some of these are sent unchecked.
            prop_assert!(graph.problems.iter().all(|p| !p.is_error()), "{:?}", graph);
            prop_assert_eq!(graph.dimensions, entry.dimensions);
            prop_assert_eq!(graph.title, entry.title);
            let (graph_type, unit, stack) = entry.options;
            prop_assert_eq!((graph.graph_type, graph.unit, graph.stack), (graph_type, unit, stack.unwrap_or(false)));
        }
    }

    #[test]
    fn no_text_panics_and_every_place_is_in_the_text(value in hostile()) {
        let (graphs, problems) = read(&value);
        for problem in graphs.iter().flat_map(|graph| &graph.problems).chain(&problems) {
            prop_assert!(problem.span.is_some_and(|span| value.get(span.start..span.end).is_some()), "{:?}", problem);
        }
        for problem in super::super::alert::read(&value, &mut Vec::new()).1.iter().chain(&super::super::labels::read(&value).1) {
            prop_assert!(problem.span.is_some_and(|span| value.get(span.start..span.end).is_some()), "{:?}", problem);
        }
    }
}

/// Any text, and texts thick with what has a meaning here.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![".{0,512}", "[a1,|;={}()\\[\\]#'\"`\\\\~! \n\u{e9}+-]{0,2048}"]
}
