// The crosshair: at the time under the pointer, a line on every other chart and values in every legend. The lines are elements,
// because redrawing twenty charts for each move of the pointer is slow.

let crossing = 0;
let crossed = false;

// Without an entry or a time they disappear.
function cross(source, ms) {
  if (!source && !crossed) return;
  crossed = Boolean(source);
  cancelAnimationFrame(crossing);
  crossing = requestAnimationFrame(() => {
    const at = source && nearestSample(source.island, ms);
    for (const entry of drawn.values()) {
      if (!entry.island) continue;
      crossLine(entry, entry === source ? undefined : at);
      legendAt(entry, at);
    }
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

// The column of last values shows those at that time, over its own text: that one stays, and so do all widths.
function legendAt(entry, ms) {
  const { div, island } = entry;
  const table = div.closest(".panel").querySelector("table.legend");
  const [from, to] = endsOf(entry);
  const is = ms >= from && ms <= to;
  if (!table || (!is && !table.classList.contains("at"))) return;
  table.classList.toggle("at", is);
  if (!is) return;
  const at = Math.round((ms - island.start) / island.step);
  const p = parts(ms);
  table.tHead.rows[0].cells[2].dataset.at = `${p.hour}:${p.minute}:${p.second}`;
  for (const row of table.tBodies[0].rows) {
    row.cells[2].dataset.at = format(island.columns[row.dataset.series]?.[at], island.unit, entry.more);
  }
}

// One series in front of the others; without one all are alike. Its row in the legend too. `aimed`: the pointer is at its line.
function light(entry, i, aimed = false) {
  if (entry.lit === i || !entry.island) return;
  Object.assign(entry, { lit: i, aimed });
  entry.chart.setOption({ series: shownIn(entry).map((j) => ({ id: `s${j}`, ...strength(entry, j) })) }, { lazyUpdate: true });
  for (const row of rows(entry.div.closest(".panel"))) row.classList.toggle("lit", row.dataset.series === String(i));
}

function strength({ lit, island }, i) {
  const quiet = lit !== undefined && lit !== i;
  const { areaStyle } = island.option.series[i];
  return {
    lineStyle: { opacity: quiet ? 0.2 : 1 },
    areaStyle: areaStyle && { opacity: (areaStyle.opacity ?? 0.7) * (quiet ? 0.2 : 1) },
  };
}

// A row of the legend under the pointer.
function onLegendHover({ target, type }) {
  const row = target.closest?.("table.legend tr[data-series]");
  const entry = row && drawn.get(row.closest(".panel").querySelector(".chart"));
  if (entry) light(entry, type === "pointerover" ? Number(row.dataset.series) : undefined);
}
