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
  // To scroll to the same position. A frame may have no session storage.
  try {
    sessionStorage.promenade = JSON.stringify([url.href, scrollY]);
  } catch {}
  location.assign(url);
}

// How the reader came here: by a link, a reload or the history.
const [arrival] = performance.getEntriesByType("navigation");

function arrive() {
  // A reload and the history restore their own scroll position.
  if (arrival?.type === "navigate") try {
    const [href, y] = JSON.parse(sessionStorage.promenade);
    if (href === location.href) scrollTo(0, y);
  } catch {}
}
