//! Reads Prometheus' regexes, which are Go's, into the structure that the `regex` crates compile.
//!
//! The grammar is that of `regexp/syntax/parse.go`: what Go accepts has Go's meaning here, and what Go refuses is
//! refused.

mod class;
mod escape;
mod names;
mod text;

use regex_syntax::hir::{Capture, Class, Dot, Hir, Look, Repetition};

use self::names::CharSet;
use self::text::Text;

/// The most copies of one part that `{2}` and the like may ask for, as in Go. Nested counts multiply.
const MAX_COPIES: u32 = 1000;
/// The deepest nesting of groups and repetitions. Go allows 1000; what compiles a regex recurses.
const MAX_HEIGHT: usize = 250;
/// The most classes such as `\pL` in one regex. Each has hundreds of ranges, and `(?i)` folds them all.
const MAX_UNICODE_CLASSES: usize = 4;
/// The most characters in the sets of one regex that `(?i)` folds; all of Unicode has half as many.
const MAX_FOLDED_CHARS: usize = 1 << 21;

/// The regex of a pattern that must match a whole value. Fails with a reason, as a sentence.
pub(super) fn read(pattern: &str) -> Result<Hir, String> {
    whole(Parser::new(pattern))
}

/// The same, with its groups numbered and named.
pub(super) fn read_with_groups(pattern: &str) -> Result<Hir, String> {
    whole(Parser { last_capture: Some(0), ..Parser::new(pattern) })
}

fn whole(parser: Parser<'_>) -> Result<Hir, String> {
    let regex = parser.read().map_err(|reason| format!("invalid regex: {reason}"))?;
    Ok(Hir::concat(vec![Hir::look(Look::Start), regex, Hir::look(Look::End)]))
}

/// Flags such as `(?i)`. As in Prometheus 3, `.` matches line breaks unless `(?-s)` forbids it.
#[derive(Clone, Copy)]
struct Flags {
    folds_case: bool,
    /// `^` and `$` match at line breaks.
    of_lines: bool,
    dot_matches_newline: bool,
    is_lazy: bool,
}

/// A part that a repetition can apply to.
struct Atom {
    regex: Hir,
    /// How many copies of its innermost part its counts ask for.
    copies: u32,
    height: usize,
}

/// A group that is open, or the pattern as a whole.
#[derive(Default)]
struct Group {
    branches: Vec<Hir>,
    /// The parts of the branch that is read.
    atoms: Vec<Atom>,
    /// Of the branches before.
    copies: u32,
    height: usize,
    /// Its number and its name, where those count.
    capture: Option<(u32, Option<Box<str>>)>,
}

struct Parser<'a> {
    text: Text<'a>,
    flags: Flags,
    group: Group,
    /// The groups around it, each with the flags that hold behind it.
    outer: Vec<(Group, Flags)>,
    unicode_classes: usize,
    folded_chars: usize,
    /// Whether a repetition stands directly before.
    is_repeated: bool,
    /// The number of the last group; None where they do not count.
    last_capture: Option<u32>,
}

impl Group {
    fn end_branch(&mut self) {
        let atoms = std::mem::take(&mut self.atoms);
        self.copies = atoms.iter().map(|atom| atom.copies).chain([self.copies]).max().unwrap_or(1);
        self.height = atoms.iter().map(|atom| atom.height).chain([self.height]).max().unwrap_or(0);
        self.branches.push(Hir::concat(atoms.into_iter().map(|atom| atom.regex).collect()));
    }

    fn close(mut self) -> Atom {
        self.end_branch();
        let regex = Hir::alternation(self.branches);
        let regex = match self.capture {
            Some((index, name)) => Hir::capture(Capture { index, name, sub: Box::new(regex) }),
            None => regex,
        };
        Atom { regex, copies: self.copies, height: self.height + 1 }
    }
}

impl<'a> Parser<'a> {
    fn new(pattern: &'a str) -> Self {
        let flags = Flags { folds_case: false, of_lines: false, dot_matches_newline: true, is_lazy: false };
        let (group, outer) = (Group::default(), Vec::new());
        let (text, unicode_classes, folded_chars) = (Text::new(pattern), 0, 0);
        Self {
            text,
            flags,
            group,
            outer,
            unicode_classes,
            folded_chars,
            is_repeated: false,
            last_capture: None,
        }
    }

    fn read(mut self) -> Result<Hir, String> {
        while let Some(c) = self.text.next() {
            let is_repeated = std::mem::take(&mut self.is_repeated);
            self.step(c, is_repeated)?;
        }
        match self.outer.is_empty() {
            true => Ok(self.group.close().regex),
            false => Err("missing closing )".to_owned()),
        }
    }

    /// `is_repeated`: whether a repetition stands directly before.
    fn step(&mut self, c: char, is_repeated: bool) -> Result<(), String> {
        let Flags { of_lines, dot_matches_newline, .. } = self.flags;
        match c {
            '(' => return self.open(),
            ')' => return self.close(),
            '|' => self.group.end_branch(),
            '^' => self.push(Hir::look(if of_lines { Look::StartLF } else { Look::Start })),
            '$' => self.push(Hir::look(if of_lines { Look::EndLF } else { Look::End })),
            '.' if dot_matches_newline => self.push(Hir::dot(Dot::AnyChar)),
            '.' => self.push(Hir::dot(Dot::AnyCharExceptLF)),
            '[' => {
                let class = self.class()?;
                self.push_set(class);
            }
            '*' => return self.repeat(0, None, is_repeated),
            '+' => return self.repeat(1, None, is_repeated),
            '?' => return self.repeat(0, Some(1), is_repeated),
            '{' => match self.text.counts() {
                Some((least, most)) => return self.repeat_counted(least, most, is_repeated),
                None => self.push_char('{'.into())?,
            },
            '\\' => return self.escape(),
            c => self.push_char(c.into())?,
        }
        Ok(())
    }

    fn push(&mut self, regex: Hir) {
        self.group.atoms.push(Atom { regex, copies: 1, height: 1 });
    }

    fn push_set(&mut self, set: CharSet) {
        self.push(Hir::class(Class::Unicode(set)));
    }

    /// A character by its number. No value has a surrogate.
    fn push_char(&mut self, code: u32) -> Result<(), String> {
        let set = class::of_ranges(&[(code, code)]);
        let set = if self.flags.folds_case { self.folded(set)? } else { set };
        self.push_set(set);
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        let flags = self.flags;
        let capture = if !self.text.eat("?") {
            self.next_capture(None)
        } else if let Some(name) = self.group_name()? {
            self.next_capture(Some(name.into()))
        } else if self.read_flags()? {
            None
        } else {
            return Ok(());
        };
        let group = Group { capture, ..Group::default() };
        self.outer.push((std::mem::replace(&mut self.group, group), flags));
        if self.outer.len() > MAX_HEIGHT { Err("expression nests too deeply".to_owned()) } else { Ok(()) }
    }

    fn next_capture(&mut self, name: Option<Box<str>>) -> Option<(u32, Option<Box<str>>)> {
        let last = self.last_capture.as_mut()?;
        *last += 1;
        Some((*last, name))
    }

    /// The name in `(?P<name>` or `(?<name>`, behind its question mark.
    fn group_name(&mut self) -> Result<Option<&'a str>, String> {
        if !self.text.eat("P<") && !self.text.eat("<") {
            return Ok(None);
        }
        let name = self.text.eat_until(">").ok_or("invalid named capture")?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_name { Ok(Some(name)) } else { Err(format!("invalid named capture: {name}")) }
    }

    /// `(?i)` or `(?i:`, behind its question mark. Whether a group begins.
    fn read_flags(&mut self) -> Result<bool, String> {
        let (mut flags, mut sets, mut has_flag) = (self.flags, true, false);
        loop {
            let flag = match self.text.next() {
                Some('i') => &mut flags.folds_case,
                Some('m') => &mut flags.of_lines,
                Some('s') => &mut flags.dot_matches_newline,
                Some('U') => &mut flags.is_lazy,
                Some('-') if sets => {
                    (sets, has_flag) = (false, false);
                    continue;
                }
                Some(end @ (':' | ')')) if sets || has_flag => {
                    self.flags = flags;
                    return Ok(end == ':');
                }
                _ => return Err("invalid or unsupported Perl syntax behind (?".to_owned()),
            };
            (*flag, has_flag) = (sets, true);
        }
    }

    fn close(&mut self) -> Result<(), String> {
        let (outer, flags) = self.outer.pop().ok_or("unexpected )")?;
        let closed = std::mem::replace(&mut self.group, outer).close();
        self.flags = flags;
        self.add(closed)
    }

    fn add(&mut self, atom: Atom) -> Result<(), String> {
        if atom.height > MAX_HEIGHT {
            return Err("expression nests too deeply".to_owned());
        }
        self.group.atoms.push(atom);
        Ok(())
    }

    fn repeat_counted(&mut self, least: u32, most: Option<u32>, is_repeated: bool) -> Result<(), String> {
        let is_valid = least <= MAX_COPIES && most.is_none_or(|most| least <= most && most <= MAX_COPIES);
        if !is_valid {
            return Err(format!("invalid repeat count; {MAX_COPIES} is the most"));
        }
        self.repeat(least, most, is_repeated)
    }

    fn repeat(&mut self, least: u32, most: Option<u32>, is_repeated: bool) -> Result<(), String> {
        let greedy = self.text.eat("?") == self.flags.is_lazy;
        if is_repeated {
            return Err("invalid nested repetition operator".to_owned());
        }
        let atom = self.group.atoms.pop().ok_or("missing argument to repetition operator")?;
        let copies = match most.unwrap_or(least) {
            0 if most.is_some() => 1,
            count => atom.copies.saturating_mul(count.max(1)),
        };
        if copies > MAX_COPIES && most.unwrap_or(least) >= 2 {
            return Err(format!("invalid repeat count; {MAX_COPIES} is the most for nested counts together"));
        }
        let repetition = Repetition { min: least, max: most, greedy, sub: Box::new(atom.regex) };
        self.is_repeated = true;
        self.add(Atom { regex: Hir::repetition(repetition), copies, height: atom.height + 1 })
    }
}
