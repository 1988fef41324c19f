//! The pairs of a query string, taken out one parameter at a time.

use url::form_urlencoded;

use super::ParamProblem;

/// How much of a bad value a message repeats, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// A query string being read: what was asked for so far, and what could not be used.
pub(super) struct Pairs {
    all: Vec<(String, String)>,
    given: Vec<(String, String)>,
    problems: Vec<ParamProblem>,
}

impl Pairs {
    pub(super) fn of(query: &str) -> Self {
        let all = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { all, given: Vec::new(), problems: Vec::new() }
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
        let values = self.all.iter().filter(|(n, v)| n == name && !v.trim().is_empty());
        values.map(|(_, v)| v.trim().to_owned()).collect()
    }

    /// A parameter that is absent when empty.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name).filter(|t| !t.is_empty())?;
        match read(&text) {
            Ok(value) => {
                self.keep(name, text);
                Some(value)
            }
            Err(message) => {
                self.refuse(name, message);
                None
            }
        }
    }

    /// A yes or no, where the bare name means yes; `also` are further words for yes.
    pub(super) fn flag(&mut self, name: &'static str, also: &[&str]) -> Option<bool> {
        let text = self.text(name)?;
        let yes = match text.as_str() {
            "" | "1" | "true" => true,
            "0" | "false" => false,
            other if also.contains(&other) => true,
            other => {
                self.refuse(name, format!("{} is neither true nor false", shown(other)));
                return None;
            }
        };
        self.keep(name, if yes && text.is_empty() { "true".to_owned() } else { text });
        Some(yes)
    }

    pub(super) fn keep(&mut self, name: &str, value: String) {
        self.given.push((name.to_owned(), value));
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
