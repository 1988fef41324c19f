import type { ComponentType } from 'react';
import {
  createComponentExtension,
  createPlugin,
  createRoutableExtension,
  createRouteRef,
  type BackstagePlugin,
  type RouteRef,
} from '@backstage/core-plugin-api';

const contentRouteRef: RouteRef = createRouteRef({ id: 'promenade' });

/** The plugin of the old frontend system. `./alpha` has that of the new one. */
export const promenadePlugin: BackstagePlugin<{ entityContent: RouteRef }> = createPlugin({
  id: 'promenade',
  routes: { entityContent: contentRouteRef },
});

/** The alerts and graphs of an entity, for a tab. */
export const EntityPromenadeContent: ComponentType = promenadePlugin.provide(
  createRoutableExtension({
    name: 'EntityPromenadeContent',
    component: () => import('./components').then(m => m.PromenadeContent),
    mountPoint: contentRouteRef,
  }),
);

/** The alerts of an entity, for a card. */
export const EntityPromenadeAlertsCard: ComponentType = promenadePlugin.provide(
  createComponentExtension({
    name: 'EntityPromenadeAlertsCard',
    component: { lazy: () => import('./components').then(m => m.PromenadeAlertsCard) },
  }),
);
