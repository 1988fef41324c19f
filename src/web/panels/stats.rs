//! Values in place of lines, each a tile; beneath a picture in words.

use super::counted;
use super::detail::exact;
use super::times::Moment;
use crate::chart::format;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::web::PageParams;

/// How many tiles stand on a page; all values are in the JSON form.
const MOST_TILES: usize = 60;
/// How many values stand in words beneath a picture.
const MOST_WORDS: usize = 6;

pub struct Tiles {
    pub all: Vec<Tile>,
    /// What is not shown, as a sentence.
    pub beyond: Option<String>,
}

pub struct Tile {
    pub name: String,
    /// With its unit.
    pub text: String,
    /// In full, where the text is shorter.
    pub full: String,
    /// Words, which are longer than figures.
    pub is_text: bool,
    pub at: Moment,
}

impl Tiles {
    /// None where the answer is lines.
    pub fn of(graph: &Graph, params: &PageParams) -> Option<Self> {
        let all = graph.stats.iter().take(MOST_TILES).map(|stat| Tile::of(stat, graph, params));
        (!graph.stats.is_empty()).then(|| Self { all: all.collect(), beyond: beyond(graph, MOST_TILES) })
    }
}

impl Tile {
    fn of(stat: &Stat, graph: &Graph, params: &PageParams) -> Self {
        let (full, is_text) = match &stat.value {
            StatValue::Number(value) => (exact(*value), false),
            StatValue::Text(text) => (text.clone(), true),
        };
        let at = jiff::Timestamp::from_millisecond(stat.at_ms).unwrap_or(params.period.now);
        let at = Moment::of(at, params.period.now, &params.zone);
        Self { name: stat.name.clone(), text: worded(stat, graph), full, is_text, at }
    }
}

/// The values as `name: value`, for a picture, which has no tiles.
pub fn in_words(graph: &Graph) -> Vec<String> {
    let shown = graph.stats.iter().take(MOST_WORDS);
    let shown = shown.map(|stat| format!("{}: {}", stat.name, worded(stat, graph)));
    shown.chain(beyond(graph, MOST_WORDS)).collect()
}

fn worded(stat: &Stat, graph: &Graph) -> String {
    match &stat.value {
        StatValue::Number(value) => format::number(*value, &graph.unit),
        StatValue::Text(text) => text.clone(),
    }
}

fn beyond(graph: &Graph, shown: usize) -> Option<String> {
    let left = graph.stats.len().saturating_sub(shown);
    (left > 0).then(|| format!("{} more in the JSON form.", counted(left, "value is", "values are")))
}
