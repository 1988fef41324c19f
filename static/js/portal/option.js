// The ECharts option: the server's, completed by the browser.

// A token of the style sheet holds the colours of both themes; only a property of an element has the one in use.
function colours() {
  const probe = document.body.appendChild(element("i", ""));
  // Forced colours would make all series alike.
  probe.style.setProperty("forced-color-adjust", "none");
  const read = (name) => {
    probe.style.setProperty("color", `var(${name})`);
    return getComputedStyle(probe).color;
  };
  const theme = {
    series: Array.from({ length: COLOURS }, (_, i) => read(`--series-${i}`)),
    text: read("--text"),
    muted: read("--text-muted"),
    grid: read("--grid"),
    surface: read("--surface"),
    font: getComputedStyle(document.body).fontFamily,
  };
  probe.remove();
  return theme;
}

// The server's option with the theme, the zone, the size and the reader's choice of series.
function chartOption(entry) {
  const { chart, island } = entry;
  const theme = colours();
  const option = { ...island.option };
  const shown = shownIn(entry);
  option.textStyle = { ...option.textStyle, color: theme.text, fontFamily: theme.font };
  option.dataset = dataset(island);
  option.series = shown.map((i) => series(entry, i, theme)).concat(marks(island, theme, chart.getHeight()));
  option.xAxis = xAxis(island, chart.getWidth(), theme);
  option.yAxis = yAxis(entry, shown, theme);
  option.grid = { ...first(island.option.grid), left: entry.left, top: option.yAxis.name ? 28 : 12 };
  option.tooltip = { ...island.option.tooltip, ...tooltip(entry, theme) };
  return option;
}

const first = (list) => (Array.isArray(list) ? list[0] : list) ?? {};

function dataset({ start, step, columns }) {
  const length = longest(columns);
  const source = { t: Array.from({ length }, (_, i) => start + i * step) };
  // ECharts would copy plain arrays number by number; it reads NaN as a gap.
  columns.forEach((column, i) => { source[`s${i}`] = Float64Array.from(column, (value) => value ?? NaN); });
  return { source };
}

const longest = (columns) => Math.max(0, ...columns.map((column) => column.length));
const finite = (value) => (Number.isFinite(value) ? value : null);

function series(entry, i, theme) {
  const { island } = entry;
  const colour = theme.series[colourOf(entry, i)];
  const column = island.columns[i];
  const gap = (at) => column[at] == null;
  // A sample between two gaps, or the first of a pair of one pixel. By the same rule as `isolated` in src/chart/plot.rs.
  const lone = (_, at) => !gap(at) && gap(at - 1) && (gap(at + 1) || (island.within && gap(at + 2)));
  const showSymbol = column.some(lone);
  const base = island.option.series[i];
  const strong = strength(entry, i);
  return {
    ...base,
    id: `s${i}`,
    encode: { x: "t", y: `s${i}` },
    // Only such a sample gets a dot, because no line shows it.
    symbol: showSymbol ? (_, { dataIndex }) => (lone(_, dataIndex) ? "circle" : "none") : "none",
    symbolSize: 5,
    showSymbol,
    showAllSymbol: true,
    lineStyle: { ...base.lineStyle, ...strong.lineStyle, color: colour },
    itemStyle: { ...base.itemStyle, color: colour },
    areaStyle: base.areaStyle && { ...base.areaStyle, ...strong.areaStyle, color: colour },
    emphasis: { disabled: true },
  };
}

// Lines at times, in a series of their own after the named ones.
function marks({ marks: base }, theme, height) {
  if (!base) return [];
  const data = (base.markLine.data ?? []).map((line) => ({ ...line, label: { ...line.label, color: theme.text } }));
  const lineStyle = { color: theme.text, type: "dashed", width: 1 };
  // The lower edge, where a chart is higher than the server knows.
  const edge = (point) => (point.y > 99 ? { ...point, y: height - 42 } : point);
  const markPoint = base.markPoint && { ...base.markPoint, itemStyle: { color: theme.text }, data: base.markPoint.data.map(edge) };
  return { ...base, id: "marks", markPoint, markLine: { ...base.markLine, lineStyle, data } };
}

function xAxis({ from, to, option }, width, theme) {
  const ticks = timeTicks(from, to, timeRoom(width));
  const labels = timeLabels(ticks);
  const base = first(option.xAxis);
  return {
    ...base,
    min: from,
    max: to,
    axisLabel: {
      ...base.axisLabel, color: theme.muted, lineHeight: 14, customValues: ticks.ticks,
      formatter: (value) => labels.get(value) ?? "",
    },
    axisTick: { ...base.axisTick, customValues: ticks.ticks },
    axisLine: { ...base.axisLine, lineStyle: { color: theme.grid } },
    splitLine: { ...base.splitLine, lineStyle: { color: theme.grid } },
  };
}

function yAxis(entry, shown, theme) {
  const { chart, island } = entry;
  const { unit } = island;
  const base = first(island.option.yAxis);
  const room = Math.max(2, Math.floor(chart.getHeight() / 55));
  // The server's axis while all series are visible, so that nothing jumps when its picture is replaced.
  const whole = (island.y?.fixed || !choices.has(graphOf(entry.div))) && island.y;
  const axis = whole || valueAxis(extent(island, shown), unit, room, island.fromZero);
  const { min, max, interval, ticks } = axis;
  // Of a logarithmic axis.
  const customValues = ticks?.map(([value]) => value);
  const { labels, head, more } = interval ? axisLabels(axis, unit) : { labels: ticks?.map(([, text]) => text), head: axis.head ?? "", more: 0 };
  const place = ticks ? (value) => customValues.findIndex((tick) => value < tick * 1.001) : (value) => Math.round((value - min) / interval);
  entry.more = Math.max(more, island.more ?? 0);
  entry.left = gutter(labels ?? [format(min, unit), format(max, unit)]);
  return {
    ...base,
    min, max, interval,
    type: ticks ? "log" : "value",
    axisTick: { customValues },
    name: head,
    nameGap: 12,
    nameTextStyle: { color: theme.muted, fontSize: 11, align: "left", padding: [0, 0, 0, 8 - entry.left] },
    axisLabel: {
      ...base.axisLabel, color: theme.muted, fontSize: 11,
      customValues,
      formatter: (value) => (labels ? labels[place(value)] : format(value, unit)) ?? "",
    },
    splitLine: { ...base.splitLine, lineStyle: { color: theme.grid } },
  };
}

function extent(island, shown) {
  let least = Infinity;
  let most = -Infinity;
  const see = (value) => {
    if (value < least) least = value;
    if (value > most) most = value;
  };
  if (island.stack) {
    const length = longest(island.columns);
    for (let at = 0; at < length; at++) stackedAt(island, shown, at).forEach(({ top }) => see(top));
    if (least <= most && island.fromZero) see(0);
  } else {
    for (const i of shown) for (const value of island.columns[i]) if (Number.isFinite(value)) see(value);
  }
  return [least, most];
}

// The series with a value at one time; `top` is where it is drawn.
function stackedAt(island, shown, at) {
  const rows = [];
  let [above, below] = [0, 0];
  for (const i of shown) {
    const value = finite(island.columns[i][at]);
    if (value === null) continue;
    if (!island.stack) rows.push({ i, value, top: value });
    else rows.push({ i, value, top: value < 0 ? (below += value) : (above += value) });
  }
  return rows;
}
