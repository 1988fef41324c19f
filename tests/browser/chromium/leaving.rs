//! From one page to the next: no script runs in a page that is being replaced.

use std::future::Future;
use std::sync::PoisonError;

use chromiumoxide::cdp::browser_protocol::page::ClientNavigationDisposition;
use futures_util::{FutureExt, StreamExt};

use super::Tab;

impl Tab {
    /// Goes there and waits for the page's scripts. The page before must not be on its way elsewhere, which would
    /// end this (`net::ERR_ABORTED`); so whatever leads to another page waits for that page, as a reader does.
    pub async fn go(&self, url: &str) {
        self.page.goto(url).await.unwrap_or_else(|fault| panic!("{url}: {fault}"));
        // What the page before did late is no reason to wait here.
        self.is_leaving().await;
    }

    /// Leaves the page by a script, such as `history.back()`, and waits for the next page.
    pub async fn leave_by(&self, script: &str) {
        let here = self.document().await;
        // The page may be gone before it answers.
        let _ = self.page.evaluate_expression(format!("({script}, true)")).await;
        self.another_than(here).await;
    }

    /// Does what may lead to another page, and waits for that page if it does.
    pub(super) async fn act(&self, act: impl Future<Output = ()>) {
        let here = self.document().await;
        act.await;
        if self.is_leaving().await {
            self.another_than(here).await;
        }
    }

    /// Tells documents apart: when this one began.
    async fn document(&self) -> f64 {
        self.look("performance.timeOrigin").await
    }

    async fn another_than(&self, document: f64) {
        self.until(&format!("performance.timeOrigin !== {document} && document.readyState === 'complete'"))
            .await;
    }

    /// Whether the page began to navigate since the last call.
    async fn is_leaving(&self) -> bool {
        // The browser tells of it before the page's next answer, and passes it on before the answer after that.
        for _ in 0..2 {
            let _ = self.page.evaluate_expression("0").await;
        }
        let whole = self.page.mainframe().await.unwrap();
        let mut requested = self.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let mut leaves = false;
        while let Some(Some(event)) = requested.next().now_or_never() {
            let is_here = event.disposition == ClientNavigationDisposition::CurrentTab;
            leaves |= is_here && Some(&event.frame_id) == whole.as_ref();
        }
        leaves
    }
}
