//! Single values as tiles, where an instance answered with values in place of lines.

use askama::Template;

use super::counted;
use super::detail::exact;
use super::times::Moment;
use crate::chart::format;
use crate::monitoring::{Graph, Stat, StatValue};
use crate::web::params::PageParams;

/// How many tiles stand on a page; all values are in the JSON form.
const MOST_TILES: usize = 60;
/// How many values stand in words beneath a picture.
const MOST_WORDS: usize = 6;

#[derive(Template)]
#[template(path = "panels/stat.html")]
pub struct StatTiles {
    pub tiles: Vec<Tile>,
    pub beyond: Option<String>,
}

impl askama::filters::HtmlSafe for StatTiles {}

pub struct Tile {
    pub name: String,
    /// With its unit.
    pub value: String,
    /// The value in full.
    pub exact: String,
    /// Words, which are longer than figures.
    pub is_text: bool,
    pub at: Option<Moment>,
}

/// The values as `name: value`, for a picture, which has no tiles.
pub fn in_words(graph: &Graph) -> Vec<String> {
    let beyond = graph.stats.len().saturating_sub(MOST_WORDS);
    let more =
        (beyond > 0).then(|| format!("{} more in the JSON form.", counted(beyond, "value is", "values are")));
    let shown = graph.stats.iter().take(MOST_WORDS);
    shown.map(|stat| format!("{}: {}", stat.name, worded(graph, &stat.value))).chain(more).collect()
}

fn worded(graph: &Graph, value: &StatValue) -> String {
    match value {
        StatValue::Number(value) => format::number(*value, &graph.unit),
        StatValue::Text(text) => text.clone(),
    }
}

impl StatTiles {
    /// None where the answer is lines.
    pub fn of(params: &PageParams, graph: &Graph) -> Option<Self> {
        let beyond = graph.stats.len().saturating_sub(MOST_TILES);
        let tile = |stat: &Stat| {
            let (exact, is_text) = match &stat.value {
                StatValue::Number(value) => (exact(*value), false),
                StatValue::Text(text) => (text.clone(), true),
            };
            let value = worded(graph, &stat.value);
            let at = jiff::Timestamp::from_millisecond(stat.at_ms).ok();
            let at = at.map(|at| Moment::of(at, params.period.now, &params.zone));
            Tile { name: stat.name.clone(), value, exact, is_text, at }
        };
        (!graph.stats.is_empty()).then(|| Self {
            tiles: graph.stats.iter().take(MOST_TILES).map(tile).collect(),
            beyond: (beyond > 0)
                .then(|| format!("{} more in the JSON form.", counted(beyond, "value is", "values are"))),
        })
    }
}
