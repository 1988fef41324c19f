//! A finger, and the wish to save data.

use chromiumoxide::cdp::browser_protocol::input::{
    DispatchTouchEventParams, DispatchTouchEventType, TouchPoint,
};

use super::Tab;

impl Tab {
    /// Puts a finger on one point of an element, in fractions of its size.
    pub async fn touch(&self, selector: &str, across: f64, down: f64) {
        let (x, y) = self.point(selector, across, down).await;
        let finger = vec![TouchPoint::new(x, y)];
        self.page
            .execute(DispatchTouchEventParams::new(DispatchTouchEventType::TouchStart, finger))
            .await
            .unwrap();
    }

    /// From the next page on, the browser says that its reader saves data.
    pub async fn saves_data(&self) {
        let says = "Object.defineProperty(NetworkInformation.prototype, 'saveData', { get: () => true })";
        self.page.evaluate_on_new_document(says).await.unwrap();
    }
}
