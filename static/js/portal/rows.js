// Rows of alerts.

// A row opens by its name too, which is a link for those who copy it or open it elsewhere.
function onRow(event) {
  const summary = event.target.closest?.("table.alerts td.name summary");
  if (!summary) return;
  const details = summary.parentElement;
  const opens = !details.open;
  if (event.target.closest("a.permalink")) {
    if (modified(event)) return;
    event.preventDefault();
    details.open = opens;
  }
  const { row } = details.closest("tr").dataset;
  if (opens && row) tellParent("row", { row: JSON.parse(row) });
}
