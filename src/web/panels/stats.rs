//! Values in place of lines, each a tile.

use super::detail::exact;
use super::times::Moment;
use crate::chart::format;
use crate::monitoring::{Graph, StatValue};
use crate::web::PageParams;

pub struct Tile {
    pub name: String,
    pub text: String,
    /// In full, where the text is shorter.
    pub full: String,
    pub at: Moment,
}

impl Tile {
    pub fn all(graph: &Graph, params: &PageParams) -> Vec<Self> {
        let tile = |stat: &crate::monitoring::Stat| {
            let (text, full) = match &stat.value {
                StatValue::Number(value) => (format::number(*value, &graph.unit), exact(*value)),
                StatValue::Text(text) => (text.clone(), text.clone()),
            };
            let at = jiff::Timestamp::from_millisecond(stat.at_ms).unwrap_or(params.period.now);
            let at = Moment::of(at, params.period.now, &params.zone);
            Self { name: stat.name.clone(), text, full, at }
        };
        graph.stats.iter().map(tile).collect()
    }
}
