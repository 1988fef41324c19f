// Refreshes.

// Panels that skipped a refresh while the tab was hidden.
const missed = new Set();
// The address and the open rows of each poll under way.
const polled = new WeakMap();
let leaving = false;
// When the panel that tells the state was asked last, and the time since when the portal does not answer.
let stateRequested = 0;
let lostAt = "";
// In a hidden tab only that panel is fetched, and only so often, so that title and icon are true.
const HIDDEN_PERIOD = 60_000;
let focus = null;

function selectionIn(element) {
  const selection = document.getSelection();
  return Boolean(selection && !selection.isCollapsed && element.contains(selection.anchorNode));
}

// A poll waits while the page is hidden, but for the state now and then, and while the reader uses something that it would move.
function onRequest(event) {
  const { ctx } = event.detail;
  const { sourceElement: panel, sourceEvent } = ctx;
  // After Back, Chromium would take an old copy without asking the portal.
  ctx.request.cache = "no-cache";
  if (ctx.target?.id === "alerts") askForRows(ctx);
  const { type } = sourceEvent ?? {};
  const entry = drawn.get(panel.querySelector(":scope > .chart"));
  const tick = entry?.island?.tick;
  if (tick && /^(every|again)$/.test(type) && --entry.doubts < 0) ctx.request.body.set("since", tick);
  if (type !== "every") return;
  const isState = panel.matches("#alerts, #members, #results");
  const waits = document.hidden && !(isState && performance.now() - stateRequested >= HIDDEN_PERIOD);
  if (waits) missed.add(panel);
  polled.set(ctx, askedBy(panel));
  // A graph in a closed row is invisible.
  if (!panel.checkVisibility()) event.preventDefault();
  if (isState && !waits) stateRequested = performance.now();
  if (waits || selectionIn(panel) || panel.querySelector("details.menu[open]") || mark) event.preventDefault();
}

const askedBy = (panel) => panel.getAttribute("hx-get") + (panel.id === "alerts" ? openRows() : "");

function onVisible() {
  if (document.hidden) return;
  for (const panel of missed) if (panel.isConnected) window.htmx?.trigger(panel, "every", {}, false);
  missed.clear();
}

function onAnswer(event) {
  const { ctx } = event.detail;
  const { raw, status } = ctx.response;
  // A redirect leads to a sign-in page. An answer to a poll from before the reader changed a filter or opened a row would undo
  // that.
  const stale = polled.has(ctx) && polled.get(ctx) !== askedBy(ctx.sourceElement);
  if (raw.redirected || stale) event.preventDefault();
  if (raw.redirected) showConnection("Your session may have ended; reload the page");
  else showConnection(status >= 400 && `Refresh failed with status ${status}`);
}

function onFailure(event) {
  if (event.detail.ctx && !leaving) showConnection("Connection to the portal lost");
}

// The banner of a problem; without one it goes.
function showConnection(problem) {
  const banner = byId("connection");
  const p = parts(Date.now());
  lostAt = problem ? lostAt || `(${p.hour}:${p.minute}) ` : "";
  refreshHead();
  if (!banner) return;
  if (problem && banner.hidden) {
    const at = `${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}`;
    banner.textContent = `${problem} (${at}). Showing old data; retrying.`;
  }
  banner.hidden = !problem;
}

// A morph keeps elements, but a row of a legend or of a list has no id and may get another series or entity.
function rememberFocus() {
  const active = document.activeElement;
  const row = active?.closest?.("table.legend tr[data-series]");
  if (row) focus = { id: row.closest(".panel").id, name: nameOf(row) };
  else focus = active?.matches(ENTITIES) ? { href: active.href } : null;
}

function restoreFocus() {
  if (!focus) return;
  const panel = byId(focus.id);
  const row = focus.href
    ? [...all(ENTITIES)].find((link) => link.href === focus.href)
    : panel && rows(panel).find((row) => nameOf(row) === focus.name);
  row?.focus({ preventScroll: true });
  focus = null;
}

function refreshPage() {
  for (const [div, entry] of drawn) {
    if (!div.isConnected) forget(entry);
    else if (byId(div.dataset.island)) read(entry);
    else startAnew(entry);
  }
  for (const div of all(".chart")) {
    makeWalkable(div);
    if (drawn.has(div)) continue;
    if (div.dataset.island && window.echarts) startSoon(div);
    else near.observe(div);
  }
  for (const table of all("table.legend")) markLegend(table.closest(".panel"));
  fetchDetails();
  writeAddress();
  localTimes();
  localAxes();
  refreshHead();
  notify();
  toPlace();
}

function forget({ div, chart }) {
  resized.unobserve(div);
  chart.dispose();
  drawn.delete(div);
}

// The page of another time range has only the server's pictures, and a swap skips drawn charts. Such a chart would show
// the old time range.
function startAnew(entry) {
  const { div } = entry;
  forget(entry);
  div.removeAttribute("hx-morph-skip");
  delete div.dataset.island;
  const source = div.closest(".panel").getAttribute("hx-get");
  div.dataset.drawn = `${source}${source.includes("?") ? "&" : "?"}drawn=`;
  replacePicture(div);
}

// The tab's title and icon show the state, or that it is old.
function refreshHead() {
  const { title, state, stale } = (byId("alerts") ?? byId("members") ?? byId("results"))?.dataset ?? {};
  if (title && document.title !== lostAt + title) document.title = lostAt + title;
  const icon = byId("favicon");
  const href = state && icon?.dataset[lostAt || stale !== undefined ? "unknown" : state];
  if (href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function redraw() {
  for (const entry of drawn.values()) draw(entry);
}

// Paper is white, and narrower than most screens: letters of a wide canvas would shrink.
function inTheme(theme, width) {
  const before = root.dataset.theme ?? "";
  root.dataset.theme = theme;
  for (const { chart } of drawn.values()) chart.resize({ width: width ? Math.min(width, chart.getWidth()) : "auto" });
  redraw();
  return before;
}
