//! At which size a graph is drawn: as a panel at the width of the reader's script, or as a file.

use std::borrow::Cow;

use actix_web::http::header::HeaderMap;
use url::form_urlencoded;

use crate::chart::echarts::Tick;
use crate::chart::svg::{SvgStyle, Theme};
use crate::web::format::Format;
use crate::web::page_error::PageError;
use crate::web::params::{FOLDED, Folding};

/// The least and the greatest width that a script may ask for, in pixels. Widths beyond are cut to these.
const WIDTHS: (u32, u32) = (100, 4_000);

/// The width at which the reader's script draws a panel; None: the server draws it.
/// A script draws only panels that it fetches itself.
pub fn drawn_width(headers: &HeaderMap, query: &str) -> Option<u32> {
    let width: u32 = of_script(headers, query, "drawn")?.parse().ok()?;
    Some(width.clamp(WIDTHS.0, WIDTHS.1))
}

/// The chart that the reader's script has already, and continues.
pub fn held_chart(headers: &HeaderMap, query: &str) -> Option<Tick> {
    of_script(headers, query, "since")?.parse().ok()
}

/// Whether the panel is one line in the reader's page.
pub fn folding(headers: &HeaderMap, query: &str) -> Folding {
    Folding::of(of_script(headers, query, FOLDED).as_deref())
}

/// A parameter that only scripts send.
fn of_script<'q>(headers: &HeaderMap, query: &'q str, parameter: &str) -> Option<Cow<'q, str>> {
    if Format::of_headers(headers) == Format::Page {
        return None;
    }
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == parameter).map(|(_, value)| value)
}

/// The style of a file: `width` and `height` in pixels, and the theme. It is light unless the address says otherwise,
/// because a file does not know the reader's system.
pub fn file_style(query: &str, theme: Option<Theme>) -> Result<SvgStyle, PageError> {
    let number = |parameter: &'static str, default: u32, least: u32, most: u32| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        match pairs.find(|(name, value)| name == parameter && !value.trim().is_empty()) {
            None => Ok(default),
            Some((_, value)) => {
                let number = value.trim().parse().ok().filter(|n| (least..=most).contains(n));
                let message = || format!("is no whole number from {least} to {most}");
                number.ok_or_else(|| PageError::bad_parameter(parameter, message()))
            }
        }
    };
    Ok(SvgStyle {
        width: number("width", 800, 200, 4_000)?,
        height: number("height", 300, 100, 2_000)?,
        theme: theme.unwrap_or(Theme::Light),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_panel_is_drawn_by_a_script() {
        for (is_fragment, query, expected) in [
            (true, "drawn=700", Some(700)),
            (true, "range=1h&drawn=7", Some(100)),
            (true, "drawn=99999", Some(4_000)),
            (true, "drawn=wide", None),
            (true, "drawn=-1", None),
            (true, "", None),
            (false, "drawn=700", None),
        ] {
            let request = TestRequest::get();
            let request = if is_fragment { request.insert_header(("HX-Request", "true")) } else { request };
            let request = request.to_http_request();
            assert_eq!(drawn_width(request.headers(), query), expected, "{is_fragment} {query}");
        }
    }

    #[test]
    fn only_a_script_has_a_chart_that_it_continues() {
        let held = |text: &str, is_fragment: bool| {
            let request = TestRequest::get();
            let request = if is_fragment { request.insert_header(("HX-Request", "true")) } else { request };
            held_chart(request.to_http_request().headers(), text).map(|tick| tick.to_string())
        };
        let tick = "-60000.241.fedcba9876543210.a";
        assert_eq!(held(&format!("drawn=700&since={tick}"), true).as_deref(), Some(tick));
        assert_eq!(held(&format!("drawn=700&since={tick}"), false), None);
        for since in
            ["", "1", "1.2.3", "1.2.3.4.5", "1.-2.3.4", "1.2.3.g", "1.2.3.11112222333344445", "a.2.3.4"]
        {
            assert_eq!(held(&format!("since={since}"), true), None, "{since}");
        }
    }

    #[test]
    fn a_file_has_a_size_within_bounds() {
        let read = |query| {
            file_style(query, None).map(|style| (style.width, style.height)).map_err(|e| e.to_string())
        };
        assert_eq!(read(""), Ok((800, 300)));
        assert_eq!(read("width=200&height=2000"), Ok((200, 2_000)));
        assert_eq!(read("width=&height= 100 "), Ok((800, 100)));
        for (query, parameter) in [
            ("width=199", "width"),
            ("width=1e9", "width"),
            ("height=2001", "height"),
            ("height=-1", "height"),
        ] {
            assert_eq!(read(query), Err(format!("bad parameters: {parameter}")), "{query}");
        }
    }
}
