//! Regexes that must match a whole label value: each text compiled once for all its users, and small.

mod dialect;
mod interner;
mod meaning;
mod rewrite;

use std::fmt;
use std::sync::{Arc, OnceLock};

use memchr::memmem;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use self::interner::{INTERNER, Interner};

pub use rewrite::{LabelRewrite, UnreadRewrite};

/// The longest regex that is compiled, in bytes.
const MAX_BYTES: usize = 1024;
/// The largest compiled regex, in bytes of memory.
const MAX_MEMORY: usize = 1 << 18;
/// The largest table for values of ASCII, in bytes; most take some 3 kB.
const MAX_TABLE: usize = 1 << 14;
/// The memory that may be used while a table is made, in bytes.
const MAX_TABLE_MAKING: usize = 1 << 17;

/// What a test without a table costs, in tests with one: some 5 µs, and with compiling some 500 µs.
const COST_WITHOUT_TABLE: usize = 100;
const COST_OF_COMPILING: usize = 10_000;

type Table = dense::DFA<Vec<u32>>;

/// A regex that must match a whole label value. All matchers of one text share it.
pub struct Regex {
    text: Box<str>,
    /// What every value that matches contains; empty where nothing is known.
    contained: Box<[u8]>,
    /// What every value that matches begins with; empty where nothing is known.
    beginning: Box<str>,
    /// For values of ASCII, as nearly all are: a table, with one step for each byte. None: it would be too large,
    /// or there is no memory for it.
    table: Option<Box<Table>>,
    /// For any value; made when one needs it, and kept while there is memory.
    whole: OnceLock<PikeVM>,
    interner: &'static Interner,
}

/// A regex that must match a whole label value. Fails with a reason, as a sentence.
pub(super) fn compile(pattern: &str) -> Result<Arc<Regex>, String> {
    compile_in(&INTERNER, pattern)
}

fn compile_in(interner: &'static Interner, pattern: &str) -> Result<Arc<Regex>, String> {
    match interner.get(pattern) {
        Some(known) => Ok(known),
        None => Ok(interner.insert(Regex::new(interner, pattern)?)),
    }
}

impl Regex {
    fn new(interner: &'static Interner, pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_BYTES {
            return Err(format!("the regex is longer than {MAX_BYTES} bytes"));
        }
        let meaning = dialect::read(pattern)?;
        check_size(&meaning)?;
        let table = if interner.is_full() { None } else { table(&meaning) };
        let table = table.filter(|table| interner.reserve(table_bytes(table)));
        let contained = meaning::contained(&meaning).unwrap_or_default().into();
        let beginning = meaning::beginning(&meaning).into();
        let (text, whole) = (pattern.into(), OnceLock::new());
        Ok(Self { text, contained, beginning, table: table.map(Box::new), whole, interner })
    }

    pub(super) fn is_match(&self, value: &str) -> bool {
        if let Some(found) = self.table_match(value) {
            return found;
        }
        if !self.may_match(value) {
            return false;
        }
        let input = Input::new(value).anchored(Anchored::Yes);
        let test = |vm: &PikeVM| vm.is_match(&mut vm.create_cache(), input);
        match self.whole.get() {
            Some(vm) => test(vm),
            None => self.make_whole().is_some_and(|vm| test(&vm)),
        }
    }

    /// A text that is in every value that matches; empty where none is known.
    pub(super) fn contained(&self) -> &[u8] {
        &self.contained
    }

    /// A text that every value which matches begins with; empty where none is known.
    pub(super) fn beginning(&self) -> &str {
        &self.beginning
    }

    /// What a test of the value costs, in tests with a table.
    pub(super) fn cost(&self, value: &str) -> usize {
        if (self.table.is_some() && value.is_ascii()) || !self.may_match(value) {
            1
        } else if self.whole.get().is_some() {
            COST_WITHOUT_TABLE
        } else {
            COST_OF_COMPILING
        }
    }

    /// None: there is no table, or the value is not of ASCII.
    fn table_match(&self, value: &str) -> Option<bool> {
        let table = self.table.as_ref().filter(|_| value.is_ascii())?;
        let input = Input::new(value).anchored(Anchored::Yes).earliest(true);
        Some(table.try_search_fwd(&input).ok()?.is_some())
    }

    fn may_match(&self, value: &str) -> bool {
        self.contained.is_empty() || memmem::find(value.as_bytes(), &self.contained).is_some()
    }

    fn make_whole(&self) -> Option<PikeVM> {
        let vm = PikeVM::new_from_nfa(nfa(&dialect::read(&self.text).ok()?, without_captures())?).ok()?;
        let bytes = vm.get_nfa().memory_usage();
        if self.interner.reserve(bytes) && self.whole.set(vm.clone()).is_err() {
            // Another thread was quicker.
            self.interner.free(bytes);
        }
        Some(vm)
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        let whole = self.whole.get().map_or(0, |vm| vm.get_nfa().memory_usage());
        let bytes = self.table.as_deref().map_or(0, table_bytes) + whole;
        self.interner.remove(&self.text, bytes);
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

fn nfa(meaning: &Hir, config: Config) -> Option<NFA> {
    let config = config.nfa_size_limit(Some(MAX_MEMORY));
    Compiler::new().configure(config).build_from_hir(meaning).ok()
}

fn without_captures() -> Config {
    Config::new().which_captures(WhichCaptures::None)
}

/// Refuses what is too large forwards or backwards, as the crate `regex` would.
fn check_size(meaning: &Hir) -> Result<(), String> {
    let too_large = || "the regex is too large".to_owned();
    let forward = nfa(meaning, Config::new()).ok_or_else(too_large)?;
    // Backwards it takes a few times as much, at most.
    if forward.memory_usage() > MAX_MEMORY / 16 {
        nfa(meaning, without_captures().reverse(true)).ok_or_else(too_large)?;
    }
    Ok(())
}

fn table_bytes(table: &Table) -> usize {
    size_of::<Table>() + table.memory_usage()
}

/// The table for values of ASCII; None where it would be too large.
fn table(meaning: &Hir) -> Option<Table> {
    let nfa = nfa(&meaning::of_ascii(meaning), without_captures().utf8(false))?;
    let config = dense::Config::new()
        .accelerate(false)
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_TABLE))
        .determinize_size_limit(Some(MAX_TABLE_MAKING));
    let table = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
    // A copy has no spare capacity.
    Some(table.as_ref().to_owned())
}

#[cfg(test)]
mod tests;
