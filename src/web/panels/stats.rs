//! Single values in place of lines: a tile each, or text in a picture.

use jiff::Timestamp;

use super::counted;
use crate::chart::format::Measure;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::prometheus::Float;

/// A page shows this many tiles; the JSON form has all values.
const MAX_TILES: usize = 60;
/// A picture names this many values.
const MAX_TEXTS: usize = 6;

/// The values that a page shows.
pub fn tiles(graph: &Graph) -> impl Iterator<Item = &Stat> {
    graph.stats.iter().take(MAX_TILES)
}

/// The value without rounding and unit.
pub fn full(stat: &Stat) -> String {
    match &stat.value {
        StatValue::Number(value) => Float(*value).to_string(),
        StatValue::Text(text) => text.clone(),
    }
}

/// The values as `name: value`, for a picture, which has no tiles.
pub fn texts(graph: &Graph) -> Vec<String> {
    let shown = graph.stats.iter().take(MAX_TEXTS);
    let shown = shown.map(|stat| format!("{}: {}", stat.name, text(stat, graph)));
    shown.chain(hidden(graph, MAX_TEXTS)).collect()
}

/// How many values a page does not show.
pub fn hidden_tiles(graph: &Graph) -> Option<String> {
    hidden(graph, MAX_TILES)
}

/// The value with its unit, and with as many digits as tell the values apart.
pub fn text(stat: &Stat, graph: &Graph) -> String {
    match &stat.value {
        StatValue::Number(value) => {
            let measure = Measure::of(&graph.unit);
            measure.text(*value, measure.telling_apart(tiles(graph).filter_map(number)))
        }
        StatValue::Text(text) => text.clone(),
    }
}

/// The time that the value is, if it is one.
pub fn instant(stat: &Stat, graph: &Graph) -> Option<Timestamp> {
    Measure::of(&graph.unit).instant(number(stat)?)
}

fn number(stat: &Stat) -> Option<f64> {
    match stat.value {
        StatValue::Number(value) => Some(value),
        StatValue::Text(_) => None,
    }
}

fn hidden(graph: &Graph, shown: usize) -> Option<String> {
    let left = graph.stats.len().saturating_sub(shown);
    (left > 0).then(|| format!("{} hidden here; the JSON form has all.", counted(left, "value", "values")))
}
