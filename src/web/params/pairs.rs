//! The pairs of a query string, taken out one parameter at a time.

use url::form_urlencoded;

use super::{FurtherQuery, ParamProblem};
use crate::page_params::{quoted, read_flag};

/// A query string, the pairs of it that were understood, and the problems with the others.
///
/// The error of each `read` completes the sentence `"VALUE" ...`.
pub(super) struct Pairs {
    all: Vec<(String, String)>,
    given: Vec<(String, String)>,
    problems: Vec<ParamProblem>,
}

/// Splits `4:true`, a value for one graph. None: it names no graph, as `suffix:x` does not.
pub(super) fn of_graph(text: &str) -> Option<(usize, &str)> {
    let (number, value) = text.split_once(':')?;
    let is_plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    Some((number.parse().ok().filter(|_| is_plain)?, value))
}

impl Pairs {
    pub(super) fn of(query: &str) -> Self {
        let all = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { all, given: Vec::new(), problems: Vec::new() }
    }

    /// The value of a parameter, trimmed; None when absent. A repeated parameter is a problem and has no value.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.all.iter().filter(|(n, _)| n == name).map(|(_, v)| v.trim());
        let first = values.next()?.to_owned();
        if values.next().is_some() {
            self.refuse(name, "is given more than once".to_owned());
            return None;
        }
        Some(first)
    }

    /// Every value of a parameter that may repeat, trimmed, without empty ones.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let values = self.all.iter().filter(|(n, v)| n == name && !v.trim().is_empty());
        values.map(|(_, v)| v.trim().to_owned()).collect()
    }

    /// The value of a parameter; None when it is absent, empty or unreadable.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.value_or(name, None, read)
    }

    /// The value of a parameter; its default when it is absent or unreadable; None when it is empty.
    pub(super) fn value_or<T>(
        &mut self,
        name: &'static str,
        default: Option<T>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(text) = self.text(name) else { return default };
        if text.is_empty() {
            // Without the parameter, a link would bring the default back.
            if default.is_some() {
                self.keep(name, text);
            }
            return None;
        }
        match read(&text) {
            Ok(value) => {
                self.keep(name, text);
                Some(value)
            }
            Err(end) => {
                self.refuse_value(name, &text, &end);
                default
            }
        }
    }

    /// A yes or no. The bare name means yes.
    pub(super) fn flag(&mut self, name: &'static str, default: Option<bool>) -> Option<bool> {
        let Some(text) = self.text(name) else { return default };
        match read_flag(&text) {
            Ok(value) => {
                self.keep(name, if text.is_empty() { "true".to_owned() } else { text });
                Some(value)
            }
            Err(end) => {
                self.refuse_value(name, &text, &end);
                default
            }
        }
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.all.iter().any(|(n, _)| n == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(n, v)| n == name && !v.trim().is_empty())
    }

    pub(super) fn has_any(&self, prefix: &str) -> bool {
        self.all.iter().any(|(n, _)| n.starts_with(prefix))
    }

    /// Sets a parameter as if the address had it.
    pub(super) fn put(&mut self, name: &str, value: String) {
        self.all.retain(|(n, _)| n != name);
        self.all.push((name.to_owned(), value));
    }

    /// The expressions that Prometheus shows below `g0.expr`, in its order: `g1.expr` and so on.
    pub(super) fn further_queries(&self) -> Vec<FurtherQuery> {
        let all = self.all.iter().filter(|(_, value)| !value.trim().is_empty());
        let mut found: Vec<_> =
            all.filter_map(|(n, v)| Some((FurtherQuery::number(n)?, n, v.trim()))).collect();
        found.sort_by_key(|(number, ..)| *number);
        let query = |(_, name, query): (_, &String, &str)| FurtherQuery {
            parameter: name.clone(),
            query: query.to_owned(),
        };
        found.into_iter().map(query).collect()
    }

    pub(super) fn keep(&mut self, name: &str, value: String) {
        self.given.push((name.to_owned(), value));
    }

    /// Takes the values of a parameter that match, trimmed.
    pub(super) fn take(&mut self, name: &str, matches: impl Fn(&str) -> bool) -> Vec<String> {
        let taken = self.all.extract_if(.., |(n, v)| n == name && matches(v.trim()));
        taken.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// Drops a parameter of one graph; None: of all graphs together.
    pub(super) fn unkeep_of_graph(&mut self, name: &str, number: Option<usize>) {
        self.given.retain(|(n, v)| n != name || of_graph(v).map(|(graph, _)| graph) != number);
    }

    pub(super) fn unkeep(&mut self, name: &str) {
        self.given.retain(|(n, _)| n != name);
    }

    pub(super) fn refuse(&mut self, parameter: &'static str, message: String) {
        self.problems.push(ParamProblem { parameter: parameter.into(), message });
    }

    /// `end` completes the sentence `"VALUE" ...`.
    pub(super) fn refuse_value(&mut self, parameter: &'static str, value: &str, end: &str) {
        self.refuse(parameter, format!("{} {end}", quoted(value)));
    }

    pub(super) fn finish(self) -> (Vec<ParamProblem>, Vec<(String, String)>) {
        (self.problems, self.given)
    }
}
