//! A small tokenizer of our HTML, for elements, attributes and links.

/// A start tag with its attributes, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Every start tag in order. The content of a script element is text.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
        let name = rest[..end].to_ascii_lowercase();
        let (attributes, after) = attributes(&rest[end..]);
        rest = after;
        if name == "script" {
            rest = &rest[rest.find("</script").unwrap()..];
        }
        tags.push(Tag { name, attributes });
    }
    tags
}

/// The attributes of a tag, and what follows its end.
fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap();
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let value = match rest.strip_prefix('=') {
            None => String::new(),
            Some(quoted) => {
                let quote =
                    quoted.chars().next().filter(|q| matches!(q, '"' | '\'')).expect("a quoted value");
                let end = quoted[1..].find(quote).unwrap() + 1;
                rest = &quoted[end + 1..];
                decoded(&quoted[1..end])
            }
        };
        found.push((name, value));
    }
}

fn decoded(text: &str) -> String {
    let references =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&"), ("&amp;", "&")];
    references.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Elements and the names of their attributes. Hostile text must not change them.
pub fn shape(html: &str) -> Vec<String> {
    let names = |tag: &Tag| tag.attributes.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(" ");
    tags(html).iter().map(|tag| format!("{} {}", tag.name, names(tag))).collect()
}

/// The visible text: without tags, with single blanks.
pub fn words(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let script = rest[at..].starts_with("<script").then(|| rest[at..].find("</script>").unwrap() + at);
        let from = script.unwrap_or(at);
        let block = ["<p", "</p", "<td", "<tr", "<dd", "<dt", "<h1", "<h2", "<div", "<th", "<li", "<a "];
        if block.iter().any(|tag| rest[at..].starts_with(tag)) {
            text.push(' ');
        }
        rest = &rest[rest[from..].find('>').unwrap() + from + 1..];
    }
    text.push_str(rest);
    decoded(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The section with this id.
pub fn panel<'h>(html: &'h str, id: &str) -> &'h str {
    let at = html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no panel {id} in {html}"));
    let start = html[..at].rfind("<section").unwrap();
    let end = html[start..].find("</section>").unwrap() + start;
    &html[start..end]
}

/// The address of a page with the first rows of its alert table open.
pub fn with_open_rows(path: &str, page: &str) -> String {
    let mut address = path.to_owned();
    for tag in tags(page) {
        let id = tag.get("id").and_then(|id| id.strip_prefix("alert-")?.strip_suffix("-open"));
        if let Some(id) = id.filter(|_| tag.name == "details") {
            let before = if address.contains('?') { '&' } else { '?' };
            address = format!("{address}{before}alert={id}");
        }
    }
    address
}
