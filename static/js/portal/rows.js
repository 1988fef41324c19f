// Rows of alerts.

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
  if (opens && row) sendToParent("row", { row: JSON.parse(row) });
}
