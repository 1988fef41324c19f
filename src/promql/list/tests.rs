//! Lists in every form that people write, and the problems of lists that mean something else.

use crate::diagnostic::Diagnostic;
use proptest::prelude::*;

use super::*;
use crate::promql::matcher::{MatchOp, is_plain_name};

fn read(text: &str) -> (Vec<Matcher>, Vec<Diagnostic>) {
    Matcher::read_list(text)
}

/// The matchers, as they are written back.
fn matchers(text: &str) -> String {
    let (matchers, problems) = read(text);
    let errors: Vec<&Diagnostic> = problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The first problem: what it is about, and whether it is an error.
fn found(text: &str) -> (String, bool, String) {
    let problem = read(text).1.into_iter().next().unwrap_or_else(|| panic!("{text}: nothing is found"));
    (problem.part_of(text).to_owned(), problem.is_error(), problem.message)
}

#[test]
fn reads_the_plugins_form() {
    for (text, wanted) in [
        ("severity=page", r#"severity="page""#),
        (" severity=critical, team!=x ,", r#"severity="critical",team!="x""#),
        ("path=~\"a|b,c\",zone!~eu-.*", r#"path=~"a|b,c",zone!~"eu-.*""#),
        ("a=b=c,d=", r#"a="b=c",d="""#),
        ("a=it's \"so\"", r#"a="it's \"so\"""#),
        ("job = till , pod =~ \"till-7|till-8\"", r#"job="till",pod=~"till-7|till-8""#),
        (r"instance=~till-7\.shop:9100", r#"instance=~"till-7\\.shop:9100""#),
        ("pod=~till-(7|8)", r#"pod=~"till-(7|8)""#),
        (r"pod=~till-\d{1}", r#"pod=~"till-\\d{1}""#),
        ("path=/api/{id}/x", r#"path="/api/{id}/x""#),
        ("a=b\n", r#"a="b""#),
        ("a=\"b\",\n  c=\"d\",\n", r#"a="b",c="d""#),
    ] {
        assert_eq!(matchers(text), wanted, "{text}");
    }
}

#[test]
fn reads_selectors_of_prometheus_and_matchers_of_alertmanager() {
    for (text, wanted) in [
        (r#"{job="till", pod=~"till-(7|8)"}"#, r#"job="till",pod=~"till-(7|8)""#),
        (r#" { job = "till" , pod != "x", } "#, r#"job="till",pod!="x""#),
        (r#"{foo=bar,bar!=baz}"#, r#"foo="bar",bar!="baz""#),
        (r"{foo=~[a-z]+}", r#"foo=~"[a-z]+""#),
        (r"{pod=~till-\d{1}}", r#"pod=~"till-\\d{1}""#),
        (r#"{a="}",b="{"}"#, r#"a="}",b="{""#),
        (r#"{"a.b"="c", 'd e'='f', `g`=`h`}"#, r#""a.b"="c","d e"="f",g="h""#),
        (r#"{"foo"="\xf0\x9f\x99\x82"}"#, r#"foo="🙂""#),
        (r#"{"foo"="\U0001f642\u00e9\101"}"#, r#"foo="🙂éA""#),
        (r#"{foo="\"bar\"\n\\"}"#, r#"foo="\"bar\"\n\\""#),
        (r#"pod=~"till-\\d{1}",x=~`\d,`"#, r#"pod=~"till-\\d{1}",x=~"\\d,""#),
        (r#"pod='till-7',x='it\'s "so"'"#, r#"pod="till-7",x="it's \"so\"""#),
        ("{\n  a=\"b\",\n  c=\"d\"\n}\n", r#"a="b",c="d""#),
        (r#"{a="b"},"#, r#"a="b""#),
        (r#"{a="b",,c!="",}"#, r#"a="b",c!="""#),
    ] {
        assert_eq!(matchers(text), wanted, "{text}");
    }
    assert_eq!(read("{}").0, []);
}

/// What is wrong, and a part of what was meant.
#[test]
fn tells_at_its_place_what_was_meant() {
    for (text, place, part) in [
        ("pod==till-7", "==", "did you mean =?"),
        ("pod==\"till-7\"", "==", "did you mean =?"),
        ("pod!==x", "!==", "did you mean !=?"),
        ("pod!=~x", "!=~", "did you mean !~?"),
        ("pod=!x", "=!", "did you mean !=?"),
        ("pod~=x", "~=", "pod=~"),
        ("pod= =x", "=", "in quotes"),
        ("pod: till-7", "pod: till-7", "pod=\"till-7\""),
        ("a=b,pod:\"till-7\"", "pod:\"till-7\"", "pod=\"till-7\""),
        ("{\"pod\": \"till-7\"}", "\"pod\": \"till-7\"", "pod=\"till-7\""),
        ("pod in (a, b)", "pod in (a", "pod=~\"a|b\""),
        ("foo,a=b", "foo", "expected an operator"),
        ("a!b,c=d", "a!b", "expected an operator"),
        ("=x,c=d", "=", "no label name"),
        ("\"\"=x,c=d", "\"\"", "no label name"),
        ("k8s.pod=x,c=d", "k8s.pod", "\"k8s.pod\""),
        ("größe=x", "größe", "\"größe\""),
        ("a=~(,c=d", "(", "regex"),
        ("a=~\"b)|(?:c\",c=d", "\"b)|(?:c\"", "regex"),
        ("a=~\\pL{999},c=d", "\\pL{999}", "regex"),
        ("a=\"b,c=d", "\"b", "unclosed"),
        ("a=\"b\nc=\"d\"", "\"b\nc=\"", "line break"),
        ("a=\"b\" c,c=d", "c", "expected a comma after"),
        ("a=\"b\" and c=\"d\"", "and c=\"d\"", "expected a comma after"),
        ("a=b c=d", "c=d", "expected a comma before"),
        ("a=b\nc=d", "c=d", "expected a comma before"),
        ("a=“b”", "“b”", "straight"),
        ("a=b”,c=d", "b”", "straight"),
        ("a=b',c=d", "b'", "unmatched quote"),
        ("a=b`,c=d", "b`", "unmatched quote"),
        ("a=b´,c=d", "b´", "unmatched quote"),
        ("a=b\u{200b},c=d", "b\u{200b}", "U+200B"),
        ("a=\u{feff}b,c=d", "\u{feff}b", "U+FEFF"),
        ("a=b，c=d", "b，c=d", "ASCII comma (,)"),
        ("a=b;", "b;", "in quotes"),
        ("a=b;c=d", "c=d", "expected a comma before"),
        ("a=b&c=d", "c=d", "expected a comma before"),
        ("a=b|c=d", "c=d", "expected a comma before"),
        ("a=[b],c=d", "[b]", "brackets"),
        ("a=${B},c=d", "${B}", "brackets"),
        ("a=b)", "b)", "brackets"),
        ("a=b #c", "b #c", "comment"),
        ("a=b\\,c", "b\\,c", "in quotes"),
        (r#"a=\"b\""#, r#"\"b\""#, "without backslashes"),
        ("a=b\",c=d", "b\"", "unmatched quote"),
        ("{a=\"b\"", "{", "unclosed"),
        ("{", "{", "unclosed"),
        ("a=\"b\"}", "}", "unmatched }"),
        ("a=b}", "}", "unmatched }"),
        ("{a=\"b\"}{c=\"d\"}", "{c=\"d\"}", "one pair"),
        ("{a=\"b\"} or {c=\"d\"}", "or {c=\"d\"}", "one pair"),
        ("ALERTS{alertname=\"X\"}", "ALERTS", "alertname="),
        (r#"a=~"\bfoo\b""#, r"\b", "word boundary"),
        (r#"a="\xff""#, r#""\xff""#, "not valid UTF-8"),
    ] {
        let (found, is_error, message) = found(text);
        assert!(is_error && found == place && message.contains(part), "{text}: {found:?} {message}");
    }
}

#[test]
fn an_escape_that_prometheus_does_not_know_is_read_as_alertmanager_does_and_told() {
    for (text, place, wanted) in [
        (r#"a=~"x\.y""#, r"\.", r#"a=~"x\\.y""#),
        (r#"a=~"\d+""#, r"\d", r#"a=~"\\d+""#),
        (r#"{a="C:\Program"}"#, r"\P", r#"a="C:\\Program""#),
        (r#"a="it\'s""#, r"\'", r#"a="it\\'s""#),
        (r#"a="\u12""#, r"\u", r#"a="\\u12""#),
        (r#"a="C:\temp""#, r"\t", "a=\"C:\temp\""),
    ] {
        let (found, is_error, message) = found(text);
        assert!(!is_error && found == place, "{text}: {found} {message}");
        assert_eq!(matchers(text), wanted, "{text}");
    }
    // Those that a regex takes for the same are not worth a word.
    assert_eq!(read(r#"a=~"x\t\n\\.y""#).1, []);
}

#[test]
fn what_no_alert_can_meet_is_told() {
    let (place, is_error, message) = found("service=foo,team=x,service=bar");
    assert!(is_error && place == "service=bar" && message.contains("service=~\"foo|bar\""), "{message}");
    for text in ["a=x,a!=x", "a=\"\",a=x", "a=~\"x|y\",a=z", "a=~\"x|y\",a!~\"[xy]\"", "a=x,b=y,a=~\"z.*\""] {
        let (_, is_error, message) = found(text);
        assert!(
            is_error && message.contains("satisfies all of its matchers") || message.contains("one value of"),
            "{text}: {message}"
        );
    }
    for text in [
        "service=foo,service=foo,service!=bar",
        "a=~\"x|y\",a=x",
        "a!=x,a!=y",
        "a=~\"x.*\",a=~\".*y\"",
        "a=x,b=y",
    ] {
        assert_eq!(read(text).1, [], "{text}");
    }
}

#[test]
fn a_list_has_its_bounds() {
    assert_eq!(read(&"a=b,".repeat(64)).1, []);
    assert_eq!(read(&"a=b,".repeat(65)).1.len(), 1);
    assert_eq!(read(&"=,".repeat(4_000)).1.len(), 65);
    assert_eq!(read(&"a=b,".repeat(3_000)).1.len(), 1);
}

/// How a word is written.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// In these quotes, with all escapes or only those that are needed.
    Quoted(char, bool),
    Raw,
    Plain,
}

fn write(word: &str, how: Written, plain: impl Fn(&str) -> bool) -> String {
    match how {
        Written::Plain if plain(word) => word.to_owned(),
        Written::Raw if !word.contains('`') => format!("`{word}`"),
        Written::Quoted(quote, all) => quoted(word, quote, all),
        Written::Plain | Written::Raw => quoted(word, '"', false),
    }
}

fn quoted(word: &str, quote: char, all: bool) -> String {
    let mut text = String::from(quote);
    for (i, c) in word.chars().enumerate() {
        match c {
            '\n' => text.push_str("\\n"),
            _ if c == quote || c == '\\' => text.extend(['\\', c]),
            _ if !all => text.push(c),
            _ if i % 3 == 0 => text.push_str(&format!("\\U{:08x}", u32::from(c))),
            _ => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                text.push_str(&if i % 3 == 1 { format!("\\x{byte:02X}") } else { format!("\\{byte:03o}") });
            }),
        }
    }
    text.push(quote);
    text
}

fn written() -> impl Strategy<Value = Written> {
    let quoted = (prop::sample::select(vec!['"', '\'']), any::<bool>());
    prop_oneof![
        quoted.prop_map(|(quote, all)| Written::Quoted(quote, all)),
        Just(Written::Raw),
        Just(Written::Plain)
    ]
}

fn is_plain_value(value: &str) -> bool {
    !value.is_empty()
        && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '/' | '_'))
}

prop_compose! {
    /// A matcher, and a text that says it.
    fn one()(
        name in prop_oneof!["[a-z_]{1,6}", "[a-zé.\\\\\" ,=}{]{1,6}"],
        op in prop::sample::select(vec!["=", "!=", "=~", "!~"]),
        value in prop_oneof!["[a-z0-9.:/-]{0,8}", "\\PC{0,8}", "[\\\\\"'`,{}=~! \n\té]{0,6}"],
        how in (written(), written()),
        blanks in prop::array::uniform3("[ ]{0,2}"),
    ) -> (Matcher, String) {
        let op = MatchOp::read(op).unwrap();
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        let value = if is_regex { ::regex::escape(&value) } else { value };
        let plain = |word: &str| is_plain_value(word) && !word.contains('\\');
        let [before, between, behind] = blanks;
        let text = format!(
            "{before}{}{between}{}{behind}{}{before}",
            write(&name, how.0, is_plain_name),
            op.as_str(),
            write(&value, how.1, plain),
        );
        (Matcher::new(&name, op, &value).unwrap(), text)
    }
}

proptest! {
    #[test]
    fn matchers_in_any_form_are_read_back(
        all in prop::collection::vec(one(), 1..6),
        (braces, comma, blank) in (any::<bool>(), any::<bool>(), "[ \n]{0,2}"),
    ) {
        let (wanted, texts): (Vec<Matcher>, Vec<String>) = all.into_iter().unzip();
        let mut text = texts.join(",");
        // What breaks a line within quotes other than backticks is another test's.
        prop_assume!(!text.contains('\n') || text.contains('`'));
        if comma {
            text.push_str(" ,");
        }
        let text = if braces { format!("{blank}{{{text}}}{blank}") } else { format!("{blank}{text}{blank}") };
        let (read, problems) = read(&text);
        // Matchers that no alert can meet together are read all the same.
        let is_read = |problem: &Diagnostic| !problem.is_error() || problem.message.contains("all matchers must hold");
        prop_assert!(problems.iter().all(is_read), "{} {:?}", text, problems);
        prop_assert_eq!(read, wanted, "{}", text);
    }

    #[test]
    fn what_is_written_is_read_back(all in prop::collection::vec(one(), 1..6)) {
        let wanted: Vec<Matcher> = all.into_iter().map(|(matcher, _)| matcher).collect();
        let text = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(&read(&text).0, &wanted, "{}", text);
        prop_assert_eq!(&read(&format!("{{{text}}}")).0, &wanted, "{}", text);
    }

    #[test]
    fn any_text_ends_and_tells_places_that_are_in_it(text in "[a-z=!~\"'`\\\\,{}: \n\té]{0,40}") {
        for problem in read(&text).1 {
            prop_assert!(problem.span.is_some_and(|span| text.get(span.start..span.end).is_some()), "{:?}", problem);
        }
    }
}
