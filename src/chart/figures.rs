//! The values of a legend, over all samples of an answer.

use super::format::Measure;

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

/// How many more digits tell the rows of a column apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegendDigits {
    pub last: usize,
    pub min: usize,
    pub max: usize,
    pub avg: usize,
}

impl LegendDigits {
    pub fn of<'r>(rows: impl Iterator<Item = &'r LegendRow> + Clone, measure: &Measure) -> Self {
        let of =
            |figure: fn(&LegendRow) -> Option<f64>| measure.telling_apart(rows.clone().filter_map(figure));
        Self {
            last: of(|row| row.last),
            min: of(|row| row.min),
            max: of(|row| row.max),
            avg: of(|row| row.avg),
        }
    }

    /// Enough for every column.
    pub fn most(self) -> usize {
        self.last.max(self.min).max(self.max).max(self.avg)
    }
}

fn average(finite: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    // Neumaier's sum keeps what each addition rounds away, so that the average of a constant is that constant.
    let add = |(sum, lost, count): (f64, f64, f64), v: f64| {
        let next = sum + v;
        let rounded = if sum.abs() >= v.abs() { (sum - next) + v } else { (v - next) + sum };
        (next, lost + rounded, count + 1.0)
    };
    let (sum, lost, count) = finite.clone().fold((0.0, 0.0, 0.0), add);
    if count == 0.0 {
        None
    } else if f64::is_finite(sum) {
        Some((sum + lost) / count)
    } else {
        // The sum overflowed, the average cannot.
        Some(finite.map(|v| v / count).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::Unit;
    use crate::prometheus::ABSENT;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    /// Expected: last, min, max, avg.
    fn check_legend(values: &[f64], expected: [Option<f64>; 4]) {
        let row = LegendRow::of(values);
        assert_eq!([row.last, row.min, row.max, row.avg], expected, "{values:?}");
    }

    #[test]
    fn rounding_and_equal_rows_need_no_digits() {
        let digits = |last: &[f64]| {
            let rows: Vec<LegendRow> = last.iter().map(|value| LegendRow::of(&[*value])).collect();
            LegendDigits::of(rows.iter(), &Measure::of(&Unit::None)).most()
        };
        assert_eq!(digits(&[0.1, 0.100_000_000_000_000_03, 0.1]), 0);
        assert_eq!(digits(&[INF, INF, 0.0, -0.0]), 0);
        assert!(digits(&[0.100_1, 0.100_2]) > 0);
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
        check_legend(&[0.1; 240], [Some(0.1); 4]);
        check_legend(&[0.1; 61], [Some(0.1); 4]);
        check_legend(&[f64::MAX, f64::MAX], [Some(f64::MAX); 4]);
        check_legend(&[f64::MAX, -f64::MAX], [Some(-f64::MAX), Some(-f64::MAX), Some(f64::MAX), Some(0.0)]);
    }
}
