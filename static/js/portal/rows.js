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
  if (opens && row) tellParent({ type: "promenade:row", version: 1, row: JSON.parse(row) });
}

// The browser hands a message only to the origin that it is addressed to; where it tells the parent's origin, no
// other is tried, because that would be a complaint in the console.
function tellParent(message) {
  if (window.parent === window) return;
  const parent = location.ancestorOrigins?.[0];
  for (const origin of (root.dataset.parents ?? "").split(" ").filter(Boolean)) {
    if (!parent || parent === origin) window.parent.postMessage(message, origin);
  }
}
