//! Fingers, a double click, and the wish to save data.

use chromiumoxide::cdp::browser_protocol::input::{
    DispatchMouseEventParams, DispatchMouseEventType, DispatchTouchEventParams, DispatchTouchEventReturns,
    DispatchTouchEventType, MouseButton, TouchPoint,
};
use chromiumoxide::types::{Command, Method, MethodId};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::Tab;

impl Tab {
    /// Puts a finger on one point of an element, in fractions of its size.
    pub async fn touch(&self, selector: &str, across: f64, down: f64) {
        self.fingers(DispatchTouchEventType::TouchStart, selector, &[(across, down)]).await;
    }

    /// Puts fingers on points of an element.
    pub async fn put_fingers(&self, selector: &str, at: &[(f64, f64)]) {
        self.fingers(DispatchTouchEventType::TouchStart, selector, at).await;
    }

    /// Moves the fingers to other points of it.
    pub async fn move_fingers(&self, selector: &str, at: &[(f64, f64)]) {
        self.fingers(DispatchTouchEventType::TouchMove, selector, at).await;
    }

    /// Lifts all fingers.
    pub async fn lift_fingers(&self) {
        self.page.execute(NoFinger("touchEnd")).await.unwrap();
    }

    /// The system takes all fingers away.
    pub async fn cancel_fingers(&self) {
        self.page.execute(NoFinger("touchCancel")).await.unwrap();
    }

    async fn fingers(&self, kind: DispatchTouchEventType, selector: &str, at: &[(f64, f64)]) {
        let mut points = Vec::new();
        for (id, (across, down)) in (0_u8..).zip(at) {
            let (x, y) = self.point(selector, *across, *down).await;
            let mut point = TouchPoint::new(x, y);
            point.id = Some(f64::from(id));
            points.push(point);
        }
        self.page.execute(DispatchTouchEventParams::new(kind, points)).await.unwrap();
    }

    /// Clicks twice at one point.
    pub async fn double_click(&self, selector: &str, across: f64, down: f64) {
        let at = self.point(selector, across, down).await;
        self.act(async {
            for count in [1, 2] {
                for kind in [DispatchMouseEventType::MousePressed, DispatchMouseEventType::MouseReleased] {
                    let mut event = DispatchMouseEventParams::new(kind, at.0, at.1);
                    (event.button, event.click_count) = (Some(MouseButton::Left), Some(count));
                    self.page.execute(event).await.unwrap();
                }
            }
        })
        .await;
    }

    /// From the next page on, the browser says that its reader saves data.
    pub async fn saves_data(&self) {
        let says = "Object.defineProperty(NetworkInformation.prototype, 'saveData', { get: () => true })";
        self.page.evaluate_on_new_document(says).await.unwrap();
    }
}

/// Chromium wants an empty list of fingers, which the library's own command leaves out.
#[derive(Debug)]
struct NoFinger(&'static str);

impl Serialize for NoFinger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"type": self.0, "touchPoints": []}).serialize(serializer)
    }
}

impl Method for NoFinger {
    fn identifier(&self) -> MethodId {
        DispatchTouchEventParams::IDENTIFIER.into()
    }
}

impl Command for NoFinger {
    type Response = DispatchTouchEventReturns;
}
