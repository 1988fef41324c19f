//! Fills `{{ }}` from the entity: the one place that knows minijinja.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};
use serde_json::json;

use super::mistaken::is_left_over;
use crate::catalog::Entity;
use crate::diagnostic::Diagnostic;
use crate::promql::{PromQl, Template};

/// The longest expression between two braces, in bytes; it also bounds how deep the engine can nest.
const MAX_EXPRESSION_BYTES: usize = 256;
/// The most brackets that one expression may open.
const MAX_BRACKETS: usize = 8;
/// The longest text that a filter may make, and the longest text with templates beside a query, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// What one expression may cost: a step costs one, as do 64 bytes of text.
const FUEL: u64 = 2_000;
/// The longest reason of the engine that a message repeats.
const MAX_REASON_CHARS: usize = 160;

/// The names that an expression can begin with.
const ROOTS: [&str; 6] = ["metadata", "spec", "kind", "apiVersion", "relations", "entityRef"];

/// An engine without globals, tests, loaders or built-in filters: an expression reaches only what it is given, and
/// these four filters.
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

/// As in Nunjucks: with a second argument that is true, it replaces empty values too.
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

    /// Fills a text such as a title. Values are put in unchanged. The error is a sentence.
    pub fn text(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, slot)) = rest.split_once("{{")
            && let Some((expression, behind)) = slot.split_once("}}")
        {
            filled.push_str(before);
            filled.push_str(&self.value(expression)?);
            if filled.len() > MAX_TEXT_BYTES {
                return Err(format!("the text with its values is longer than {MAX_TEXT_BYTES} bytes"));
            }
            rest = behind;
        }
        Ok(filled + rest)
    }

    /// The value of an expression as text, or the reason why it has none.
    fn value(&self, expression: &str) -> Result<String, String> {
        if expression.starts_with('-') || expression.ends_with('-') {
            return Err("{{- and -}} are not supported; write {{ and }}".to_owned());
        }
        let expression = expression.trim();
        if is_left_over(expression) {
            return Err(format!(
                "left over from another program: `{expression}` was not filled in; write the value"
            ));
        }
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
            "kind" => Value::from(&*entity.kind),
            "apiVersion" => Value::from(&*entity.api_version),
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
    metadata.extend(entity.other_metadata.iter().map(|(key, value)| (key.to_string(), json!(value))));
    let annotations: BTreeMap<&str, &str> =
        entity.annotations.iter().map(|(key, annotation)| (&**key, annotation.value.as_str())).collect();
    let texts = [("title", &entity.title), ("description", &entity.description)];
    let given = texts.into_iter().filter_map(|(key, text)| Some((key, json!(text.as_ref()?))));
    let others = [
        ("name", json!(entity.name)),
        ("labels", json!(entity.labels)),
        ("annotations", json!(annotations)),
        ("tags", json!(entity.tags)),
        ("links", json!(entity.links)),
    ];
    metadata.extend(others.into_iter().chain(given).map(|(key, value)| (key.to_owned(), value)));
    Value::from(Serde(&metadata))
}

fn relation(relation: &crate::catalog::Relation) -> Value {
    let target = relation.target.to_string();
    Value::from_pairs([("type", Value::from(&*relation.kind)), ("targetRef", Value::from(target))])
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
