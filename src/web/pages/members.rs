//! What belongs to a system, domain, group or user, worst first: a page, or the panel that refreshes itself.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::head::Head;
use super::scene::Scene;
use super::time_bar::TimeBar;
use crate::web::links::Page;
use crate::web::panels::MembersPanel;
use crate::web::panels::members::MemberList;
use crate::web::{CachePolicy, Format, PageError, form};

#[derive(Template)]
#[template(path = "pages/members.html")]
pub struct MembersPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    /// None: nothing belongs to it.
    pub members: Option<MembersPanel>,
}

pub async fn show(request: HttpRequest, format: Format, scene: Scene) -> Result<HttpResponse, PageError> {
    if scene.members.is_none() {
        return Err(PageError::NoSuchPage);
    }
    let link = scene.links().to(Page::Members(&scene.entity.reference));
    // The panel of the entity's own page shows fewer.
    let list = if format == Format::Fragment && !scene.is_seen(link.path()) {
        MemberList::First
    } else {
        MemberList::Paged
    };
    let mut members = scene.members(list).await;
    if let Some(members) = members.as_mut() {
        members.leads_page |= list == MemberList::Paged;
        if format == Format::Fragment {
            members.is_fragment = true;
            return form::html(&request, members, CachePolicy::Live);
        }
    }
    let summary = members.as_ref().map_or_else(|| scene.summary_without_alerts(), |m| m.summary.clone());
    let head = scene.head("Members", summary);
    let page = MembersPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        head,
        members,
    };
    form::html(&request, &page, CachePolicy::Live)
}
