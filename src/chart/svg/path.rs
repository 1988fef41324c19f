//! The data of a path in few characters: whole numbers, each point relative to the last.

/// Writes the `d` of one path.
pub(super) struct Pen<'s> {
    out: &'s mut String,
    start: usize,
    at: Option<(i64, i64)>,
    /// The horizontal distance of the last points, not yet written.
    level: i64,
    /// The last command, which further numbers repeat.
    letter: u8,
}

impl<'s> Pen<'s> {
    pub(super) fn new(out: &'s mut String) -> Self {
        Self { start: out.len(), out, at: None, level: 0, letter: 0 }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.out.len() == self.start
    }

    /// A line to a point; after a lift, the start of a line.
    pub(super) fn line_to(&mut self, x: i64, y: i64) {
        let Some((last_x, last_y)) = self.at.replace((x, y)) else {
            self.letter(b'M');
            self.pair(x, y);
            return;
        };
        // Several steps at one height become one.
        if y == last_y && (self.level == 0 || (self.level > 0) == (x > last_x)) {
            self.level += x - last_x;
            return;
        }
        self.write_level();
        if y == last_y {
            self.level = x - last_x;
            return;
        }
        self.letter(b'l');
        self.pair(x - last_x, y - last_y);
    }

    pub(super) fn lift(&mut self) {
        self.write_level();
        self.at = None;
    }

    pub(super) fn close(&mut self) {
        self.lift();
        self.letter(b'z');
    }

    /// A point; its round cap is a dot.
    pub(super) fn dot(&mut self, x: i64, y: i64) {
        self.line_to(x, y);
        self.letter(b'h');
        self.number(0);
        self.lift();
    }

    pub(super) fn vertical(&mut self, x: i64, y: i64, length: i64) {
        self.line_to(x, y);
        self.letter(b'v');
        self.number(length);
        self.lift();
    }

    fn write_level(&mut self) {
        if self.level != 0 {
            let level = std::mem::take(&mut self.level);
            self.letter(b'h');
            self.number(level);
        }
    }

    fn letter(&mut self, letter: u8) {
        // Only lines omit their letter: further numbers after a move are lines.
        if letter != b'l' || self.letter != letter {
            self.out.push(char::from(letter));
        }
        self.letter = letter;
    }

    fn pair(&mut self, x: i64, y: i64) {
        self.number(x);
        self.number(y);
    }

    /// With a space where it would join the number before.
    fn number(&mut self, number: i64) {
        let is_apart = number < 0 || !self.out.ends_with(|c: char| c.is_ascii_digit());
        if !is_apart {
            self.out.push(' ');
        }
        if number < 0 {
            self.out.push('-');
        }
        let mut digits = [0_u8; 20];
        let mut rest = number.unsigned_abs();
        let mut length = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            length += 1;
            if rest == 0 {
                break;
            }
        }
        let written = digits.get(digits.len() - length..).unwrap_or_default();
        self.out.push_str(std::str::from_utf8(written).unwrap_or_default());
    }
}
