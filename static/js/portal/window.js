// Zoom: a drag over one chart sets the time range of the whole page.

// A selection under way: { entry, start, end, band }, in pixels of the chart.
let mark = null;

// The ends of the time axis.
function endsOf({ island: { from, to } }) {
  return [from, to];
}

const across = ({ div }, event) => event.clientX - div.getBoundingClientRect().left;

function timeUnder(entry, x) {
  const [from, to] = endsOf(entry);
  return Math.min(Math.max(entry.chart.convertFromPixel({ xAxisIndex: 0 }, x), from), to);
}

const chartUnder = (event) => {
  const entry = drawn.get(event.target.closest?.(".chart"));
  return entry?.island ? entry : undefined;
};

// A finger has to rest first.
function onPointerDown(event) {
  const entry = chartUnder(event);
  if (entry && event.button === 0 && event.pointerType !== "touch" && !modified(event)) startMark(entry, event);
}

function startMark(entry, event) {
  const x = across(entry, event);
  mark = { entry, start: x, end: x, band: null };
}

function onPointerMove(event) {
  if (!mark) {
    // A chart says itself at which time the pointer is.
    if (!chartUnder(event)) cross();
    return;
  }
  if (mark.band || Math.abs(across(mark.entry, event) - mark.start) >= 5) showMark(event);
}

function showMark(event) {
  const { entry, start } = mark;
  mark.end = across(entry, event);
  if (!mark.band) {
    mark.band = element("div", "zoom-band");
    entry.div.append(mark.band);
    entry.div.setPointerCapture(event.pointerId);
  }
  const pixels = [start, mark.end].map((x) => entry.chart.convertToPixel({ xAxisIndex: 0 }, timeUnder(entry, x)));
  mark.band.style.setProperty("left", `${Math.min(...pixels)}px`);
  mark.band.style.setProperty("width", `${Math.abs(pixels[1] - pixels[0])}px`);
  // While it has the pointer, the chart does not see it.
  entry.chart.dispatchAction({ type: "showTip", x: mark.end, y: event.clientY - entry.div.getBoundingClientRect().top });
}

function endMark() {
  mark?.band?.remove();
  mark = null;
}

function onPointerUp() {
  if (!mark) return;
  const { entry, start, end, band } = mark;
  const [from, to] = [start, end].map((x) => Math.round(timeUnder(entry, x))).sort((a, b) => a - b);
  endMark();
  if (band && to - from >= 1000) showWindow(from, to);
}

function showWindow(from, to) {
  const url = new URL(location);
  for (const name of [...url.searchParams.keys()]) {
    if (/^(range|page|g0\.(range|end|moment)_input)$/.test(name)) url.searchParams.delete(name);
  }
  url.searchParams.set("from", from);
  url.searchParams.set("to", to);
  url.hash = "";
  keepPlace();
  location.assign(url);
}

// Where the reader is, for the same page over another window or in another theme: what is at the top of the screen, and
// which rules are open. A frame may have no session storage.
function keepPlace() {
  const top = (element) => element?.getBoundingClientRect().top;
  const at = [...all("#alerts tr.row, .panel")].find((element) => element.checkVisibility() && top(element) >= 0);
  const heads = [...all("tr.head details")].map(({ id, open }) => [id, open]);
  try {
    sessionStorage.promenade = JSON.stringify([location.pathname, scrollY, at?.id, top(at), heads]);
  } catch {}
}

function onLink(event) {
  const link = event.target.closest?.("a[href]");
  if (link?.origin === location.origin && link.pathname === location.pathname && !link.hash && !modified(event)) keepPlace();
}

let place;
// How the reader came here: by a link, a reload or the history.
const [arrival] = performance.getEntriesByType("navigation");

function arrive() {
  try {
    const [path, y, id, top, heads] = JSON.parse(sessionStorage.promenade);
    sessionStorage.removeItem("promenade");
    // A reload and the history restore their own scroll position.
    if (arrival?.type !== "navigate" || path !== location.pathname || location.hash) return;
    for (const [head, open] of heads) if (byId(head)) byId(head).open = open;
    if (y) place = { y, id, top };
    setTimeout(() => { place = null; }, 5000);
    toPlace();
  } catch {}
}

// Again when more of the page is there, until the reader does something.
function toPlace() {
  const at = byId(place?.id);
  if (place) scrollTo(0, at ? scrollY + at.getBoundingClientRect().top - place.top : place.y);
  if (place?.once) place = null;
}

// A row under the pointer or with the focus stays there when rows above it come or go.
function holdRow() {
  const row = document.querySelector("#alerts tr.row:is(:hover, :focus-within)");
  if (row) place = { y: scrollY, id: row.id, top: row.getBoundingClientRect().top, once: true };
}
