// Times.

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
