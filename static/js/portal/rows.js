// Rows of alerts. The address has the open ones, so that a reload, another window and a colleague show the same.

const DETAILS = "table.alerts tr:not(.head) > .name > details";

// The address links to the first. A row on another page of the table stays as it was given.
function openRows() {
  const ids = new Set(new URLSearchParams(location.search).getAll("alert"));
  for (const { id, open } of all(`#alerts[hx-get] ${DETAILS}`)) ids[open ? "add" : "delete"](id.slice(6, -5));
  const [first, ...others] = ids;
  return first ? [first, ...others.slice(-19)] : [];
}

function onToggle({ target }) {
  if (!target.matches(DETAILS)) return;
  carries = true;
  writeAddress();
  const ids = openRows();
  for (const row of all("#alerts[hx-get] tr.row")) row.classList.toggle("marked", row.id === `alert-${ids[0]}`);
  // The address has no more.
  if (target.closest("#alerts[hx-get]")) for (const row of all(`${DETAILS}[open]`)) row.open = ids.includes(row.id.slice(6, -5));
  fetchDetails();
}

// What an open row lacks. A refresh brings the details of the rows in the address, without their graphs.
function fetchDetails() {
  for (const row of all(`${DETAILS}[open]`)) {
    const place = row.closest("tr").nextElementSibling.querySelector(".row-details");
    const graph = place.querySelector(".row-graph:not(:has(.panel))");
    if (graph) window.htmx?.trigger(graph, "open", {}, false);
    else if (!place.matches(".htmx-request, :has(.detail)")) {
      window.htmx?.ajax("GET", place.dataset.source, { source: place, target: place, swap: "innerMorph" });
    }
  }
}

// Open rows are in each request for the table. Its controls show its first page, not the one of an open row.
function askForRows(ctx) {
  const { request: { action, body }, sourceElement, push } = ctx;
  const ids = openRows();
  body.delete("alert");
  for (const id of ids) body.append("alert", id);
  if (!ids.length && action.includes("alert=")) body.set("alert", "");
  if (!ids.length || sourceElement.id === "alerts") return;
  const hasPage = /[?&]page=/.test(action);
  if (!hasPage) body.set("page", 1);
  if (!push) return;
  const url = new URL(push, location);
  for (const id of ids) url.searchParams.append("alert", id);
  if (!hasPage) url.searchParams.set("page", 1);
  ctx.push = url.pathname + url.search;
}

// A click on a row's name opens the row; it is a link so that it can be copied or opened in a tab.
function onRow(event) {
  const details = event.target.closest?.("table.alerts td.name")?.querySelector("details");
  const part = event.target.closest?.("summary, a.permalink");
  if (!details || !part) return;
  const opens = !details.open;
  if (part.matches("a")) {
    if (modified(event)) return;
    event.preventDefault();
    details.open = opens;
  }
  const { row } = details.closest("tr").dataset;
  if (opens && row) document.dispatchEvent(new CustomEvent("promenade:row", { detail: row }));
}
