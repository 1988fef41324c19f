// Notifications of alerts that begin to fire, for readers who ask for them. Browsers refuse them in frames and over plain HTTP.

const canNotify = "Notification" in window && isSecureContext && window.parent === window;
const wants = () => new URLSearchParams(location.search).get("notify") === "1";
// The ids of the alerts that fire. Undefined before the first look.
let fires;

function showNotify() {
  const button = byId("notify");
  if (!button || !canNotify || !byId("alerts")) return;
  const is = wants() && Notification.permission === "granted";
  button.hidden = false;
  button.setAttribute("aria-pressed", is);
  button.textContent = is ? "Notifications on" : Notification.permission === "denied" ? "Notifications are blocked" : "Notify me of new alerts";
}

async function onNotify() {
  const url = new URL(location);
  const on = !wants() && (await Notification.requestPermission()) === "granted";
  if (on) url.searchParams.set("notify", "1");
  else url.searchParams.delete("notify");
  // The page with the list of what fires.
  if (on || wants()) location.replace(url);
  else showNotify();
}

function notify() {
  const list = canNotify && wants() && Notification.permission === "granted" && byId("alerts")?.dataset.firing;
  if (!list) return;
  const all = JSON.parse(list);
  const fresh = fires ? all.filter(([id]) => !fires.has(id)) : [];
  fires = new Set(all.map(([id]) => id));
  // Many at once are one message.
  if (fresh.length > 3) notifyOf("new", document.title, `${fresh.length} alerts began to fire`);
  else for (const [id, name, summary] of fresh) notifyOf(id, name, summary, `alert-${id}`);
}

function notifyOf(tag, title, body, anchor) {
  const shown = new Notification(title, { body, tag, icon: byId("favicon").href });
  shown.onclick = () => {
    focus();
    if (anchor) location.hash = anchor;
    shown.close();
  };
}
