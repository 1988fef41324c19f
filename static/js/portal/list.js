// Lists of entities by the keyboard.

const ENTITIES = ".catalog .entity a";
// What the reader typed before Enter, until the list of it is there.
let wanted;

// Up and down move along the list. Enter in the search opens the first entity that matches.
function onListKey(event) {
  const { key, target } = event;
  const search = byId("catalog-search");
  if (event.isComposing || modified(event) || !target.matches?.(`#catalog-search, ${ENTITIES}`)) return;
  const links = [...all(ENTITIES)];
  const at = links.indexOf(target);
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  const next = by && (links[at + by] ?? (at + by === -1 && search));
  if (next) {
    event.preventDefault();
    next.focus();
  } else if (key === "Enter" && target === search && search.value.trim()) {
    const listed = new URLSearchParams(location.search).get("search") ?? "";
    wanted = search.value;
    // Else the form fetches the list.
    if (listed.trim() === wanted.trim() && openFirst()) event.preventDefault();
  }
}

function openFirst() {
  const first = byId("catalog-search").value === wanted && document.querySelector(ENTITIES);
  wanted = undefined;
  first?.click?.();
  return Boolean(first);
}

function onListAnswer({ detail }) {
  if (wanted && detail.ctx?.sourceElement?.id === "catalog-filters") openFirst();
}
