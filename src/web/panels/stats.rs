//! Single values in place of lines: a tile each, or text in a picture.

use super::counted;
use super::times::Moment;
use crate::chart::format;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::prometheus::Float;
use crate::web::params::PageParams;

/// A page shows this many tiles; the JSON form has all values.
const MAX_TILES: usize = 60;
/// A picture names this many values.
const MAX_TEXTS: usize = 6;

pub struct Tile {
    pub name: String,
    /// With its unit.
    pub text: String,
    /// In full, where the text is shorter.
    pub full: String,
    /// A text, which is longer than a number.
    pub is_text: bool,
    pub at: Moment,
}

pub fn tiles(graph: &Graph, params: &PageParams) -> Vec<Tile> {
    graph.stats.iter().take(MAX_TILES).map(|stat| Tile::of(stat, graph, params)).collect()
}

impl Tile {
    fn of(stat: &Stat, graph: &Graph, params: &PageParams) -> Self {
        let (full, is_text) = match &stat.value {
            StatValue::Number(value) => (Float(*value).to_string(), false),
            StatValue::Text(text) => (text.clone(), true),
        };
        let at = jiff::Timestamp::from_millisecond(stat.at_ms).unwrap_or(params.period.now);
        let at = Moment::of(at, params.period.now, &params.zone);
        Self { name: stat.name.clone(), text: text(stat, graph), full, is_text, at }
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

fn text(stat: &Stat, graph: &Graph) -> String {
    match &stat.value {
        StatValue::Number(value) => format::number(*value, &graph.unit),
        StatValue::Text(text) => text.clone(),
    }
}

fn hidden(graph: &Graph, shown: usize) -> Option<String> {
    let left = graph.stats.len().saturating_sub(shown);
    (left > 0).then(|| format!("{} hidden here; the JSON form has all.", counted(left, "value", "values")))
}
