// Refreshes of a chart: the server sends only what this page lacks.

// The chart that is here with the newer samples. Undefined in any doubt: another chart, or older samples that changed.
function continued(island, newer) {
  if (island?.tick !== newer.since) return;
  const { heads, kept, tails, start } = newer;
  const gone = (start - island.start) / island.step;
  const columns = tails.map((tail, i) => heads[i].concat(island.columns[i].slice(gone + heads[i].length, gone + kept), tail));
  if (checksum(columns) === newer.sum) return { ...island, ...newer, columns };
}

// By the same rules as `sum` in src/chart/echarts/tick.rs.
function checksum(columns) {
  let sum = 0;
  for (const column of columns) {
    for (const half of new Uint32Array(Float64Array.from(column, (value) => value ?? Infinity).buffer)) {
      sum = Math.imul(sum ^ half, 0x9e3779b1);
      sum ^= sum >>> 15;
    }
  }
  return sum >>> 0;
}
