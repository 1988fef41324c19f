// Who listens to what; the last part.

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  onLegend(event);
  onSort(event);
  onRow(event);
  const button = event.target.closest?.("[data-copy]");
  if (button) onCopy(button);
  if (event.target.closest?.("[data-keys]")) openKeys();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeMenus(null);
    endMark();
  }
  if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("tr[data-series]")) onLegend(event);
  onChartKey(event);
  onShortcut(event);
});
document.addEventListener("pointerdown", onPointerDown);
document.addEventListener("pointermove", onPointerMove);
document.addEventListener("pointerup", onPointerUp);
document.addEventListener("pointercancel", endMark);
document.addEventListener("focusout", onBlur);
document.addEventListener("formdata", onFormData);
document.addEventListener("visibilitychange", onVisible);
document.addEventListener("htmx:config:request", onRequest);
document.addEventListener("htmx:after:request", onAnswer);
document.addEventListener("htmx:error", onFailure);
document.addEventListener("htmx:before:swap", rememberFocus);
document.addEventListener("htmx:after:swap", () => {
  refreshPage();
  restoreFocus();
});
window.addEventListener("pagehide", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
window.addEventListener("popstate", () => {
  readAddress();
  redraw();
  refreshPage();
});
window.addEventListener("beforeprint", () => lighten(true));
window.addEventListener("afterprint", () => lighten(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });

window.promenade = { format, valueAxis, moreDecimals, timeTicks, timeLabels };
root.classList.add("js");
readAddress();
tellZone();
refreshPage();
offerBack();
startFrame();
