//! The values of a legend, over all samples of an answer.

/// Over the answer's samples; NaN and absent left out; None when nothing is left.
/// `last`, `min` and `max` may be infinite, `avg` is over the finite samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegendRow {
    pub last: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub avg: Option<f64>,
}

impl LegendRow {
    pub fn of(values: &[f64]) -> Self {
        let mut row = Self::default();
        for value in values.iter().copied().filter(|v| !v.is_nan()) {
            row.last = Some(value);
            row.min = Some(row.min.map_or(value, |min| min.min(value)));
            row.max = Some(row.max.map_or(value, |max| max.max(value)));
        }
        Self { avg: average(values.iter().copied().filter(|v| v.is_finite())), ..row }
    }
}

fn average(finite: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (sum, count) = finite.clone().fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    if count == 0.0 {
        None
    } else if f64::is_finite(sum) {
        Some(sum / count)
    } else {
        // The sum overflowed, the average cannot.
        Some(finite.map(|v| v / count).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::ABSENT;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    /// Expected: last, min, max, avg.
    fn check_legend(values: &[f64], expected: [Option<f64>; 4]) {
        let row = LegendRow::of(values);
        assert_eq!([row.last, row.min, row.max, row.avg], expected, "{values:?}");
    }

    #[test]
    fn legend_figures() {
        check_legend(&[], [None; 4]);
        check_legend(&[ABSENT, NAN], [None; 4]);
        check_legend(&[0.0], [Some(0.0); 4]);
        check_legend(&[1.0, 3.0, -1.0], [Some(-1.0), Some(-1.0), Some(3.0), Some(1.0)]);
        check_legend(&[1.0, 2.0, NAN, ABSENT], [Some(2.0), Some(1.0), Some(2.0), Some(1.5)]);
        check_legend(&[1.0, INF, 3.0], [Some(3.0), Some(1.0), Some(INF), Some(2.0)]);
        check_legend(&[-INF, INF], [Some(INF), Some(-INF), Some(INF), None]);
        check_legend(&[f64::MAX, f64::MAX], [Some(f64::MAX); 4]);
        check_legend(&[f64::MAX, -f64::MAX], [Some(-f64::MAX), Some(-f64::MAX), Some(f64::MAX), Some(0.0)]);
    }
}
