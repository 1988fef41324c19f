//! What a backslash begins.

use regex_syntax::hir::{Hir, Look};

use super::Parser;

impl Parser<'_> {
    /// An escape outside a class, behind its backslash. The ends of words are those of ASCII.
    pub(super) fn escape(&mut self) -> Result<(), String> {
        let look = match self.text.rest().chars().next() {
            Some('A') => Look::Start,
            Some('z') => Look::End,
            Some('b') => Look::WordAscii,
            Some('B') => Look::WordAsciiNegate,
            Some('Q') => return self.verbatim(),
            Some(letter @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')) => {
                self.text.next();
                if let Some(set) = self.escaped_set(letter)? {
                    self.push_set(set);
                }
                return Ok(());
            }
            _ => {
                let c = self.escaped_char()?;
                return self.push_char(c);
            }
        };
        self.text.next();
        self.push(Hir::look(look));
        Ok(())
    }

    /// `\Q...\E`: all characters between mean themselves. The end may be missing.
    fn verbatim(&mut self) -> Result<(), String> {
        self.text.eat("Q");
        loop {
            if self.text.eat("\\E") {
                return Ok(());
            }
            match self.text.next() {
                Some(c) => self.push_char(c.into())?,
                None => return Ok(()),
            }
        }
    }

    /// The number of the character of an escape, behind its backslash.
    pub(super) fn escaped_char(&mut self) -> Result<u32, String> {
        let letter = self.text.next().ok_or("trailing backslash")?;
        let is_known_octal = |digit: char| {
            digit == '0' || (digit.is_digit(8) && self.text.rest().starts_with(|c: char| c.is_digit(8)))
        };
        let code = match letter {
            digit if is_known_octal(digit) => Some(self.octal(digit)),
            'x' => self.hexadecimal(),
            'a' => Some(0x7),
            'f' => Some(0xc),
            'n' => Some(0xa),
            'r' => Some(0xd),
            't' => Some(0x9),
            'v' => Some(0xb),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c.into()),
            _ => None,
        };
        code.ok_or_else(|| format!("invalid escape sequence: \\{letter}"))
    }

    /// Up to three digits.
    fn octal(&mut self, first: char) -> u32 {
        let mut code = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self.text.digit(8) else { break };
            code = code * 8 + digit;
        }
        code
    }

    /// `e9` or `{e9}`, behind the `x`.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.text.eat("{") {
            return Some(self.text.digit(16)? * 16 + self.text.digit(16)?);
        }
        let digits = self.text.eat_until("}")?;
        let are_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok()?;
        (are_digits && code <= u32::from(char::MAX)).then_some(code)
    }
}
