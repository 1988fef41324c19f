import { createApp } from '@backstage/frontend-defaults';
import catalogPlugin from '@backstage/plugin-catalog/alpha';

// The plugin of Promenade is found by `app.packages: all`.
export default createApp({ features: [catalogPlugin] });
