// Messages to and from a page that frames this one. config/embedding.md documents them.

const FRAME_VERSION = 1;
// The maximum length of a text in a message.
const FRAME_TEXT = 200;
const framed = window.parent !== window;
const parents = (root.dataset.parents ?? "").split(" ").filter(Boolean);
let sentHeight = 0;
let sentState = "";
// The latest settings from the framing page; links to other pages keep them.
const requested = {};

// The browser delivers a message only to its target origin. Where the parent's origin is known, no other is tried,
// because that logs an error in the console.
function sendToParent(type, message) {
  if (!framed) return;
  const parent = location.ancestorOrigins?.[0];
  for (const origin of parents) {
    if (!parent || parent === origin) window.parent.postMessage({ type: `promenade:${type}`, version: FRAME_VERSION, ...message }, origin);
  }
}

// The height of the content, not of the frame, which the framing page sets from this message.
function sendHeight() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height === sentHeight) return;
  sentHeight = height;
  sendToParent("height", { height });
}

function sendState() {
  const panel = document.querySelector("#alerts[data-counts], #members[data-counts], #results[data-counts]");
  const state = { title: document.title, counts: panel ? JSON.parse(panel.dataset.counts) : null };
  const text = JSON.stringify(state);
  if (text === sentState) return;
  sentState = text;
  sendToParent("state", state);
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
  if (from && to) windTo(from, to);
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

function withRequested(href) {
  const url = new URL(href, location.href);
  for (const [name, value] of Object.entries(requested)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search + url.hash;
}

// Links of the page lack a theme that was set without a reload.
function keepRequested(event) {
  const link = event.target.closest?.("a[href]");
  if (link && link.origin === location.origin && "theme" in requested) link.href = withRequested(link.href);
}

function startFrame() {
  if (!framed || !parents.length) return;
  new ResizeObserver(sendHeight).observe(document.body);
  on("htmx:after:swap", sendState);
  document.addEventListener("click", keepRequested, true);
  on("message", onMessage, window);
  sendToParent("ready", {});
  sendHeight();
  sendState();
}
