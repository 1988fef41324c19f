// The portal's script. Every page works without it. The script draws charts, keeps the reader's place when panels
// refresh, and shows times in the reader's zone.
//
// It relies on these parts of the page:
//   <html data-theme="light|dark" data-tz="browser|utc|IANA name" data-echarts="URL of ECharts"
//     data-parents="origins that get messages">
//   <link rel="icon" id="favicon" data-ok="URL" data-firing="URL" data-pending="URL" data-unknown="URL">
//   <meta name="htmx-config" content='{"noSwap":[204,304,"4xx","5xx"],"morphIgnore":["data-htmx-powered","open","tabindex"],
//     "includeIndicatorCSS":false}'>: when a panel is morphed, "open" there keeps opened rows open, and "tabindex" the focus of
//     a chart
//   <p id="time-window" data-from data-to>: the window as in an address; hidden while it is live
//   <p id="connection" hidden>                           shown when the portal stops answering
//   <section class="panel" id data-title data-state>     the alerts panel has id="alerts"
//   <div class="chart" id="X" data-drawn="the panel's address, without its last number: a width"> with the server's
//     <svg class="plot"> and its <g class="x" data-span="from to">; after that request, without them, but with
//     data-island="Y" hx-morph-skip and a <script type="application/json" id="Y">. Refreshes send its `tick` as `since`,
//     and may get only newer samples
//   <table class="alerts"> <tr data-row="JSON of the row"> <td class="name"> <details> <summary> <a class="permalink">
//   <table class="legend"> <tr data-series="0" tabindex="0">, inside the same panel
//     <td class="name"><bdi>, <td title="the value in full">; <th><a data-sort="name|last|min|max|avg">
//   <input id="catalog-search"> in the form with id="catalog-filters", <div class="catalog"> <div class="entity"> <a>
//   <details id="menu-range"> with <input class="field" name="from"> and "to",
//     <form id="catalog-filters"> with selects, <span id="filters-chosen">: how many of them are set,
//     [data-zone="offset|words"], <dialog id="keys">, [data-keys], <p id="said" aria-live>
//   <time datetime="...">, <details class="menu">, [data-copy="text or path"]; empty: the <pre> beside it
// It never writes HTML: names and values come from Prometheus and may be hostile.
//
// static/build.rs joins the parts of this folder, in the order of its list, in one scope, and drops comments and
// blanks.

const root = document.documentElement;
const all = (selector, inside = document) => inside.querySelectorAll(selector);
const byId = (id) => document.getElementById(id);
const DAY = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SVG = "http://www.w3.org/2000/svg";
const TOOLTIP_ROWS = 12;
const COLOURS = 10;
// Of a sheet of A4 between its margins, in pixels.
const PAPER_WIDTH = 700;
