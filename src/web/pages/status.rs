//! What the portal has read and knows of itself.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;

use super::Shell;
use crate::catalog::BackstageState;
use crate::monitoring::Monitoring;
use crate::page_params::Zone;
use crate::web::links::Page;
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
    pub backstage: Option<BackstageLine>,
    pub faults: Vec<FaultLine>,
    /// By instance: that its clock is off.
    pub clocks: HashMap<String, String>,
    pub failing: Vec<FailingLine>,
}

/// What Backstage's catalog holds, and as of when.
pub struct BackstageLine {
    /// `2,007 entities`
    pub entities: String,
    /// None when it could not be read yet.
    pub good_at: Option<Moment>,
    /// Since when it cannot be read, and how long that is.
    pub failing: Option<(Moment, String)>,
}

/// An instance that fails.
pub struct FailingLine {
    pub name: String,
    /// `unreachable`
    pub kind: &'static str,
    /// Since when, and how long that is.
    pub since: Moment,
    pub age: String,
}

/// A fault of a catalog file, or of Backstage.
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
    monitoring: web::Data<Monitoring>,
) -> Result<HttpResponse, PageError> {
    let link = settings.links(&params).to(Page::Status);
    let mut shell = Shell::new(&settings, &params, link.path(), "Status");
    shell.section = "status";
    let now = params.period.now;
    let faults = facts.catalog.faults.iter().map(|fault| {
        let places = [fault.line, fault.column].into_iter().flatten().map(|n| format!(":{n}"));
        let place = std::iter::once(fault.file.display().to_string()).chain(places).collect();
        FaultLine { place, message: fault.message.clone(), kept_last_good: fault.kept_last_good }
    });
    let backstage = facts.backstage.as_deref();
    let failing = backstage.and_then(|state| {
        let message = state.failing.as_ref()?.message.clone();
        Some(FaultLine { place: "Backstage".to_owned(), message, kept_last_good: state.good_at.is_some() })
    });
    let skews = monitoring.skews();
    let instances = facts.failing.iter().map(|failing| FailingLine {
        name: failing.failure.who.to_string(),
        kind: failing.failure.kind.as_str(),
        since: Moment::of(failing.since, now, &params.zone),
        age: times::span(now.as_second() - failing.since.as_second()),
    });
    let page = StatusPage {
        shell,
        failing: instances.collect(),
        read: format!(
            "{} from {}",
            counted(facts.catalog.entities.len(), "entity", "entities"),
            counted(facts.catalog.files_read, "file", "files")
        ),
        loaded_at: facts.catalog.loaded_at.map(|at| Moment::of(at, now, &params.zone)),
        backstage: backstage.map(|state| BackstageLine::of(state, now, &params.zone)),
        faults: failing.into_iter().chain(faults).collect(),
        clocks: skews.iter().map(|(name, skew)| (name.to_string(), skew.sentence(name))).collect(),
        facts: &facts,
    };
    form::page(&request, &page, &page.as_content())
}

impl BackstageLine {
    fn of(state: &BackstageState, now: Timestamp, zone: &Zone) -> Self {
        let moment = |at| Moment::of(at, now, zone);
        Self {
            entities: counted(state.entities, "entity", "entities"),
            good_at: state.good_at.map(moment),
            failing: state.failing.as_ref().map(|failing| {
                let age = times::span(now.as_second() - failing.since.as_second());
                (moment(failing.since), age)
            }),
        }
    }
}

impl StatusPage<'_> {
    fn span(duration: &std::time::Duration) -> String {
        times::seconds(duration.as_secs_f64())
    }
}
