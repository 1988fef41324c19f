// Axes: the same rules as src/chart/axes.rs; tests/fixtures/axes.json holds both to it.

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200]
  .map((seconds) => seconds * 1000)
  .concat([1, 2, 7, 14, 28, 91, 182, 364, 728, 1820, 3640].map((days) => days * DAY));

// Round times of the zone's wall clock, also on both sides of a change of the clocks.
function timeTicks(from, to, room) {
  const step = TIME_STEPS.find((s) => (to - from) / s <= room) ?? TIME_STEPS.at(-1);
  const monday = step >= 7 * DAY ? 4 * DAY : 0;
  const ticks = [];
  if (!(from < to)) return { ticks, step };
  let wall = Math.ceil((from + offset(from) - monday) / step) * step + monday;
  for (; ticks.length < 200; wall += step) {
    const tick = fromWall(wall);
    if (tick > to) break;
    // A wall time that a change of the clocks skips is the same moment as the next one.
    if (tick >= from && tick !== ticks.at(-1)) ticks.push(tick);
  }
  return { ticks, step };
}

// The first label of each day has the date below it, unless all of the range is today.
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

const DECIMAL = [1, 2, 2.5, 5, 10];
const CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000];

// A round step in the base unit: powers of two for bytes, minutes and hours for times.
function niceStep(rough, { steps, words }) {
  if (steps === "binary" && rough >= 1) return 2 ** Math.ceil(Math.log2(rough * 0.999));
  if (steps === "time" || (steps === "clock" && rough > 0.5)) {
    return CLOCK.find((step) => step >= rough * 0.999) ?? decimalStep(rough / 86400) * 86400;
  }
  return decimalStep(words ? Math.max(rough, 1) : rough);
}

function decimalStep(rough) {
  const power = Number(`1e${Math.floor(Math.log10(rough) + 1e-9)}`);
  return DECIMAL.map((fraction) => fraction * power).find((step) => step >= rough * 0.999) ?? power;
}

// How many ticks fit.
function timeRoom(width) {
  return Math.max(2, Math.min(4, Math.floor(width / 70)), Math.floor(width / 90));
}

// Converts the server's time axes from UTC to the reader's zone.
function localAxes() {
  if (zone) return;
  for (const axis of all(".plot .x")) {
    const [from, to] = axis.dataset.span.split(" ").map(Number);
    const ticks = timeTicks(from, to, timeRoom(axis.closest(".chart").clientWidth));
    const labels = timeLabels(ticks);
    axis.replaceChildren(...ticks.ticks.map((tick) => {
      const x = `${((tick - from) / (to - from)) * 100}%`;
      const [time, date] = labels.get(tick).split("\n");
      const label = drawnText("text", { x, y: "100%", dy: 18 }, time);
      if (date) label.append(drawnText("tspan", { x, dy: 14 }, date));
      return label;
    }));
  }
}

function drawnText(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

// The space left of the plot, by the longest label.
function gutter(labels) {
  const longest = Math.max(0, ...labels.map((text) => [...text].length));
  return longest <= 4 ? 40 : longest <= 7 ? 58 : 76;
}

const largest = (values) => Math.max(...values.map(Math.abs));

// Ends and step of the value axis over the visible series; areas begin at zero.
function valueAxis(extent, unit, room, fromZero) {
  if (extent[0] > extent[1]) extent = [0, 1];
  const { factor } = unit;
  const [low, high] = axisEnds(extent[0] * factor, extent[1] * factor, unit, fromZero);
  const step = niceStep((high - low) / room, unit);
  const min = (Math.floor(low / step + 1e-9) * step) / factor;
  const max = (Math.ceil(high / step - 1e-9) * step) / factor;
  return Number.isFinite(max - min) && max > min ? { min, max, interval: step / factor } : {};
}

function axisEnds(least, most, { steps, cap, factor }, fromZero) {
  if (steps === "time") {
    const around = most - least < 10 ? 1800 : 0;
    return [least - around, most + around];
  }
  let low = Math.min(least, 0);
  let high = Math.max(most, 0);
  const size = Math.max(high, -low);
  if (!size) return [0, factor];
  // Noise: the line is flat, with some space above it.
  if (most - least < size * 1e-6) {
    const padded = Math.min(size * 1.2, size <= cap ? cap : Number.MAX_VALUE);
    return high > 0 ? [0, padded] : [-padded, 0];
  }
  // Far from zero and nearly flat: an axis from zero would hide its changes.
  if (!fromZero && least > 0 && most - least < most / 3) low = least;
  if (!fromZero && most < 0 && most - least < -least / 3) high = most;
  return [low, high];
}

function axisValues({ min, max, interval }) {
  const start = Math.round(min / interval);
  return Array.from({ length: Math.round((max - min) / interval) + 1 }, (_, i) => (start + i) * interval);
}

// As many more digits as make all differ.
function textsOf(values, unit, interval) {
  let more = Math.min(13, Math.max(0, Math.ceil(Math.log10(largest(values) / interval)) - 1));
  const texts = () => values.map((value) => format(value, unit, more));
  while (more < 13 && new Set(texts()).size < values.length) more++;
  return [texts(), more];
}

// The labels, which are never cut, and above them what they have in common and have no room for: a long unit, or what is
// added to each of them.
function axisLabels(axis, unit) {
  const { interval } = axis;
  const values = axisValues(axis);
  const { factor, prefix = "", tail, steps } = unit;
  if (steps === "time") return instantLabels(interval * factor, values.map((value) => value * factor));
  const fit = (list) => list.every((text) => [...text].length <= 10);
  const inBase = { ...unit, factor: 1 };
  const bare = (list, digits) => list.map((value) => format(value, { ...inBase, prefix: "", tail: "" }, digits).trim());
  const [whole, more] = textsOf(values, unit, interval);
  if (fit(whole)) return { labels: whole, head: "", more };
  const short = bare(values.map((value) => value * factor), more);
  const common = axis.min * factor;
  if (fit(short) || !common || !Number.isFinite(common)) return { labels: short, head: (prefix + tail).trim(), more };
  const step = interval * factor;
  // The difference of two large numbers is not exact.
  const rest = values.map((value) => Math.round((value * factor - common) / step) * step);
  const [texts, digits] = textsOf(rest, inBase, step);
  return { labels: fit(texts) ? texts : bare(rest, digits), head: `${format(common, inBase, 12)} +`, more };
}

// In seconds.
function instantLabels(step, values) {
  const times = values.map((value) => parts(Math.round(value * 1000)));
  const [first] = times;
  const dates = times.map(({ year, month, day }) => `${year}-${month}-${day}`);
  const [date] = dates;
  const zoned = (common, labels) => ({ labels, head: common + first.timeZoneName, more: 0 });
  if (step >= 86400) return zoned("", dates);
  const clocks = times.map(({ hour, minute, second }) => `${hour}:${minute}${step < 60 ? `:${second}` : ""}`);
  if (step < 60 || date === dates.at(-1)) return zoned(`${date} `, clocks);
  return zoned(`${first.year} `, clocks.map((clock, i) => `${dates[i].slice(5)} ${clock}`));
}
