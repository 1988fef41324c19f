//! Values, places and budgets, and what is thrown at them.

use super::*;

fn file() -> Arc<Path> {
    Path::new("a.yaml").into()
}

fn read(text: &str) -> Vec<Result<Node, Diagnostic>> {
    documents(text, &file(), &Budget::CATALOG)
}

fn one(text: &str) -> Node {
    let mut all = read(text);
    assert_eq!(all.len(), 1, "{text:?}: {all:?}");
    all.remove(0).unwrap()
}

fn fault(text: &str) -> Diagnostic {
    read(text).into_iter().find_map(Result::err).unwrap_or_else(|| panic!("no fault in {:.60}", text))
}

#[test]
fn scalars_follow_the_core_schema() {
    let json = one("a: no\nb: yes\nc: on\nd: off\ne: true\nf: ~\ng: 010\nh: 1.10\ni: 0x1F\nj: .inf\nk: 1e3\nl: y\n\
                    m: '5'\nn: 2024-01-01\no: 12:30:45\np: !!str 5\nq: +.5\nr: .\ns: [.]\nt: 1_000\nu: 18446744073709551616\n")
        .to_json();
    let expected = serde_json::json!({
        "a": "no", "b": "yes", "c": "on", "d": "off", "e": true, "f": null, "g": 10, "h": 1.10, "i": 31,
        "j": ".inf", "k": 1000.0, "l": "y", "m": "5", "n": "2024-01-01", "o": "12:30:45", "p": "5", "q": 0.5,
        "r": ".", "s": ["."], "t": "1_000", "u": 18_446_744_073_709_551_616.0
    });
    assert_eq!(json, expected);
}

#[test]
fn a_broken_document_leaves_its_neighbours() {
    for broken in [
        "a: [1, 2",
        "a: 'x",
        "a: \"x",
        "a: {b",
        "a: b: c",
        "a:\n\tb: [\t",
        "a: *none",
        "a: 1\na: 2",
        "? [a]\n: 1",
        "- a\nb: c",
        "a: &x [*x]",
        "a: |\n  x\n y: [",
        "%BAD",
        "a: @x",
        "<<: 5",
    ] {
        let all = read(&format!("first: 1\n---\n{broken}\n---\nlast: 1\n"));
        assert_eq!(all.len(), 3, "{broken:?}: {all:?}");
        assert!(all[0].as_ref().unwrap().get("first").is_some());
        let place = all[1].as_ref().unwrap_err().position().unwrap();
        assert!((3..=5).contains(&place.line), "{broken:?} {place:?}");
        let last = all[2].as_ref().unwrap().as_map().unwrap();
        assert_eq!(last[0].key, "last");
        assert!(last[0].at.line >= 5);
    }
}

#[test]
fn hostile_texts_end_within_their_budget() {
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, i| {
        let list = vec![format!("*a{}", i - 1); 9].join(",");
        format!("{text}a{i}: &a{i} [{list}]\n")
    });
    assert!(fault(&bomb).message.contains("aliases"), "{:?}", fault(&bomb));
    let chain =
        (1..200).fold("a0: &a0 [x]\n".to_owned(), |text, i| format!("{text}a{i}: &a{i} [*a{}]\n", i - 1));
    assert!(fault(&chain).message.contains("nested deeper"), "{:?}", fault(&chain));
    let wide = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), vec!["*a"; 100].join(","));
    assert!(fault(&wide).message.contains("too much text"));
    for text in [
        "[".repeat(100_000),
        "{".repeat(100_000),
        "- ".repeat(100_000),
        "a:\n".repeat(100_000),
        (0..2000).map(|i| format!("{}a:\n", " ".repeat(i))).collect(),
        "? ".repeat(50_000),
        "&a ".repeat(50_000),
        "x".repeat(9 << 20),
        "!".repeat(100_000),
        "\"\\".repeat(50_000),
        "- [\n".repeat(10_000),
    ] {
        let all = read(&text);
        assert!(all.iter().any(Result::is_err), "{:.20}", text);
        assert!(all.len() < 10, "{:.20}: {}", text, all.len());
    }
    let many = read(&"---\na: [\n".repeat(2000));
    assert_eq!(many.len(), 1001);
    assert!(many.last().unwrap().as_ref().unwrap_err().message.contains("rest was not read"));
    let small = Budget { nodes: 1000, ..Budget::CATALOG };
    let message =
        |text: &str| documents(text, &file(), &small).into_iter().find_map(Result::err).map(|f| f.message);
    assert!(message(&"- x\n".repeat(1001)).is_some_and(|m| m.contains("more than 1000 values")));
    let anchored =
        (0..50).fold("[x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x]".to_owned(), |t, i| format!("&a{i} [{t}]"));
    assert!(message(&anchored).is_some_and(|m| m.contains("more than 1000 values")));
    assert_eq!(message(&"- x\n".repeat(900)), None);
}

#[test]
fn places_are_those_of_the_text() {
    let check = |text: &str, needle: &str, expected: (usize, usize)| {
        let node = one(text);
        let value = node.get("k").unwrap();
        let Value::Text { value: found, origins } = &value.value else { panic!("{text:?}") };
        let offset = found.find(needle).unwrap();
        let place = origins.locate(found, offset);
        assert_eq!((place.line, place.column), expected, "{text:?} {found:?}");
    };
    check("k: up", "up", (1, 4));
    check("k: 'it''s up'", "up", (1, 11));
    check("k: \"a\\\"b up\"", "up", (1, 10));
    check("k: \"\\u00e9 up\"", "up", (1, 12));
    check("a: 1\nk: |\n  one\n  two up\n", "up", (4, 7));
    check("k: |\n\n\n  one\n", "one", (4, 3));
    check("k: |\n  | up\n", "up", (2, 5));
    check("k: |2\n    a\n   up\n", "up", (3, 4));
    check("k: >-\n  one\n  two up\n", "up", (3, 7));
    check("k: >\n  one\n\n  two up\n", "up", (4, 7));
    check("k: one\n  two\n  up", "up", (3, 3));
    check("k: \"one\n  two \\\n  up\"", "up", (3, 3));
    check("k: é up", "up", (1, 6));
    check("k: |\r\n  one\r\n  up\r\n", "up", (3, 3));
    check("\u{feff}k: up", "up", (1, 4));
    check("k: &anchor up", "up", (1, 12));
    check("k: !!str 5 # five", "5", (1, 10));
    check("{k: up}", "up", (1, 5));
    check("k: |-\n    rate(x[5m])|job,\n    up\n", "up", (3, 5));
}

#[test]
fn merges_and_aliases_copy() {
    let node = one("base: &b {a: 1, b: 2}\nk:\n  <<: *b\n  b: 3\nq: {'<<': 1}\nl: {<<: [{a: 5}, *b]}\n");
    assert_eq!(node.get("k").unwrap().to_json(), serde_json::json!({"b": 3, "a": 1}));
    assert_eq!(node.get("q").unwrap().to_json(), serde_json::json!({"<<": 1}));
    assert_eq!(node.get("l").unwrap().to_json(), serde_json::json!({"a": 5, "b": 2}));
}

#[test]
fn many_documents_are_read() {
    let text = "kind: Component\nmetadata: {name: x}\n---\n".repeat(5000);
    assert_eq!(read(&text).iter().filter(|d| d.is_ok()).count(), 5000);
    assert!(read("").is_empty() && read("---\n---\n# only a comment\n").is_empty());
}

#[test]
fn bytes_are_text_or_a_fault() {
    let place = decode(b"a: b\nc: d\xff", &file(), &Budget::CATALOG).unwrap_err().position().unwrap();
    assert_eq!((place.line, place.column), (2, 5));
    assert_eq!(decode("\u{feff}a".as_bytes(), &file(), &Budget::CATALOG).unwrap(), "a");
    assert!(decode(&vec![b'x'; 2 << 20], &file(), &Budget::CONFIG).unwrap_err().message.contains("1 MiB"));
}

/// Every letter of every text stands in the source where its place says, or is written as an escape there.
fn check_places(source: &str, node: &Node) {
    match &node.value {
        Value::Text { value, origins } => {
            for (offset, wanted) in value.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
                let place = origins.locate(value, offset);
                let line = source.split('\n').nth(place.line - 1).unwrap_or_default();
                let found = line.chars().nth(place.column - 1);
                assert!(
                    found == Some(wanted) || found == Some('\\'),
                    "{source:?} {place:?} {wanted:?} {found:?}"
                );
            }
        }
        Value::List(items) => items.iter().for_each(|item| check_places(source, item)),
        Value::Map(entries) => entries.iter().for_each(|e| check_places(source, &e.value)),
        _ => {}
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\t&*!|>'\"%#?:\\-\\[\\]{},\r\u{e9}\u{feff}]{0,200}") {
        for document in read(&text).into_iter().flatten() {
            let _ = document.to_json();
        }
    }

    #[test]
    fn any_scalar_knows_its_places(
        words in proptest::collection::vec("[a-c\u{e9} '\"\\\\x41|>,-]{1,12}", 1..6),
        style in 0usize..7,
        gap in "(\n ?|  \n\n|\r\n)"
    ) {
        let lines = |indent: &str| words.iter().map(|w| format!("{indent}{w}{gap}")).collect::<String>();
        let flat = words.join(&format!("{gap} "));
        let text = match style {
            0 => format!("k: |\n{}", lines("  ")),
            1 => format!("k: >-\n{}", lines("    ")),
            2 => format!("k: 'x{}'", flat.replace('\'', "''")),
            3 => format!("k: \"x{}\"", flat.replace('"', "\\\"")),
            4 => format!("k: x{flat}"),
            5 => format!("k: |2+\n\n{}", lines("  ")),
            _ => format!("- !!str {flat}\n- [\"{flat}\", {flat}]"),
        };
        for document in read(&text).into_iter().flatten() {
            check_places(&text, &document);
        }
    }
}
