// The look of the page that frames this one: colours, corners and font of `promenade:set`, so that the frame looks at
// home in any theme. config/embedding.md documents it. A script of its own, because only a portal with `parentOrigins`
// loads it. It runs before portal.js, which says that the page is ready, and redraws charts for paper.
//
// A text must stay readable (WCAG AA) with every look. So a look whose own colours are too close is refused, and every
// other colour of the page is moved towards the text's until it can be read.

const root = document.documentElement;
const parents = (root.dataset.parents ?? "").split(" ");
const COLOURS = ["background", "surface", "text", "accent"];
const FONTS = [
  "Arial", "Helvetica", "Helvetica Neue", "IBM Plex Sans", "Inter", "Lato", "Noto Sans", "Open Sans", "Roboto",
  "Segoe UI", "Source Sans Pro", "Ubuntu", "Verdana", "system-ui",
];
const MOST_RADIUS = 16;
const TEXT = 4.5;
const LINES = 3;
const STATES = ["firing", "pending", "inactive", "unknown"];
const SERIES = Array.from({ length: 10 }, (_, i) => `series-${i}`);

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const toHex = (parts) => `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

// `share` of the other colour, 0 to 1.
const mix = (hex, other, share) => {
  const more = channels(other);
  return toHex(channels(hex).map((part, i) => part + (more[i] - part) * share));
};

// WCAG's relative luminance, 0 to 1.
const luminance = (hex) => {
  const light = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = channels(hex).map((part) => light(part / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};

// What is wrong with a look; nothing: it is taken.
function fault(look) {
  if (typeof look !== "object") return "it is no object";
  const { radius, font } = look;
  for (const name of COLOURS) {
    if (typeof look[name] !== "string" || !/^#[0-9a-f]{6}$/i.test(look[name])) return `${name} is not written as #rrggbb`;
  }
  if (radius !== undefined && !(typeof radius === "number" && radius >= 0 && radius <= MOST_RADIUS)) {
    return `radius is not a number from 0 to ${MOST_RADIUS}`;
  }
  if (font !== undefined && !FONTS.includes(font)) return `font is not one of ${FONTS.join(", ")}`;
  const { background, surface, text, accent } = look;
  for (const [front, colour] of [["text", text], ["accent", accent]]) {
    for (const [back, ground] of [["surface", surface], ["background", background]]) {
      const ratio = contrast(colour, ground);
      if (!(ratio >= TEXT)) return `${front} on ${back} has a contrast of ${ratio.toFixed(2)}, and needs ${TEXT}`;
    }
  }
  return "";
}

// The portal's own colours of one scheme.
function tokens(names, scheme) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.colorScheme = scheme;
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return toHex(getComputedStyle(probe).color.match(/\d+/g).slice(0, 3).map(Number));
  });
  probe.remove();
  return found;
}

function variables({ background, surface, text, accent, radius, font }) {
  const scheme = luminance(surface) < luminance(text) ? "dark" : "light";
  // A ground for text, tinted as far as the text allows.
  const tinted = (colour, share) => {
    const shares = [share, share / 2, share / 4].map((part) => mix(surface, colour, part));
    return shares.find((ground) => contrast(text, ground) >= TEXT) ?? surface;
  };
  const readable = (colour, grounds, least) => {
    for (let share = 0; share < 1; share += 0.05) {
      const moved = mix(colour, text, share);
      if (grounds.every((ground) => contrast(moved, ground) >= least)) return moved;
    }
    return text;
  };
  const sunken = tinted(text, 0.06);
  const hover = tinted(text, 0.04);
  const soft = tinted(accent, 0.12);
  const grounds = [surface, background, sunken, hover];
  const all = {
    "color-scheme": scheme,
    "--page": background,
    "--surface": surface,
    "--sunken": sunken,
    "--hover": hover,
    "--grid": mix(surface, text, 0.16),
    "--line-strong": readable(mix(surface, text, 0.45), [surface], LINES),
    "--text": text,
    "--text-muted": readable(mix(surface, text, 0.66), grounds, TEXT),
    "--accent": readable(accent, [...grounds, soft], TEXT),
    "--accent-soft": soft,
    "--on-accent": surface,
  };
  tokens(STATES, scheme).forEach((colour, i) => {
    const ground = tinted(colour, 0.12);
    all[`--${STATES[i]}-soft`] = ground;
    all[`--${STATES[i]}`] = readable(colour, [...grounds, ground], TEXT);
  });
  tokens(SERIES, scheme).forEach((colour, i) => { all[`--${SERIES[i]}`] = readable(colour, [surface], LINES); });
  if (radius !== undefined) all["--radius"] = `${radius}px`;
  // Where Helvetica is missing, Backstage's own list goes on with these.
  const next = font?.startsWith("Helvetica") ? "Helvetica, Roboto, Arial, " : "";
  if (font) all["--font"] = `"${font}", ${next}var(--own-font)`;
  return all;
}

// A sheet of the script's own, because the policy forbids styles in the page. Paper keeps the portal's colours.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

function wear(look) {
  sheet.replaceSync("");
  if (look) {
    const lines = Object.entries(variables(look)).map(([name, value]) => `${name}: ${value};`);
    sheet.replaceSync(`@media screen { :root:root { ${lines.join(" ")} } }`);
  }
  // Charts are drawn anew when the theme is set, to the same one too.
  root.dataset.theme = root.dataset.theme ?? "";
}

addEventListener("message", ({ source, origin, data }) => {
  if (source !== window.parent || source === window || !parents.includes(origin)) return;
  if (data?.type !== "promenade:set" || data.version !== 1) return;
  const { theme, look } = data;
  if (![undefined, "light", "dark", "system"].includes(theme)) return;
  // A theme alone is the portal's own.
  if (look === undefined && theme === undefined) return;
  const wrong = look === undefined || look === null ? "" : fault(look);
  if (wrong) console.warn(`promenade:set: the look is ignored: ${wrong}`);
  if (!wrong) wear(look);
  else if (theme !== undefined) wear(null);
});
addEventListener("beforeprint", () => { sheet.disabled = true; });
addEventListener("afterprint", () => { sheet.disabled = false; });
