//! What the portal has read and knows of itself.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Shell;
use crate::web::panels::counted;
use crate::web::panels::times::{self, Moment};
use crate::web::{PageError, PageParams, StatusFacts, WebSettings, form};

#[derive(Template)]
#[template(path = "pages/status.html", blocks = ["content"])]
pub struct StatusPage<'a> {
    pub shell: Shell<'a>,
    pub facts: &'a StatusFacts,
    /// `14 entities from 1 file`
    pub read: String,
    pub loaded_at: Option<Moment>,
    pub faults: Vec<FaultLine>,
}

/// A fault of a catalog file.
pub struct FaultLine {
    /// `catalog/payments.yaml:12:5`
    pub place: String,
    pub message: String,
    pub kept_last_good: bool,
}

pub async fn show(
    request: HttpRequest,
    params: PageParams,
    facts: StatusFacts,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let path = settings.links(&params).status();
    let mut shell = Shell::new(&settings, &params, &path, "Status");
    shell.section = "status";
    let now = params.period.now;
    let faults = facts.catalog.faults.iter().map(|fault| {
        let places = [fault.line, fault.column].into_iter().flatten().map(|n| format!(":{n}"));
        let place = std::iter::once(fault.file.display().to_string()).chain(places).collect();
        FaultLine { place, message: fault.message.clone(), kept_last_good: fault.kept_last_good }
    });
    let page = StatusPage {
        shell,
        read: format!(
            "{} from {}",
            counted(facts.catalog.entities.len(), "entity", "entities"),
            counted(facts.catalog.files_read, "file", "files")
        ),
        loaded_at: facts.catalog.loaded_at.map(|at| Moment::of(at, now, &params.zone)),
        faults: faults.collect(),
        facts: &facts,
    };
    form::page(&request, &page, &page.as_content())
}

impl StatusPage<'_> {
    fn span(duration: &std::time::Duration) -> String {
        times::seconds(duration.as_secs_f64())
    }
}
