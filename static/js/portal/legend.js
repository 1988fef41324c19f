// The legend: a click isolates a series, with Ctrl, Cmd or Shift it is switched on or off.

function isShown({ div }, name) {
  const choice = choices.get(div.id);
  return !choice || (choice.only ? choice.only.has(name) : !choice.without.has(name));
}

function choose(entry, name, toggles) {
  const id = entry.div.id;
  const choice = choices.get(id);
  if (toggles) {
    const next = choice ?? { without: new Set() };
    const names = next.only ?? next.without;
    if (!names.delete(name)) names.add(name);
    choices.set(id, next);
  } else if (choice?.only?.size === 1 && choice.only.has(name)) {
    choices.delete(id);
  } else {
    choices.set(id, { only: new Set([name]) });
  }
  // Nothing left to see is nobody's wish.
  if (!entry.island.names.some((other) => isShown(entry, other))) choices.delete(id);
  draw(entry);
  markLegend(entry);
}

function rows({ div }) {
  return div.closest(".panel")?.querySelectorAll("table.legend tr[data-series]") ?? [];
}

function markLegend(entry) {
  const chosen = choices.has(entry.div.id);
  for (const row of rows(entry)) {
    const shown = isShown(entry, entry.island?.names[row.dataset.series]);
    row.classList.toggle("off", !shown);
    if (chosen) row.setAttribute("aria-selected", String(shown));
    else row.removeAttribute("aria-selected");
  }
}

function onLegend(event) {
  const row = event.target.closest?.("table.legend tr[data-series]");
  if (!row || event.target.closest("a, button, summary")) return;
  const entry = drawn.get(row.closest(".panel")?.querySelector(".chart"));
  const name = entry?.island?.names[row.dataset.series];
  if (name === undefined || (event.type === "click" && selectionIn(row))) return;
  event.preventDefault();
  choose(entry, name, event.ctrlKey || event.metaKey || event.shiftKey);
}
