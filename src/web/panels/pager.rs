//! Pages of a list: where the reader is, and links to the pages beside it.

use super::rows::Paging;
use crate::web::links::NavLink;

pub struct Pager {
    /// What the list holds: `alerts`.
    pub label: &'static str,
    /// `1–20 of 41 rows`
    pub text: String,
    /// `Page 1 of 3`
    pub page: String,
    pub previous: Option<NavLink>,
    pub next: Option<NavLink>,
    /// Links to other sizes of a page.
    pub sizes: Vec<NavLink>,
}

impl Pager {
    /// `all` counts the whole list: `41 rows`; `link` leads to a page from 1.
    pub fn of(label: &'static str, paging: Paging, all: &str, link: impl Fn(usize) -> NavLink) -> Self {
        Self {
            label,
            text: format!("{}–{} of {all}", paging.start + 1, paging.end),
            page: format!("Page {} of {}", paging.page, paging.pages),
            previous: (paging.page > 1).then(|| link(paging.page - 1)),
            next: (paging.page < paging.pages).then(|| link(paging.page + 1)),
            sizes: Vec::new(),
        }
    }

    pub fn has_pages(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}
