//! The pictures of README. Every run renders and checks them; the files change only on demand.
//!
//! `PROMENADE_PICTURES=1 cargo test -p browser pictures` writes the files.

use std::path::{Path, PathBuf};

use world::program::Portal;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments?refresh=0&tz=utc";
const SIZES: [(i64, i64); 2] = [(1440, 1100), (390, 844)];
const THEMES: [&str; 2] = ["light", "dark"];
/// Of all pictures together.
const MOST_BYTES: u64 = 300_000;

fn file(theme: &str, width: i64) -> PathBuf {
    let name = format!("payments-{theme}-{width}.webp");
    world::root().join("tests/browser/pictures").join(name)
}

/// Width and height of a WebP picture, which its first bytes say: in an extended file less one, in three bytes each.
fn size(path: &Path) -> (i64, i64) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WEBP", "{} is no WebP", path.display());
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |all, byte| all << 8 | i64::from(*byte))
    };
    match &bytes[12..16] {
        b"VP8X" => (number(24, 3) + 1, number(27, 3) + 1),
        b"VP8 " => (number(26, 2) & 0x3fff, number(28, 2) & 0x3fff),
        kind => panic!("{} is a WebP of kind {kind:?}", path.display()),
    }
}

#[tokio::test]
async fn the_demo_renders_for_the_pictures() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(PAYMENTS)).await;
    let anew = std::env::var_os("PROMENADE_PICTURES").is_some();
    for theme in THEMES {
        for (width, height) in SIZES {
            tab.theme(theme).await;
            tab.size(width, height).await;
            tab.go(&portal.at(PAYMENTS)).await;
            tab.until("!document.querySelector('.panel[data-state=loading]')").await;
            // On a phone the charts are below, and are drawn when they come into view.
            if width > 1_000 {
                tab.until("document.querySelector('#graph-1-chart canvas, #graph-1-chart svg')").await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            assert!(tab.count("#alerts tr.row").await > 0, "no alert at {width} in {theme}");
            let wide: i64 = tab.look("document.documentElement.scrollWidth").await;
            assert!(wide <= width, "the page is {wide} wide in {width}");
            let taken = tab.picture(&format!("readme-{theme}-{width}")).await;
            assert_eq!(size(&taken), (width, height));
            if anew {
                std::fs::copy(taken, file(theme, width)).unwrap();
            }
        }
    }
    tab.close().await;
}

#[test]
fn pictures_of_readme_exist() {
    let readme = include_str!("../../README.md");
    let folder = world::root();
    let shown: Vec<&str> = readme.split('"').flat_map(|text| text.split(['(', ')'])).collect();
    let shown: Vec<&&str> = shown.iter().filter(|text| text.ends_with(".webp")).collect();
    assert!(!shown.is_empty(), "README.md has no picture");
    for path in shown {
        assert!(folder.join(path).is_file(), "README.md shows {path}, which does not exist");
    }
    let mut bytes = 0;
    for theme in THEMES {
        for (width, height) in SIZES {
            let path = file(theme, width);
            assert_eq!(size(&path), (width, height), "{}", path.display());
            bytes += std::fs::metadata(path).unwrap().len();
        }
    }
    assert!(bytes <= MOST_BYTES, "the pictures have {bytes} bytes");
}
