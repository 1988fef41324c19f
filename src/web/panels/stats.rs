//! Single values in place of lines: a tile each, or text in a picture.

use jiff::Timestamp;

use super::counted;
use crate::chart::format::Measure;
use crate::chart::svg::ValueText;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::prometheus::Float;

/// A page shows this many tiles; the JSON form has all values.
const MAX_TILES: usize = 60;

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
    let shown = graph.stats.iter().take(MAX_TILES);
    let measure = Measure::of(&graph.unit).over(shown.clone().filter_map(number));
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

/// The values for a picture, which has no tiles. It shows no more than a page.
pub fn texts(graph: &Graph) -> Vec<ValueText> {
    tiles(graph).into_iter().map(|tile| ValueText { name: tile.stat.name.clone(), text: tile.text }).collect()
}

/// How many values a page does not show.
pub fn hidden_tiles(graph: &Graph) -> Option<String> {
    let left = graph.stats.len().saturating_sub(MAX_TILES);
    (left > 0).then(|| format!("{} hidden here; the JSON form has all.", counted(left, "value", "values")))
}

fn number(stat: &Stat) -> Option<f64> {
    match stat.value {
        StatValue::Number(value) => Some(value),
        StatValue::Text(_) => None,
    }
}
