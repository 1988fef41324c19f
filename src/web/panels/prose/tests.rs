//! Addresses, Markdown links and templates in texts, hostile ones among them.

use proptest::prelude::*;

use super::*;

/// Parts in one line: `<text|href>` for a link, with one text where both are equal, and `{code}`.
fn shown(text: &str, are_templates: bool) -> String {
    let shown = |part: ProsePart| match part {
        ProsePart::Text(text) => text,
        ProsePart::Code(text) => format!("⟦{text}⟧"),
        ProsePart::Link { text, href } if text == href => format!("<{text}>"),
        ProsePart::Link { text, href } => format!("<{text}|{href}>"),
    };
    parts(text, are_templates).into_iter().map(shown).collect()
}

#[test]
fn addresses_in_a_text_are_links() {
    for (text, expected) in [
        ("", ""),
        ("no address, http: //x, ftp://x, https://, ://", "no address, http: //x, ftp://x, https://, ://"),
        ("https://x.com/a", "<https://x.com/a>"),
        (
            "See https://x.com/a?b=c#d, or HTTP://y.com/.",
            "See <https://x.com/a?b=c#d>, or <HTTP://y.com/|http://y.com/>.",
        ),
        ("(https://x.com/a)", "(<https://x.com/a>)"),
        ("(see https://x.com/a_(b))", "(see <https://x.com/a_(b)>)"),
        ("https://x.com/a_(b)).", "<https://x.com/a_(b)>)."),
        ("https://x.com/a](b)", "<https://x.com/a>](b)"),
        ("\"https://x.com/a\" 'https://x.com/b'", "\"<https://x.com/a>\" '<https://x.com/b>'"),
        ("<https://x.com/a>", "<<https://x.com/a>>"),
        ("<a href=\"https://x.com/a\">", "<a href=\"<https://x.com/a>\">"),
        ("a\nhttps://x.com/a\tb", "a\n<https://x.com/a>\tb"),
        ("https://x.com/a!?...", "<https://x.com/a>!?..."),
        ("https://x.com/a…", "<https://x.com/a>…"),
        ("参照https://x.com/a。見る", "参照<https://x.com/a>。見る"),
        ("参照: https://x.com/a。", "参照: <https://x.com/a>。"),
        ("xhttps://x.com", "xhttps://x.com"),
        ("javascript:alert(1)//http://x.com/a", "javascript:alert(1)//<http://x.com/a>"),
        (
            "https://u:p@x.com/a and https://good.com@evil.com",
            "https://u:p@x.com/a and https://good.com@evil.com",
        ),
        ("https://good.com\\@evil.com", "<https://good.com|https://good.com/>\\@evil.com"),
        ("https://x.com/a\u{202e}moc.live", "<https://x.com/a>\u{202e}moc.live"),
        ("https://g/explore?left={\"a\":1}", "https://g/explore?left={\"a\":1}"),
        ("https://g/explore?left={a:1}", "<https://g/explore?left={a:1}>"),
        ("http://x.com/a/https://y.com/b", "<http://x.com/a/https://y.com/b>"),
        ("https://x.com/{{ $labels.job }}", "https://x.com/{{ $labels.job }}"),
        ("`https://x.com/a`", "`<https://x.com/a>`"),
        ("**https://x.com/a**", "**<https://x.com/a>**"),
        ("<https://x.com/a|Runbook>", "<<https://x.com/a>|Runbook>"),
        ("https://x.com/a,https://x.com/b", "<https://x.com/a>,<https://x.com/b>"),
        ("https://x.com/a;http://x.com/b,c", "<https://x.com/a>;<http://x.com/b,c>"),
        ("https://x.com/a?b=1,2", "<https://x.com/a?b=1,2>"),
        ("انظر https://x.com/a، ثم", "انظر <https://x.com/a>، ثم"),
        ("देखें https://x.com/a।", "देखें <https://x.com/a>।"),
        ("https://x.com/a።", "<https://x.com/a>።"),
    ] {
        assert_eq!(shown(text, false), expected, "{text:?}");
    }
    assert!(shown("https://пример.com/a", false).ends_with("|https://xn--e1afmkfd.com/a>"));
}

#[test]
fn markdown_links_are_links() {
    for (text, expected) in [
        ("[Runbook](https://x.com/a)", "<Runbook|https://x.com/a>"),
        ("See [the runbook](https://x.com/a_(b)), now.", "See <the runbook|https://x.com/a_(b)>, now."),
        ("[a](https://x.com/1)[b](https://x.com/2)", "<a|https://x.com/1><b|https://x.com/2>"),
        ("![a](https://x.com/1)", "!<a|https://x.com/1>"),
        ("[a [b] c](https://x.com/1)", "<a [b] c|https://x.com/1>"),
        ("[a](https://x.com/1", "[a](<https://x.com/1>"),
        ("[a b](https://x.com/1 \"t\")", "[a b](<https://x.com/1> \"t\")"),
        ("[[b](https://y.com/1)](https://x.com/1)", "[<b|https://y.com/1>](<https://x.com/1>)"),
        ("a](https://x.com/1)", "a](<https://x.com/1>)"),
        ("[](https://x.com/1)", "[](<https://x.com/1>)"),
        ("[ ](https://x.com/1)", "[ ](<https://x.com/1>)"),
        ("[a]( https://x.com/1)", "[a]( <https://x.com/1>)"),
        ("[a\nb](https://x.com/1)", "[a\nb](<https://x.com/1>)"),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("[a](/status) **b** # c", "[a](/status) **b** # c"),
        ("[a](data:text/html,https://x.com/1)", "[a](data:text/html,<https://x.com/1>)"),
        // What a reader sees must not be another address.
        ("[https://good.com/](https://evil.com/1)", "[<https://good.com/>](<https://evil.com/1>)"),
        ("[\u{202e}a](https://x.com/1)", "[\u{202e}a](<https://x.com/1>)"),
        ("[a](https://u@x.com/1)", "[a](https://u@x.com/1)"),
        ("[a](https://x.com/1\u{200b})", "[a](<https://x.com/1>\u{200b})"),
    ] {
        assert_eq!(shown(text, false), expected, "{text:?}");
    }
}

#[test]
fn templates_of_a_rule_are_code() {
    for (text, expected) in [
        ("{{ $labels.job }} is down", "⟦{{ $labels.job }}⟧ is down"),
        ("a {{ printf \"}} \\\" %s\" . }} b", "a ⟦{{ printf \"}} \\\" %s\" . }}⟧ b"),
        ("{{ `}}` }}{{.}}", "⟦{{ `}}` }}⟧⟦{{.}}⟧"),
        ("{{- if .a -}}x{{ end }}", "⟦{{- if .a -}}⟧x⟦{{ end }}⟧"),
        ("{{ never ends", "{{ never ends"),
        ("}} {{", "}} {{"),
        ("{{ }", "{{ }"),
        ("https://x.com/{{ $labels.job }}", "https://x.com/⟦{{ $labels.job }}⟧"),
        ("https://x.com/a {{ . }} https://x.com/b", "<https://x.com/a> ⟦{{ . }}⟧ <https://x.com/b>"),
        ("{{ $externalURL }}https://x.com/a", "⟦{{ $externalURL }}⟧https://x.com/a"),
        ("[a](https://x.com/{{ .b }})", "[a](https://x.com/⟦{{ .b }}⟧)"),
        ("[a](https://x.com/1) {{ .b }}", "<a|https://x.com/1> ⟦{{ .b }}⟧"),
        ("(https://x.com/a){{ .b }}", "(https://x.com/a)⟦{{ .b }}⟧"),
    ] {
        assert_eq!(shown(text, true), expected, "{text:?}");
    }
    assert_eq!(shown("{{ $labels.job }} is down", false), "{{ $labels.job }} is down");
}

#[test]
fn a_cut_link_leads_to_its_whole_address() {
    let all = parts("see https://x.com/abc and [more](https://x.com/d)", false);
    assert_eq!(cut_prose(all.clone(), 500), all);
    let ProsePart::Link { text, href } = &cut_prose(all.clone(), 10)[1] else { panic!("no link") };
    assert_eq!((text.as_str(), href.as_str()), ("https…", "https://x.com/abc"));
    assert_eq!(cut_prose(all, 3), [ProsePart::Text("se…".to_owned())]);
}

#[test]
fn a_long_text_takes_one_pass() {
    let many = "https://x.com/a ".repeat(10_000);
    let links = parts(&many, true).iter().filter(|part| matches!(part, ProsePart::Link { .. })).count();
    assert_eq!(links, MAX_LINKS);
    for unit in [
        "[",
        "]",
        "](https://",
        "[a](https://x",
        "{{",
        "{{\"",
        "(",
        "https://x)))",
        "https://x((",
        "://",
        "\u{202e}",
    ] {
        let text = unit.repeat(200_000);
        let length: usize = shown(&text, true).len();
        assert!(length >= text.len(), "{unit}");
    }
}

proptest! {
    #[test]
    fn no_text_is_lost(text in "(\\PC{0,6}|https?://|\\[|\\]|\\(|\\)|\\{\\{|\\}\\}|x\\.com|[.,\"' ]|\u{202e}){0,30}", rule in any::<bool>()) {
        let mut all = String::new();
        for part in parts(&text, rule) {
            match part {
                ProsePart::Text(text) | ProsePart::Code(text) => all.push_str(&text),
                ProsePart::Link { text, href } => {
                    prop_assert!(href.starts_with("http://") || href.starts_with("https://"));
                    all.push_str(&text);
                }
            }
        }
        // Only the address of a Markdown link is not shown.
        if !text.contains("](") {
            prop_assert_eq!(all, text);
        }
    }
}
