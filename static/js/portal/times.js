// Times.

// undefined: the reader's own zone.
const zone = (() => {
  const tz = root.dataset.tz ?? "browser";
  if (tz === "browser") return undefined;
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: tz }).resolvedOptions().timeZone;
  } catch {
    return "UTC"; // The server knows the zone, this browser does not.
  }
})();

// Offsets instead of abbreviations: IST is three zones, and browsers disagree on abbreviations.
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "shortOffset",
});

function parts(ms) {
  const found = {};
  for (const { type, value } of clock.formatToParts(ms)) found[type] = value;
  found.timeZoneName = found.timeZoneName.replace(/GMT(\+0$)?/, "UTC").replace("\u2212", "-");
  return found;
}

// How far the zone's wall clock is ahead of UTC at that time.
function offset(ms) {
  const p = parts(ms);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000;
}

// The time at which the zone's wall clock shows `wall` (a time as if in UTC).
function fromWall(wall) {
  const guess = wall - offset(wall);
  return wall - offset(guess);
}

function dateTime(ms) {
  const p = parts(ms);
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}`;
}

// The server writes times in UTC. For another zone they are written again in the same shape, with or without date,
// seconds and zone.
function localTimes() {
  for (const element of all("time[datetime]")) {
    const shape = /^(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?( UTC)?$/.exec(element.textContent.trim());
    const ms = Date.parse(element.dateTime);
    if (!shape || Number.isNaN(ms) || (zone && !shape[3])) continue;
    const [p, now] = [ms, Date.now()].map(parts);
    // The same day in UTC may be another day here.
    const date = shape[1] || day(p) !== day(now) ? `${p.year}-${p.month}-${p.day} ` : "";
    const seconds = shape[2] ? `:${p.second}` : "";
    // Summer time may have another offset than now.
    const suffix = shape[3] || p.timeZoneName !== now.timeZoneName ? ` ${p.timeZoneName}` : "";
    const text = `${date}${p.hour}:${p.minute}${seconds}${suffix}`;
    if (text !== element.textContent) element.textContent = text;
  }
}

// The server does not know the reader's own zone, nor the times in it.
function showZone() {
  if (zone) return;
  const { timeZoneName } = parts(Date.now());
  const { timeZone } = clock.resolvedOptions();
  for (const element of all("[data-zone]")) {
    const inWords = element.dataset.zone === "words" && timeZone !== "UTC";
    element.textContent = inWords ? `${timeZone}, ${timeZoneName}` : timeZoneName;
  }
  for (const field of all("#menu-range input.field")) {
    if (!/^\d{4}-.*Z$/.test(field.value)) continue;
    const ms = Date.parse(field.value);
    const wall = ms + offset(ms);
    // In an hour that occurs twice, only the server's form is unambiguous.
    if (fromWall(wall) === ms) field.value = new Date(wall).toISOString().slice(0, 19).replace("T", " ");
  }
}
