// Who listens to what; the last part.

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  onLegend(event);
  onRow(event);
  const button = event.target.closest?.("[data-copy]");
  if (button) onCopy(button);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("tr[data-series]")) onLegend(event);
});
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
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });

window.promenade = { format };
root.classList.add("js");
refreshPage();
startFrame();
