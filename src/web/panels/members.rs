//! What belongs to a system, domain, group or user, worst first.

use askama::Template;

use super::entities::{EntityLine, lines};
use super::rows::Paging;
use super::summary::{FourCounts, Part, Summary};
use super::times::Moment;
use super::{Frame, counted};
use crate::catalog::{Entity, Members, Snapshot};
use crate::monitoring::Overview;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::Links;
use crate::web::links::{Link, Page};

/// Rows of a page, unless the address says otherwise.
const ROWS: usize = 100;
/// Rows beside other panels.
const FEW_ROWS: usize = 30;
/// The kinds whose pages show what belongs to them.
const KINDS: [&str; 4] = ["system", "domain", "group", "user"];

/// The panel with id `members`.
#[derive(Template)]
#[template(path = "panels/members.html")]
pub struct MembersPanel {
    pub frame: Frame,
    /// What the members do, for the top of the page.
    pub summary: Summary,
    /// The page has nothing else to say there.
    pub leads_page: bool,
    pub is_fragment: bool,
    /// `12 members`
    pub total: String,
    pub is_cut: bool,
    pub lines: Vec<EntityLine>,
    /// Where all of them are, when only the first are here.
    pub all: Option<Link>,
    pub paging: Paging,
    pub previous: Option<Link>,
    pub next: Option<Link>,
}

impl askama::filters::HtmlSafe for MembersPanel {}

/// Where the panel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Beside the entity's own panels.
    Overview,
    /// On a page of its own.
    Alone,
}

/// What belongs to an entity, if its kind is one that has members.
pub fn members_of(snapshot: &Snapshot, entity: &Entity) -> Option<Members> {
    let has_members = KINDS.contains(&entity.reference.kind());
    has_members.then(|| snapshot.members(&entity.reference))
}

impl MembersPanel {
    pub fn of(
        snapshot: &Snapshot,
        entity: &Entity,
        members: &Members,
        overview: &Overview,
        links: Links<'_>,
        place: Place,
    ) -> Self {
        let params = links.params;
        let ordered = overview.worst_first(&members.rows);
        let size = match place {
            Place::Overview => PageSize::Rows(FEW_ROWS),
            Place::Alone if params.is_given("pageSize") => params.table.page_size,
            Place::Alone => PageSize::Rows(ROWS),
        };
        let page = if place == Place::Alone { params.table.page } else { 1 };
        let paging = Paging::of(ordered.len(), page, size);
        let shown = ordered.get(paging.start..paging.end).unwrap_or_default();
        let own = links.to(Page::Members(&entity.reference));
        let to = |page: usize| links.with(own.path(), &[("page", Some(&page.to_string()))]);
        let summary = summary(&members.rows, overview, links);
        Self {
            frame: Frame {
                id: "members".to_owned(),
                title: format!("{}: {}", entity.display_name(), summary.short()),
                state: summary.state,
                source: if place == Place::Alone { links.with(own.path(), &[]) } else { own.clone() },
                every: params.refresh_secs,
            },
            leads_page: false,
            is_fragment: false,
            total: counted(ordered.len(), "member", "members"),
            is_cut: members.is_cut,
            lines: lines(snapshot, shown, overview, links),
            all: (place == Place::Overview && paging.pages > 1).then(|| own.clone()),
            previous: (place == Place::Alone && paging.page > 1).then(|| to(paging.page - 1)),
            next: (place == Place::Alone && paging.page < paging.pages).then(|| to(paging.page + 1)),
            paging,
            summary,
        }
    }
}

/// How many members are in each state, by the worst of their states: an alert that two of them show is no two.
fn summary(rows: &[u32], overview: &Overview, links: Links<'_>) -> Summary {
    let mut counts = FourCounts::default();
    for state in rows.iter().filter_map(|row| overview.alerts(*row).worst()) {
        counts.count(state);
    }
    let states = [
        (AlertState::Firing, counts.firing, "firing"),
        (AlertState::Pending, counts.pending, "pending"),
        (AlertState::Unknown, counts.unknown, "unknown"),
    ];
    let active = states.into_iter().filter(|(_, n, _)| *n > 0);
    let mut parts: Vec<Part> = Vec::new();
    for (state, n, word) in active {
        // Said once for all of them.
        let of_what = if parts.is_empty() { counted(n, "member", "members") } else { n.to_string() };
        parts.push(Part { state: state.as_str(), text: format!("{of_what} {word}") });
    }
    let state = match parts.first() {
        Some(worst) => worst.state,
        None if counts.inactive > 0 => "ok",
        None => "plain",
    };
    if state == "ok" {
        parts.push(Part { state: "inactive", text: "nothing firing".to_owned() });
    }
    let params = links.params;
    let as_of = overview.as_of.map(|at| Moment::of(at, params.period.now, &params.zone));
    Summary { parts, as_of, state, counts: Some(counts), ..Summary::without_alerts(None) }
}
