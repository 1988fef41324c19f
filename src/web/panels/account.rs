//! How this page was made: annotations as read, instance and why, queries as sent, problems.

use askama::Template;

use super::{ProblemsPanel, counted, cut, times};
use crate::monitoring::{Account, Asked, Chosen, Read};
use crate::web::Told;

/// The most of an annotation that is repeated, in characters.
const MOST_OF_A_VALUE: usize = 2_000;

#[derive(Template)]
#[template(path = "panels/account.html")]
pub struct AccountPanel {
    pub annotations: Vec<Read>,
    pub instance: Option<Chosen>,
    /// Why there is no instance.
    pub fault: Option<Told>,
    pub questions: Vec<Line>,
    pub problems: Option<ProblemsPanel>,
    /// `2 questions to prod`: what is seen before it is opened.
    pub short: String,
}

impl askama::filters::HtmlSafe for AccountPanel {}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `Graph 1`
    pub what: String,
    /// None: no query is sent for it.
    pub query: Option<String>,
    pub told: String,
}

impl AccountPanel {
    pub fn of(account: Account, fault: Option<Told>, problems: Option<ProblemsPanel>) -> Self {
        let short = account.instance.as_ref().map_or_else(
            || "no instance".to_owned(),
            |to| format!("{} to {}", counted(account.questions.len(), "question", "questions"), to.name),
        );
        let shown = |read: Read| Read { value: cut(&read.value, MOST_OF_A_VALUE), ..read };
        Self {
            annotations: account.annotations.into_iter().map(shown).collect(),
            instance: account.instance,
            fault,
            questions: account.questions.into_iter().map(Line::of).collect(),
            problems,
            short,
        }
    }
}

impl Line {
    fn of(asked: Asked) -> Self {
        let graph = |number, query, told: &str| Self {
            what: format!("Graph {number}"),
            query: Some(query),
            told: told.to_owned(),
        };
        match asked {
            Asked::Rules => Self {
                what: "Alerts".to_owned(),
                query: None,
                told: "all alerting rules of the instance, of which the annotations choose".to_owned(),
            },
            Asked::Graph { number, query, span } => {
                let step = times::seconds(span.step.as_secs_f64());
                graph(number, query, &format!("from {} to {}, every {step}", span.start, span.end))
            }
            Asked::NotSent { number, query } => graph(number, query, "not sent, because it is broken"),
            Asked::NotYet { number, query } => {
                graph(number, query, "not sent, because the whole period lies in the future")
            }
        }
    }
}
