// Refreshing.

// Panels that skipped a refresh while the tab was hidden.
const missed = new Set();
// What each poll under way asked for.
const polled = new WeakMap();
let leaving = false;
let focus = null;

function selectionIn(element) {
  const selection = document.getSelection();
  return Boolean(selection && !selection.isCollapsed && element.contains(selection.anchorNode));
}

// A poll waits while nobody looks, and while the reader holds on to something that it would move.
function onRequest(event) {
  const { ctx } = event.detail;
  const { sourceElement: panel, sourceEvent } = ctx;
  if (sourceEvent?.type !== "every") return;
  if (document.hidden) missed.add(panel);
  polled.set(ctx, panel.getAttribute("hx-get"));
  // A graph in a row that was closed again has nobody to look at it.
  if (!panel.checkVisibility()) event.preventDefault();
  if (document.hidden || selectionIn(panel) || panel.querySelector("details.menu[open]") || mark) event.preventDefault();
}

function onVisible() {
  if (document.hidden) return;
  for (const panel of missed) if (panel.isConnected) window.htmx?.trigger(panel, "every", {}, false);
  missed.clear();
}

function onAnswer(event) {
  const { ctx } = event.detail;
  const { raw, status } = ctx.response;
  // Sent elsewhere, a panel's request brings a sign-in page. And where the reader chose another filter while a
  // poll was under way, its answer would undo the choice.
  const stale = polled.has(ctx) && polled.get(ctx) !== ctx.sourceElement.getAttribute("hx-get");
  if (raw.redirected || stale) event.preventDefault();
  if (raw.redirected || status >= 400) tellSilence(`The portal answers with status ${status}`, raw.redirected);
  else tellSilence(null);
}

function onFailure(event) {
  if (event.detail.ctx && !leaving) tellSilence("The portal does not answer");
}

function tellSilence(what, redirected = false) {
  const banner = byId("connection");
  if (!banner) return;
  if (what === null) {
    banner.hidden = true;
    return;
  }
  if (!banner.hidden) return;
  const p = parts(Date.now());
  const cause = redirected ? "The portal sends this page elsewhere; reload it" : what;
  banner.textContent = `${cause}, since ${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}. What you see is from before.`;
  banner.hidden = false;
}

// A morph keeps elements, but a legend row has no id and may come to stand for another series.
function rememberFocus() {
  const row = document.activeElement?.closest?.("table.legend tr[data-series]");
  focus = row ? { id: row.closest(".panel").id, name: nameOf(row) } : null;
}

function restoreFocus() {
  if (!focus) return;
  const panel = byId(focus.id);
  const row = panel && rows(panel).find((row) => nameOf(row) === focus.name);
  row?.focus({ preventScroll: true });
  focus = null;
}

function refreshPage() {
  for (const [div, entry] of drawn) {
    if (div.isConnected) read(entry);
    else forget(entry);
  }
  for (const div of all(".chart")) {
    if (drawn.has(div)) continue;
    if (div.dataset.island && window.echarts) startSoon(div);
    else near.observe(div);
  }
  for (const table of all("table.legend")) markLegend(table.closest(".panel"));
  tellAddress();
  localTimes();
  localAxes();
  refreshHead();
}

function forget({ div, chart }) {
  resized.unobserve(div);
  chart.dispose();
  drawn.delete(div);
}

// The tab tells the state too.
function refreshHead() {
  const { title, state } = (byId("alerts") ?? byId("members"))?.dataset ?? {};
  if (title && document.title !== title) document.title = title;
  const icon = byId("favicon");
  const href = state && icon?.dataset[state];
  if (href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function redraw() {
  for (const entry of drawn.values()) draw(entry);
}

// Paper is white.
function inTheme(theme) {
  const before = root.dataset.theme ?? "";
  root.dataset.theme = theme;
  redraw();
  return before;
}
