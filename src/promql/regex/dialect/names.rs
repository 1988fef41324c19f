//! Sets of characters by their names. Prometheus knows the exact names of Unicode's categories and scripts, and no others:
//! it reads regexes by `github.com/grafana/regexp`, a copy of Go 1.24's parser, without Go 1.25's `\p{Letter}`.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

pub(super) type CharSet = ClassUnicode;

const CATEGORIES: &str = "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So \
    Z Zl Zp Zs";

/// Those of Unicode 15, as in Go 1.24 and 1.25.
const SCRIPTS: &str = "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak \
    Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian \
    Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot \
    Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs \
    Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi \
    Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic \
    Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana \
    Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu \
    Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen \
    Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs \
    Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa \
    Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian \
    Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage \
    Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic \
    Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng \
    Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil \
    Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho \
    Warang_Citi Yezidi Yi Zanabazar_Square";

/// The set of a name between the braces of `\p{...}`. None: Go knows no such name.
pub(super) fn unicode(name: &str) -> Option<CharSet> {
    let is_in = |names: &str| names.split(' ').any(|known| known == name);
    match name {
        "Any" => named(r"\p{Any}"),
        // Go's category has no characters without a meaning. No value has a surrogate.
        "C" => named(r"[\p{Cc}\p{Cf}\p{Co}]"),
        "Cs" => Some(CharSet::empty()),
        _ if is_in(CATEGORIES) => named(&format!(r"\p{{gc={name}}}")),
        _ if is_in(SCRIPTS) => named(&format!(r"\p{{sc={name}}}")),
        _ => None,
    }
}

/// The set of a class that the crate knows.
pub(super) fn named(class: &str) -> Option<CharSet> {
    set_of(&regex_syntax::parse(class).ok()?)
}

fn set_of(regex: &Hir) -> Option<CharSet> {
    match regex.kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set.clone()),
        // A set of one character.
        HirKind::Literal(text) => {
            let chars = std::str::from_utf8(&text.0).ok()?.chars();
            Some(CharSet::new(chars.map(|c| ClassUnicodeRange::new(c, c))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_set() {
        for name in CATEGORIES.split(' ').chain(SCRIPTS.split(' ')) {
            let set = unicode(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(set.ranges().is_empty(), name == "Cs", "{name}");
        }
        for name in
            ["", "l", "LU", "Letter", "greek", "Grek", "sc=Greek", "Cn", "LC", "Alphabetic", "any", " L"]
        {
            assert!(unicode(name).is_none(), "{name}");
        }
    }
}
