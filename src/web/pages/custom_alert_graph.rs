//! The graph of the expression of one row of a custom alert table: a page, or what an opened row fetches.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::asked::{self, Asked};
use super::time_bar::TimeBar;
use crate::web::links::{Page, Source};
use crate::web::panels::GraphPanel;
use crate::web::{CachePolicy, Custom, Format, PageError, form};

#[derive(Template)]
#[template(path = "pages/custom_alert_graph.html")]
pub struct CustomAlertGraphPage<'a> {
    pub shell: Shell<'a>,
    pub bar: TimeBar,
    pub asked: Asked,
    pub graph: GraphPanel,
}

/// The address names the row, never its expression, which is the instance's own and no query of a reader.
pub async fn show(request: HttpRequest, format: Format, custom: Custom) -> Result<HttpResponse, PageError> {
    custom.may_read_row()?;
    let row = custom.params.table.alert.ok_or(PageError::NoSuchPage)?;
    let link = asked::links(&custom).to(Page::AlertGraph(Source::AdHoc, row));
    let page = link.path();
    let instance = custom.instance()?;
    let found = custom.alert_graph(&instance, row).await;
    let setting = asked::setting(&custom, page, asked::name(&custom));
    let graph = GraphPanel::of_alert(&setting, Some(&instance.settings), row, found);
    if format == Format::Fragment {
        return form::html(&request, &graph, CachePolicy::Live);
    }
    let status = if graph.is_gone() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let page = CustomAlertGraphPage {
        shell: asked::shell(&custom, page, &graph.title),
        bar: asked::time_bar(&custom, page),
        asked: Asked::of(&custom, "", &[]),
        graph,
    };
    form::html_as(&request, status, &page, CachePolicy::Live)
}
