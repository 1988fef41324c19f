import {
  createFrontendPlugin,
  type FrontendPlugin,
} from '@backstage/frontend-plugin-api';
import {
  EntityCardBlueprint,
  EntityContentBlueprint,
} from '@backstage/plugin-catalog-react/alpha';
import { hasPromenadeAlerts, isPromenadeAvailable } from './entity';

const content = EntityContentBlueprint.make({
  params: {
    path: '/monitoring',
    title: 'Monitoring',
    filter: isPromenadeAvailable,
    loader: () => import('./components').then(m => <m.PromenadeContent />),
  },
});

const alertsCard = EntityCardBlueprint.make({
  name: 'alerts',
  params: {
    filter: hasPromenadeAlerts,
    loader: () => import('./components').then(m => <m.PromenadeAlertsCard />),
  },
});

/** The plugin of the new frontend system: a tab and a card of every entity that has something to show. */
const promenadePlugin: FrontendPlugin = createFrontendPlugin({
  pluginId: 'promenade',
  extensions: [content, alertsCard],
});

export default promenadePlugin;
