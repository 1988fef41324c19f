//! Reads `[[1435781430.781,"1"],...]` straight into a column of the window's grid.

use crate::prometheus::Window;

/// The list has another shape than samples have.
#[derive(Debug, PartialEq, Eq)]
pub struct Damaged;

/// Fills `column` (one place per instant of the window) and tells how many samples had no place.
/// The order of the samples does not matter; of two samples of one instant the later in the list stays.
pub fn read_samples(list: &str, window: &Window, column: &mut [f64]) -> Result<usize, Damaged> {
    let mut off_grid = 0;
    each_sample(list, |at_ms, value| match window.index_of(at_ms).and_then(|i| column.get_mut(i)) {
        Some(place) => *place = value,
        None => off_grid += 1,
    })?;
    Ok(off_grid)
}

/// Hands over each sample's time, in epoch milliseconds, and value, in the order of the list.
pub fn each_sample(list: &str, mut found: impl FnMut(i64, f64)) -> Result<(), Damaged> {
    let mut cursor = Cursor(list.as_bytes());
    cursor.expect(b'[')?;
    if cursor.take(b']') {
        return if cursor.0.is_empty() { Ok(()) } else { Err(Damaged) };
    }
    loop {
        cursor.expect(b'[')?;
        let at_ms = millis(cursor.until(|b| b == b',' || b.is_ascii_whitespace())?).ok_or(Damaged)?;
        cursor.expect(b',')?;
        cursor.expect(b'"')?;
        let value = number(cursor.until(|b| b == b'"')?).ok_or(Damaged)?;
        cursor.expect(b'"')?;
        cursor.expect(b']')?;
        found(at_ms, value);
        if !cursor.take(b',') {
            break;
        }
    }
    cursor.expect(b']')?;
    if cursor.0.is_empty() { Ok(()) } else { Err(Damaged) }
}

/// A sample's value as Prometheus prints it. A NaN is always the same NaN, so never [`crate::prometheus::ABSENT`].
pub fn number(text: &[u8]) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    Some(if value.is_nan() { f64::NAN } else { value })
}

/// Seconds with decimals as whole milliseconds.
pub fn millis(text: &[u8]) -> Option<i64> {
    whole_millis(text).or_else(|| {
        let seconds: f64 = fast_float2::parse(text).ok()?;
        let ms = (seconds * 1000.0).round();
        // Beyond 2^53 neighbours are equal.
        #[expect(clippy::cast_possible_truncation, reason = "within 2^53, as just tested")]
        (ms.abs() < 9_007_199_254_740_992.0).then_some(ms as i64)
    })
}

/// The usual form without a detour over floats: digits, and at most three decimals.
fn whole_millis(text: &[u8]) -> Option<i64> {
    let mut ms: i64 = 0;
    let mut decimals: Option<u32> = None;
    for b in text {
        match b {
            b'0'..=b'9' => {
                ms = ms.checked_mul(10)?.checked_add(i64::from(b - b'0'))?;
                decimals = decimals.map(|d| d + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return None,
        }
    }
    let missing = 3_u32.checked_sub(decimals.unwrap_or(0))?;
    if text.is_empty() { None } else { ms.checked_mul(10_i64.pow(missing)) }
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

    fn expect(&mut self, byte: u8) -> Result<(), Damaged> {
        if self.take(byte) { Ok(()) } else { Err(Damaged) }
    }

    /// All before the first byte that ends it.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> Result<&'a [u8], Damaged> {
        self.skip_space();
        let at = self.0.iter().position(|b| ends(*b)).ok_or(Damaged)?;
        let (before, rest) = self.0.split_at_checked(at).ok_or(Damaged)?;
        self.0 = rest;
        Ok(before)
    }
}
