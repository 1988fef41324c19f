// The legend: a click isolates a series, with Ctrl, Cmd or Shift it toggles one; the head of a column sorts.

// The reader's choices by graph: { only: Set } or { without: Set } of series names, and the order of the rows.
const choices = new Map();
const orders = new Map();

// 9 before 100, as src/web/panels/legend.rs has it.
const byName = new Intl.Collator("en", { numeric: true });
const modified = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
// A graph's name in the address: its number, or the id of its panel.
const graphOf = (element) => element.closest(".panel")?.id.replace(/^graph-/, "");
const rows = (panel) => [...all("table.legend tr[data-series]", panel)];
const nameOf = (row) => row.querySelector("bdi").textContent;

function isShown(element, names, name) {
  const choice = choices.get(graphOf(element));
  if (!choice) return true;
  if (choice.without) return !choice.without.has(name);
  // Names without a series have no effect.
  return choice.only.has(name) || !names.some((other) => choice.only.has(other));
}

// Indices of the visible series.
function shownIn({ div, island: { names } }) {
  return names.flatMap((name, i) => (isShown(div, names, name) ? [i] : []));
}

function choose(panel, name, toggles) {
  const graph = graphOf(panel);
  const names = rows(panel).map(nameOf);
  const choice = choices.get(graph);
  if (toggles) {
    const next = choice ?? { without: new Set() };
    const chosen = next.only ?? next.without;
    if (!chosen.delete(name)) chosen.add(name);
    choices.set(graph, next);
  } else if (choice?.only?.size === 1 && choice.only.has(name)) {
    choices.delete(graph);
  } else {
    choices.set(graph, { only: new Set([name]) });
  }
  // All hidden or all visible is no choice.
  const shown = names.filter((other) => isShown(panel, names, other)).length;
  if (!shown || shown === names.length) choices.delete(graph);
  const entry = drawn.get(panel.querySelector(".chart"));
  if (entry) draw(entry);
  markLegend(panel);
  writeAddress();
}

function markLegend(panel) {
  const listed = rows(panel);
  const names = listed.map(nameOf);
  const chosen = choices.has(graphOf(panel));
  listed.forEach((row, i) => {
    const shown = isShown(panel, names, names[i]);
    row.classList.toggle("off", !shown);
    if (chosen) row.setAttribute("aria-selected", String(shown));
    else row.removeAttribute("aria-selected");
  });
  sortLegend(panel);
}

function sortLegend(panel) {
  const [, down, key] = /^(-?)(.*)$/.exec(orders.get(graphOf(panel)) ?? "");
  let cell = -1;
  for (const link of all("table.legend a[data-sort]", panel)) {
    const head = link.parentElement;
    if (link.dataset.sort === key) {
      cell = head.cellIndex;
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
    } else head.removeAttribute("aria-sort");
  }
  // Rows without a value come last in either order.
  const nothing = down ? "-Infinity" : "Infinity";
  const valueOf = (row) => {
    if (cell < 0) return 0;
    return key === "name" ? nameOf(row) : Number(row.cells[cell].title.replace("Inf", "Infinity") || nothing);
  };
  const natural = (a, b) => (key === "name" ? byName.compare(a, b) : 0);
  const way = (a, b) => (natural(a, b) || (a < b ? -1 : a > b ? 1 : 0)) * (down ? -1 : 1);
  const before = rows(panel);
  const sorted = [...before].sort((a, b) => way(valueOf(a), valueOf(b)) || byName.compare(nameOf(a), nameOf(b)));
  if (sorted.every((row, i) => row === before[i])) return;
  const held = document.activeElement;
  before[0].parentElement.append(...sorted);
  if (panel.contains(held)) held.focus({ preventScroll: true });
}

// The rows are one stop for Tab; arrows go from row to row.
function onLegendKey(event) {
  const { key, target } = event;
  const row = target.closest?.("table.legend tr[data-series]");
  if (!row || target !== row || modified(event) || !/^(Arrow(Up|Down)|Home|End)$/.test(key)) return;
  event.preventDefault();
  const listed = rows(row.closest(".panel"));
  const here = listed.indexOf(row);
  const next = listed[{ ArrowUp: here - 1, ArrowDown: here + 1, Home: 0 }[key] ?? listed.length - 1];
  if (!next) return;
  row.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function onLegend(event) {
  const row = event.target.closest?.("table.legend tr[data-series]");
  if (!row || event.target.closest("a, button, summary")) return;
  if (event.type === "click" && selectionIn(row)) return;
  event.preventDefault();
  choose(row.closest(".panel"), nameOf(row), event.ctrlKey || event.metaKey || event.shiftKey);
}

// Largest first, or names from A; then the reverse; then by name again.
function onSort(event) {
  const link = event.target.closest?.("a[data-sort]");
  if (!link || modified(event)) return;
  event.preventDefault();
  const { sort } = link.dataset;
  const ways = sort === "name" ? [sort, `-${sort}`] : [`-${sort}`, sort];
  const graph = graphOf(link);
  const next = ways[ways.indexOf(orders.get(graph)) + 1];
  if (next) orders.set(graph, next);
  else orders.delete(graph);
  sortLegend(link.closest(".panel"));
  writeAddress();
}
