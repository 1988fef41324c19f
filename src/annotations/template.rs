//! Fills `{{ }}` from the entity: the one place that knows minijinja.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};

use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::{PromQl, Template};

/// The longest expression between two braces, in bytes; it also bounds how deep the engine can nest.
const MAX_EXPRESSION_BYTES: usize = 256;
/// The most brackets that one expression may open.
const MAX_BRACKETS: usize = 8;
/// The longest text that a filter may make, and the longest text with templates beside a query, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// What one expression may cost: a step costs one, as do 64 bytes of text.
const FUEL: u64 = 2_000;
/// How much of the engine's reason is told.
const MAX_REASON_CHARS: usize = 160;

/// What an expression can begin with.
const ROOTS: [&str; 6] = ["metadata", "spec", "kind", "apiVersion", "relations", "entityRef"];

/// An engine without globals, tests, loaders or filters of its own: an expression reaches what it is given, and
/// these four.
static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.add_filter("lower", |text: Cow<'_, str>| bounded(text.len()).map(|()| text.to_lowercase()));
    engine.add_filter("upper", |text: Cow<'_, str>| bounded(text.len()).map(|()| text.to_uppercase()));
    engine.add_filter("default", default);
    engine.add_filter("replace", replace);
    engine
});

fn bounded(bytes: usize) -> Result<(), Error> {
    let message = format!("a text is longer than {MAX_TEXT_BYTES} bytes");
    (bytes <= MAX_TEXT_BYTES).then_some(()).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, message))
}

/// With a second argument that is true, also in place of what is empty, as in Nunjucks.
fn default(value: &Value, other: Value, also_empty: Option<bool>) -> Value {
    let is_missing = value.is_undefined() || value.is_none();
    if is_missing || (also_empty == Some(true) && !value.is_true()) { other } else { value.clone() }
}

fn replace(text: Cow<'_, str>, from: Cow<'_, str>, to: Cow<'_, str>) -> Result<String, Error> {
    bounded(text.len())?;
    bounded(text.len() + text.matches(&*from).count() * to.len())?;
    Ok(text.replace(&*from, &to))
}

/// An entity as templates see it.
pub struct Templates<'e> {
    entity: &'e Entity,
    /// The value of each of [`ROOTS`], made on first use: a `spec` may have megabytes.
    roots: [OnceCell<Value>; ROOTS.len()],
}

impl<'e> Templates<'e> {
    pub fn of(entity: &'e Entity) -> Self {
        Self { entity, roots: Default::default() }
    }

    /// Reads a query after its templates were filled. Spans are byte offsets into `text` as it was given.
    pub fn query(&self, text: &str) -> (Option<PromQl>, Vec<Diagnostic>) {
        let template = match Template::read(text) {
            Ok(template) => template,
            Err(problem) => return (None, vec![problem]),
        };
        if template.slots().is_empty() {
            return PromQl::read(text);
        }
        let (mut values, mut problems) = (Vec::new(), Vec::new());
        for slot in template.slots() {
            match self.value(template.expression(slot)) {
                Ok(value) => values.push(value),
                Err(message) => problems.push(Diagnostic::error(slot.span, message)),
            }
        }
        if problems.is_empty() { template.fill(&values) } else { (None, problems) }
    }

    /// Fills a text such as a title. Values are put in unchanged.
    pub fn text(&self, text: &str) -> Result<String, Diagnostic> {
        let mut filled = String::with_capacity(text.len());
        let mut at = 0;
        let find = |from: usize, mark| Some(from + text.get(from..)?.find(mark)?);
        while let Some(start) = find(at, "{{") {
            let Some(end) = find(start, "}}").map(|end| end + 2) else { break };
            filled.push_str(Span::new(at, start).of(text));
            let slot = Span::new(start, end);
            let expression = Span::new(start + 2, end - 2).of(text);
            filled.push_str(&self.value(expression).map_err(|message| Diagnostic::error(slot, message))?);
            if filled.len() > MAX_TEXT_BYTES {
                let message = format!("the text with its values is longer than {MAX_TEXT_BYTES} bytes");
                return Err(Diagnostic::error(slot, message));
            }
            at = end;
        }
        filled.push_str(Span::new(at, text.len()).of(text));
        Ok(filled)
    }

    /// The value of an expression as text, or the reason why it has none.
    fn value(&self, expression: &str) -> Result<String, String> {
        if expression.starts_with('-') || expression.ends_with('-') {
            return Err("{{- and -}} are not supported; write {{ and }}".to_owned());
        }
        let expression = expression.trim();
        if expression.is_empty() {
            return Err("empty template".to_owned());
        }
        let brackets = expression.bytes().filter(|byte| b"([{".contains(byte)).count();
        if expression.len() > MAX_EXPRESSION_BYTES || brackets > MAX_BRACKETS {
            return Err(format!(
                "a template has at most {MAX_EXPRESSION_BYTES} bytes and {MAX_BRACKETS} brackets"
            ));
        }
        let compiled =
            ENGINE.compile_expression_owned(expression.to_owned()).map_err(|error| reason(&error))?;
        let names = compiled.undeclared_variables(false);
        let context = Value::from_pairs(names.into_iter().filter_map(|name| {
            let value = self.root(&name)?;
            Some((name, value))
        }));
        let missing = || missing(expression, &compiled, &context);
        match compiled.eval(context.clone()) {
            Ok(value) => printed(&value).unwrap_or_else(|| Err(missing())),
            Err(error) if error.kind() == ErrorKind::UndefinedError => Err(missing()),
            Err(error) => Err(reason(&error)),
        }
    }

    fn root(&self, name: &str) -> Option<Value> {
        let at = ROOTS.iter().position(|root| *root == name)?;
        let entity = self.entity;
        let value = self.roots.get(at)?.get_or_init(|| match name {
            "metadata" => metadata(entity),
            "spec" => Value::from(Serde(&entity.spec)),
            "kind" => Value::from(entity.kind.as_str()),
            "apiVersion" => Value::from(entity.api_version.as_str()),
            "relations" => entity.relations.iter().map(relation).collect(),
            _ => Value::from(entity.reference.to_string()),
        });
        Some(value.clone())
    }
}

/// `metadata` as Backstage has it: the namespace is always there.
fn metadata(entity: &Entity) -> Value {
    let mut metadata = serde_json::Map::new();
    metadata.insert("namespace".to_owned(), entity.reference.namespace().into());
    metadata.extend(entity.other_metadata.clone());
    metadata.insert("name".to_owned(), entity.name.as_str().into());
    let texts = [("title", &entity.title), ("description", &entity.description)];
    for (key, text) in texts {
        metadata.extend(text.as_deref().map(|text| (key.to_owned(), text.into())));
    }
    let labels = entity.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    metadata.insert("labels".to_owned(), serde_json::Value::Object(labels.collect()));
    let annotations = entity.annotations.iter().map(|(key, a)| (key.clone(), a.value.as_str().into()));
    metadata.insert("annotations".to_owned(), serde_json::Value::Object(annotations.collect()));
    metadata.insert("tags".to_owned(), entity.tags.as_slice().into());
    let links = entity.links.iter().map(|link| serde_json::json!({"url": link.url, "title": link.title}));
    metadata.insert("links".to_owned(), links.collect());
    Value::from(Serde(&metadata))
}

fn relation(relation: &crate::catalog::Relation) -> Value {
    let target = relation.target.to_string();
    Value::from_pairs([("type", Value::from(relation.kind.as_str())), ("targetRef", Value::from(target))])
}

/// The value as text; None when there is none.
fn printed(value: &Value) -> Option<Result<String, String>> {
    let what = match value.kind() {
        ValueKind::Undefined | ValueKind::None => return None,
        ValueKind::String | ValueKind::Bool => return Some(Ok(value.to_string())),
        // As JavaScript writes a number: 2.0 is 2.
        ValueKind::Number => {
            let whole = i64::try_from(value.clone()).map(|whole| whole.to_string());
            return Some(Ok(whole.unwrap_or_else(|_| value.to_string())));
        }
        ValueKind::Map => "a mapping",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        _ => "something else",
    };
    Some(Err(format!("this is {what}; a template needs text, a number, true or false")))
}

/// Names the field that the entity does not have.
fn missing(expression: &str, compiled: &Expression<'_, '_>, context: &Value) -> String {
    let mut paths: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
    paths.sort();
    for path in paths {
        let mut found = context.clone();
        let mut walked = 0;
        for key in path.split('.') {
            walked += key.len() + 1;
            found = found.get_attr(key).unwrap_or_default();
            if !found.is_undefined() && !found.is_none() {
                continue;
            }
            let named = path.get(..walked - 1).unwrap_or_default();
            let is_root = named == key;
            return if is_root && !ROOTS.contains(&key) {
                format!("unknown name `{named}` in a template; use {}", ROOTS.join(", "))
            } else {
                format!("the entity has no `{named}`")
            };
        }
    }
    format!("the entity has no `{expression}`")
}

/// The engine's reason, in our words where the engine's are not for readers.
fn reason(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => "this template takes too long".to_owned(),
        ErrorKind::UnknownFilter => "unknown filter; use default, lower, replace or upper".to_owned(),
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod | ErrorKind::UnknownTest => {
            "functions and tests are not supported, only the filters default, lower, replace and upper"
                .to_owned()
        }
        kind => {
            let reason = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
            let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
            format!("invalid template: {reason}")
        }
    }
}

#[cfg(test)]
mod tests;
