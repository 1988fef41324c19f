//! What follows from the structure of a regex: its meaning for ASCII alone, and texts that all matches have.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

/// The regex that matches the same texts of ASCII, and no others.
pub(super) fn of_ascii(regex: &Hir) -> Hir {
    match regex.kind() {
        HirKind::Literal(text) if !text.0.is_ascii() => Hir::fail(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) => {
            regex.clone()
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ascii = class.ranges().iter().filter(|range| range.start().is_ascii());
            let ascii = ascii.filter_map(|range| {
                let end = range.end().min('\x7f');
                Some(ClassBytesRange::new(u8::try_from(range.start()).ok()?, u8::try_from(end).ok()?))
            });
            Hir::class(Class::Bytes(ClassBytes::new(ascii)))
        }
        HirKind::Repetition(repeated) => {
            let sub = Box::new(of_ascii(&repeated.sub));
            let Repetition { min, max, greedy, .. } = *repeated;
            Hir::repetition(Repetition { min, max, greedy, sub })
        }
        HirKind::Capture(group) => of_ascii(&group.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(of_ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(of_ascii).collect()),
    }
}

/// The longest text that is known to be in every match.
pub(super) fn contained(regex: &Hir) -> Option<&[u8]> {
    match regex.kind() {
        HirKind::Literal(text) => Some(&text.0),
        HirKind::Capture(group) => contained(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => contained(&repeated.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(contained).max_by_key(|text| text.len()),
        _ => None,
    }
}

/// The text that every match begins with; empty where none is known.
pub(super) fn beginning(regex: &Hir) -> &str {
    let HirKind::Concat(parts) = regex.kind() else { return "" };
    let first = parts.iter().find(|part| !matches!(part.kind(), HirKind::Look(_)));
    match first.map(Hir::kind) {
        Some(HirKind::Literal(text)) => std::str::from_utf8(&text.0).unwrap_or_default(),
        _ => "",
    }
}
