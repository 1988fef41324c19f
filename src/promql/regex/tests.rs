//! Compared with the crate `regex`, and counted.

mod go;

use proptest::prelude::{any, prop_assert_eq, proptest};

use super::*;

fn check(pattern: &str, matched: &[&str], missed: &[&str]) {
    let regex = compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    for (values, wanted) in [(matched, true), (missed, false)] {
        for value in values {
            assert_eq!(regex.is_match(value), wanted, "{pattern} on {value:?}");
        }
    }
}

#[test]
fn matches_whole_values_whatever_their_characters() {
    check("", &[""], &["a"]);
    check("a|ab", &["a", "ab"], &["abc", "b"]);
    check("(?i)crit.*", &["CRITICAL", "crit\nx"], &["xcrit"]);
    check(r"\d+\w\S", &["1a\u{e9}", "12_-"], &["\u{663}a-", "1\u{e9}-", "1a "]);
    check(r"[\d.]+|[^\w]", &["1.2", "\u{e9}"], &["a", "1a"]);
    check("/api/{id}/x{2}(?:){2,}y{,2}", &["/api/{id}/xxy{,2}"], &["/api/id/xxxxy"]);
    check("[[:alpha:]_-]+", &["a_-"], &["1", ":"]);
    check(r"\[(\()\]", &["[(]"], &["(("]);
}

#[test]
fn refuses_what_costs_too_much() {
    for (pattern, reason) in [
        ("a".repeat(1025), "longer than"),
        ("(a{31}){31}[^a]{999}".to_owned(), "too large"),
        (".{1000}".to_owned(), "too large"),
        (r"\pL\pL\pL\pL\pL".to_owned(), "more than 4 Unicode classes"),
        (format!("(?i){}", "[\0-\u{10ffff}]".repeat(127)), "more than 2097152 characters"),
        (format!("{}{}", "(".repeat(251), ")".repeat(251)), "nests too deeply"),
        (format!("{}{}", "(".repeat(200), ")*".repeat(200)), "nests too deeply"),
    ] {
        let found = compile(&pattern).expect_err(&pattern);
        assert!(found.contains(reason), "{pattern}: {found}");
    }
    assert!(compile("(?i)[\0-\u{10ffff}]|k").is_ok());
    assert!(compile(&format!("{}a{}", "(".repeat(240), ")".repeat(240))).is_ok());
}

/// As the crate `regex` has it, with a lazy automaton of 20 kB and more. Its own names of sets are for all of Unicode.
fn as_the_crate(pattern: &str) -> Result<regex::Regex, String> {
    let sets = [
        (r"\d", "[0-9]"),
        (r"\D", "[^0-9]"),
        (r"\s", r"[\t\n\f\r ]"),
        (r"\S", r"[^\t\n\f\r ]"),
        (r"\w", "[0-9A-Za-z_]"),
        (r"\W", "[^0-9A-Za-z_]"),
        (r"\b", r"(?-u:\b)"),
    ];
    let pattern = sets.iter().fold(pattern.to_owned(), |text, (own, set)| text.replace(own, set));
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(MAX_MEMORY)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| error.to_string())
}

/// Nothing is compared where one of the two refuses the pattern: each accepts some that the other refuses.
fn check_alike(pattern: &str, values: &[&str]) -> bool {
    let (Ok(own), Ok(other)) = (compile(pattern), as_the_crate(pattern)) else { return false };
    for value in values {
        assert_eq!(own.is_match(value), other.is_match(value), "{pattern} on {value:?}");
        // Without the table for ASCII too.
        assert!(own.may_match(value) || !other.is_match(value), "{pattern} on {value:?}");
        assert!(value.starts_with(own.beginning()) || !other.is_match(value), "{pattern} on {value:?}");
        let vm = own.make_whole().unwrap();
        let input = Input::new(value).anchored(Anchored::Yes);
        assert_eq!(
            vm.is_match(&mut vm.create_cache(), input),
            other.is_match(value),
            "{pattern} on {value:?}"
        );
    }
    true
}

#[test]
fn a_regex_means_what_it_means_to_the_crate() {
    let values =
        ["", "a", "ab", "K", "\u{212a}", "k-é", "a b", "a\nb", "x1.y", "é", "ſ", "aé b", "\u{7f}", "\u{80}"];
    for pattern in [
        r"\b.*",
        r"a\b.b",
        r".*\bé",
        r"(?i)k.*",
        r"(?i)S",
        r"[^a]",
        r"[^é]+",
        r"(?m)a$\n^b",
        r"\pL+",
        r"\PL",
        r"(a|b)+",
        r"(?:a|ab)(?:b|)",
        r".{0,3}",
        r"[\x00-\x{80}]",
        r"\x{212a}",
        r"(?s:.)",
        r"(?U)a+b",
        r"[[:^alpha:]]",
        r"(?P<x>a)b",
        r"a{0}",
        r"(ab){0,2}",
        "é|a",
        r"\p{Greek}|a",
    ] {
        assert!(check_alike(pattern, &values), "{pattern}");
    }
}

/// The crate also refuses what is too large backwards.
#[test]
fn what_is_too_large_for_the_crate_is_too_large() {
    for class in [".", r"\pL", r"(?i)\pL", r"[^\pL]", r"\p{Greek}", "é", r"\PN", "a|é|ü", r"(?i)k", "[α-ω€]"]
    {
        for times in (0..10).map(|power| 1 << power).flat_map(|n| [n, n + n / 4, n + n / 2, n + 3 * n / 4]) {
            for pattern in [format!("(?:{class}){{{times}}}"), format!("(?:{class}){{{times},}}|x")] {
                assert_eq!(compile(&pattern).is_ok(), as_the_crate(&pattern).is_ok(), "{pattern}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_regex_means_what_it_means_to_the_crate(
        pattern in r"([abké1.]|\[\^?[a-cé]\]|\\[dswbWDS]|\\pL|[|*+?()]|\{[0-3],?\}|\(\?i\)){0,9}",
        value in "[abckKé1_ \n]{0,6}",
        more in any::<String>(),
    ) {
        check_alike(&pattern, &[&value, &more]);
    }

    #[test]
    fn what_all_matches_contain_is_in_each(pattern in "[ab.(|)?*+]{0,8}", value in "[ab]{0,6}") {
        if let (Ok(own), Ok(other)) = (compile(&pattern), as_the_crate(&pattern)) {
            prop_assert_eq!(own.may_match(&value) && other.is_match(&value), other.is_match(&value));
        }
    }
}

fn interner(max_bytes: usize) -> &'static Interner {
    Box::leak(Box::new(Interner::new(max_bytes)))
}

#[test]
fn a_text_is_compiled_once_for_all_its_users() {
    let interner = interner(1 << 20);
    let first = compile_in(interner, "a[0-9]+").unwrap();
    let taken = interner.bytes();
    let second = compile_in(interner, "a[0-9]+").unwrap();
    assert!(Arc::ptr_eq(&first, &second) && interner.bytes() == taken && taken > 0);
    drop((first, second));
    assert_eq!(interner.bytes(), 0, "what nobody uses takes no memory");
    for i in 0..5_000 {
        drop(compile_in(interner, &format!("a[0-9]+{i}")));
    }
    assert!(interner.texts() == 0, "{}", interner.texts());
}

#[test]
fn memory_of_compiled_regexes_is_bounded_and_regexes_beyond_it_match_all_the_same() {
    let interner = interner(100_000);
    let held: Vec<_> = (0..200)
        .map(|i| (i, compile_in(interner, &format!("(a|b){{1,{}}}.*{i}.[^c]{{3}}", i % 50 + 1)).unwrap()))
        .collect();
    let without = held.iter().filter(|(_, regex)| regex.table.is_none()).count();
    assert!(without > 100 && without < 200, "{without}");
    for (i, regex) in &held {
        for (value, wanted) in
            [(format!("ab{i}-xyz"), true), (format!("ab{i}-éyz"), true), (format!("ab{i}-éyc"), false)]
        {
            assert_eq!(regex.is_match(&value), wanted, "{regex:?} {value}");
        }
        assert_eq!(regex.cost("abab"), 1, "it is not compiled for what it cannot match");
    }
    assert!(interner.bytes() <= 100_000, "{}", interner.bytes());
    drop(held);
    assert_eq!(interner.bytes(), 0);
}

#[test]
fn a_usual_regex_takes_a_few_kilobytes() {
    let interner = interner(1 << 30);
    for pattern in [
        "(a|b){1,50}.*123.[^c]{3}",
        "z123.?.?",
        "service-123-[a-z0-9]+-[a-z0-9]{5}",
        "(checkout|pay(ments)?|ledger|s123)-(eu|us)-.+",
        r"(?i)service-123\w+\.[\w.-]+:\d{2,5}",
        r"123\pL\pN.*",
    ] {
        let before = interner.bytes();
        let regex = compile_in(interner, pattern).unwrap();
        assert!(
            regex.table.is_some() && interner.bytes() - before < 16_000,
            "{pattern}: {}",
            interner.bytes() - before
        );
    }
    // One that grows without end as a table is tested without it.
    let regex = compile_in(interner, ".*a.{12}").unwrap();
    assert!(regex.table.is_none() && regex.is_match("xa123456789012") && !regex.is_match("xb123456789012"));
    assert_eq!(regex.cost("xa"), COST_WITHOUT_TABLE, "what was made once is kept");
}
