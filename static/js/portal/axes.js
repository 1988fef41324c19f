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

const DECIMAL = { base: 10, fractions: [1, 2, 2.5, 5, 10] };
const BINARY_STEPS = { base: 1024, fractions: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };
const CLOCK_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

// A round step in the unit: powers of two for bytes, minutes and hours for long times.
function niceStep(rough, unit) {
  if (unit === "seconds" && rough > 30) {
    const found = CLOCK_STEPS.find((step) => step >= rough);
    if (found) return found;
  }
  const binary = ["bytes", "bytes_per_second", "bits", "binbps"].includes(unit) && rough >= 1;
  const { base, fractions } = binary ? BINARY_STEPS : DECIMAL;
  const power = base ** Math.floor(Math.log(rough) / Math.log(base) + 1e-9);
  return (fractions.find((fraction) => fraction * power >= rough * 0.999) ?? base) * power;
}

// How many ticks fit.
function timeRoom(width) {
  return Math.max(2, Math.floor(width / 90));
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

// Ends and step of the value axis over the visible series; areas begin at zero.
function valueAxis([least, most], unit, room, fromZero) {
  if (least > most) [least, most] = [0, 1];
  let low = Math.min(least, 0);
  let high = Math.max(most, 0);
  // Far from zero and nearly flat: an axis from zero would hide its changes.
  if (!fromZero && least > 0 && most - least < most / 3) low = least;
  if (!fromZero && most < 0 && most - least < -least / 3) high = most;
  if (high === low) {
    const half = Math.abs(high) / 2 || 1;
    [low, high] = [low === 0 ? 0 : low - half, high + half];
  }
  const step = niceStep((high - low) / room, unit);
  const min = Math.floor(low / step + 1e-9) * step;
  const max = Math.ceil(high / step - 1e-9) * step;
  if (!Number.isFinite(min + max) || !Number.isFinite(max - min) || !(max > min)) return {};
  return { min, max, interval: step };
}

function axisValues({ min, max, interval }) {
  const first = Math.round(min / interval);
  return Array.from({ length: Math.round((max - min) / interval) + 1 }, (_, i) => (first + i) * interval);
}

// How many more decimals make the labels differ.
function moreDecimals(axis, unit) {
  if (!axis.interval) return 0;
  const values = axisValues(axis);
  const largest = Math.max(Math.abs(axis.min), Math.abs(axis.max));
  let more = Math.min(9, Math.max(0, Math.ceil(Math.log10(largest / axis.interval)) - 1));
  while (more < 9 && new Set(values.map((value) => format(value, unit, more))).size < values.length) more++;
  return more;
}

// Cut to the width of the gutter, and no label twice.
function axisLabels(axis, unit, more) {
  const labels = axisValues(axis).map((value) => [...format(value, unit, more)])
    .map((letters) => (letters.length > 10 ? letters.slice(0, 9).concat("…") : letters).join(""));
  return labels.map((label, i) => (labels.indexOf(label) === i ? label : ""));
}
