//! Signals: SIGTERM and SIGINT end the portal, SIGHUP reads the catalog again.

use std::time::Duration;

use super::AppHandle;
use crate::background::Task;
use crate::catalog::source::{BackstageSource, FileSource};
use crate::clock;

/// Between saying "not ready" and refusing connections, so that balancers notice in time.
const NOT_READY: Duration = Duration::from_secs(2);

/// On the first signal to end: not ready, a moment for balancers, then the drain. A second one ends at once.
pub async fn shut_down(handle: AppHandle) {
    let is_patient = signal_to_end().await;
    handle.leaving.leave();
    tracing::info!("shutting down");
    if is_patient {
        tokio::select! {
            () = tokio::time::sleep(NOT_READY) => {}
            _ = signal_to_end() => {}
        }
    }
    tokio::select! {
        () = handle.readers.stop(true) => {}
        _ = signal_to_end() => handle.readers.stop(false).await,
    }
}

/// True for SIGTERM, which balancers send; false for SIGINT, behind which somebody waits at a keyboard.
#[cfg(unix)]
async fn signal_to_end() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("signals cannot be listened to");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => true,
    }
}

#[cfg(not(unix))]
async fn signal_to_end() -> bool {
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    false
}

/// Reads the catalog again on each SIGHUP.
#[cfg(unix)]
pub fn reload_on_hangup(source: FileSource, backstage: Option<&BackstageSource>) -> Option<Task> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup()).ok()?;
    let backstage = backstage.map(BackstageSource::waker);
    Some(Task::spawn(async move {
        while hangups.recv().await.is_some() {
            if let Some(backstage) = &backstage {
                backstage.notify_one();
            }
            source.reload_aside(clock::now()).await;
        }
    }))
}

#[cfg(not(unix))]
pub fn reload_on_hangup(_: FileSource, _: Option<&BackstageSource>) -> Option<Task> {
    None
}
