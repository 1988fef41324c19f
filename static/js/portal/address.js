// The address: it holds the reader's choices in legends, so that a reload, a link and a colleague show the same.

const CHOSEN = ["series", "hide", "legend"];
// After the first choice every link carries the choices, also that there are none.
let carries = false;

function readAddress() {
  const given = new URLSearchParams(location.search);
  for (const parameter of CHOSEN) {
    for (const text of given.getAll(parameter)) {
      const [graph, said] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
      if (parameter === "legend") orders.set(graph, said);
      else if (parameter === "series") named(graph, "only").add(said);
      else if (!choices.get(graph)?.only) named(graph, "without").add(said);
      carries = true;
    }
  }
}

function named(graph, kind) {
  if (!choices.has(graph)) choices.set(graph, { [kind]: new Set() });
  return choices.get(graph)[kind];
}

// The choices as pairs of the address.
function chosen() {
  const series = [...choices].flatMap(([graph, { only, without }]) =>
    [...(only ?? without)].map((name) => [only ? "series" : "hide", `${graph}:${name}`]));
  return series.concat([...orders].map(([graph, order]) => ["legend", `${graph}:${order}`]), openRows().map((id) => ["alert", id]));
}

function chosenIn(params) {
  for (const parameter of [...CHOSEN, "alert"]) params.delete(parameter);
  for (const [parameter, value] of chosen()) params.append(parameter, value);
}

// Links to this page in another window, theme or filter keep the choices.
function writeAddress() {
  carries ||= choices.size + orders.size > 0;
  if (!carries) return;
  const here = new URL(location);
  chosenIn(here.searchParams);
  if (here.href !== location.href) history.replaceState(history.state, "", here);
  for (const link of document.links) {
    if (link.origin !== here.origin || link.pathname !== here.pathname || link.matches("[data-sort], [href*='#']")) continue;
    const url = new URL(link);
    chosenIn(url.searchParams);
    if (url.href !== link.href) link.href = url.href;
  }
}

// A form of the bar also sends the choices, and times in the zone of the reader.
function onFormData({ target, formData }) {
  if (!target.closest(".bar")) return;
  if (carries) chosenIn(formData);
  for (const name of ["from", "to"]) {
    const text = formData.get(name);
    if (text && !zone) formData.set(name, text.trim().replace(/^(\d{4})-?(\d\d)-?(\d\d)(?:[ T](\d\d):?(\d\d):?(\d\d)?)?$/,
      (_, y, m, d, h = "00", min = "00", s = "00") => fromWall(Date.parse(`${y}-${m}-${d}T${h}:${min}:${s}Z`))));
  }
}
