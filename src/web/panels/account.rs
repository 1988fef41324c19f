//! Details of a page: annotations, the instance and why, queries sent, problems.

use askama::Template;

use super::{ProblemsPanel, counted, cut, times};
use crate::monitoring::{Account, Asked, Chosen, Read};
use crate::web::ErrorText;

/// Longer annotations are cut, in characters.
const MAX_VALUE: usize = 2_000;

#[derive(Template)]
#[template(path = "panels/account.html")]
pub struct AccountPanel {
    pub annotations: Vec<Read>,
    pub instance: Option<Chosen>,
    /// Why there is no instance.
    pub fault: Option<ErrorText>,
    pub queries: Vec<SentQuery>,
    pub problems: Option<ProblemsPanel>,
    /// `2 queries to prod`: shown while it is closed.
    pub short: String,
}

impl askama::filters::HtmlSafe for AccountPanel {}

/// What one panel sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentQuery {
    /// `Graph 1`
    pub what: String,
    /// None: no PromQL is sent.
    pub query: Option<String>,
    pub note: String,
}

impl AccountPanel {
    pub fn of(account: Account, fault: Option<ErrorText>, problems: Option<ProblemsPanel>) -> Self {
        let short = account.instance.as_ref().map_or_else(
            || "no instance".to_owned(),
            |to| format!("{} to {}", counted(account.questions.len(), "query", "queries"), to.name),
        );
        let shown = |read: Read| Read { value: cut(&read.value, MAX_VALUE), ..read };
        Self {
            annotations: account.annotations.into_iter().map(shown).collect(),
            instance: account.instance,
            fault,
            queries: account.questions.into_iter().map(SentQuery::of).collect(),
            problems,
            short,
        }
    }
}

impl SentQuery {
    fn of(asked: Asked) -> Self {
        let graph = |number, query, note: &str| Self {
            what: format!("Graph {number}"),
            query: Some(query),
            note: note.to_owned(),
        };
        match asked {
            Asked::Rules => Self {
                what: "Alerts".to_owned(),
                query: None,
                note: "all alerting rules of the instance; the annotations select from them".to_owned(),
            },
            Asked::Graph { number, query, span } => {
                let step = times::seconds(span.step.as_secs_f64());
                graph(number, query, &format!("from {} to {}, every {step}", span.start, span.end))
            }
            Asked::NotSent { number, query } => graph(number, query, "not sent: it is invalid"),
            Asked::NotYet { number, query } => graph(number, query, "not sent: the range is in the future"),
        }
    }
}
