//! What follows from the structure of a regex: its meaning for ASCII alone, and a text that all matches contain.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look, Repetition};

/// The regex that matches the same texts of ASCII, and no others.
pub(super) fn of_ascii(regex: &Hir) -> Hir {
    match regex.kind() {
        HirKind::Literal(text) if !text.0.is_ascii() => Hir::fail(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(Class::Bytes(_)) => regex.clone(),
        HirKind::Class(Class::Unicode(class)) => {
            let ascii = class.ranges().iter().filter(|range| range.start().is_ascii());
            let ascii = ascii.filter_map(|range| {
                let end = range.end().min('\x7f');
                Some(ClassBytesRange::new(u8::try_from(range.start()).ok()?, u8::try_from(end).ok()?))
            });
            Hir::class(Class::Bytes(ClassBytes::new(ascii)))
        }
        HirKind::Look(look) => Hir::look(look_of_ascii(*look)),
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

/// The ends of words are the same in a text of ASCII.
fn look_of_ascii(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        other => other,
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
