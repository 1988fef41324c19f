//! Whether a query can be answered in parts: the value at each instant is the same in every time range.

use promql_parser::parser::token::{T_BOTTOMK, T_LIMITK, T_TOPK};
use promql_parser::parser::{Expr, Offset};

use super::walk::{children_mut, selector};

/// False for `@`, also behind `start()` and `end()`, and for a negative `offset`: both read samples after the instant,
/// which may come later. `limitk`, and `topk` and `bottomk` of equal values, keep the series that come first, and which
/// come first depends on the time range: Prometheus reads recent samples in another order than older ones. As deep as the
/// query is nested.
pub(super) fn is_per_instant(expr: &mut Expr) -> bool {
    let (at, offset) = match (&*expr, selector(expr)) {
        (_, Some(selector)) => (&selector.at, &selector.offset),
        (Expr::Subquery(subquery), _) => (&subquery.at, &subquery.offset),
        _ => (&None, &None),
    };
    let is_shifted = at.is_some() || matches!(offset, Some(Offset::Neg(by)) if !by.is_zero());
    let of_first = [T_LIMITK, T_TOPK, T_BOTTOMK];
    let is_limit = matches!(&*expr, Expr::Aggregate(aggregate) if of_first.contains(&aggregate.op.id()));
    !is_shifted && !is_limit && children_mut(expr).into_iter().all(is_per_instant)
}

#[cfg(test)]
mod tests {
    use crate::promql::PromQl;

    #[test]
    fn queries_that_read_what_comes_later_are_told_apart() {
        for (query, wanted) in [
            ("up", true),
            ("1", true),
            ("sum by (a) (rate(x[5m] offset 1h)) / on (a) y > 2", true),
            ("max_over_time(rate(x[5m])[1h:])", true),
            ("time() - x", true),
            ("x @ 1700000000", false),
            ("x @ start()", false),
            ("sum(rate(x[5m] @ end()))", false),
            ("x offset -5m", false),
            ("rate(x[5m] offset -1s)", false),
            ("max_over_time(x[1h:5m] offset -1m)", false),
            ("max_over_time(x[1h:5m] @ 0)", false),
            ("y + on (a) quantile(scalar(x offset -1m), z)", false),
            ("limitk(2, x)", false),
            ("topk(3, x)", false),
            ("sum(topk by (a) (3, x)) > 2", false),
            ("bottomk(1, rate(x[5m]))", false),
            ("range_avg(x)", false),
            ("x default 0", false),
        ] {
            assert_eq!(PromQl::read(query).0.unwrap().is_per_instant(), wanted, "{query}");
        }
    }
}
