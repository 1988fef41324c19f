// In a frame: what the page around is told, and what it may ask for. The README has the messages.

const FRAME_VERSION = 1;
// The longest of a message's texts, in characters.
const FRAME_TEXT = 200;
const framed = window.parent !== window;
const parents = (root.dataset.parents ?? "").split(" ").filter(Boolean);
let toldHeight = 0;
let toldState = "";
// What the page around asked for last, kept by links that lead to other pages.
const asked = {};

// The browser hands a message only to the origin that it is addressed to; where it tells the parent's origin, no
// other is tried, because that would be a complaint in the console.
function tellParent(type, message) {
  if (!framed) return;
  const parent = location.ancestorOrigins?.[0];
  for (const origin of parents) {
    if (!parent || parent === origin) window.parent.postMessage({ type: `promenade:${type}`, version: FRAME_VERSION, ...message }, origin);
  }
}

// Of the content, never of the frame: what it makes of the answer must not change the question.
function tellHeight() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height === toldHeight) return;
  toldHeight = height;
  tellParent("height", { height });
}

function tellState() {
  const panel = document.querySelector("#alerts[data-counts], #members[data-counts], #results[data-counts]");
  const state = { title: document.title, counts: panel ? JSON.parse(panel.dataset.counts) : null };
  const text = JSON.stringify(state);
  if (text === toldState) return;
  toldState = text;
  tellParent("state", state);
}

function isText(value) {
  return value === undefined || (typeof value === "string" && value.length <= FRAME_TEXT);
}

function onMessage({ source, origin, data }) {
  if (source !== window.parent || !parents.includes(origin)) return;
  if (data?.type !== "promenade:set" || data.version !== FRAME_VERSION) return;
  const { theme, from, to } = data;
  if (![theme, from, to].every(isText)) return;
  if (theme === "light" || theme === "dark") root.dataset.theme = asked.theme = theme;
  else if (theme === "system") {
    delete root.dataset.theme;
    asked.theme = null;
  }
  if (from && to) windTo(from, to);
}

// The page's middle, over another time: the server judges it, and every link in it follows. Morphed, so that charts
// stay and no style is copied, which the policy forbids.
function windTo(from, to) {
  asked.from = from;
  asked.to = to;
  asked.range = null;
  const here = withAsked(location.href);
  history.replaceState(history.state, "", here);
  window.htmx.ajax("GET", here, { target: "#main", select: "#main", swap: "outerMorph" });
}

function withAsked(href) {
  const url = new URL(href, location.href);
  for (const [name, value] of Object.entries(asked)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search + url.hash;
}

// A theme that was set without a reload is in no link of the page.
function keepAsked(event) {
  const link = event.target.closest?.("a[href]");
  if (link && link.origin === location.origin && "theme" in asked) link.href = withAsked(link.href);
}

function startFrame() {
  if (!framed || !parents.length) return;
  new ResizeObserver(tellHeight).observe(document.body);
  on("htmx:after:swap", tellState);
  document.addEventListener("click", keepAsked, true);
  on("message", onMessage, window);
  tellParent("ready", {});
  tellHeight();
  tellState();
}
