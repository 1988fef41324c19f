// Copy buttons and menus.

async function onCopy(button) {
  const given = button.dataset.copy || button.parentElement.querySelector("pre")?.textContent || "";
  // A link is copied with its origin; neither PromQL nor YAML begins with a slash.
  const text = given.startsWith("/") ? new URL(given, location.href).href : given;
  const done = await copy(text).then(() => true, () => false);
  const before = button.dataset.label ??= button.textContent;
  button.textContent = done ? "Copied" : "Not copied";
  say(button.textContent);
  setTimeout(() => { button.textContent = before; }, 1500);
}

// The clipboard needs HTTPS; over plain HTTP the old command works.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "copy-field";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
}

function closeMenus(except) {
  for (const menu of all("details.menu[open]")) {
    if (menu.contains(except)) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
}
