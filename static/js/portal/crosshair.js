// The crosshair: a line on every other chart at the time under the pointer. It is an element, because redrawing twenty
// charts for each move of the pointer is slow.

let crossing = 0;
let crossed = false;

// Without an entry or a time the lines disappear.
function cross(source, ms) {
  if (!source && !crossed) return;
  crossed = Boolean(source);
  cancelAnimationFrame(crossing);
  crossing = requestAnimationFrame(() => {
    const at = source && nearestSample(source.island, ms);
    for (const entry of drawn.values()) if (entry.island) crossLine(entry, entry === source ? undefined : at);
  });
}

function nearestSample({ start, step }, ms) {
  return start + Math.round((ms - start) / step) * step;
}

function crossLine(entry, ms) {
  const [from, to] = endsOf(entry);
  const line = entry.cross ??= entry.div.appendChild(element("i", "cross"));
  line.hidden = !(ms >= from && ms <= to);
  if (!line.hidden) {
    line.style.setProperty("transform", `translateX(${entry.chart.convertToPixel({ xAxisIndex: 0 }, ms)}px)`);
  }
}
