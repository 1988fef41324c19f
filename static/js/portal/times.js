// Times.

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

// Offsets rather than letters: IST is three zones, and browsers do not agree on which zones have letters.
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
  for (const element of all("time[datetime]")) {
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

// Where the page is in the reader's own zone, the server could name neither that nor a time as it is there.
function tellZone() {
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
    // In the hour that is there twice, only the server's way of writing tells which.
    if (fromWall(wall) === ms) field.value = new Date(wall).toISOString().slice(0, 19).replace("T", " ");
  }
}
