//! Makes a tree of what the parser returns.

use std::time::{Duration, SystemTime};

use promql_parser::label::METRIC_NAME;
use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_DIV, T_EQLC, T_GROUP, T_GTE, T_GTR, T_LAND,
    T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MAX, T_MIN, T_MOD, T_MUL, T_NEQ, T_POW, T_QUANTILE, T_STDDEV, T_STDVAR,
    T_SUB, T_SUM, T_TOPK, TokenId,
};
use promql_parser::parser::{
    AggregateExpr, AtModifier, BinModifier, BinaryExpr, Call, Expr, LabelModifier, Offset, SubqueryExpr,
    VectorMatchCardinality, VectorSelector,
};

use super::{
    Aggregation, AggregationOp, BinaryOp, FixedInstant, FunctionCall, GroupModifier, LabelChoice, Operation,
    QueryTree, SeriesSelector, Subquery, TimeShift, UnreadQuery,
};
use crate::promql::grammar::{Refusal, parsed};
use crate::promql::guard;
use crate::promql::matcher::{MatchOp, Matcher};
use crate::promql::plain::{REGEX_MARK, as_written};
use crate::promql::quoted::{quote, read_string};
use crate::promql::scan::{Kind, Scan};

/// The farthest instant and the longest duration, in milliseconds: far beyond any calendar, and safe to add to.
const FARTHEST: i64 = 1 << 50;

impl QueryTree {
    /// Reads a query. Its depth and the number of its operators are limited, so a walk over it may recurse.
    pub fn read(query: &str) -> Result<Self, UnreadQuery> {
        let query = query.trim();
        if let Some(fault) = guard::fault(query) {
            return Err(UnreadQuery::Invalid(fault.message));
        }
        check_strings(query)?;
        Self::of(parsed(query, marked)?)
    }

    fn of(expr: Expr) -> Result<Self, UnreadQuery> {
        Ok(match expr {
            Expr::NumberLiteral(number) => Self::Number(number.val),
            Expr::StringLiteral(text) => Self::Text(text.val),
            Expr::Paren(paren) => Self::of(*paren.expr)?,
            Expr::Unary(unary) => Self::Negated(Self::boxed(*unary.expr)?),
            Expr::VectorSelector(selector) => Self::Selector(SeriesSelector::of(selector)?),
            Expr::MatrixSelector(matrix) => {
                Self::Range { selector: SeriesSelector::of(matrix.vs)?, range_ms: milliseconds(matrix.range) }
            }
            Expr::Subquery(subquery) => Self::Subquery(Subquery::of(subquery)?),
            Expr::Call(call) => Self::Call(FunctionCall::of(call)?),
            Expr::Aggregate(aggregate) => Self::Aggregation(Aggregation::of(aggregate)?),
            Expr::Binary(binary) => Self::Operation(Operation::of(binary)?),
            Expr::Extension(_) => return Err(UnreadQuery::Unknown("this syntax".to_owned())),
        })
    }

    fn boxed(expr: Expr) -> Result<Box<Self>, UnreadQuery> {
        Self::of(expr).map(Box::new)
    }
}

impl From<Refusal> for UnreadQuery {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            // Only older Prometheus has it, and only newer ones the parser knows.
            Refusal::Unknown(reason) if reason.contains("function with name 'holt_winters'") => {
                Self::Unknown("the function holt_winters".to_owned())
            }
            refusal => Self::Invalid(refusal.to_string()),
        }
    }
}

/// Refuses strings with escapes that Prometheus refuses, and the mark of a regex.
fn check_strings(query: &str) -> Result<(), UnreadQuery> {
    for (kind, span) in Scan::finished(query).words() {
        let Some(text) = Some(span.of(query)).filter(|_| kind == Kind::Quoted).and_then(read_string) else {
            continue;
        };
        if text.doubtful.iter().any(|escape| !escape.is_control()) {
            return Err(UnreadQuery::Invalid("unknown escape sequence in a string".to_owned()));
        }
        if text.value.starts_with(REGEX_MARK.as_bytes()) {
            return Err(UnreadQuery::Unknown("a string that begins with a control character".to_owned()));
        }
    }
    Ok(())
}

/// A regex as a text behind its mark, read as Prometheus reads strings.
fn marked(quoted: &str) -> String {
    let regex = read_string(quoted).map(|text| text.value).unwrap_or_default();
    quote(&format!("{REGEX_MARK}{}", String::from_utf8_lossy(&regex)))
}

impl SeriesSelector {
    fn of(selector: VectorSelector) -> Result<Self, UnreadQuery> {
        let shift = TimeShift::of(selector.offset.as_ref(), selector.at.as_ref());
        let name = selector.name.map(|name| Matcher::new(METRIC_NAME, MatchOp::Equal, &name));
        let others = selector.matchers.matchers.iter().map(|matcher| {
            let (op, value) = as_written(matcher);
            Matcher::new(&matcher.name, op, value)
        });
        let matchers: Result<Vec<Matcher>, String> = name.into_iter().chain(others).collect();
        let matchers = matchers.map_err(UnreadQuery::Invalid)?;
        if matchers.iter().all(|matcher| matcher.matches(None)) {
            let reason = "vector selector must contain at least one non-empty matcher";
            return Err(UnreadQuery::Invalid(reason.to_owned()));
        }
        Ok(Self { matchers, shift })
    }
}

impl TimeShift {
    fn of(offset: Option<&Offset>, at: Option<&AtModifier>) -> Self {
        let offset_ms = match offset {
            None => 0,
            Some(Offset::Pos(offset)) => milliseconds(*offset),
            Some(Offset::Neg(offset)) => -milliseconds(*offset),
        };
        let at = at.map(|at| match at {
            AtModifier::Start => FixedInstant::Start,
            AtModifier::End => FixedInstant::End,
            AtModifier::At(at) => FixedInstant::At(match at.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => milliseconds(since),
                Err(before) => -milliseconds(before.duration()),
            }),
        });
        Self { offset_ms, at }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(FARTHEST).min(FARTHEST)
}

impl Subquery {
    fn of(subquery: SubqueryExpr) -> Result<Self, UnreadQuery> {
        Ok(Self {
            range_ms: milliseconds(subquery.range),
            // Prometheus takes 0 for no step.
            step_ms: subquery.step.map(milliseconds).filter(|step| *step > 0),
            shift: TimeShift::of(subquery.offset.as_ref(), subquery.at.as_ref()),
            inner: QueryTree::boxed(*subquery.expr)?,
        })
    }
}

impl FunctionCall {
    fn of(call: Call) -> Result<Self, UnreadQuery> {
        let arguments = call.args.args.into_iter().map(|argument| QueryTree::of(*argument));
        Ok(Self { function: call.func.name, arguments: arguments.collect::<Result<_, _>>()? })
    }
}

impl Aggregation {
    fn of(aggregate: AggregateExpr) -> Result<Self, UnreadQuery> {
        let operator = AggregationOp::of(aggregate.op.id())
            .ok_or_else(|| UnreadQuery::Unknown(format!("the aggregation {}", aggregate.op)))?;
        Ok(Self {
            operator,
            labels: aggregate.modifier.map_or(LabelChoice::Only(Vec::new()), LabelChoice::of),
            parameter: aggregate.param.map(|param| QueryTree::boxed(*param)).transpose()?,
            inner: QueryTree::boxed(*aggregate.expr)?,
        })
    }
}

impl AggregationOp {
    fn of(token: TokenId) -> Option<Self> {
        Some(match token {
            T_SUM => Self::Sum,
            T_AVG => Self::Avg,
            T_MIN => Self::Min,
            T_MAX => Self::Max,
            T_COUNT => Self::Count,
            T_GROUP => Self::Group,
            T_STDDEV => Self::Stddev,
            T_STDVAR => Self::Stdvar,
            T_TOPK => Self::TopK,
            T_BOTTOMK => Self::BottomK,
            T_COUNT_VALUES => Self::CountValues,
            T_QUANTILE => Self::Quantile,
            _ => return None,
        })
    }
}

impl LabelChoice {
    fn of(modifier: LabelModifier) -> Self {
        match modifier {
            LabelModifier::Include(labels) => Self::Only(labels.labels),
            LabelModifier::Exclude(labels) => Self::Without(labels.labels),
        }
    }
}

impl Operation {
    fn of(binary: BinaryExpr) -> Result<Self, UnreadQuery> {
        let operator = BinaryOp::of(binary.op.id())
            .ok_or_else(|| UnreadQuery::Unknown(format!("the operator {}", binary.op)))?;
        let BinModifier { card, matching, return_bool, fill_values } = binary.modifier.unwrap_or_default();
        if fill_values.lhs.is_some() || fill_values.rhs.is_some() {
            return Err(UnreadQuery::Unknown("the modifier fill".to_owned()));
        }
        Ok(Self {
            operator,
            returns_bool: return_bool,
            matching: matching.map_or(LabelChoice::Without(Vec::new()), LabelChoice::of),
            group: match card {
                VectorMatchCardinality::ManyToOne(labels) => Some(GroupModifier::Left(labels.labels)),
                VectorMatchCardinality::OneToMany(labels) => Some(GroupModifier::Right(labels.labels)),
                VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => None,
            },
            left: QueryTree::boxed(*binary.lhs)?,
            right: QueryTree::boxed(*binary.rhs)?,
        })
    }
}

impl BinaryOp {
    fn of(token: TokenId) -> Option<Self> {
        Some(match token {
            T_ADD => Self::Add,
            T_SUB => Self::Sub,
            T_MUL => Self::Mul,
            T_DIV => Self::Div,
            T_MOD => Self::Mod,
            T_POW => Self::Pow,
            T_ATAN2 => Self::Atan2,
            T_EQLC => Self::Equal,
            T_NEQ => Self::NotEqual,
            T_GTR => Self::Greater,
            T_LSS => Self::Less,
            T_GTE => Self::GreaterOrEqual,
            T_LTE => Self::LessOrEqual,
            T_LAND => Self::And,
            T_LOR => Self::Or,
            T_LUNLESS => Self::Unless,
            _ => return None,
        })
    }
}
