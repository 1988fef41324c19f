// Numbers: the same rules as src/chart/format.rs; tests/fixtures/number-format.json holds both to it.
// A unit is what the server says of it: { factor, rungs, base, tail, steps, prefix, comma, words, cap }; a rung is a divisor, the
// number from which the next rung is used, and a suffix.

const PARTS = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

// `more` digits beyond the usual ones, for close numbers.
function format(value, unit, more = 0) {
  if (value === null || value === undefined) return "–";
  const { factor, rungs, base, tail, steps, prefix = "", comma, words } = unit;
  const number = value * factor;
  if (typeof value === "string" || Number.isNaN(number)) return String(value);
  if (!Number.isFinite(number)) return number > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(number);
  if (words?.[number]) return words[number];
  if (steps === "time") return dateTime(Math.floor(value * (factor * 1000)));
  const [digits, suffix] = climb(size, rungs, more) || (steps === "clock" && duration(size, more))
    || [exponentForm(size, more), base];
  // Between each three digits before the point.
  const grouped = comma ? digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, comma) : digits;
  return (number < 0 ? "-" : "") + prefix + grouped + suffix + tail;
}

function climb(size, rungs, more) {
  if (size === 0) return null;
  for (const [i, [divisor, limit, suffix]] of rungs.entries()) {
    const scaled = i === 0 ? size / divisor : Math.max(size / divisor, 1);
    if (scaled >= limit) continue;
    const digits = digitsOf(scaled, more, suffix === "%");
    if (Number(digits) < limit) return [digits, suffix];
  }
  return null;
}

// `10m 40s`: the two largest parts, without those that are 0.
function duration(size, more) {
  if (size === 0 || size >= 864e8) return null;
  const last = Math.max(0, Math.min(2, PARTS.findIndex(([length]) => size >= length))) + 1 + more;
  const decimals = Math.max(0, last - 3);
  const quantum = (PARTS[last]?.[0] ?? 1) / 10 ** decimals;
  let rest = Math.floor(size / quantum + 0.5) * quantum;
  const parts = PARTS.flatMap(([length, letter]) => {
    const whole = Math.floor(rest / length);
    const text = letter === "s" ? trimmed(rest.toFixed(decimals)) : String(whole);
    rest -= whole * length;
    return text === "0" ? [] : [text + letter];
  });
  return [parts.join(" "), ""];
}

function digitsOf(x, more, percent) {
  if (x < 0.001) return exponentForm(x, more);
  // Availability is between 99 and 100%, where every digit counts.
  const tens = percent ? 2 : 1;
  const decimals = x < 0.01 ? 5 : x < 0.1 ? 4 : x < 1 ? 3 : x < 10 ? 2 : x < 100 ? tens : 0;
  return trimmed(x.toFixed(decimals + more));
}

function exponentForm(x, more) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(2 + more).split("e");
  return `${trimmed(mantissa)}e${exponent.replace("+", "")}`;
}

// Without trailing zeros.
function trimmed(digits) {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
