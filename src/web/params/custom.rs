//! What an address itself describes: a query, alerts, and the instance.

use super::pairs::Pairs;
use crate::annotations::{AlertNames, read_dimensions};
use crate::catalog::EntityRef;
use crate::diagnostic::{Diagnostic, Severity};
use crate::page_params::quoted;
use crate::promql::{Matcher, RegexLimit};

/// The limit of regexes in an address. Anybody may write one, and they are compiled for one request only.
const REGEXES: RegexLimit = RegexLimit { most: 8, most_bytes: 1_024 };
/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// The parameters of `/graph` and `/alerts`. Nothing in a query, a name or a title is split.
#[derive(Clone, Debug, Default)]
pub struct CustomParams {
    pub query: Option<String>,
    pub dimensions: Vec<String>,
    pub title: Option<String>,
    /// Never beside an entity, which chooses its own.
    pub instance: Option<String>,
    pub entity: Option<EntityRef>,
    /// The address names an instance or an entity in a way that cannot be read. No other instance is queried instead.
    pub lost: bool,
    /// None: the address names no alerts.
    pub alerts: Option<AlertNames>,
    /// None: the address has no labels, or none that can be read.
    pub matchers: Option<Vec<Matcher>>,
    /// The labels could not be read, so no alert is selected.
    pub broken: bool,
    /// Further queries of an address of Prometheus, which has several graphs on a page.
    pub more: Vec<FurtherQuery>,
}

/// A query below the first one of an address of Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FurtherQuery {
    /// `g1.expr`
    pub parameter: String,
    pub query: String,
}

impl FurtherQuery {
    /// The number in `g1.expr`. None for other parameters, and for the first query.
    pub fn number(parameter: &str) -> Option<usize> {
        let number = parameter.strip_prefix('g')?.strip_suffix(".expr")?;
        number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok()).flatten().filter(|n| *n > 0)
    }
}

impl CustomParams {
    /// `more`: further queries. None for a page that is not ad hoc; its labels are not read.
    pub(super) fn read(pairs: &mut Pairs, more: Option<Vec<FurtherQuery>>) -> Self {
        let is_custom = more.is_some();
        let mut custom = Self { more: more.unwrap_or_default(), ..Self::default() };
        custom.query = pairs.value("query", |text| Ok(text.to_owned()));
        let dimensions = pairs.value("dimension", |text| match read_dimensions(text) {
            (dimensions, None) => Ok(dimensions),
            (_, Some(problem)) => Err(worded(&problem, text)),
        });
        custom.dimensions = dimensions.unwrap_or_default();
        custom.title = pairs.value("title", |text| {
            let short = text.chars().count() <= LONGEST_TITLE;
            short.then(|| text.to_owned()).ok_or_else(|| format!("is longer than {LONGEST_TITLE} characters"))
        });
        custom.read_subject(pairs);
        custom.read_alerts(pairs);
        if is_custom {
            custom.read_labels(pairs);
        }
        custom
    }

    fn read_subject(&mut self, pairs: &mut Pairs) {
        self.entity = pairs.value("entity", |text| {
            let example = "is not an entity reference; use component:default/payments";
            EntityRef::parse(text).ok_or_else(|| example.to_owned())
        });
        self.instance = pairs.value("instance", |text| Ok(text.to_owned()));
        self.lost = [("entity", self.entity.is_none()), ("instance", self.instance.is_none())]
            .into_iter()
            .any(|(name, unread)| unread && !pairs.texts(name).is_empty());
        if self.entity.is_some() && self.instance.take().is_some() {
            pairs.unkeep("instance");
            pairs.refuse("instance", "ignored, because the entity chooses the instance".to_owned());
        }
    }

    fn read_alerts(&mut self, pairs: &mut Pairs) {
        let mut names = Vec::new();
        for name in pairs.texts("alerts") {
            if !names.contains(&name) {
                pairs.keep("alerts", name.clone());
                names.push(name);
            }
        }
        self.alerts = match names.first().map(String::as_str) {
            None => None,
            Some("all") => Some(AlertNames::All),
            Some(_) => Some(AlertNames::Named(names)),
        };
    }

    fn read_labels(&mut self, pairs: &mut Pairs) {
        self.matchers = pairs.value("labels", |text| {
            let (matchers, problems) = Matcher::read_list_within(text, REGEXES);
            let fault = problems.iter().find(|problem| problem.severity == Severity::Error);
            match fault {
                Some(problem) => Err(worded(problem, text)),
                None if matchers.is_empty() => Err("has no matcher; use severity=critical".to_owned()),
                None => Ok(matchers),
            }
        });
        self.broken = self.matchers.is_none() && !pairs.texts("labels").is_empty();
    }
}

/// Whether regexes may have to be compiled to read an address, which takes time.
pub fn has_regex(query: &str) -> bool {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.any(|(name, value)| name == "labels" && (value.contains("=~") || value.contains("!~")))
}

/// The end of a sentence about `text`.
fn worded(problem: &Diagnostic, text: &str) -> String {
    match problem.part_of(text) {
        "" => format!("is not valid: {}", problem.message),
        place => format!("is not valid at {}: {}", quoted(place), problem.message),
    }
}
