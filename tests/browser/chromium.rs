//! A real, headless Chromium: it opens pages, moves the pointer, presses keys, and records every console message.
//!
//! One browser serves all tests that run at the same time; it ends with the last of them.

mod frames;
mod leaving;
mod reader;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::browser::{
    Bounds, GetWindowForTargetParams, SetWindowBoundsParams, WindowState,
};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams, SetScriptExecutionDisabledParams,
    SetTimezoneOverrideParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    MouseButton,
};
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::page::{CaptureScreenshotFormat, EventFrameRequestedNavigation};
use chromiumoxide::cdp::browser_protocol::target::CreateTargetParams;
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::listeners::EventStream;
use chromiumoxide::page::{Page, ScreenshotParams, ScreenshotParamsBuilder};
use chromiumoxide::{Browser, BrowserConfig};
use futures_util::StreamExt;
use promenade::clock;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The machine that runs this may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// The quality of a published picture, in percent.
const QUALITY: i64 = 70;

const FLAGS: [&str; 4] =
    ["disable-gpu", "disable-quic", "disable-component-update", "no-default-browser-check"];

static RUNNING: Mutex<Weak<Chromium>> = Mutex::new(Weak::new());

/// A running browser. Its own threads drive it, so that tests may each bring their own runtime.
struct Chromium {
    parts: Option<(Runtime, Browser, TempDir)>,
}

impl Chromium {
    fn shared() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *running = Arc::downgrade(&started);
            started
        })
    }

    fn start() -> Self {
        let profile = TempDir::new().unwrap();
        let config = BrowserConfig::builder()
            .chrome_executable(found())
            .no_sandbox()
            .user_data_dir(profile.path())
            .launch_timeout(Duration::from_secs(60))
            .request_timeout(Duration::from_secs(60))
            .viewport(None)
            .args(FLAGS)
            .build()
            .unwrap();
        // On its own thread, because the caller's thread is inside a runtime and must not block.
        let start = move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let browser = runtime.block_on(async {
                let (browser, mut events) = Browser::launch(config).await.expect("Chromium starts");
                tokio::spawn(async move { while events.next().await.is_some() {} });
                browser
            });
            (runtime, browser)
        };
        let (runtime, browser) = std::thread::spawn(start).join().unwrap();
        Self { parts: Some((runtime, browser, profile)) }
    }

    fn browser(&self) -> &Browser {
        &self.parts.as_ref().unwrap().1
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.parts.as_ref().unwrap().0.spawn(task);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let Some((runtime, mut browser, profile)) = self.parts.take() else { return };
        let end = move || {
            runtime.block_on(async {
                let _ = browser.kill().await;
                let _ = browser.wait().await;
            });
            drop(browser);
            runtime.shutdown_timeout(Duration::from_secs(5));
            drop(profile);
        };
        let _ = std::thread::spawn(end).join();
    }
}

/// Debian's name first. Without a browser the tests fail, because a skipped test checks nothing.
fn found() -> PathBuf {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return PathBuf::from(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .expect("Chromium is not installed: run the tests by tests/run, `apt-get install chromium`, or set CHROMIUM")
}

/// One page in its own window, and its console messages.
pub struct Tab {
    page: Page,
    /// The pages that this one navigated to since the last look.
    requested: Mutex<EventStream<EventFrameRequestedNavigation>>,
    complaints: Arc<Mutex<Vec<String>>>,
    chromium: Arc<Chromium>,
}

impl Tab {
    /// An empty page of 1440 by 900, in the light theme.
    pub async fn new() -> Self {
        let chromium = Chromium::shared();
        let blank = CreateTargetParams::builder().url("about:blank").new_window(true).build().unwrap();
        let page = chromium.browser().new_page(blank).await.unwrap();
        let requested = Mutex::new(page.event_listener().await.unwrap());
        let tab = Self { page, requested, complaints: Arc::default(), chromium };
        tab.listen().await;
        tab.size(1440, 900).await;
        tab.theme("light").await;
        tab
    }

    pub async fn open(url: &str) -> Self {
        let tab = Self::new().await;
        tab.go(url).await;
        tab
    }

    /// Notes console errors and warnings, exceptions, refused loads and breaches of the content security policy.
    async fn listen(&self) {
        let mut entries = self.page.event_listener::<EventEntryAdded>().await.unwrap();
        let mut calls = self.page.event_listener::<EventConsoleApiCalled>().await.unwrap();
        let mut exceptions = self.page.event_listener::<EventExceptionThrown>().await.unwrap();
        self.page.enable_log().await.unwrap();
        self.page.enable_runtime().await.unwrap();
        let note = |complaints: &Arc<Mutex<Vec<String>>>| {
            let complaints = Arc::clone(complaints);
            move |text: String| complaints.lock().unwrap_or_else(PoisonError::into_inner).push(text)
        };
        let (entry, call, exception) =
            (note(&self.complaints), note(&self.complaints), note(&self.complaints));
        self.chromium.spawn(async move {
            while let Some(event) = entries.next().await {
                if matches!(event.entry.level, LogEntryLevel::Error | LogEntryLevel::Warning) {
                    let url = event.entry.url.as_deref().unwrap_or_default();
                    entry(format!("{} {url}", event.entry.text));
                }
            }
        });
        self.chromium.spawn(async move {
            while let Some(event) = calls.next().await {
                let kinds = [
                    ConsoleApiCalledType::Error,
                    ConsoleApiCalledType::Warning,
                    ConsoleApiCalledType::Assert,
                ];
                if kinds.contains(&event.r#type) {
                    let messages = event.args.iter().map(|a| a.value.as_ref().map(ToString::to_string));
                    call(format!("console: {}", messages.flatten().collect::<Vec<_>>().join(" ")));
                }
            }
        });
        self.chromium.spawn(async move {
            while let Some(event) = exceptions.next().await {
                let details = &event.exception_details;
                let what = details.exception.as_ref().and_then(|e| e.description.clone()).unwrap_or_default();
                exception(format!("exception: {} {what}", details.text));
            }
        });
    }

    /// The console messages of the page so far.
    pub async fn complaints(&self) -> Vec<String> {
        // Events arrive separately from answers, so this waits a moment for the last ones.
        tokio::time::sleep(Duration::from_millis(150)).await;
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Evaluates a JavaScript expression in the page. The content policy does not apply to it, so it must only read.
    pub async fn look<T: DeserializeOwned>(&self, expression: &str) -> T {
        let mut found = self.page.evaluate_expression(expression).await;
        // During navigation a tab has no page.
        for _ in 0..20 {
            if !found.as_ref().is_err_and(|fault| fault.to_string().contains("context")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            found = self.page.evaluate_expression(expression).await;
        }
        found.and_then(|f| Ok(f.into_value()?)).unwrap_or_else(|fault| panic!("{expression}: {fault}"))
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str) {
        let start = clock::now();
        let sent = format!("Boolean({expression})");
        // While the page changes to another one, no expression is true.
        let holds = async || {
            let found = self.page.evaluate_expression(sent.as_str()).await;
            found.ok().and_then(|found| found.into_value().ok()).unwrap_or(false)
        };
        while !holds().await {
            let waited = clock::now().duration_since(start);
            if waited.unsigned_abs() > PATIENCE {
                let shot = self.screenshot("gave-up").await;
                panic!(
                    "in {PATIENCE:?} never: {expression}\nsee {}\n{:?}",
                    shot.display(),
                    self.complaints().await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The text that a reader sees in the first element that matches.
    pub async fn text(&self, selector: &str) -> String {
        self.look(&format!("document.querySelector({}).innerText", quoted(selector))).await
    }

    pub async fn count(&self, selector: &str) -> usize {
        self.look(&format!("document.querySelectorAll({}).length", quoted(selector))).await
    }

    /// A point inside an element, in fractions of its size; brings it into view first.
    async fn point(&self, selector: &str, across: f64, down: f64) -> (f64, f64) {
        let script = format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoViewIfNeeded();
             const r = e.getBoundingClientRect(); return [r.x + r.width * {across}, r.y + r.height * {down}]; }})()",
            quoted(selector)
        );
        self.look(&script).await
    }

    pub async fn hover(&self, selector: &str, across: f64, down: f64) {
        let at = self.point(selector, across, down).await;
        self.mouse(DispatchMouseEventType::MouseMoved, at, 0).await;
    }

    pub async fn click(&self, selector: &str) {
        self.click_with(selector, 0).await;
    }

    /// A click with Ctrl held down.
    pub async fn ctrl_click(&self, selector: &str) {
        self.click_with(selector, 2).await;
    }

    async fn click_with(&self, selector: &str, modifiers: i64) {
        let at = self.point(selector, 0.5, 0.5).await;
        self.act(async {
            self.mouse(DispatchMouseEventType::MouseMoved, at, modifiers).await;
            self.mouse(DispatchMouseEventType::MousePressed, at, modifiers).await;
            self.mouse(DispatchMouseEventType::MouseReleased, at, modifiers).await;
        })
        .await;
    }

    /// Holds the pointer down at one point of an element, in fractions of its size, and takes it to another.
    pub async fn drag_without_release(&self, selector: &str, from: (f64, f64), to: (f64, f64)) {
        let start = self.point(selector, from.0, from.1).await;
        let end = self.point(selector, to.0, to.1).await;
        self.mouse(DispatchMouseEventType::MouseMoved, start, 0).await;
        self.mouse(DispatchMouseEventType::MousePressed, start, 0).await;
        let middle = ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0);
        for at in [middle, end] {
            self.mouse(DispatchMouseEventType::MouseMoved, at, 0).await;
        }
    }

    pub async fn release(&self, selector: &str, at: (f64, f64)) {
        let at = self.point(selector, at.0, at.1).await;
        self.act(self.mouse(DispatchMouseEventType::MouseReleased, at, 0)).await;
    }

    pub async fn drag(&self, selector: &str, from: (f64, f64), to: (f64, f64)) {
        self.drag_without_release(selector, from, to).await;
        self.release(selector, to).await;
    }

    async fn mouse(&self, kind: DispatchMouseEventType, (x, y): (f64, f64), modifiers: i64) {
        let mut event = DispatchMouseEventParams::new(kind.clone(), x, y);
        event.modifiers = Some(modifiers);
        if kind != DispatchMouseEventType::MouseMoved {
            event.button = Some(MouseButton::Left);
            event.click_count = Some(1);
        }
        self.page.execute(event).await.unwrap();
    }

    /// Presses a key: `Enter`, `ArrowLeft`, `r`.
    pub async fn press(&self, key: &str) {
        self.act(self.key(key)).await;
    }

    async fn key(&self, key: &str) {
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let mut event = DispatchKeyEventParams::new(kind);
            event.key = Some(key.into());
            event.code = Some(key.into());
            event.windows_virtual_key_code = Some(match key {
                "Tab" => 9,
                "Enter" => 13,
                "Escape" => 27,
                "End" => 35,
                "Home" => 36,
                "ArrowLeft" => 37,
                "ArrowUp" => 38,
                "ArrowRight" => 39,
                "ArrowDown" => 40,
                letter if letter.len() == 1 => i64::from(letter.to_ascii_uppercase().as_bytes()[0]),
                other => panic!("unknown key {other}"),
            });
            if key == "Enter" {
                event.text = Some("\r".into());
            } else if key.len() == 1 && matches!(event.r#type, DispatchKeyEventType::KeyDown) {
                event.text = Some(key.into());
            }
            self.page.execute(event).await.unwrap();
        }
    }

    pub async fn size(&self, width: i64, height: i64) {
        self.page.execute(SetDeviceMetricsOverrideParams::new(width, height, 1.0, false)).await.unwrap();
    }

    /// The colour scheme of the system: `light` or `dark`.
    pub async fn theme(&self, name: &str) {
        let prefers = MediaFeature::new("prefers-color-scheme", name);
        self.page.emulate_media_features(vec![prefers]).await.unwrap();
    }

    /// The reader's system forces its own colours.
    pub async fn forced_colours(&self) {
        let forced = MediaFeature::new("forced-colors", "active");
        self.page.emulate_media_features(vec![forced]).await.unwrap();
    }

    /// Shows the page as printed, or on the screen again.
    pub async fn paper(&self, prints: bool) {
        let media = SetEmulatedMediaParams::builder().media(if prints { "print" } else { "" }).build();
        self.page.execute(media).await.unwrap();
    }

    /// The system prefers reduced motion.
    pub async fn stillness(&self) {
        let prefers = MediaFeature::new("prefers-reduced-motion", "reduce");
        self.page.emulate_media_features(vec![prefers]).await.unwrap();
    }

    /// The time zone of the reader.
    pub async fn zone(&self, name: &str) {
        self.page.emulate_timezone(SetTimezoneOverrideParams::new(name)).await.unwrap();
    }

    /// From the next page on, the browser is never idle.
    pub async fn never_idle(&self) {
        self.page.evaluate_on_new_document("window.requestIdleCallback = () => 0").await.unwrap();
    }

    /// From the next page on, this script runs before those of the page.
    pub async fn first(&self, script: &str) {
        self.page.evaluate_on_new_document(script).await.unwrap();
    }

    /// From the next page on, scripts do not run.
    pub async fn without_scripts(&self) {
        self.page.execute(SetScriptExecutionDisabledParams::new(true)).await.unwrap();
    }

    /// Hides or shows the window: `document.hidden`.
    pub async fn hide(&self, hidden: bool) {
        let window = self.page.execute(GetWindowForTargetParams::default()).await.unwrap().result.window_id;
        let state = if hidden { WindowState::Minimized } else { WindowState::Normal };
        let bounds = Bounds::builder().window_state(state).build();
        self.page.execute(SetWindowBoundsParams::new(window, bounds)).await.unwrap();
        self.until(&format!("document.hidden === {hidden}")).await;
    }

    /// A picture of what is in view, exact to the pixel, in `target/screens/`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        self.saved(&format!("{name}.png"), ScreenshotParams::builder()).await
    }

    /// The same, small enough to be published.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let webp = ScreenshotParams::builder().format(CaptureScreenshotFormat::Webp).quality(QUALITY);
        self.saved(&format!("{name}.webp"), webp).await
    }

    async fn saved(&self, name: &str, picture: ScreenshotParamsBuilder) -> PathBuf {
        let folder = world::root().join("target/screens");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        self.page.save_screenshot(picture.build(), &path).await.unwrap();
        path
    }

    /// Closes the page. A test that fails leaves it to the browser's end.
    pub async fn close(self) {
        let _ = self.page.close().await;
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
