//! Regexes that must match a whole label value: each text compiled once for all who hold it, and small.

mod dialect;
mod meaning;
mod shelf;

use std::fmt;
use std::sync::{Arc, OnceLock};

use memchr::memmem;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use self::shelf::{Room, SHELF, Shelf};

/// The longest regex that is compiled, in bytes.
const MAX_BYTES: usize = 1024;
/// The largest compiled regex, in bytes of memory.
const MAX_MEMORY: usize = 1 << 18;
/// The largest automaton that is made for values of ASCII; most take some 3 kB.
const MAX_QUICK: usize = 1 << 14;
/// What may be used while it is made.
const MAX_QUICK_MAKING: usize = 1 << 17;

/// What a test without a table costs, in tests with one: some 5 µs, and with compiling some 500 µs.
const COST_WITHOUT_TABLE: usize = 100;
const COST_OF_COMPILING: usize = 10_000;

/// A regex that must match a whole label value. Those of one text are one, for as long as anybody holds it.
pub struct Regex {
    text: Box<str>,
    /// What every value that matches contains; empty where nothing is known.
    contained: Box<[u8]>,
    /// For values of ASCII, as nearly all are: a table, with one step for each byte. None: it would be too large,
    /// or there is no room for it.
    quick: Option<Box<Quick>>,
    /// For any value; made when one needs it, and kept while there is room.
    whole: OnceLock<(PikeVM, Room)>,
    shelf: &'static Shelf,
}

struct Quick {
    automaton: dense::DFA<Vec<u32>>,
    _room: Room,
}

/// A regex that must match a whole label value. Fails with a reason, as a sentence.
pub(super) fn compile(pattern: &str) -> Result<Arc<Regex>, String> {
    compile_on(&SHELF, pattern)
}

fn compile_on(shelf: &'static Shelf, pattern: &str) -> Result<Arc<Regex>, String> {
    match shelf.known(pattern) {
        Some(known) => Ok(known),
        None => Ok(shelf.put(Regex::new(shelf, pattern)?)),
    }
}

impl Regex {
    fn new(shelf: &'static Shelf, pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_BYTES {
            return Err(format!("the regex is longer than {MAX_BYTES} bytes"));
        }
        let meaning = parse(pattern)?;
        check_size(&meaning)?;
        let quick = if shelf.is_full() { None } else { quick(&meaning) };
        let quick = quick.and_then(|automaton| {
            let room = shelf.room(size_of::<Quick>() + automaton.memory_usage())?;
            Some(Box::new(Quick { automaton, _room: room }))
        });
        let contained = meaning::contained(&meaning).unwrap_or_default().into();
        Ok(Self { text: pattern.into(), contained, quick, whole: OnceLock::new(), shelf })
    }

    pub(super) fn is_match(&self, value: &str) -> bool {
        if let Some(found) = self.quick_match(value) {
            return found;
        }
        if !self.may_match(value) {
            return false;
        }
        let input = Input::new(value).anchored(Anchored::Yes);
        let test = |vm: &PikeVM| vm.is_match(&mut vm.create_cache(), input);
        match self.whole.get() {
            Some((vm, _)) => test(vm),
            None => self.made_whole().is_some_and(|vm| test(&vm)),
        }
    }

    /// A text that every value that matches contains; empty where none is known.
    pub(super) fn contained(&self) -> &[u8] {
        &self.contained
    }

    /// What a test of the value costs, in tests with a table.
    pub(super) fn cost(&self, value: &str) -> usize {
        if (self.quick.is_some() && value.is_ascii()) || !self.may_match(value) {
            1
        } else if self.whole.get().is_some() {
            COST_WITHOUT_TABLE
        } else {
            COST_OF_COMPILING
        }
    }

    /// None: the table is not there, or not for this value.
    fn quick_match(&self, value: &str) -> Option<bool> {
        let quick = self.quick.as_ref().filter(|_| value.is_ascii())?;
        let input = Input::new(value).anchored(Anchored::Yes).earliest(true);
        Some(quick.automaton.try_search_fwd(&input).ok()?.is_some())
    }

    fn may_match(&self, value: &str) -> bool {
        self.contained.is_empty() || memmem::find(value.as_bytes(), &self.contained).is_some()
    }

    fn made_whole(&self) -> Option<PikeVM> {
        let vm = PikeVM::new_from_nfa(whole(&parse(&self.text).ok()?)?).ok()?;
        if let Some(room) = self.shelf.room(vm.get_nfa().memory_usage()) {
            // Where another thread was quicker, this one's room is free again.
            let _ = self.whole.set((vm.clone(), room));
        }
        Some(vm)
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

fn parse(pattern: &str) -> Result<Hir, String> {
    let translated = dialect::translated(pattern)?;
    ParserBuilder::new().dot_matches_new_line(true).build().parse(&translated).map_err(|error| {
        // The last line of its report says what is wrong, the lines before draw where.
        let report = error.to_string();
        let reason = report.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("invalid regex: {reason}")
    })
}

/// Refuses what is too large forwards or backwards, as the crate `regex` would.
fn check_size(meaning: &Hir) -> Result<(), String> {
    let config = Config::new().nfa_size_limit(Some(MAX_MEMORY));
    let made = |config| {
        let made = Compiler::new().configure(config).build_from_hir(meaning);
        made.map_err(|_| "the regex is too large".to_owned())
    };
    let forward = made(config.clone())?;
    // Backwards it takes a few times as much, at most.
    if forward.memory_usage() > MAX_MEMORY / 16 {
        made(config.which_captures(WhichCaptures::None).reverse(true))?;
    }
    Ok(())
}

fn whole(meaning: &Hir) -> Option<NFA> {
    let config = Config::new().nfa_size_limit(Some(MAX_MEMORY)).which_captures(WhichCaptures::None);
    Compiler::new().configure(config).build_from_hir(meaning).ok()
}

/// The table for values of ASCII; None where it would be too large.
fn quick(meaning: &Hir) -> Option<dense::DFA<Vec<u32>>> {
    let config =
        Config::new().utf8(false).nfa_size_limit(Some(MAX_MEMORY)).which_captures(WhichCaptures::None);
    let nfa = Compiler::new().configure(config).build_from_hir(&meaning::of_ascii(meaning)).ok()?;
    let config = dense::Config::new()
        .accelerate(false)
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_QUICK))
        .determinize_size_limit(Some(MAX_QUICK_MAKING));
    let automaton = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
    // A copy has no room to spare.
    Some(automaton.as_ref().to_owned())
}

#[cfg(test)]
mod tests;
