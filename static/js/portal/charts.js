// Charts.

// One entry for each drawn chart: { div, chart, text, island, pointer, more }.
const drawn = new Map();
// What the server drew, by chart, while the panel is asked for again.
const pictures = new Map();
let library;

// Where it cannot be loaded, what the server drew stays for good.
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
    idle(() => loadLibrary().then(() => target.dataset.island || ask(target), () => {}), { timeout: 3000 });
  }
}, { rootMargin: "300px" });

// The panel again, with data for as many pixels as its chart has, in place of what the server drew.
function ask(div) {
  const panel = div.closest(".panel");
  if (!panel || !div.clientWidth) return;
  pictures.set(div.id, div.querySelector("svg"));
  window.htmx?.ajax("GET", div.dataset.drawn + div.clientWidth, { source: panel, target: panel, swap: "outerMorph" });
}

// What the server drew stays until the chart itself is there, which takes a task of its own: both in one would hold
// the reader up.
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
    if (Math.abs(width - entry.asked) <= entry.asked / 3) continue;
    entry.asked = width;
    ask(target);
  }
});

function start(div) {
  const chart = window.echarts.init(div, null, { renderer: "canvas" });
  const entry = { div, chart, text: "", island: null, pointer: null, more: 0, asked: div.clientWidth };
  drawn.set(div, entry);
  // The tooltip asks which line is nearest, and ECharts does not tell it where the pointer is.
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => { entry.pointer = [offsetX, offsetY]; });
  resized.observe(div);
  makeWalkable(entry);
  read(entry);
}

// Reads the island again; draws only when it has changed.
function read(entry) {
  const text = byId(entry.div.dataset.island)?.textContent ?? "";
  if (text === entry.text || !text) return;
  entry.text = text;
  try {
    entry.island = JSON.parse(text);
  } catch {
    return; // The legend table beside it still tells the figures.
  }
  draw(entry, true);
}

// New data is drawn in the next frame, apart from the reading of it.
function draw(entry, lazyUpdate = false) {
  const { chart, island } = entry;
  if (island) chart.setOption(chartOption(entry), { replaceMerge: ["series", "dataset"], lazyUpdate });
}
