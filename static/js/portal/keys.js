// The keyboard: samples of a chart, and shortcuts.

// Arrow keys move through the samples of a chart. Focus draws it.
function makeWalkable(div) {
  div.tabIndex = 0;
  div.setAttribute("role", "application");
  const name = div.closest(".panel")?.getAttribute("aria-label");
  div.setAttribute("aria-label", `${name}; arrow keys move between samples`);
}

function say(text) {
  const said = byId("said");
  if (said) said.textContent = text;
}

// Left and right go to the next sample of the series, up and down to another series at that time.
function onChartKey(event) {
  const entry = event.target.matches?.(".chart") && chartUnder(event);
  if (!entry || modified(event)) return;
  const { island } = entry;
  const shown = shownIn(entry);
  const length = longest(island.columns);
  const { key } = event;
  if (!shown.length || !length || !/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) return;
  event.preventDefault();
  const spot = entry.spot ?? { at: length, i: shown[0] };
  const turn = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
  const i = shown[(Math.max(0, shown.indexOf(spot.i)) + turn + shown.length) % shown.length];
  const by = key === "ArrowLeft" || key === "End" ? -1 : turn ? 0 : 1;
  let at = key === "Home" ? -1 : key === "End" ? length : spot.at;
  const found = nextSample(island.columns[i], at, by);
  at = Math.min(Math.max(found ?? at, 0), length - 1);
  entry.spot = { at, i };
  showSpot(entry, shown);
}

function nextSample(values, at, by) {
  for (let next = at + by; by && next >= 0 && next < values.length; next += by) {
    if (Number.isFinite(values[next])) return next;
  }
}

function showSpot(entry, shown) {
  const { chart, island, spot: { at, i } } = entry;
  const ms = island.start + at * island.step;
  const row = stackedAt(island, shown, at).find((row) => row.i === i);
  entry.pointer = chart.convertToPixel({ gridIndex: 0 }, [ms, row?.top ?? 0]);
  const [x, y] = entry.pointer;
  chart.dispatchAction({ type: "showTip", x, y });
  cross(entry, ms);
  say(`${timeOf(island, at)}, ${island.names[i]}, ${row ? format(row.value, island.unit, entry.more) : "no data"}`);
}

function onBlur(event) {
  const entry = event.target.matches?.(".chart") && drawn.get(event.target);
  if (!entry) return;
  entry.chart.dispatchAction({ type: "hideTip" });
  cross();
}

function refreshAll() {
  for (const panel of all(".panel[hx-get], #results")) {
    if (panel.checkVisibility()) window.htmx?.trigger(panel, "again", {}, false);
  }
}

function toggleKeys() {
  const keys = byId("keys");
  if (keys.open) keys.close();
  else keys.showModal();
}

// The row of the next or the previous alert, opened by Enter.
function nextAlert(by) {
  const rows = [...all("table.alerts .name summary")].filter((row) => row.checkVisibility());
  const at = rows.indexOf(document.activeElement);
  (rows[at < 0 ? (by < 0 ? rows.length - 1 : 0) : at + by])?.focus();
}

// Not while the reader types, and not in place of the browser's own keys.
function onShortcut(event) {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest?.("input, textarea, select, dialog, [contenteditable]")) return;
  const menu = byId("menu-range");
  const search = document.querySelector("main input[type=search]");
  if (key === "?") toggleKeys();
  else if (key === "r") refreshAll();
  else if (key === "t" && menu) {
    // Menus in a menu, on a phone.
    menu.parentElement.closest("details").open = menu.open = true;
    menu.querySelector("input[name=from]").select();
  } else if (key === "/" && search) search.select();
  else if (key === "j" || key === "k") nextAlert(key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
}
