// Fingers over a chart. One that moves sideways takes the crosshair along, one that rests selects a window, two zoom it. One that
// moves up or down scrolls the page. A double tap or click zooms out.

const REST = 450;
// The fingers over a chart, by the id of their pointer: the latest event of each.
const fingers = new Map();
let resting;
// A zoom under way: { entry, far, middle, at, span, left, width, shown }, in pixels of the chart and milliseconds.
let pinch = null;

function onFinger(event) {
  const { pointerId, type, clientX, clientY } = event;
  const before = fingers.get(pointerId);
  if (type === "pointerdown") {
    const entry = event.pointerType === "touch" && chartUnder(event);
    if (!entry) return;
    fingers.set(pointerId, event);
    clearTimeout(resting);
    if (fingers.size === 1) resting = setTimeout(rest, REST, entry, event);
    else startPinch(entry);
  } else if (before && type === "pointermove") {
    // A finger trembles.
    if (!mark && Math.hypot(clientX - before.clientX, clientY - before.clientY) < 8 && !pinch) return;
    fingers.set(pointerId, event);
    clearTimeout(resting);
    if (pinch) showPinch();
  } else if (before) {
    fingers.delete(pointerId);
    clearTimeout(resting);
    endPinch(type === "pointerup");
  }
}

function rest(entry, event) {
  startMark(entry, event);
  // It shows that the finger selects from here on.
  showMark(event);
}

// How far two fingers are apart, in any direction, and the middle between them.
function spread({ div }) {
  const [a, b] = [...fingers.values()];
  return [
    Math.max(20, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
    (across({ div }, a) + across({ div }, b)) / 2,
  ];
}

function startPinch(entry) {
  endMark();
  endPinch();
  if (fingers.size !== 2 || [...fingers.values()].some((finger) => chartUnder(finger) !== entry)) return;
  const [from, to] = endsOf(entry);
  const [left, right] = [from, to].map((ms) => entry.chart.convertToPixel({ xAxisIndex: 0 }, ms));
  const [far, middle] = spread(entry);
  pinch = { entry, far, at: timeUnder(entry, middle), span: to - from, left, width: right - left };
}

// The time between the fingers stays there. Other charts follow when the fingers leave.
function showPinch() {
  const { entry, far, at, span, left, width } = pinch;
  const [now, middle] = spread(entry);
  const length = Math.max(1000, span * far / now);
  const from = Math.round(at - (middle - left) / width * length);
  pinch.shown = [from, Math.min(Math.round(from + length), Math.max(Date.now(), entry.island.to))];
  const [min, max] = pinch.shown;
  const { chart, island } = entry;
  if (max - min < 1000) pinch.shown = undefined;
  else chart.setOption({ xAxis: xAxis({ ...island, from: min, to: max }, chart.getWidth(), colours()) }, { lazyUpdate: true });
}

function endPinch(isDone) {
  const { entry, shown } = pinch ?? {};
  pinch = null;
  if (isDone && shown) showWindow(...shown);
  else if (shown) draw(entry);
}

function onDoubleClick(event) {
  const entry = chartUnder(event);
  if (!entry || modified(event)) return;
  const link = document.querySelector(".moves a[title='Zoom out']");
  if (link) return link.click();
  const [from, to] = endsOf(entry);
  const half = Math.round((to - from) / 2);
  showWindow(Math.max(0, from - half), Math.min(to + half, Math.max(to, Date.now())));
}

// While fingers select or zoom, the page does not scroll, and no menu opens under a finger that rests.
function holdPage(event) {
  if (fingers.size && (mark || pinch || event.type === "contextmenu")) event.preventDefault();
}
