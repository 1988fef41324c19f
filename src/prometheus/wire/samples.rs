//! Reads `[[1435781430.781,"1"],...]` straight into a column of the window's grid.

use crate::prometheus::Window;
use crate::prometheus::numbers::{millis, number};

/// Fills `column` (one place per instant of the window) and returns how many samples have no place.
/// The order of the samples does not matter; of two samples of one instant the later in the list stays.
/// None: the list has another shape than samples have.
pub fn read_samples(list: &str, window: &Window, column: &mut [f64]) -> Option<usize> {
    let mut off_grid = 0;
    each_sample(list, |at_ms, value| match window.index_of(at_ms).and_then(|i| column.get_mut(i)) {
        Some(place) => *place = value,
        None => off_grid += 1,
    })?;
    Some(off_grid)
}

/// Hands over each sample's time, in epoch milliseconds, and value, in the order of the list. None: the list
/// is damaged.
pub fn each_sample(list: &str, mut found: impl FnMut(i64, f64)) -> Option<()> {
    let mut cursor = Cursor(list.as_bytes());
    cursor.expect(b'[')?;
    if cursor.take(b']') {
        return cursor.0.is_empty().then_some(());
    }
    loop {
        cursor.expect(b'[')?;
        let at_ms = millis(cursor.until(|b| b == b',' || b.is_ascii_whitespace())?)?;
        cursor.expect(b',')?;
        cursor.expect(b'"')?;
        let value = number(cursor.until(|b| b == b'"')?)?;
        cursor.expect(b'"')?;
        cursor.expect(b']')?;
        found(at_ms, value);
        if !cursor.take(b',') {
            break;
        }
    }
    cursor.expect(b']')?;
    cursor.0.is_empty().then_some(())
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn skip_space(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Takes one byte, after white space, if it is the wanted one.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// All before the first byte that ends it.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
        self.skip_space();
        let at = self.0.iter().position(|b| ends(*b))?;
        let (before, rest) = self.0.split_at_checked(at)?;
        self.0 = rest;
        Some(before)
    }
}
