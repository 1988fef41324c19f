//! Comma-separated values by RFC 4180, in which no text can pose as a formula of a spreadsheet.

use crate::prometheus::Float;

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The longest name of a file, in characters, without its ending.
const LONGEST_NAME: usize = 80;

/// A sheet being written. Its numbers are numbers: only texts are made harmless.
#[derive(Default)]
pub struct Csv {
    written: String,
    in_row: bool,
}

impl Csv {
    /// A text; one that a spreadsheet would calculate begins with an apostrophe instead.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.begin_cell();
        let guard = if text.starts_with(FORMULA) { "'" } else { "" };
        if !text.contains([',', '"', '\r', '\n']) {
            self.written.push_str(guard);
            self.written.push_str(text);
            return self;
        }
        self.written.push('"');
        self.written.push_str(guard);
        self.written.push_str(&text.replace('"', "\"\""));
        self.written.push('"');
        self
    }

    /// Every digit; NaN and the infinities in Prometheus' words. None: an empty cell.
    pub fn number(&mut self, number: Option<f64>) -> &mut Self {
        self.begin_cell();
        let text = match number {
            None => String::new(),
            Some(n) if n.is_finite() => format!("{n:?}"),
            Some(n) => Float(n).to_string(),
        };
        self.written.push_str(text.strip_suffix(".0").unwrap_or(&text));
        self
    }

    pub fn end_row(&mut self) {
        self.written.push_str("\r\n");
        self.in_row = false;
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.written.into_bytes()
    }

    fn begin_cell(&mut self) {
        if std::mem::replace(&mut self.in_row, true) {
            self.written.push(',');
        }
    }
}

/// A name that any system takes: letters, digits, `-`, `_` and `.`, joined by `-`; never empty, never hidden.
pub fn file_name(parts: &[&str]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
    let name: String = parts.join("-").chars().map(plain).collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").trim_start_matches(['.', '-']).chars().take(LONGEST_NAME).collect();
    format!("{}.csv", if name.is_empty() { "data" } else { &name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, cell: &str) {
        let mut csv = Csv::default();
        csv.text(text).end_row();
        assert_eq!(String::from_utf8(csv.into_bytes()).unwrap(), format!("{cell}\r\n"), "{text:?}");
    }

    #[test]
    fn a_text_is_never_a_formula() {
        for (text, cell) in [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("größe", "größe"),
        ] {
            check(text, cell);
        }
    }

    #[test]
    fn a_number_is_whole() {
        let mut csv = Csv::default();
        for number in [0.1, -5.0, 1e-300, 1e300, 12345678.912345678, f64::NAN, f64::INFINITY, -f64::INFINITY]
        {
            csv.number(Some(number));
        }
        csv.number(None).end_row();
        let row = String::from_utf8(csv.into_bytes()).unwrap();
        assert_eq!(row, "0.1,-5,1e-300,1e300,12345678.912345678,NaN,+Inf,-Inf,\r\n");
    }

    #[test]
    fn a_file_name_is_harmless() {
        for (parts, name) in [
            (&["payments", "graph", "1"][..], "payments-graph-1.csv"),
            (&["../../etc/passwd"], "etc-passwd.csv"),
            (&["a\"; filename=\"b\r\nx: y"], "a-filename-b-x-y.csv"),
            (&["größe", ""], "gr-e.csv"),
            (&["", "?"], "data.csv"),
        ] {
            assert_eq!(file_name(parts), name);
        }
        assert_eq!(file_name(&[&"x".repeat(500)]).len(), LONGEST_NAME + 4);
    }
}
