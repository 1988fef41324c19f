// A real Backstage with nothing but its catalog, in memory. CATALOG names the package to load:
// the current one, or the last one that names answers by an ETag.
'use strict';

const { createBackend } = require('@backstage/backend-defaults');

const backend = createBackend();
backend.add(require(process.env.CATALOG || '@backstage/plugin-catalog-backend'));
backend.start();
