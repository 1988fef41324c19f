// Colours: a series keeps the one that it has on this page. The server chooses by name or labels, and of two series that
// prefer one colour, a newcomer may get it.

// The colours by name, for each graph. A series that left has its colour until another needs it.
const given = new Map();

// Changes the server's colours, in the page or in what comes into it, to those that are given.
function keepColours(inside) {
  for (const table of all("table.legend", inside)) {
    const panel = table.closest(".panel");
    const graph = graphOf(panel);
    const before = given.get(graph) ?? new Map();
    const now = new Map();
    const used = new Set();
    const give = (name, colour) => {
      now.set(name, colour);
      used.add(colour);
    };
    const listed = rows(panel).map((row) => [nameOf(row), row.querySelector(".swatch i")]);
    for (const [name] of listed) if (before.has(name)) give(name, before.get(name));
    const changed = {};
    for (const [name, swatch] of listed) {
      const chosen = Number(swatch.className.slice(1));
      if (!now.has(name)) {
        const next = Array.from({ length: COLOURS }, (_, i) => (chosen + i) % COLOURS);
        give(name, next.find((colour) => !used.has(colour)) ?? chosen);
      }
      swatch.className = `s${now.get(name)}`;
      changed[chosen] ??= now.get(name);
    }
    for (const line of all(".lines [class]", panel)) {
      line.setAttribute("class", line.getAttribute("class").replace(/\d$/, (colour) => changed[colour] ?? colour));
    }
    for (const [name, colour] of before) if (!now.has(name) && !used.has(colour)) give(name, colour);
    given.set(graph, now);
  }
}

const colourOf = ({ div, island }, i) => given.get(graphOf(div))?.get(island.names[i]) ?? island.colours[i];
