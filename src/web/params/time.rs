//! The time range of a page: `from` and `to`, or `range`.

use std::time::Duration;

use jiff::Timestamp;

use super::instant::{End, TimeReader};
use super::pairs::Pairs;
use crate::page_params::{in_one_unit, quoted, read_range};

/// The two ends of a page's window, as texts and as instants. `from < to`.
pub(super) struct PageWindow {
    pub(super) from_text: String,
    pub(super) to_text: String,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl PageWindow {
    /// Reads `from` and `to`, or `range`. The default range replaces what cannot be used.
    pub(super) fn read(pairs: &mut Pairs, default: Duration, reader: &TimeReader) -> Self {
        let now = reader.now;
        let from = pairs.value("from", |t| reader.instant(t, End::From).map(|at| (t.to_owned(), at)));
        let to = pairs.value("to", |t| reader.instant(t, End::To).map(|at| (t.to_owned(), at)));
        let range = pairs.value("range", read_range);
        if range.is_some() && (from.is_some() || to.is_some()) {
            pairs.refuse("range", "ignored, because from or to is given".to_owned());
        } else if let Some(range) = range {
            return Self::until_now(range, now);
        }
        let (to_text, to) = to.unwrap_or_else(|| ("now".to_owned(), now));
        // A window that ends in the future starts before now, so that it shows something.
        let (past_text, past) = if to > now { ("now", now) } else { (to_text.as_str(), to) };
        let (from_text, from) = from.unwrap_or_else(|| back_from(past_text, past, default));
        if from < to {
            return Self { from_text, to_text, from, to };
        }
        pairs.refuse("from", format!("{} is not before {}", quoted(&from_text), quoted(&to_text)));
        Self::until_now(default, now)
    }

    fn until_now(range: Duration, now: Timestamp) -> Self {
        let (from_text, from) = back_from("now", now, range);
        Self { from_text, to_text: "now".to_owned(), from, to: now }
    }
}

fn back_from(to_text: &str, to: Timestamp, range: Duration) -> (String, Timestamp) {
    let from = to.checked_sub(range).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
    let text = match to_text {
        "now" => format!("now-{}", in_one_unit(range)),
        _ => from.as_millisecond().to_string(),
    };
    (text, from)
}
