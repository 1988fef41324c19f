// Event listeners and start; the last part.

const on = (type, listener, target = document) => target.addEventListener(type, listener);

on("click", (event) => {
  closeMenus(event.target);
  onLegend(event);
  onSort(event);
  onRow(event);
  onLink(event);
  const button = event.target.closest?.("[data-copy]");
  if (button) onCopy(button);
  if (event.target.closest?.("[data-keys]")) toggleKeys();
  if (event.target.id === "notify") onNotify();
});
on("keydown", (event) => {
  if (event.key === "Escape") {
    closeMenus(null);
    endMark();
  }
  if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("tr[data-series]")) onLegend(event);
  onChartKey(event);
  onLegendKey(event);
  onListKey(event);
  onShortcut(event);
});
for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) on(type, onFinger);
on("dblclick", onDoubleClick);
on("submit", ({ target }) => { if (target.closest(".bar")) keepPlace(); });
document.addEventListener("toggle", onToggle, true);
on("pointerdown", onPointerDown);
on("pointermove", onPointerMove);
on("pointerup", onPointerUp);
on("pointercancel", () => {
  endMark();
  pointed = undefined;
});
for (const type of ["pointerdown", "pointermove", "pointerover", "focusin"]) on(type, onInterest);
for (const type of ["wheel", "pointerdown", "keydown"]) on(type, () => { place = null; });
on("mouseleave", () => { pointed = undefined; }, root);
for (const type of ["pointerover", "pointerout"]) on(type, onLegendHover);
on("focusout", onBlur);
on("formdata", onFormData);
on("change", () => {
  const chosen = byId("filters-chosen");
  if (chosen) chosen.textContent = [...all("#catalog-filters select")].filter((select) => select.value).length;
});
on("visibilitychange", onVisible);
on("htmx:config:request", onRequest);
on("htmx:after:request", onAnswer);
on("htmx:error", onFailure);
on("htmx:before:swap", (event) => {
  rememberFocus();
  if (event.detail.ctx.target?.id === "alerts") holdRow();
  // Before the morph, so that no other colour is seen.
  for (const { fragment } of event.detail.tasks) keepColours(fragment);
});
on("htmx:after:swap", (event) => {
  refreshPage();
  restoreFocus();
  onListAnswer(event);
});
on("pagehide", () => { leaving = true; }, window);
on("pageshow", (event) => {
  leaving = false;
  // Back shows the page as it was.
  if (event.persisted || arrival?.type === "back_forward") refreshAll();
}, window);
let onScreen;
on("beforeprint", () => { onScreen = inTheme("light", PAPER_WIDTH); }, window);
on("afterprint", () => inTheme(onScreen), window);
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) on("change", redraw, matchMedia(query));
new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });

// htmx reads the page after this script.
setTimeout(fetchDetails);
window.promenade = { format, valueAxis, axisLabels, gutter, timeTicks, timeLabels };
root.classList.add("js");
readAddress();
showZone();
keepColours();
refreshPage();
showNotify();
arrive();
