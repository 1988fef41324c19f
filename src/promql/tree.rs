//! A parsed query as a tree of our own types. The engine evaluates it and never sees the parser.

mod convert;

use super::matcher::Matcher;

/// Why a query has no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadQuery {
    /// Prometheus refuses it too. The reason is a sentence.
    Invalid(String),
    /// A function or a syntax of newer PromQL or of MetricsQL, by its name.
    Unknown(String),
}

/// A query, or a part of one. Parentheses are gone.
#[derive(Clone, Debug)]
pub enum QueryTree {
    Number(f64),
    Text(String),
    Selector(SeriesSelector),
    /// `x[5m]`
    Range {
        selector: SeriesSelector,
        range_ms: i64,
    },
    Subquery(Subquery),
    Negated(Box<QueryTree>),
    Call(FunctionCall),
    Aggregation(Aggregation),
    Operation(Operation),
}

/// `x{a="b"} @ 1 offset 5m`, with the metric's name among the matchers.
#[derive(Clone, Debug)]
pub struct SeriesSelector {
    pub matchers: Vec<Matcher>,
    pub shift: TimeShift,
}

/// `offset` and `@`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeShift {
    /// Into the past, in milliseconds.
    pub offset_ms: i64,
    pub at: Option<FixedInstant>,
}

/// The instant behind `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedInstant {
    /// Of the whole query.
    Start,
    End,
    /// Epoch milliseconds.
    At(i64),
}

/// `x[1h:5m] offset 5m`
#[derive(Clone, Debug)]
pub struct Subquery {
    pub inner: Box<QueryTree>,
    pub range_ms: i64,
    /// None: the default of the server.
    pub step_ms: Option<i64>,
    pub shift: TimeShift,
}

#[derive(Clone, Debug)]
pub struct FunctionCall {
    pub function: &'static str,
    pub arguments: Vec<QueryTree>,
}

/// `sum by (a) (x)`
#[derive(Clone, Debug)]
pub struct Aggregation {
    pub operator: AggregationOp,
    pub labels: LabelChoice,
    /// The first argument of `topk`, `quantile` and the like.
    pub parameter: Option<Box<QueryTree>>,
    pub inner: Box<QueryTree>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregationOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    CountValues,
    Quantile,
}

/// Which labels of a series count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChoice {
    /// `by`, `on`
    Only(Vec<String>),
    /// `without`, `ignoring`
    Without(Vec<String>),
}

/// `x / on (a) group_left y`
#[derive(Clone, Debug)]
pub struct Operation {
    pub operator: BinaryOp,
    pub left: Box<QueryTree>,
    pub right: Box<QueryTree>,
    pub returns_bool: bool,
    /// The labels that must agree.
    pub matching: LabelChoice,
    pub group: Option<GroupModifier>,
}

/// Of which side several series may match one of the other, and the labels that it takes over from that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupModifier {
    Left(Vec<String>),
    Right(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    And,
    Or,
    Unless,
}
