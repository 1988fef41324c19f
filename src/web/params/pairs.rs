//! The pairs of a query string, taken out one parameter at a time.

use url::form_urlencoded;

use super::ParamProblem;

/// How much of a bad value a message repeats, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// A query string being read: what was asked for so far, and what could not be used.
/// Beneath it lie defaults, of which only values are taken: they are neither given nor refused.
pub(super) struct Pairs {
    all: Vec<(String, String)>,
    defaults: Vec<(String, String)>,
    given: Vec<(String, String)>,
    problems: Vec<ParamProblem>,
}

impl Pairs {
    pub(super) fn of(query: &str) -> Self {
        let all = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { all, defaults: Vec::new(), given: Vec::new(), problems: Vec::new() }
    }

    /// With values for what the query string does not have. Each was read before.
    pub(super) fn over(self, defaults: &[(String, String)]) -> Self {
        Self { defaults: defaults.to_vec(), ..self }
    }

    fn has_name(&self, name: &str) -> bool {
        self.all.iter().any(|(n, _)| n == name)
    }

    fn default_text(&self, name: &str) -> Option<String> {
        self.defaults.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }

    /// The one value of a parameter, trimmed; None when absent. Several are a problem, and none counts.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.all.iter().filter(|(n, _)| n == name).map(|(_, v)| v.trim());
        let first = values.next()?.to_owned();
        if values.next().is_some() {
            self.refuse(name, "is given more than once".to_owned());
            return None;
        }
        Some(first)
    }

    /// Every value of a parameter that may repeat, trimmed, empty ones left out.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let pairs = if self.has_name(name) { &self.all } else { &self.defaults };
        let values = pairs.iter().filter(|(n, v)| n == name && !v.trim().is_empty());
        values.map(|(_, v)| v.trim().to_owned()).collect()
    }

    /// A parameter that is absent when empty. In place of one that is absent or bad stands its default;
    /// an empty one has none.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name);
        if text.as_deref() == Some("") {
            self.keep_empty(name);
            return None;
        }
        match text.as_deref().map(&read) {
            Some(Ok(value)) => {
                self.keep(name, text.unwrap_or_default());
                return Some(value);
            }
            Some(Err(message)) => self.refuse(name, message),
            None => {}
        }
        self.default_text(name).and_then(|text| read(&text).ok())
    }

    /// A yes or no, where the bare name means yes; `also` are further words for yes.
    pub(super) fn flag(&mut self, name: &'static str, also: &[&str]) -> Option<bool> {
        let read = |text: &str| match text {
            "" | "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            other => also.contains(&other).then_some(true),
        };
        if let Some(text) = self.text(name) {
            match read(&text) {
                Some(yes) => {
                    self.keep(name, if text.is_empty() { "true".to_owned() } else { text });
                    return Some(yes);
                }
                None => self.refuse(name, format!("{} is neither true nor false", shown(&text))),
            }
        }
        self.default_text(name).and_then(|text| read(&text))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(n, v)| n == name && !v.trim().is_empty())
    }

    pub(super) fn has_any(&self, prefix: &str) -> bool {
        self.all.iter().any(|(n, _)| n.starts_with(prefix))
    }

    /// As if the address had the parameter.
    pub(super) fn put(&mut self, name: &str, value: String) {
        self.all.retain(|(n, _)| n != name);
        self.all.push((name.to_owned(), value));
    }

    /// What Prometheus would show beside `g0.expr`, in its order: `g1.expr` and so on.
    pub(super) fn further_expressions(&self) -> Vec<String> {
        let number = |name: &str| -> Option<usize> {
            let number: usize = name.strip_prefix('g')?.strip_suffix(".expr")?.parse().ok()?;
            (number > 0).then_some(number)
        };
        let all = self.all.iter().filter(|(_, value)| !value.trim().is_empty());
        let mut found: Vec<_> = all.filter_map(|(n, v)| Some((number(n)?, v.trim()))).collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, expression)| expression.to_owned()).collect()
    }

    pub(super) fn unkeep(&mut self, name: &str) {
        self.given.retain(|(n, _)| n != name);
    }

    /// Nothing for a default, which is not the address's.
    pub(super) fn keep(&mut self, name: &str, value: String) {
        if self.has_name(name) {
            self.given.push((name.to_owned(), value));
        }
    }

    /// An empty parameter says something where leaving it out would bring its default.
    pub(super) fn keep_empty(&mut self, name: &str) {
        if self.default_text(name).is_some() {
            self.keep(name, String::new());
        }
    }

    pub(super) fn refuse(&mut self, parameter: &'static str, message: String) {
        self.problems.push(ParamProblem { parameter, message });
    }

    pub(super) fn finish(self) -> (Vec<ParamProblem>, Vec<(String, String)>) {
        (self.problems, self.given)
    }
}

/// A value as a message repeats it: in quotes, cut when long.
pub(super) fn shown(value: &str) -> String {
    let mut characters = value.chars();
    let head: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    let rest = if characters.next().is_some() { "..." } else { "" };
    format!("\"{head}{rest}\"")
}
