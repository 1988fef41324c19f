// Zooming: what is marked on one chart by dragging becomes the window of the whole page.

// A selection under way: { entry, start, end, band }, in pixels of the chart.
let mark = null;

// The ends of the time axis.
function endsOf({ island }) {
  const { min, max } = first(island.option.xAxis);
  return [Number(min), Number(max)];
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

// A finger scrolls the page.
function onPointerDown(event) {
  const entry = chartUnder(event);
  if (!entry || event.button !== 0 || event.pointerType === "touch" || modified(event)) return;
  const x = across(entry, event);
  mark = { entry, start: x, end: x, band: null };
}

function onPointerMove(event) {
  if (!mark) {
    const entry = chartUnder(event);
    cross(entry, entry && timeUnder(entry, across(entry, event)));
    return;
  }
  const { entry, start } = mark;
  mark.end = across(entry, event);
  if (!mark.band && Math.abs(mark.end - start) < 5) return;
  if (!mark.band) {
    mark.band = element("div", "zoom-band");
    entry.div.append(mark.band);
    entry.div.setPointerCapture(event.pointerId);
  }
  const pixels = [start, mark.end].map((x) => entry.chart.convertToPixel({ xAxisIndex: 0 }, timeUnder(entry, x)));
  mark.band.style.setProperty("left", `${Math.min(...pixels)}px`);
  mark.band.style.setProperty("width", `${Math.abs(pixels[1] - pixels[0])}px`);
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
  go(url.href, location.href);
}

// What this tab remembers of its zooming: { y, back: { address: the address before } }. A frame may have no memory.
function memory(next) {
  try {
    if (next) sessionStorage.setItem("promenade", JSON.stringify(next));
    return JSON.parse(sessionStorage.getItem("promenade")) ?? {};
  } catch {
    return {};
  }
}

// Goes there and stays at the same place of the page.
function go(href, before) {
  const { back } = memory();
  memory({ y: scrollY, back: before ? { ...back, [href]: before } : back });
  location.assign(href);
}

function offerBack() {
  const { y, back } = memory();
  const before = back?.[location.href];
  if (y !== undefined) {
    memory({ back });
    scrollTo(0, y);
  }
  if (!before) return;
  const link = element("a", "button zoom-back", "Back to the window before");
  link.href = before;
  link.addEventListener("click", (event) => {
    if (modified(event)) return;
    event.preventDefault();
    go(before);
  });
  document.body.append(link);
}
