//! The own script on its way out: without comments, without blanks, and with short names for what its one scope declares.

use std::collections::{BTreeMap, BTreeSet};

/// What JavaScript reads as one piece. Punctuation comes one mark at a time.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A name, a keyword or a number.
    Word,
    Mark,
    /// A string, or a stretch of a template between its values: never touched.
    Text,
    Regex,
}

struct Token<'a> {
    kind: Kind,
    text: &'a str,
    /// A new line stood before it.
    fresh: bool,
    /// The bracket around it: `(`, `[`, `{`, a template's `$`, or a blank at the top.
    within: char,
}

type Outcome<T> = Result<T, String>;

/// The same program in fewer bytes.
pub fn squeezed(script: &str) -> Outcome<String> {
    let tokens = Reader { rest: script, fresh: false, open: Vec::new(), tokens: Vec::new() }.read()?;
    refuse_unknown(&tokens)?;
    let names = short_names(&tokens);
    let mut out = String::new();
    for (i, token) in tokens.iter().enumerate() {
        let text = match token.kind {
            // They differ only in what an assignment does to them, and the sources were written with the stricter one.
            Kind::Word if token.text == "const" => "let",
            Kind::Word => names.get(token.text).map_or(token.text, String::as_str),
            _ => token.text,
        };
        if let Some(before) = i.checked_sub(1).and_then(|i| tokens.get(i)) {
            out.push_str(gap(before, token, &out));
        }
        out.push_str(text);
    }
    if out.contains("<!--") || out.contains("-->") {
        return Err("what reads as a comment of HTML".to_owned());
    }
    out.push('\n');
    Ok(out)
}

/// What follows so many bytes.
fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// What must stand between two tokens.
fn gap(before: &Token<'_>, token: &Token<'_>, out: &str) -> &'static str {
    let (Some(last), Some(next)) = (before.text.chars().last(), token.text.chars().next()) else { return "" };
    // Where a statement may end for the sole reason that its line ends. It cannot after these marks, or before those.
    let goes_on = before.kind == Kind::Mark && "{([;,:=><&|?*!".contains(last)
        || token.kind == Kind::Mark && "})],;:?.=&|".contains(next);
    if token.fresh && !goes_on {
        return "\n";
    }
    let number = before.kind == Kind::Word && last_word(out).starts_with(|c: char| c.is_ascii_digit());
    let joins = match (before.kind, token.kind) {
        (Kind::Word, Kind::Word | Kind::Regex) => true,
        (Kind::Regex, Kind::Word) => true,
        (Kind::Word, Kind::Mark) => number && next == '.',
        (Kind::Mark | Kind::Regex, Kind::Mark | Kind::Regex) => "+-/".contains(last) && last == next,
        _ => false,
    };
    // `a++` was one sign in two tokens, and a decimal's exponent is three.
    let apart = joins
        && !(last == next
            && "+-".contains(last)
            && before.text.as_bytes().as_ptr_range().end == token.text.as_ptr());
    if apart { " " } else { "" }
}

fn last_word(out: &str) -> &str {
    out.rsplit(|c: char| !is_word(c)).next().unwrap_or_default()
}

struct Reader<'a> {
    rest: &'a str,
    fresh: bool,
    open: Vec<char>,
    tokens: Vec<Token<'a>>,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Outcome<Vec<Token<'a>>> {
        while let Some(next) = self.rest.chars().next() {
            if next.is_whitespace() {
                self.fresh |= next == '\n';
                self.rest = from(self.rest, next.len_utf8());
            } else if self.rest.starts_with("//") {
                self.rest = from(self.rest, self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                return Err("a comment of several lines".to_owned());
            } else {
                self.token(next)?;
            }
        }
        if self.open.is_empty() { Ok(self.tokens) } else { Err("a bracket that is not closed".to_owned()) }
    }

    fn token(&mut self, next: char) -> Outcome<()> {
        match next {
            '"' | '\'' => {
                let length = closed(self.rest, next, false)?;
                self.take(Kind::Text, length);
            }
            '`' => self.template()?,
            '}' if self.open.last() == Some(&'$') => {
                self.open.pop();
                self.template()?;
            }
            '/' if self.may_be_regex()? => {
                let length = closed(self.rest, '/', true)?;
                let flags = from(self.rest, length).find(|c| !is_word(c)).unwrap_or(0);
                self.take(Kind::Regex, length + flags);
            }
            _ if is_word(next) => {
                // A number's point belongs to it.
                let dots = next.is_ascii_digit();
                let end = self.rest.find(|c| !(is_word(c) || dots && c == '.')).unwrap_or(self.rest.len());
                self.take(Kind::Word, end);
            }
            _ if next.is_ascii_punctuation() && !"\\#@".contains(next) => self.mark(next)?,
            _ => return Err(format!("the letter {next:?} outside of a string")),
        }
        Ok(())
    }

    fn mark(&mut self, mark: char) -> Outcome<()> {
        let opened = match mark {
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => None,
        };
        if opened.is_some() && self.open.pop() != opened {
            return Err(format!(
                "a {mark} that closes nothing, after {:?}",
                self.tokens.last().map(|t| t.text)
            ));
        }
        self.take(Kind::Mark, 1);
        if "([{".contains(mark) {
            self.open.push(mark);
        }
        Ok(())
    }

    /// From a back quote, or the end of a value, to the next value or the last back quote.
    fn template(&mut self) -> Outcome<()> {
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' {
                letters.next();
            } else if letter == '`' {
                self.take(Kind::Text, at + 1);
                return Ok(());
            } else if from(self.rest, at).starts_with("${") {
                self.take(Kind::Text, at + 2);
                self.open.push('$');
                return Ok(());
            }
        }
        Err("a template that is not closed".to_owned())
    }

    /// A slash divides what stands before it, if anything does.
    fn may_be_regex(&self) -> Outcome<bool> {
        let Some(before) = self.tokens.last() else { return Ok(true) };
        match before.text {
            "}" | "++" | "--" | "return" | "typeof" | "in" | "of" | "case" => {
                Err(format!("a slash after {}", before.text))
            }
            ")" | "]" => Ok(false),
            _ => Ok(before.kind == Kind::Mark),
        }
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        let within = self.open.last().copied().unwrap_or(' ');
        self.tokens.push(Token { kind, text, fresh: self.fresh, within });
        self.fresh = false;
        self.rest = rest;
    }
}

/// The length of what begins and ends with a quote, or with a slash.
fn closed(text: &str, quote: char, regex: bool) -> Outcome<usize> {
    let mut class = false;
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => _ = letters.next(),
            '\n' => break,
            '[' if regex => class = true,
            ']' if regex => class = false,
            _ if letter == quote && !class => return Ok(at + 1),
            _ => {}
        }
    }
    Err(format!("a {quote} that is not closed on its line: {}", text.lines().next().unwrap_or_default()))
}

/// What would make a name more than a name, and so our renaming a guess.
fn refuse_unknown(tokens: &[Token<'_>]) -> Outcome<()> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text);
    let mut opened = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let unknown = ["eval", "with", "class", "import", "export", "var", "get", "set"];
        let property = i > 0 && text(i - 1) == ".";
        match (token.kind, token.text) {
            (Kind::Word, word) if unknown.contains(&word) && !property => {
                return Err(format!("the word {word}"));
            }
            (Kind::Mark, "(") => opened.push(i),
            (Kind::Mark, ")") => {
                let at = opened.pop().unwrap_or(0);
                let [before, name] = [2, 1].map(|back| tokens.get(at.wrapping_sub(back)));
                let statement = ["if", "for", "while", "switch", "catch", "function"];
                let called = name.filter(|name| name.kind == Kind::Word && !statement.contains(&name.text));
                // A method's name is a key: `{ name() {} }`.
                if let Some(name) = called
                    && text(i + 1) == "{"
                    && before.is_none_or(|before| before.text != "function")
                {
                    return Err(format!("the method {}", name.text));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A short name for each name that the scope declares, if it stands nowhere as a property, a key or a shorthand.
///
/// Then every place where it stands means this name or one of an inner scope that is spelt alike. All of them are
/// renamed alike, to what stands nowhere: whatever referred to a declaration still refers to the same one.
fn short_names<'a>(tokens: &[Token<'a>]) -> BTreeMap<&'a str, String> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text);
    let mut declared = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for (i, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
        let [before, after] = [if i > 0 { text(i - 1) } else { "" }, text(i + 1)];
        if token.within == ' ' && ["const", "let", "function"].contains(&before) {
            declared.insert(token.text);
        }
        let spread = i > 2 && text(i - 2) == "." && text(i - 3) == ".";
        let key =
            token.within == '{' && ["{", ","].contains(&before) && [":", "}", ",", "="].contains(&after);
        if before == "." && !spread || key {
            keys.insert(token.text);
        }
        *counts.entry(token.text).or_insert(0_usize) += 1;
    }
    let mut long: Vec<&str> = declared.difference(&keys).copied().filter(|name| name.len() > 2).collect();
    long.sort_by_key(|name| (std::cmp::Reverse(counts.get(name)), *name));
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let short = letters
        .chars()
        .map(String::from)
        .chain(letters.chars().flat_map(|a| letters.chars().map(move |b| format!("{a}{b}"))))
        .filter(|name| {
            !counts.contains_key(name.as_str()) && !["do", "if", "in", "of", "as"].contains(&name.as_str())
        });
    long.into_iter().zip(short).collect()
}
