// Charts.

// One entry for each drawn chart: { div, chart, text, island, pointer, more }.
const drawn = new Map();
let library;

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = root.dataset.echarts;
    script.onload = () => resolve(window.echarts);
    script.onerror = () => {
      library = undefined;
      reject(new Error("ECharts cannot be loaded"));
    };
    document.head.append(script);
  });
  return library;
}

const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    loadLibrary().then((echarts) => start(echarts, target), () => near.observe(target));
  }
}, { rootMargin: "300px" });

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const entry = drawn.get(target);
    if (!entry || !target.clientWidth) continue;
    if (entry.chart.getWidth() === target.clientWidth && entry.chart.getHeight() === target.clientHeight) continue;
    entry.chart.resize();
    draw(entry);
  }
});

function start(echarts, div) {
  if (!div.isConnected || drawn.has(div)) return;
  const chart = echarts.init(div, null, { renderer: "canvas" });
  const entry = { div, chart, text: "", island: null, pointer: null, more: 0 };
  drawn.set(div, entry);
  // The tooltip asks which line is nearest, and ECharts does not tell it where the pointer is.
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => { entry.pointer = [offsetX, offsetY]; });
  resized.observe(div);
  makeWalkable(entry);
  read(entry);
}

// Reads the island again; draws only when it has changed.
function read(entry) {
  const text = document.getElementById(entry.div.dataset.island)?.textContent ?? "";
  if (text === entry.text || !text) return;
  entry.text = text;
  try {
    entry.island = JSON.parse(text);
  } catch {
    return; // The legend table beside it still tells the figures.
  }
  draw(entry);
}

function draw(entry) {
  const { chart, island } = entry;
  if (island) chart.setOption(chartOption(entry), { replaceMerge: ["series", "dataset"] });
}
