// The portal's own script. Every page can be read without it; with it, charts are drawn, panels keep the reader's
// place when they refresh, and times are told in the reader's zone.
//
// What it relies on in the page:
//   <html data-theme="light|dark" data-tz="browser|utc|IANA name" data-echarts="URL of ECharts"
//     data-parents="origins that are told which row was opened">
//   <link rel="icon" id="favicon" data-ok="URL" data-firing="URL" data-pending="URL" data-unknown="URL">
//   <meta name="htmx-config" content='{"noSwap":[204,304,"4xx","5xx"],"morphIgnore":["data-htmx-powered","open"],
//     "includeIndicatorCSS":false}'>: "open" there keeps opened rows open when a panel is morphed
//   <p id="connection" hidden>                           told here when the portal stops answering
//   <section class="panel" id data-title data-state>     the alerts panel has id="alerts"
//   <div class="chart" id="X" data-island="Y" hx-morph-skip> and <script type="application/json" id="Y">
//   <table class="alerts"> <tr data-row="JSON of the row"> <td class="name"> <details> <summary> <a class="permalink">
//   <table class="legend"> <tr data-series="0" tabindex="0">, inside the same panel
//   <time datetime="...">, <details class="menu">, [data-copy="text or path"]; empty: the <pre> beside it
// It never writes HTML text: names and values come from Prometheus and may be hostile.
(() => {
  "use strict";

  const root = document.documentElement;
  const DAY = 86_400_000;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const TOOLTIP_ROWS = 12;

  // ---- Numbers: the same rules as src/chart/format.rs; tests/fixtures/number-format.json holds both to it ----

  // A rung: divisor, the number from which the next rung is used, suffix.
  const SI = [[1, 1e3, ""], [1e3, 1e3, "k"], [1e6, 1e3, "M"], [1e9, 1e3, "G"], [1e12, 1e3, "T"]];
  const BYTES = [" B", " KiB", " MiB", " GiB", " TiB", " PiB"].map((suffix, i) => [1024 ** i, 1024, suffix]);
  const SECONDS = [
    [1e-9, 1e3, " ns"], [1e-6, 1e3, " µs"], [1e-3, 1e3, " ms"],
    [1, 60, " s"], [60, 60, " min"], [3600, 24, " h"], [86_400, 1e6, " d"],
  ];
  const PERCENT = [[1, 1e6, "%"]];
  // The rungs, the suffix of zero and of what is beyond them, and what follows any suffix.
  const LADDERS = {
    none: [SI, "", ""],
    bytes: [BYTES, " B", ""],
    bytes_per_second: [BYTES, " B", "/s"],
    seconds: [SECONDS, " s", ""],
    ratio: [PERCENT, "%", ""],
    percent: [PERCENT, "%", ""],
    per_second: [SI, "", "/s"],
  };

  // `more` decimals than the three significant digits: an axis whose labels lie close together needs them.
  function format(value, unit, more = 0) {
    if (value === null || value === undefined) return "–";
    const number = unit === "ratio" ? value * 100 : value;
    if (typeof value === "string" || Number.isNaN(number)) return String(value);
    if (!Number.isFinite(number)) return number > 0 ? "+Inf" : "-Inf";
    const [ladder, base, tail] = Object.hasOwn(LADDERS, unit) ? LADDERS[unit] : [SI, "", ` ${unit}`];
    const size = Math.abs(number);
    const [digits, suffix] = climb(size, ladder, more) ?? [exponentForm(size), base];
    return (number < 0 ? "-" : "") + digits + suffix + tail;
  }

  function climb(size, ladder, more) {
    if (size === 0) return null;
    for (const [i, [divisor, limit, suffix]] of ladder.entries()) {
      const scaled = i === 0 ? size / divisor : Math.max(size / divisor, 1);
      if (scaled >= limit) continue;
      const digits = digitsOf(scaled, more, suffix === "%");
      if (Number(digits) < limit) return [digits, suffix];
    }
    return null;
  }

  function digitsOf(x, more, percent) {
    if (x < 0.001) return exponentForm(x);
    // Services live between 99 and 100%: there every digit counts.
    const tens = percent ? 2 : 1;
    const decimals = x < 0.01 ? 5 : x < 0.1 ? 4 : x < 1 ? 3 : x < 10 ? 2 : x < 100 ? tens : 0;
    return trimmed(x.toFixed(decimals + more));
  }

  function exponentForm(x) {
    if (x === 0) return "0";
    const [mantissa, exponent] = x.toExponential(2).split("e");
    return `${trimmed(mantissa)}e${exponent.replace("+", "")}`;
  }

  // Without the zeros that end its decimals.
  function trimmed(digits) {
    return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
  }

  // ---- Times ----

  const formats = new Map();

  // undefined is the reader's own zone.
  const zone = (() => {
    const tz = root.dataset.tz ?? "browser";
    if (tz === "browser") return undefined;
    try {
      return new Intl.DateTimeFormat("en-GB", { timeZone: tz }).resolvedOptions().timeZone;
    } catch {
      return "UTC"; // Known to the server, and not to this browser.
    }
  })();

  function clock(locale) {
    if (!formats.has(locale)) {
      formats.set(locale, new Intl.DateTimeFormat(locale, {
        timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
        hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
      }));
    }
    return formats.get(locale);
  }

  function parts(ms) {
    const found = {};
    for (const { type, value } of clock("en-GB").formatToParts(ms)) found[type] = value;
    // Zones have short names only in the English of where they are: CET in Britain's, EST in America's.
    if (found.timeZoneName.startsWith("GMT")) {
      const there = clock("en-US").formatToParts(ms).find(({ type }) => type === "timeZoneName");
      found.timeZoneName = there.value;
    }
    return found;
  }

  // How far the zone's wall clock is ahead of UTC at that moment.
  function offset(ms) {
    const p = parts(ms);
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000;
  }

  // The moment at which the zone's wall clock shows `wall` (a time as if in UTC).
  function fromWall(wall) {
    const guess = wall - offset(wall);
    return wall - offset(guess);
  }

  function dateTime(ms) {
    const p = parts(ms);
    return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}`;
  }

  // The server writes times in UTC; where the page is in another zone they are told again in that one, in the same
  // shape, with or without date and seconds.
  function localTimes() {
    for (const element of document.querySelectorAll("time[datetime]")) {
      const shape = /^(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)? UTC$/.exec(element.textContent.trim());
      const ms = Date.parse(element.dateTime);
      if (!shape || Number.isNaN(ms)) continue;
      const p = parts(ms);
      // What was the same day in UTC may be another one here.
      const date = shape[1] || day(p) !== day(parts(Date.now())) ? `${p.year}-${p.month}-${p.day} ` : "";
      const seconds = shape[2] ? `:${p.second}` : "";
      const text = `${date}${p.hour}:${p.minute}${seconds} ${p.timeZoneName}`;
      if (text !== element.textContent) element.textContent = text;
    }
  }

  // ---- Axes ----

  const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200]
    .map((seconds) => seconds * 1000)
    .concat([1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * DAY));

  // Round moments of the zone's wall clock: midnight is midnight there, on both sides of a change of the clocks.
  function timeTicks(from, to, room) {
    const step = TIME_STEPS.find((s) => (to - from) / s <= room) ?? TIME_STEPS.at(-1);
    const monday = step >= 7 * DAY ? 4 * DAY : 0;
    const ticks = [];
    if (!(from < to)) return { ticks, step };
    let wall = Math.ceil((from + offset(from) - monday) / step) * step + monday;
    for (; ticks.length < 200; wall += step) {
      const tick = fromWall(wall);
      if (tick > to) break;
      if (tick >= from) ticks.push(tick);
    }
    return { ticks, step };
  }

  // The date stands under the first label of each day, unless all that is shown is today.
  function timeLabels({ ticks, step }) {
    const today = day(parts(Date.now()));
    const needed = step < DAY && ticks.some((tick) => day(parts(tick)) !== today);
    const labels = new Map();
    let last = "";
    for (const tick of ticks) {
      const p = parts(tick);
      const time = step < 60_000 ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
      const dated = needed && day(p) !== last;
      last = day(p);
      labels.set(tick, step >= DAY ? day(p, step >= 28 * DAY) : dated ? `${time}\n${day(p)}` : time);
    }
    return labels;
  }

  function day(p, withYear = false) {
    return `${Number(p.day)} ${MONTHS[p.month - 1]}${withYear ? " " + p.year : ""}`;
  }

  const DECIMAL = { base: 10, fractions: [1, 2, 2.5, 5, 10] };
  const BINARY_STEPS = { base: 1024, fractions: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };
  const CLOCK_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

  // A step that reads well in the unit: powers of two for bytes, minutes and hours for long times.
  function niceStep(rough, unit) {
    if (unit === "seconds" && rough > 30) {
      const found = CLOCK_STEPS.find((step) => step >= rough);
      if (found) return found;
    }
    const binary = unit?.startsWith("bytes") && rough >= 1;
    const { base, fractions } = binary ? BINARY_STEPS : DECIMAL;
    const power = base ** Math.floor(Math.log(rough) / Math.log(base) + 1e-9);
    return (fractions.find((fraction) => fraction * power >= rough * 0.999) ?? base) * power;
  }

  // Ends and step of the value axis over what is shown.
  function valueAxis([least, most], unit, room) {
    if (least > most) [least, most] = [0, 1];
    let low = Math.min(least, 0);
    let high = Math.max(most, 0);
    // Far from zero and nearly flat: from zero such a line would tell nothing.
    if (least > 0 && most - least < least / 4) low = least;
    if (most < 0 && most - least < -most / 4) high = most;
    if (high === low) {
      const half = Math.abs(high) / 2 || 1;
      [low, high] = [low === 0 ? 0 : low - half, high + half];
    }
    const step = niceStep((high - low) / room, unit);
    const min = Math.floor(low / step + 1e-9) * step;
    const max = Math.ceil(high / step - 1e-9) * step;
    if (!Number.isFinite(min + max) || !(max > min)) return {};
    return { min, max, interval: step };
  }

  // How many decimals more it takes to tell neighbouring labels apart.
  function moreDecimals({ min, max, interval }) {
    if (!interval) return 0;
    const largest = Math.max(Math.abs(min), Math.abs(max));
    return Math.min(9, Math.max(0, Math.ceil(Math.log10(largest / interval)) - 1));
  }

  // ---- Charts ----

  // One entry for each drawn chart: { div, chart, text, island, pointer, more }.
  const drawn = new Map();
  // What the reader chose in a legend, by the chart's id: { only: Set } or { without: Set } of series names.
  const choices = new Map();
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

  function colours() {
    const style = getComputedStyle(root);
    const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    return {
      series: Array.from({ length: 10 }, (_, i) => read(`--series-${i}`, "#3366cc")),
      text: read("--text", "#222"),
      muted: read("--text-muted", "#555"),
      grid: read("--grid", "#ddd"),
      surface: read("--surface", "#fff"),
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  // The server's option, with what only the browser knows: theme, zone, room, and the reader's choice of series.
  function chartOption(entry) {
    const { chart, island } = entry;
    const theme = colours();
    const option = { ...island.option };
    const shown = island.names.map((_, i) => i).filter((i) => isShown(entry, island.names[i]));
    option.animation = false;
    option.textStyle = { ...option.textStyle, color: theme.text, fontFamily: theme.font };
    option.dataset = dataset(island);
    option.series = shown.map((i) => series(island, i, theme)).concat(marks(island, theme));
    option.xAxis = xAxis(first(island.option.xAxis), chart.getWidth(), theme);
    option.yAxis = yAxis(entry, shown, theme);
    option.tooltip = { ...island.option.tooltip, ...tooltip(entry, theme) };
    return option;
  }

  const first = (list) => (Array.isArray(list) ? list[0] : list) ?? {};

  function dataset({ start, step, columns }) {
    const length = Math.max(0, ...columns.map((column) => column.length));
    const source = { t: Array.from({ length }, (_, i) => start + i * step) };
    columns.forEach((column, i) => { source[`s${i}`] = column.map(finite); });
    return { source };
  }

  const finite = (value) => (Number.isFinite(value) ? value : null);

  function series(island, i, theme) {
    const colour = theme.series[island.colours[i]];
    const lone = new Set((island.lone ?? []).filter(([of]) => of === i).map(([, at]) => at));
    const base = island.option.series?.[i] ?? {};
    return {
      ...base,
      id: `s${i}`,
      name: island.names[i],
      type: "line",
      datasetIndex: 0,
      encode: { x: "t", y: `s${i}` },
      connectNulls: false,
      // A sample between two gaps has no line to be seen by, so it is the only one that gets a dot.
      symbol: lone.size ? (_, { dataIndex }) => (lone.has(dataIndex) ? "circle" : "none") : "none",
      symbolSize: 5,
      showSymbol: lone.size > 0,
      showAllSymbol: true,
      lineStyle: { ...base.lineStyle, color: colour },
      itemStyle: { ...base.itemStyle, color: colour },
      areaStyle: base.areaStyle && { ...base.areaStyle, color: colour },
      emphasis: { disabled: true },
    };
  }

  // Lines at moments, in a series of their own behind the named ones.
  function marks({ names, option }, theme) {
    return (option.series ?? []).slice(names.length).map((base) => {
      const data = (base.markLine?.data ?? []).map((line) => ({ ...line, label: { ...line.label, color: theme.text } }));
      const lineStyle = { color: theme.text, type: "dashed", width: 1 };
      return { ...base, id: "marks", type: "line", markLine: { ...base.markLine, lineStyle, data, animation: false } };
    });
  }

  function xAxis(base, width, theme) {
    const ticks = timeTicks(Number(base.min), Number(base.max), Math.max(2, Math.floor(width / 90)));
    const labels = timeLabels(ticks);
    return {
      ...base,
      axisLabel: {
        ...base.axisLabel, color: theme.muted, lineHeight: 14, customValues: ticks.ticks, hideOverlap: true,
        formatter: (value) => labels.get(value) ?? "",
      },
      axisTick: { ...base.axisTick, customValues: ticks.ticks },
      axisLine: { ...base.axisLine, lineStyle: { color: theme.grid } },
      splitLine: { ...base.splitLine, lineStyle: { color: theme.grid } },
    };
  }

  function yAxis(entry, shown, theme) {
    const { chart, island } = entry;
    const base = first(island.option.yAxis);
    const axis = valueAxis(extent(island, shown), island.unit, Math.max(2, Math.floor(chart.getHeight() / 55)));
    const more = entry.more = moreDecimals(axis);
    return {
      ...base,
      ...axis,
      axisLabel: { ...base.axisLabel, color: theme.muted, formatter: (value) => format(value, island.unit, more) },
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
      const length = Math.max(0, ...island.columns.map((column) => column.length));
      for (let at = 0; at < length; at++) stackedAt(island, shown, at).forEach(({ top }) => see(top));
      if (least <= most) see(0);
    } else {
      for (const i of shown) for (const value of island.columns[i]) if (Number.isFinite(value)) see(value);
    }
    return [least, most];
  }

  // The series with a value at one moment; `top` is where it is drawn.
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

  // ---- The tooltip: a DOM element, because ECharts' own HTML breaks a strict style-src ----

  function tooltip(entry, theme) {
    return {
      show: true,
      trigger: "axis",
      confine: true,
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
    const shown = island.names.map((_, i) => i).filter((i) => isShown(entry, island.names[i]));
    const rows = stackedAt(island, shown, at);
    const aim = pointer ? chart.convertFromPixel({ gridIndex: 0 }, pointer)?.[1] : null;
    const byNearness = (a, b) => Math.abs(a.top - aim) - Math.abs(b.top - aim);
    rows.sort(Number.isFinite(aim) ? byNearness : (a, b) => b.value - a.value);
    // The nearest leads; the others follow from the largest, which is easier to read than by distance.
    const others = rows.slice(1).sort((a, b) => b.value - a.value);
    const listed = rows.slice(0, 1).concat(others.slice(0, TOOLTIP_ROWS - 1));
    const body = element("div", "tip-body");
    body.append(element("div", "tip-time", dateTime(island.start + at * island.step)));
    listed.forEach((row, n) => body.append(tooltipRow(entry, row, n === 0)));
    if (!rows.length) body.append(element("div", "tip-more", "no data here"));
    if (rows.length > listed.length) {
      body.append(element("div", "tip-more", `and ${rows.length - listed.length} more`));
    }
    return body;
  }

  function tooltipRow({ island, more }, { i, value }, nearest) {
    const row = element("div", nearest ? "tip-row tip-nearest" : "tip-row");
    const swatch = element("span", "swatch");
    swatch.append(element("i", `s${island.colours[i]}`));
    row.append(swatch, element("span", "tip-value", format(value, island.unit, more)), element("span", "tip-name", island.names[i]));
    return row;
  }

  function element(tag, className, text = "") {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  // ---- The legend: a click isolates a series, with Ctrl, Cmd or Shift it is switched on or off ----

  function isShown({ div }, name) {
    const choice = choices.get(div.id);
    return !choice || (choice.only ? choice.only.has(name) : !choice.without.has(name));
  }

  function choose(entry, name, toggles) {
    const id = entry.div.id;
    const choice = choices.get(id);
    if (toggles) {
      const next = choice ?? { without: new Set() };
      const names = next.only ?? next.without;
      if (!names.delete(name)) names.add(name);
      choices.set(id, next);
    } else if (choice?.only?.size === 1 && choice.only.has(name)) {
      choices.delete(id);
    } else {
      choices.set(id, { only: new Set([name]) });
    }
    // Nothing left to see is nobody's wish.
    if (!entry.island.names.some((other) => isShown(entry, other))) choices.delete(id);
    draw(entry);
    markLegend(entry);
  }

  function rows({ div }) {
    return div.closest(".panel")?.querySelectorAll("table.legend tr[data-series]") ?? [];
  }

  function markLegend(entry) {
    const chosen = choices.has(entry.div.id);
    for (const row of rows(entry)) {
      const shown = isShown(entry, entry.island?.names[row.dataset.series]);
      row.classList.toggle("off", !shown);
      if (chosen) row.setAttribute("aria-selected", String(shown));
      else row.removeAttribute("aria-selected");
    }
  }

  function onLegend(event) {
    const row = event.target.closest?.("table.legend tr[data-series]");
    if (!row || event.target.closest("a, button, summary")) return;
    const entry = drawn.get(row.closest(".panel")?.querySelector(".chart"));
    const name = entry?.island?.names[row.dataset.series];
    if (name === undefined || (event.type === "click" && selectionIn(row))) return;
    event.preventDefault();
    choose(entry, name, event.ctrlKey || event.metaKey || event.shiftKey);
  }

  // ---- Refreshing ----

  // Panels that skipped a refresh while the tab was hidden.
  const missed = new Set();
  // What each poll under way asked for.
  const polled = new WeakMap();
  let leaving = false;
  let focus = null;

  function selectionIn(element) {
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && element.contains(selection.anchorNode));
  }

  // A poll waits while nobody looks, and while the reader holds on to something that it would move.
  function onRequest(event) {
    const { ctx } = event.detail;
    const { sourceElement: panel, sourceEvent } = ctx;
    if (sourceEvent?.type !== "every") return;
    if (document.hidden) missed.add(panel);
    polled.set(ctx, panel.getAttribute("hx-get"));
    // A graph in a row that was closed again has nobody to look at it.
    if (!panel.checkVisibility()) event.preventDefault();
    if (document.hidden || selectionIn(panel) || panel.querySelector("details.menu[open]")) event.preventDefault();
  }

  function onVisible() {
    if (document.hidden) return;
    for (const panel of missed) if (panel.isConnected) window.htmx?.trigger(panel, "every", {}, false);
    missed.clear();
  }

  function onAnswer(event) {
    const { ctx } = event.detail;
    const { raw, status } = ctx.response;
    // Sent elsewhere, a panel's request brings a sign-in page. And where the reader chose another filter while a
    // poll was under way, its answer would undo the choice.
    const stale = polled.has(ctx) && polled.get(ctx) !== ctx.sourceElement.getAttribute("hx-get");
    if (raw.redirected || stale) event.preventDefault();
    if (raw.redirected || status >= 400) tellSilence(`The portal answers with status ${status}`, raw.redirected);
    else tellSilence(null);
  }

  function onFailure(event) {
    if (event.detail.ctx && !leaving) tellSilence("The portal does not answer");
  }

  function tellSilence(what, redirected = false) {
    const banner = document.getElementById("connection");
    if (!banner) return;
    if (what === null) {
      banner.hidden = true;
      return;
    }
    if (!banner.hidden) return;
    const p = parts(Date.now());
    const cause = redirected ? "The portal sends this page elsewhere; reload it" : what;
    banner.textContent = `${cause}, since ${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}. What you see is from before.`;
    banner.hidden = false;
  }

  // A morph keeps elements, but a legend row has no id and may come to stand for another series.
  function rememberFocus() {
    const row = document.activeElement?.closest?.("table.legend tr[data-series]");
    const entry = row && drawn.get(row.closest(".panel").querySelector(".chart"));
    focus = entry ? { entry, name: entry.island?.names[row.dataset.series] } : null;
  }

  function restoreFocus() {
    if (!focus) return;
    const { entry, name } = focus;
    focus = null;
    for (const row of rows(entry)) {
      if (entry.island.names[row.dataset.series] === name) row.focus({ preventScroll: true });
    }
  }

  function refreshPage() {
    for (const [div, entry] of drawn) {
      if (div.isConnected) read(entry);
      else forget(entry);
    }
    for (const div of document.querySelectorAll(".chart[data-island]")) if (!drawn.has(div)) near.observe(div);
    for (const entry of drawn.values()) markLegend(entry);
    localTimes();
    refreshHead();
  }

  function forget({ div, chart }) {
    resized.unobserve(div);
    chart.dispose();
    drawn.delete(div);
  }

  // The tab tells the state too.
  function refreshHead() {
    const { title, state } = document.getElementById("alerts")?.dataset ?? {};
    if (title && document.title !== title) document.title = title;
    const icon = document.getElementById("favicon");
    const href = state && icon?.dataset[state];
    if (href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  }

  function redraw() {
    for (const entry of drawn.values()) draw(entry);
  }

  // ---- Rows of alerts ----

  // A row opens by its name too, which is a link for those who copy it or open it elsewhere.
  function onRow(event) {
    const summary = event.target.closest?.("table.alerts td.name summary");
    if (!summary) return;
    const details = summary.parentElement;
    const opens = !details.open;
    if (event.target.closest("a.permalink")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      details.open = opens;
    }
    const { row } = details.closest("tr").dataset;
    if (opens && row) tellParent({ type: "promenade:row", version: 1, row: JSON.parse(row) });
  }

  // The browser hands a message only to the origin that it is addressed to; where it tells the parent's origin, no
  // other is tried, because that would be a complaint in the console.
  function tellParent(message) {
    if (window.parent === window) return;
    const parent = location.ancestorOrigins?.[0];
    for (const origin of (root.dataset.parents ?? "").split(" ").filter(Boolean)) {
      if (!parent || parent === origin) window.parent.postMessage(message, origin);
    }
  }

  // ---- Small helps ----

  async function onCopy(button) {
    const given = button.dataset.copy || button.parentElement.querySelector("pre")?.textContent || "";
    // A link is copied whole; neither PromQL nor YAML begins with a slash.
    const text = given.startsWith("/") ? new URL(given, location.href).href : given;
    const done = await copy(text).then(() => true, () => false);
    const before = button.dataset.label ??= button.textContent;
    button.textContent = done ? "Copied" : "Not copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  // Over plain HTTP a page has no clipboard of its own; there the old command still serves.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "copy-field";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("refused");
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target);
    onLegend(event);
    onRow(event);
    const button = event.target.closest?.("[data-copy]");
    if (button) onCopy(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
    if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("tr[data-series]")) onLegend(event);
  });
  document.addEventListener("visibilitychange", onVisible);
  document.addEventListener("htmx:config:request", onRequest);
  document.addEventListener("htmx:after:request", onAnswer);
  document.addEventListener("htmx:error", onFailure);
  document.addEventListener("htmx:before:swap", rememberFocus);
  document.addEventListener("htmx:after:swap", () => {
    refreshPage();
    restoreFocus();
  });
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });

  window.promenade = { format };
  root.classList.add("js");
  refreshPage();
})();
