//! How numbers of a unit are written: a factor, rungs, a name.

use std::borrow::Cow;

use serde::Serialize;

/// A divisor, the number from which the next rung is used, and the suffix.
pub(super) type Rung = (f64, f64, &'static str);

const SI: &[Rung] = &[(1.0, 1e3, ""), (1e3, 1e3, "k"), (1e6, 1e3, "M"), (1e9, 1e3, "G"), (1e12, 1e3, "T")];

/// Sums of money: the thousands of Grafana, without a billion that is called giga.
const MONEY: &[Rung] = &[(1.0, 1e3, ""), (1e3, 1e3, "k"), (1e6, 1e3, "M"), (1e9, 1e3, "B"), (1e12, 1e3, "T")];

/// Before the name of a physical unit.
const METRIC: &[Rung] = &[
    (1e-15, 1e3, " f"),
    (1e-12, 1e3, " p"),
    (1e-9, 1e3, " n"),
    (1e-6, 1e3, " µ"),
    (1e-3, 1e3, " m"),
    (1.0, 1e3, " "),
    (1e3, 1e3, " k"),
    (1e6, 1e3, " M"),
    (1e9, 1e3, " G"),
    (1e12, 1e3, " T"),
    (1e15, 1e3, " P"),
    (1e18, 1e3, " E"),
    (1e21, 1e3, " Z"),
    (1e24, 1e3, " Y"),
];

/// Before the name of what has no parts, such as bytes: the rungs from one on.
const PREFIXED: &[Rung] = METRIC.split_at(5).1;

pub(super) const KIB: f64 = 1024.0;
pub(super) const MIB: f64 = KIB * KIB;
pub(super) const GIB: f64 = KIB * MIB;
pub(super) const TIB: f64 = KIB * GIB;
pub(super) const PIB: f64 = KIB * TIB;
const EIB: f64 = KIB * PIB;

const BINARY: &[Rung] = &[
    (1.0, KIB, " "),
    (KIB, KIB, " Ki"),
    (MIB, KIB, " Mi"),
    (GIB, KIB, " Gi"),
    (TIB, KIB, " Ti"),
    (PIB, KIB, " Pi"),
    (EIB, KIB, " Ei"),
    (KIB * EIB, KIB, " Zi"),
    (MIB * EIB, KIB, " Yi"),
];

/// Longer times are in parts.
const SECONDS: &[Rung] = &[(1e-9, 1e3, " ns"), (1e-6, 1e3, " µs"), (1e-3, 1e3, " ms"), (1.0, 60.0, " s")];

const PERCENT: &[Rung] = &[(1.0, 1e6, "%")];

/// For units that are never written in thousands.
const PLAIN: &[Rung] = &[(1.0, 1e6, " ")];

/// For numbers with all their digits.
const FULL: &[Rung] = &[(1.0, 1e15, "")];

/// With nothing between the number and what follows.
const BARE: &[Rung] = &[(1.0, 1e6, "")];

/// How a unit's numbers are divided into round steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    Decimal,
    /// In powers of two.
    Binary,
    /// In seconds, minutes, hours and days.
    Clock,
    /// As a clock, but the numbers are instants.
    Time,
}

/// How a unit is written. The script has it from the server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// Numbers are multiplied by it first, and are of the base unit then.
    pub(in crate::chart) factor: f64,
    pub(super) rungs: &'static [Rung],
    /// The suffix of zero and of values beyond the rungs.
    pub(super) base: &'static str,
    /// What follows any suffix.
    pub(in crate::chart) tail: Cow<'static, str>,
    pub(in crate::chart) steps: StepKind,
    /// Between the sign and the digits.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) prefix: Cow<'static, str>,
    /// Between each three digits before the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comma: Option<&'static str>,
    /// The words for 0 and 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::chart) words: Option<[Cow<'static, str>; 2]>,
    /// The most that there can be; a space above it on an axis would be of no use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::chart) cap: Option<f64>,
}

impl Measure {
    fn new(
        factor: f64,
        rungs: &'static [Rung],
        base: &'static str,
        tail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (steps, prefix) = (StepKind::Decimal, Cow::Borrowed(""));
        Self { factor, rungs, base, tail: tail.into(), steps, prefix, words: None, cap: None, comma: None }
    }

    pub(super) fn plain(tail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(1.0, SI, "", tail)
    }

    /// A word behind the number.
    pub(super) fn named(word: &str) -> Self {
        Self::plain(format!(" {word}"))
    }

    pub(super) fn unscaled(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(1.0, PLAIN, " ", name)
    }

    pub(super) fn prefixed(factor: f64, name: &'static str) -> Self {
        Self::new(factor, PREFIXED, " ", name)
    }

    pub(super) fn metric(factor: f64, name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(factor, METRIC, " ", name)
    }

    pub(super) fn binary(factor: f64, name: &'static str) -> Self {
        Self { steps: StepKind::Binary, ..Self::new(factor, BINARY, " ", name) }
    }

    pub(super) fn clock(factor: f64) -> Self {
        Self { steps: StepKind::Clock, ..Self::new(factor, SECONDS, " s", "") }
    }

    pub(super) fn time(factor: f64) -> Self {
        Self { steps: StepKind::Time, ..Self::new(factor, BARE, "", "") }
    }

    /// Percent of a whole.
    pub(super) fn percent(factor: f64) -> Self {
        Self { cap: Some(100.0), ..Self::new(factor, PERCENT, "%", "") }
    }

    /// A currency before the number. A sign stands close to it, a word does not.
    pub(super) fn money(symbol: &str) -> Self {
        let space = if symbol.ends_with(|c: char| c.is_ascii_alphabetic()) { " " } else { "" };
        Self { prefix: format!("{symbol}{space}").into(), ..Self::new(1.0, MONEY, "", "") }
    }

    /// A currency behind the number.
    pub(super) fn money_after(symbol: &str) -> Self {
        Self::new(1.0, MONEY, "", format!(" {symbol}"))
    }

    /// A currency with all its digits in groups of three: `$1,234`.
    pub(super) fn in_full(symbol: &str, is_behind: bool) -> Self {
        let (prefix, tail) = if is_behind { ("", symbol) } else { (symbol, "") };
        let (prefix, tail) = (Cow::Owned(prefix.to_owned()), tail.to_owned());
        Self { prefix, comma: Some(","), ..Self::new(1.0, FULL, "", tail) }
    }

    pub(super) fn before(text: &str) -> Self {
        Self { prefix: text.to_owned().into(), ..Self::new(1.0, BARE, "", "") }
    }

    /// Words for true and false; any other number is itself.
    pub(super) fn bool(yes: &str, no: &str) -> Self {
        let words = [no, yes].map(|word| Cow::Owned(word.to_owned()));
        Self { words: Some(words), cap: Some(1.0), ..Self::plain("") }
    }

    /// Numbers are of the base unit already.
    pub(in crate::chart) fn in_base(&self) -> Self {
        Self { factor: 1.0, ..self.clone() }
    }

    /// Without the name of the unit, which then stands elsewhere.
    pub(in crate::chart) fn bare(&self) -> Self {
        Self { prefix: Cow::Borrowed(""), tail: Cow::Borrowed(""), ..self.clone() }
    }

    /// What [`bare`](Self::bare) leaves out. None: nothing.
    pub(in crate::chart) fn name(&self) -> Option<String> {
        let name = format!("{}{}", self.prefix, self.tail).trim().to_owned();
        Some(name).filter(|name| !name.is_empty())
    }
}
