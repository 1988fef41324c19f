//! What a reply depends on of its request: the address, and the headers that a handler reads. Nothing else.

use actix_http::{HttpMessage, Request};

use crate::store::{Scope, Weigh};
use crate::web::assets;
use crate::web::format::Format;
use crate::web::request::{browser_path, routed_header, searching_form};

/// Requests of one address get one reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplyAddress {
    scope: Scope,
    /// Path and query as the client wrote them, not as the portal understands them: `?a&b` and `?b&a` are rendered and kept
    /// apart, and so are parameters that nobody reads. That costs bytes, but no reply is sent for another address.
    target: Box<str>,
    format: Format,
    gzip: bool,
    /// The path in the reader's browser, the form of a search, and the headers of routing rules.
    beside: Vec<Option<Box<str>>>,
}

impl ReplyAddress {
    /// `routed`: the headers that routing rules look at.
    pub(super) fn of(request: &Request, routed: &[String]) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let path = browser_path(headers).map(String::into_boxed_str);
        let form = searching_form(headers).map(Box::from);
        let mut beside = Vec::new();
        if path.is_some() || form.is_some() || !routed.is_empty() {
            beside.extend([path, form]);
            beside.extend(routed.iter().map(|name| routed_header(headers, name).map(Box::from)));
        }
        Self {
            scope: Scope::Whole,
            target: uri.path_and_query().map_or(uri.path(), |target| target.as_str()).into(),
            format: Format::of_headers(headers),
            gzip: assets::takes_gzip(request),
            beside,
        }
    }
}

impl Weigh for ReplyAddress {
    fn weight(&self) -> usize {
        let beside =
            self.beside.iter().map(|text| size_of_val(text) + text.as_ref().map_or(0, |text| text.len()));
        self.target.len() + beside.sum::<usize>()
    }
}
