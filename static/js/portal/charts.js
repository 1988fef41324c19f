// Charts.

// One entry for each drawn chart: { div, chart, text, island, pointer, more }.
const drawn = new Map();
// The server's picture of each chart while its panel is fetched again.
const pictures = new Map();
let library;

// Without ECharts the server's picture stays.
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

const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    idle(() => loadLibrary().then(() => target.dataset.island || fetchPanel(target), () => {}), { timeout: 3000 });
  }
}, { rootMargin: "300px" });

// Fetches the panel again, with data for the width of its chart in place of the server's picture.
function fetchPanel(div) {
  const panel = div.closest(".panel");
  if (!panel || !div.clientWidth) return;
  pictures.set(div.id, div.querySelector("svg"));
  window.htmx?.ajax("GET", div.dataset.drawn + div.clientWidth, { source: panel, target: panel, swap: "outerMorph" });
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
  const entry = { div, chart, text: "", island: null, pointer: null, more: 0, fetchedWidth: div.clientWidth };
  drawn.set(div, entry);
  // The tooltip needs the pointer's position to find the nearest line, and ECharts does not pass it on.
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => { entry.pointer = [offsetX, offsetY]; });
  resized.observe(div);
  makeWalkable(entry);
  read(entry);
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

// Requests all samples, when the request under way has ended: until then htmx sends no other.
function readAll({ div, island }) {
  delete island?.tick;
  div.closest(".panel").addEventListener("htmx:finally:request", () => setTimeout(fetchPanel, 0, div), { once: true });
}

// New data is drawn in the next frame, separate from parsing it.
function draw(entry, lazyUpdate = false) {
  const { chart, island } = entry;
  if (island) chart.setOption(chartOption(entry), { replaceMerge: ["series", "dataset"], lazyUpdate });
}
