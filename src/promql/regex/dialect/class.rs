//! Sets of characters: `[a-z]`, `\d`, `[[:alpha:]]`.

use regex_syntax::hir::ClassUnicodeRange;

use super::names::{CharSet, named, unicode};
use super::{MAX_FOLDED_CHARS, MAX_UNICODE_CLASSES, Parser};

/// POSIX's names of sets, in `[[:alpha:]]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

const SURROGATES: (u32, u32) = (0xd800, 0xdfff);

/// The characters of ranges of numbers, without surrogates, which no value has.
pub(super) fn of_ranges(ranges: &[(u32, u32)]) -> CharSet {
    let range = |(first, last): &(u32, u32)| {
        let first = if (SURROGATES.0..=SURROGATES.1).contains(first) { SURROGATES.1 + 1 } else { *first };
        let last = if (SURROGATES.0..=SURROGATES.1).contains(last) { SURROGATES.0 - 1 } else { *last };
        let (first, last) = (char::from_u32(first)?, char::from_u32(last)?);
        (first <= last).then(|| ClassUnicodeRange::new(first, last))
    };
    CharSet::new(ranges.iter().filter_map(range))
}

impl Parser<'_> {
    /// The set and the other cases of its letters. Takes time for each of its characters.
    pub(super) fn folded(&mut self, mut set: CharSet) -> Result<CharSet, String> {
        self.folded_chars += set.ranges().iter().map(ClassUnicodeRange::len).sum::<usize>();
        if self.folded_chars > MAX_FOLDED_CHARS {
            return Err(format!("more than {MAX_FOLDED_CHARS} characters in classes behind (?i)"));
        }
        set.try_case_fold_simple().map_err(|error| error.to_string())?;
        Ok(set)
    }

    /// The set of a class, behind its bracket. Brackets, `&`, `-` and `~` mean themselves where they can.
    pub(super) fn class(&mut self) -> Result<CharSet, String> {
        let is_negated = self.text.eat("^");
        let (mut ranges, mut sets) = (Vec::new(), CharSet::empty());
        let mut is_first = true;
        while is_first || !self.text.eat("]") {
            is_first = false;
            match self.class_set()? {
                Some(set) => sets.union(&set),
                None => ranges.push(self.class_range()?),
            }
        }
        let mut set = of_ranges(&ranges);
        if self.flags.folds_case {
            set = self.folded(set)?;
        }
        set.union(&sets);
        if is_negated {
            set.negate();
        }
        Ok(set)
    }

    /// `[:alpha:]`, `\d` or `\pL` in a class.
    fn class_set(&mut self) -> Result<Option<CharSet>, String> {
        let named = self.text.rest().strip_prefix("[:").and_then(|rest| rest.split_once(":]"));
        if let Some((name, _)) = named {
            self.text.eat_until(":]");
            return self.posix(name).map(Some);
        }
        let Some(letter) = self.text.rest().strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        match letter {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P' => {
                self.text.eat("\\");
                self.text.next();
                self.escaped_set(letter)
            }
            _ => Ok(None),
        }
    }

    /// `a` or `a-z` in a class.
    fn class_range(&mut self) -> Result<(u32, u32), String> {
        let first = self.class_char()?;
        let rest = self.text.rest();
        let has_last = rest.strip_prefix('-').is_some_and(|rest| !rest.is_empty() && !rest.starts_with(']'));
        if !has_last {
            return Ok((first, first));
        }
        self.text.eat("-");
        let last = self.class_char()?;
        if first <= last { Ok((first, last)) } else { Err("invalid character class range".to_owned()) }
    }

    fn class_char(&mut self) -> Result<u32, String> {
        match self.text.next().ok_or("missing closing ]")? {
            '\\' => self.escaped_char(),
            c => Ok(c.into()),
        }
    }

    /// The set of the escape with this letter; None where it has none.
    pub(super) fn escaped_set(&mut self, letter: char) -> Result<Option<CharSet>, String> {
        let set = match letter.to_ascii_lowercase() {
            'd' => of_ranges(&[(0x30, 0x39)]),
            's' => of_ranges(&[(0x9, 0xa), (0xc, 0xd), (0x20, 0x20)]),
            'w' => of_ranges(&[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)]),
            'p' => return self.unicode_set(letter == 'P').map(Some),
            _ => return Ok(None),
        };
        self.cased(set, letter.is_ascii_uppercase()).map(Some)
    }

    fn posix(&mut self, name: &str) -> Result<CharSet, String> {
        let (is_negated, plain) = match name.strip_prefix('^') {
            Some(plain) => (true, plain),
            None => (false, name),
        };
        let known = POSIX.iter().find(|known| **known == plain);
        let set = known.and_then(|known| named(&format!("[[:{known}:]]")));
        self.cased(set.ok_or_else(|| format!("unknown character class [:{name}:]"))?, is_negated)
    }

    /// The set of `\pL` or `\p{Greek}`, behind its `p`.
    fn unicode_set(&mut self, is_negated: bool) -> Result<CharSet, String> {
        self.unicode_classes += 1;
        if self.unicode_classes > MAX_UNICODE_CLASSES {
            return Err(format!("more than {MAX_UNICODE_CLASSES} Unicode classes"));
        }
        let letter = self.text.next().unwrap_or_default();
        let mut single = [0; 4];
        let name = match letter {
            '{' => self.text.eat_until("}").ok_or("missing closing } behind \\p")?,
            c => c.encode_utf8(&mut single),
        };
        let (is_negated, plain) = match name.strip_prefix('^') {
            Some(plain) => (!is_negated, plain),
            None => (is_negated, name),
        };
        let set = unicode(plain);
        self.cased(set.ok_or_else(|| format!("unknown character class \\p{{{plain}}}"))?, is_negated)
    }

    /// The set in all cases if a flag asks for it, then everything else if it is negated.
    fn cased(&mut self, set: CharSet, is_negated: bool) -> Result<CharSet, String> {
        let mut set = if self.flags.folds_case { self.folded(set)? } else { set };
        if is_negated {
            set.negate();
        }
        Ok(set)
    }
}
