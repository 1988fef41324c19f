// The tooltip: a DOM element, because ECharts' own HTML breaks a strict style-src.

function tooltip(entry, theme) {
  return {
    transitionDuration: 0,
    className: "tip",
    backgroundColor: theme.surface,
    borderColor: theme.grid,
    borderWidth: 1,
    padding: 8,
    textStyle: { color: theme.text, fontSize: 12 },
    extraCssText: "box-shadow:none;max-width:90%;white-space:normal",
    axisPointer: { type: "line", lineStyle: { color: theme.muted, type: "solid", width: 1 } },
    formatter: (params) => tooltipBody(entry, first(params).dataIndex ?? 0),
  };
}

function tooltipBody(entry, at) {
  const { island, chart, pointer } = entry;
  const rows = stackedAt(island, shownIn(entry), at);
  const aim = pointer ? chart.convertFromPixel({ gridIndex: 0 }, pointer)?.[1] : null;
  const byNearness = (a, b) => Math.abs(a.top - aim) - Math.abs(b.top - aim);
  rows.sort(Number.isFinite(aim) ? byNearness : (a, b) => b.value - a.value);
  // The nearest first, then the others from the largest, which is easier to read than by distance.
  const others = rows.slice(1).sort((a, b) => b.value - a.value);
  const listed = rows.slice(0, 1).concat(others.slice(0, TOOLTIP_ROWS - 1));
  const body = element("div", "tip-body");
  body.append(element("div", "tip-time", timeOf(island, at)));
  listed.forEach((row, n) => body.append(tooltipRow(entry, row, n === 0)));
  if (island.stack && rows.length > 1) {
    const sum = element("div", "tip-row");
    const all = rows.reduce((sum, { value }) => sum + value, 0);
    sum.append(element("span", "swatch"), element("span", "tip-value", format(all, island.unit, entry.more)), element("span", "tip-name", "Sum"));
    body.append(sum);
  }
  light(entry, Number.isFinite(aim) && isNear(entry, rows[0]) ? rows[0].i : undefined, true);
  if (!rows.length) body.append(element("div", "tip-more", "no data"));
  if (rows.length > listed.length) {
    body.append(element("div", "tip-more", `${rows.length - listed.length} more`));
  }
  return body;
}

// Whether the pointer is at the line, or in the area that ends there.
function isNear({ chart, island, pointer }, row) {
  const y = row && chart.convertToPixel({ yAxisIndex: 0 }, row.top);
  return Math.abs(y - pointer[1]) < (island.stack ? 40 : 8);
}

// Where samples share a pixel, two slots cover a duration from the first of them.
function timeOf({ start, step, within }, at) {
  const time = dateTime(start + (within ? at - (at % 2) : at) * step);
  return within ? `${time} + ${within}` : time;
}

function tooltipRow(entry, { i, value }, nearest) {
  const { island, more } = entry;
  const row = element("div", nearest ? "tip-row tip-nearest" : "tip-row");
  const swatch = element("span", "swatch");
  swatch.append(element("i", `s${colourOf(entry, i)}`));
  const text = format(value, island.unit, more);
  const full = String(Number(value.toPrecision(6)));
  row.append(swatch, element("span", "tip-value", text), element("span", "tip-name", island.names[i].slice(common(island.names))));
  if (nearest && !text.startsWith(full)) row.append(element("span", "tip-full", full));
  return row;
}

// How long the query or the metric is that all names begin with: in `up {job="a"}` and `up {job="b"}` three letters and a blank.
function common([name, ...others]) {
  const length = name.indexOf(" {") + 1;
  return length && others.length && others.every((other) => other.startsWith(`${name.slice(0, length)}{`)) ? length : 0;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
