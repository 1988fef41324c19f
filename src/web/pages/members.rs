//! The members of a system, domain, group or user, worst first: a page, or the panel that refreshes itself.

use actix_web::{HttpRequest, HttpResponse};

use super::top::Tab;
use super::view_page::ViewPage;
use crate::catalog::Entity;
use crate::clock;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::MembersPanel;
use crate::web::panels::members::MemberList;
use crate::web::panels::servers::SilenceNote;
use crate::web::reply;
use crate::web::request::View;

pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    if view.members.is_none() {
        return Err(PageError::NoSuchPage);
    }
    let entity = view.entity()?;
    let link = view.links().to(Page::Members(&entity.reference));
    // The panel of the entity's page shows fewer.
    let is_here = view.browser_path.as_deref() == Some(link.path());
    let list = if format == Format::Fragment && !is_here { MemberList::First } else { MemberList::Paged };
    let mut members = panel(&view, entity, list).await;
    if let Some(members) = members.as_mut() {
        members.leads_page |= list == MemberList::Paged;
        if format == Format::Fragment {
            members.is_fragment = true;
            return reply::html(&request, members);
        }
    }
    let summary = members.as_ref().map(|members| members.summary.clone());
    let whole = ViewPage::of(&view, &link, Tab::Members, summary);
    let page = ViewPage { members, ..whole };
    reply::html(&request, &page)
}

/// None: the entity has no members.
pub async fn panel(view: &View, entity: &Entity, list: MemberList) -> Option<MembersPanel> {
    let members = view.members.as_ref().filter(|members| !members.rows.is_empty())?;
    let snapshot = &view.snapshot;
    let overview = view.portal.monitoring.overview(snapshot, &view.routing, clock::now()).await;
    let silent = SilenceNote::all(view.portal.monitoring.silent_servers(), &view.params);
    let panel = MembersPanel::of(snapshot, entity, members, &overview, view.links(), list, silent);
    Some(MembersPanel { leads_page: view.spec.alerts.is_none(), ..panel })
}
