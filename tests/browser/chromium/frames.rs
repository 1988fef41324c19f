//! The page in a frame, of another origin too.

use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use promenade::clock;
use serde::de::DeserializeOwned;

use super::{PATIENCE, Tab};

impl Tab {
    /// Evaluates an expression in the page of a frame, whose address begins with this. None: no frame has such a
    /// page now, or the expression fails there.
    pub async fn look_in<T: DeserializeOwned>(&self, address: &str, expression: &str) -> Option<T> {
        for frame in self.page.frames().await.ok()? {
            let url = self.page.frame_url(frame.clone()).await.ok().flatten();
            if !url.is_some_and(|url| url.starts_with(address)) {
                continue;
            }
            let context = self.page.frame_execution_context(frame).await.ok().flatten()?;
            let sent = EvaluateParams::builder().expression(expression).context_id(context).build().unwrap();
            return self.page.evaluate_expression(sent).await.ok()?.into_value().ok();
        }
        None
    }

    /// Waits until an expression is true in the page of such a frame.
    pub async fn until_in(&self, address: &str, expression: &str) {
        let start = clock::now();
        while self.look_in::<bool>(address, &format!("Boolean({expression})")).await != Some(true) {
            let waited = clock::now().duration_since(start).unsigned_abs();
            if waited > PATIENCE {
                let shot = self.screenshot("gave-up").await;
                panic!("in {PATIENCE:?} never in {address}: {expression}\nsee {}", shot.display());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}
