// Numbers: the same rules as src/chart/format.rs; tests/fixtures/number-format.json holds both to it.

// A rung: divisor, the number from which the next rung is used, suffix.
const SI = [[1, 1e3, ""], [1e3, 1e3, "k"], [1e6, 1e3, "M"], [1e9, 1e3, "G"], [1e12, 1e3, "T"]];
// Before the name of a unit.
const PREFIXED = [" ", " k", " M", " G", " T", " P"].map((suffix, i) => [1000 ** i, 1e3, suffix]);
const BINARY = [" ", " Ki", " Mi", " Gi", " Ti", " Pi"].map((suffix, i) => [1024 ** i, 1024, suffix]);
const SECONDS = [
  [1e-9, 1e3, " ns"], [1e-6, 1e3, " µs"], [1e-3, 1e3, " ms"],
  [1, 60, " s"], [60, 60, " min"], [3600, 24, " h"], [86_400, 1e6, " d"],
];
const PERCENT = [[1, 1e6, "%"]];
// For units that are never written in thousands.
const PLAIN = [[1, 1e6, " "]];
// The rungs, the suffix of zero and of values beyond them, the tail after any suffix, and the factor.
const LADDERS = {
  none: [SI, "", ""],
  ratio: [PERCENT, "%", "", 100],
  percent: [PERCENT, "%", ""],
  per_second: [SI, "", "/s"],
  per_minute: [SI, "", "/min"],
};
// Each unit is 1,000 or 1,024 times the one before it.
for (const [ladder, tail, units] of [
  [BINARY, "B", "bytes kbytes mbytes gbytes tbytes"],
  [BINARY, "B/s", "bytes_per_second"],
  [PREFIXED, "B", "decbytes deckbytes decmbytes decgbytes dectbytes"],
  [PREFIXED, "B/s", "decbytes_per_second"],
  [BINARY, "b", "bits"],
  [BINARY, "b/s", "binbps"],
  [PREFIXED, "b", "decbits"],
  [PREFIXED, "b/s", "bits_per_second"],
  [PLAIN, "°C", "celsius"],
  [PLAIN, "°F", "fahrenheit"],
  [PLAIN, "K", "kelvin"],
  [PREFIXED, "Hz", "hertz"],
  [PREFIXED, "V", "volts"],
  [PREFIXED, "A", "amperes"],
  [PREFIXED, "W", "watts"],
  [PREFIXED, "J", "joules"],
  [PREFIXED, "g", "grams"],
  [PREFIXED, "m", "meters"],
]) {
  units.split(" ").forEach((unit, i) => { LADDERS[unit] = [ladder, " ", tail, ladder[0][1] ** i]; });
}
// One name for each rung.
"nanoseconds microseconds milliseconds seconds minutes hours days".split(" ")
  .forEach((unit, i) => { LADDERS[unit] = [SECONDS, " s", "", SECONDS[i][0]]; });

// `more` decimals beyond the three significant digits, for an axis with close labels.
function format(value, unit, more = 0) {
  if (value === null || value === undefined) return "–";
  const [ladder, base, tail, factor = 1] = Object.hasOwn(LADDERS, unit) ? LADDERS[unit] : [SI, "", ` ${unit}`];
  const number = value * factor;
  if (typeof value === "string" || Number.isNaN(number)) return String(value);
  if (!Number.isFinite(number)) return number > 0 ? "+Inf" : "-Inf";
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
  // Availability is between 99 and 100%, where every digit counts.
  const tens = percent ? 2 : 1;
  const decimals = x < 0.01 ? 5 : x < 0.1 ? 4 : x < 1 ? 3 : x < 10 ? 2 : x < 100 ? tens : 0;
  return trimmed(x.toFixed(decimals + more));
}

function exponentForm(x) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(2).split("e");
  return `${trimmed(mantissa)}e${exponent.replace("+", "")}`;
}

// Without trailing zeros.
function trimmed(digits) {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
