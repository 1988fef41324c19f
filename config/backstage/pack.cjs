// `npm pack` in a package of this folder: the entry points become those of `dist` while the tarball is made, as
// Backstage's own packages do it. In a `plugins/` folder Backstage reads `src`.
//
//   node ../pack.cjs dist     before packing
//   node ../pack.cjs src      after it
'use strict';

const { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');

const FILE = 'package.json';
const KEPT = 'package.json-prepack';

const inDist = (entry) => ({
  types: entry.replace(/^(\.\/)?src\/(.*)\.tsx?$/, './dist/$2.d.ts'),
  default: entry.replace(/^(\.\/)?src\/(.*)\.tsx?$/, './dist/$2.js'),
});

function toDist() {
  if (existsSync(KEPT)) throw new Error(`${KEPT} exists: an earlier npm pack was stopped. Move it to ${FILE} first`);
  copyFileSync(FILE, KEPT);
  const manifest = JSON.parse(readFileSync(FILE, 'utf8'));
  const main = inDist(manifest.main);
  Object.assign(manifest, { main: main.default, types: main.types });
  for (const [name, entry] of Object.entries(manifest.exports ?? {})) {
    if (entry.includes('/src/')) manifest.exports[name] = inDist(entry);
  }
  for (const [name, [entry]] of Object.entries(manifest.typesVersions?.['*'] ?? {})) {
    manifest.typesVersions['*'][name] = [inDist(entry).types];
  }
  writeFileSync(FILE, `${JSON.stringify(manifest, null, 2)}\n`);
}

function toSrc() {
  renameSync(KEPT, FILE);
  rmSync('dist', { recursive: true, force: true });
}

const [, , to] = process.argv;
if (to === 'dist') toDist();
else if (to === 'src') toSrc();
else throw new Error('usage: node ../pack.cjs dist|src');
