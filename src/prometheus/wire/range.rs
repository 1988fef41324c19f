//! Reads the answer to a range query.

use super::envelope::{Opened, WireFault};
use super::instant::read_value;
use super::result::{RawResult, RawSeries, incomplete, open_result};
use super::samples::read_samples;
use crate::prometheus::{ABSENT, HistogramSeries, Matrix, Series, Window};
use crate::upstream::HeaderSecrets;

/// The most bytes that one answer may take once decoded. JSON within the body's cap can ask for a thousand
/// times more: a series of one sample needs a whole column.
const MAX_DECODED: usize = 64 << 20;

/// Reads a complete matrix onto the window's grid, its series in the order of their labels.
/// An answer of another type is kept as the value that it is.
pub fn read_matrix(body: &[u8], window: Window, secrets: &HeaderSecrets) -> Result<Matrix, WireFault> {
    let Opened { data, warnings, infos } = open_result(body)?;
    let (warnings, infos) = (warnings.into_vec(secrets), infos.into_vec(secrets));
    let mut matrix = Matrix { warnings, infos, ..Matrix::of(window, Vec::new()) };
    let raw = match data {
        RawResult::Matrix(raw) => raw,
        RawResult::Nothing => return Ok(matrix),
        other => return Ok(Matrix { instant: Some(read_value(other)?), ..matrix }),
    };
    let decoded: usize = raw.iter().map(|s| decoded(s, &window)).sum();
    if decoded > MAX_DECODED {
        return Err(WireFault::TooLarge(format!(
            "the answer has {} series of {} points",
            raw.len(),
            window.len()
        )));
    }
    matrix.series.reserve_exact(raw.len());
    for series in raw {
        read_series(&series, &mut matrix)?;
    }
    matrix.series.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    matrix.histograms.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    let floats = matrix.series.array_windows().any(|[a, b]| a.labels == b.labels);
    if floats || matrix.histograms.array_windows().any(|[a, b]| a.labels == b.labels) {
        return Err(incomplete("two series have the same labels"));
    }
    Ok(matrix)
}

fn decoded(raw: &RawSeries<'_>, window: &Window) -> usize {
    let histograms = raw.histograms.map_or(0, |h| h.get().len() * 4);
    window.len() * 8 + raw.metric.get().len() * 16 + histograms
}

fn read_series(raw: &RawSeries<'_>, matrix: &mut Matrix) -> Result<(), WireFault> {
    if raw.values.is_none() && raw.histograms.is_none() {
        return Err(incomplete("a series has no values"));
    }
    let labels = raw.labels()?;
    let mut points = raw.histograms()?.unwrap_or_default();
    let all = points.len();
    points.retain(|(at_ms, _)| matrix.window.index_of(*at_ms).is_some());
    matrix.off_grid += all - points.len();
    if !points.is_empty() {
        matrix.histograms.push(HistogramSeries { labels: labels.clone(), points: points.into() });
    }
    // A series of nothing but histograms has no column.
    let Some(values) = raw.values else { return Ok(()) };
    let mut column = vec![ABSENT; matrix.window.len()];
    matrix.off_grid += read_samples(values, &matrix.window, &mut column)
        .ok_or_else(|| incomplete("the samples of a series are damaged"))?;
    matrix.series.push(Series { labels, values: column.into() });
    Ok(())
}

#[cfg(test)]
mod tests;
