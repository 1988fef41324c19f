// Charts.

// One entry for each drawn chart: { div, chart, text, island, pointer, more, doubts }.
const drawn = new Map();
// The server's picture of each chart while its panel is fetched again.
const pictures = new Map();
let library;

// Until ECharts is here the server's pictures stay, and refreshes bring newer ones.
function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = root.dataset.echarts;
    script.onload = resolve;
    script.onerror = () => reject(new Error("ECharts cannot be loaded"));
    document.head.append(script);
  });
  return library;
}

const idle = window.requestIdleCallback?.bind(window) ?? ((work) => setTimeout(work, 200));
const pageLoaded = new Promise((resolve) => addEventListener("load", resolve));
// Readers who save data get a chart only when they point at its picture.
const savesData = navigator.connection?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches;

// Charts near the view are drawn when the browser is idle. In a hidden tab nothing is near.
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    if (isWanted(target)) replacePicture(target);
    else if (!savesData) pageLoaded.then(() => idle(() => replaceIfVisible(target), { timeout: 3000 }));
  }
}, { rootMargin: "300px" });

// A picture has all series. A request for the chart that met another one of its panel was not sent.
function isWanted(div) {
  return choices.has(graphOf(div)) || pointed?.div === div || document.activeElement === div;
}

function replaceIfVisible(div) {
  if (document.hidden) near.observe(div);
  else replacePicture(div);
}

// Charts whose picture is being replaced.
const replaced = new WeakSet();

async function replacePicture(div) {
  if (div.dataset.island || replaced.has(div)) return;
  replaced.add(div);
  try {
    await loadLibrary();
    await fetchPanel(div);
  } catch {
    // The picture stays.
  }
  replaced.delete(div);
}

// Where the reader points at a chart: { div, clientX, clientY }. It may not be drawn yet.
let pointed;

// Who points at a chart or its legend, touches or focuses it, wants more than the picture.
function onInterest({ type, target, clientX, clientY }) {
  const place = target.closest?.(".chart, .chart-table");
  const div = place?.closest(".panel")?.querySelector(".chart");
  if (type !== "focusin") pointed = div && div === place ? { div, clientX, clientY } : undefined;
  if (div) replacePicture(div);
}

// Shows the values at the pointer, which came before the chart.
function showPointed(entry) {
  const { div, chart, island } = entry;
  if (!island || pointed?.div !== div) return;
  const { left, top } = div.getBoundingClientRect();
  const [x, y] = entry.pointer = [pointed.clientX - left, pointed.clientY - top];
  chart.dispatchAction({ type: "showTip", x, y });
  cross(entry, timeUnder(entry, x));
}

// Fetches the panel again, with data for the width of its chart in place of the server's picture.
function fetchPanel(div) {
  const panel = div.closest(".panel");
  if (!panel || !div.clientWidth) return;
  pictures.set(div.id, div.querySelector("svg"));
  return window.htmx?.ajax("GET", div.dataset.drawn + div.clientWidth, { source: panel, target: panel, swap: "outerMorph" });
}

// The server's picture stays until the chart is drawn, which is a task of its own: one task for both would block the
// page.
function startSoon(div) {
  div.append(pictures.get(div.id) ?? "");
  pictures.delete(div.id);
  setTimeout(() => {
    if (div.isConnected && !drawn.has(div)) start(div);
  });
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const entry = drawn.get(target);
    const width = target.clientWidth;
    if (!entry || !width) continue;
    if (entry.chart.getWidth() === width && entry.chart.getHeight() === target.clientHeight) continue;
    entry.chart.resize();
    draw(entry);
    if (Math.abs(width - entry.fetchedWidth) <= entry.fetchedWidth / 3) continue;
    entry.fetchedWidth = width;
    fetchPanel(target);
  }
});

function start(div) {
  const chart = window.echarts.init(div, null, { renderer: "canvas" });
  const entry = { div, chart, text: "", island: null, pointer: null, more: 0, doubts: 0, fetchedWidth: div.clientWidth };
  drawn.set(div, entry);
  // The tooltip needs the pointer's position to find the nearest line, and ECharts does not pass it on.
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => { entry.pointer = [offsetX, offsetY]; });
  for (const type of ["touchmove", "contextmenu"]) div.addEventListener(type, holdPage, { passive: false });
  resized.observe(div);
  read(entry);
  chart.on("updateAxisPointer", ({ axesInfo = [] }) => {
    const axis = axesInfo.find(({ axisDim }) => axisDim === "x");
    if (axis) cross(entry, axis.value);
  });
  // It comes after the pointer has entered the legend.
  chart.getZr().on("globalout", () => entry.aimed && light(entry));
  chart.on("finished", function shown() {
    chart.off("finished", shown);
    showPointed(entry);
  });
}

// Reads the island; draws only when it has changed.
function read(entry) {
  const text = byId(entry.div.dataset.island)?.textContent ?? "";
  if (text === entry.text || !text) return;
  entry.text = text;
  let island;
  try {
    island = JSON.parse(text);
  } catch {
    return; // The legend table still has the values.
  }
  if (island?.since) island = continued(entry.island, island);
  if (island === undefined) return readAll(entry);
  entry.island = island;
  draw(entry, true);
}

// Requests all samples, when the request under way has ended: until then htmx sends no other. So do the next refreshes,
// because an instance that changes its past may do it again.
function readAll(entry) {
  const { div } = entry;
  entry.doubts = 10;
  div.closest(".panel").addEventListener("htmx:finally:request", () => setTimeout(fetchPanel, 0, div), { once: true });
}

// New data is drawn in the next frame, separate from parsing it.
function draw(entry, lazyUpdate = false) {
  const { chart, island } = entry;
  if (!island) return;
  const option = chartOption(entry);
  entry.div.style.setProperty("--plot-top", `${option.grid.top}px`);
  chart.setOption(option, { replaceMerge: ["series", "dataset"], lazyUpdate });
}
