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

/// One value, as a page shows it.
pub struct Tile<'a> {
    pub stat: &'a Stat,
    /// With its unit, and with as many digits as tell the page's values apart.
    pub text: String,
    /// The time that the value is, if it is one.
    pub instant: Option<Timestamp>,
}

impl Tile<'_> {
    /// Whether the value is a text.
    pub fn is_text(&self) -> bool {
        matches!(self.stat.value, StatValue::Text(_))
    }

    /// The value without rounding and unit.
    pub fn full(&self) -> String {
        match &self.stat.value {
            StatValue::Number(value) => Float(*value).to_string(),
            StatValue::Text(text) => text.clone(),
        }
    }
}

/// The values that a page shows.
pub fn tiles<'a>(graph: &'a Graph) -> Vec<Tile<'a>> {
    let measure = Measure::of(&graph.unit);
    let shown = graph.stats.iter().take(MAX_TILES);
    let digits = measure.telling_apart(shown.clone().filter_map(number));
    let tile = |stat: &'a Stat| {
        let (text, instant) = match &stat.value {
            StatValue::Number(value) => (measure.text(*value, digits), measure.instant(*value)),
            StatValue::Text(text) => (text.clone(), None),
        };
        Tile { stat, text, instant }
    };
    shown.map(tile).collect()
}

/// The values as `name: value`, for a picture, which has no tiles.
pub fn texts(graph: &Graph) -> Vec<String> {
    let shown = tiles(graph).into_iter().take(MAX_TEXTS);
    let shown = shown.map(|tile| format!("{}: {}", tile.stat.name, tile.text));
    shown.chain(hidden(graph, MAX_TEXTS)).collect()
}

/// How many values a page does not show.
pub fn hidden_tiles(graph: &Graph) -> Option<String> {
    hidden(graph, MAX_TILES)
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
