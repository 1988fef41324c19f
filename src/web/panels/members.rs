//! The members of a system, domain, group or user, worst first.

use askama::Template;

use super::entities::{EntityLine, lines};
use super::rows::Paging;
use super::servers::SilenceNote;
use super::summary::{FourCounts, StateSummary, StateText};
use super::times::Moment;
use super::{Frame, Pager, counted};
use crate::catalog::{Entity, Members, Snapshot};
use crate::monitoring::{EntityAlerts, Overview};
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::links::{Link, Links, Page};
use crate::web::params::PageParams;

/// Rows of a page by default.
const ROWS: usize = 100;
/// Rows on the overview.
const FEW_ROWS: usize = 30;

/// The panel with id `members`.
#[derive(Template)]
#[template(path = "panels/members.html")]
pub struct MembersPanel {
    pub frame: Frame,
    /// The members' states, for the top of the page.
    pub summary: StateSummary,
    /// The page's sentence is about the members.
    pub leads_page: bool,
    pub is_fragment: bool,
    /// `12 members`
    pub total: String,
    pub is_cut: bool,
    pub silent: Vec<SilenceNote>,
    pub lines: Vec<EntityLine>,
    /// The page of all, where only the first are here.
    pub all: Option<Link>,
    pub pager: Option<Pager>,
}

impl askama::filters::HtmlSafe for MembersPanel {}

/// How much of the list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberList {
    /// The first rows, beside the entity's own panels.
    First,
    /// All, in pages.
    Paged,
}

impl MemberList {
    fn paging(self, members: usize, params: &PageParams) -> Paging {
        match self {
            Self::First => Paging::of(members, 1, PageSize::Rows(FEW_ROWS)),
            Self::Paged if params.is_given("pageSize") => {
                Paging::of(members, params.table.page, params.table.page_size)
            }
            Self::Paged => Paging::of(members, params.table.page, PageSize::Rows(ROWS)),
        }
    }
}

impl MembersPanel {
    pub fn of(
        snapshot: &Snapshot,
        entity: &Entity,
        members: &Members,
        overview: &Overview,
        links: Links<'_>,
        list: MemberList,
        silent: Vec<SilenceNote>,
    ) -> Self {
        let params = links.params;
        let ordered = overview.worst_first(&members.rows);
        let is_paged = list == MemberList::Paged;
        let paging = list.paging(ordered.len(), params);
        let shown = ordered.get(paging.start..paging.end).unwrap_or_default();
        let own = links.to(Page::Members(&entity.reference));
        let total = counted(ordered.len(), "member", "members");
        let pager = Pager::of("members", paging, &total, |page| links.paged(own.path(), page));
        let summary = summary(&members.rows, overview, links);
        Self {
            frame: Frame {
                id: "members".to_owned(),
                title: summary.title(entity.display_name()),
                state: summary.state,
                source: Some(if is_paged { links.with(own.path(), &[]) } else { own.clone() }),
                every: params.refresh_secs,
                is_late: overview.is_late,
            },
            leads_page: false,
            is_fragment: false,
            total,
            is_cut: members.is_cut,
            silent,
            lines: lines(snapshot, shown, overview, links),
            all: (!is_paged && paging.pages > 1).then(|| own.clone()),
            pager: Some(pager).filter(|pager| is_paged && pager.has_pages()),
            summary,
        }
    }
}

/// How many members are in each state, each counted by its worst: alerts that two of them show do not count twice.
fn summary(rows: &[u32], overview: &Overview, links: Links<'_>) -> StateSummary {
    let mut counts = FourCounts::default();
    for state in rows.iter().filter_map(|row| overview.alerts(*row).worst()) {
        counts.add(state, 1);
    }
    let states = [
        (AlertState::Firing, counts.firing, "firing"),
        (AlertState::Pending, counts.pending, "pending"),
        (AlertState::Unknown, counts.unknown, "unknown"),
    ];
    let active = states.into_iter().filter(|(_, n, _)| *n > 0);
    let mut parts: Vec<StateText> = Vec::new();
    for (state, n, word) in active {
        // Only the first number says what it counts.
        let of_what = if parts.is_empty() { counted(n, "member", "members") } else { n.to_string() };
        parts.push(StateText::new(state.as_str(), format!("{of_what} {word}")));
    }
    let state = match parts.first() {
        Some(worst) => worst.state,
        None if counts.inactive > 0 => "ok",
        None => "plain",
    };
    if state == "ok" {
        parts.push(StateText::new("inactive", "nothing firing"));
    }
    let as_of = overview.as_of.map(|at| Moment::of(&at, links.params));
    // Where some are checked, the rows say which are not.
    let known = |row: &&u32| matches!(overview.alerts(**row), EntityAlerts::Known { .. });
    let mut known = rows.iter().filter(known).peekable();
    let stale = known.peek().is_some() && known.all(|row| overview.alerts(*row).not_since().is_some());
    StateSummary { parts, as_of, stale, state, counts: Some(counts), ..StateSummary::without_alerts(None) }
}
