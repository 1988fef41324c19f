// Rows of alerts.

// A row opens by its name too, which is a link for those who copy it or open it elsewhere.
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
  if (opens && row) tellParent("row", { row: JSON.parse(row) });
}
