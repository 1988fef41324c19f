// Messages to and from a page that frames this one. config/embedding.md documents them. A script of its own, because only a
// portal with `parentOrigins` loads it. It runs after portal.js, which sends rows of alerts as `promenade:row`.

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const FRAME_VERSION = 1;
// The maximum length of a text in a message.
const FRAME_TEXT = 200;
const parents = (root.dataset.parents ?? "").split(" ").filter(Boolean);
// The latest message of each type.
const sent = {};
// The latest settings from the framing page; links to other pages keep them.
const requested = {};

// The browser delivers a message only to its target origin. Where the parent's origin is known, no other is tried,
// because that logs an error in the console.
function sendToParent(type, message) {
  const parent = location.ancestorOrigins?.[0];
  for (const origin of parents) {
    if (!parent || parent === origin) window.parent.postMessage({ type: `promenade:${type}`, version: FRAME_VERSION, ...message }, origin);
  }
}

function sendIfNew(type, message) {
  const text = JSON.stringify(message);
  if (text === sent[type]) return;
  sent[type] = text;
  sendToParent(type, message);
}

// The height of the content, not of the frame, which the framing page sets from this message.
function sendHeight() {
  sendIfNew("height", { height: Math.ceil(document.body.getBoundingClientRect().height) });
}

function sendState() {
  const panel = document.querySelector("#alerts[data-counts], #members[data-counts], #results[data-counts]");
  sendIfNew("state", { title: document.title, counts: panel ? JSON.parse(panel.dataset.counts) : null });
  sendWindow();
}

// The time range of the page, as in an address.
const shownWindow = () => byId("time-window")?.dataset ?? {};

function sendWindow() {
  const { from, to } = shownWindow();
  if (from) sendIfNew("window", { from, to, live: byId("time-window").hidden });
}

function isText(value) {
  return value === undefined || (typeof value === "string" && value.length <= FRAME_TEXT);
}

function onMessage({ source, origin, data }) {
  if (source !== window.parent || !parents.includes(origin)) return;
  if (data?.type !== "promenade:set" || data.version !== FRAME_VERSION) return;
  const { theme, from, to } = data;
  if (![undefined, "light", "dark", "system"].includes(theme) || ![from, to].every(isText)) return;
  if (theme === "light" || theme === "dark") root.dataset.theme = requested.theme = theme;
  else if (theme) {
    delete root.dataset.theme;
    requested.theme = null;
  }
  const shown = shownWindow();
  if (from && to && (from !== shown.from || to !== shown.to)) windTo(from, to);
}

// Fetches the main part for another time range, so that the server checks the range and renders every link. Morphed,
// so that charts stay and no style is copied, which the policy forbids.
function windTo(from, to) {
  requested.from = from;
  requested.to = to;
  requested.range = null;
  const here = withRequested(location.href);
  history.replaceState(history.state, "", here);
  window.htmx.ajax("GET", here, { target: "#main", select: "#main", swap: "outerMorph" });
}

// A morph skips the graphs of rows, which would keep the old time range: a drawn one is made anew.
function dropRowGraphs({ detail: { ctx } }) {
  if (ctx.target?.id !== "main") return;
  for (const graph of document.querySelectorAll(".row-graph")) {
    if (graph.querySelector(".panel")) graph.remove();
    else graph.removeAttribute("hx-morph-skip");
  }
}

function withRequested(href, wishes = requested) {
  const url = new URL(href, location.href);
  for (const [name, value] of Object.entries(wishes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search + url.hash;
}

// Links of the page lack a theme that was set without a reload. The main part was fetched for the time range, and some of
// its links lead to another.
function keepRequested(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || link.origin !== location.origin || !("theme" in requested)) return;
  link.href = withRequested(link.href, link.closest("#main") ? { theme: requested.theme } : requested);
}

function start() {
  const on = (type, listener) => document.addEventListener(type, listener);
  new ResizeObserver(sendHeight).observe(document.body);
  on("htmx:before:swap", dropRowGraphs);
  on("htmx:after:swap", sendState);
  on("promenade:row", ({ detail }) => sendToParent("row", { row: JSON.parse(detail) }));
  document.addEventListener("click", keepRequested, true);
  window.addEventListener("message", onMessage);
  // Before the framing page sends its own time range again.
  sendWindow();
  sendToParent("ready", {});
  sendHeight();
  sendState();
}

if (window.parent !== window) start();
