import {
  coreServices,
  createBackendPlugin,
  type BackendFeature,
} from '@backstage/backend-plugin-api';
import { readTarget, toPortal } from './portal';

/**
 * Serves the pages of Promenade below `/api/promenade` to signed-in users. A frame sends no token, so the
 * cookie of Backstage's that TechDocs uses too opens the pages.
 */
export const promenadePlugin: BackendFeature = createBackendPlugin({
  pluginId: 'promenade',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        discovery: coreServices.discovery,
        http: coreServices.httpRouter,
        httpAuth: coreServices.httpAuth,
        logger: coreServices.logger,
      },
      async init({ config, discovery, http, httpAuth, logger }) {
        const target = readTarget(config.getString('promenade.plugin.target'));
        // Promenade writes this path into every address of its pages.
        const external = new URL(await discovery.getExternalBaseUrl('promenade'));
        const basePath = external.pathname.replace(/\/+$/, '');
        http.addAuthPolicy({ path: '/', allow: 'user-cookie' });
        http.use((request, _response, next) => {
          httpAuth
            .credentials(request, { allow: ['user'], allowLimitedAccess: true })
            .then(() => next(), next);
        });
        http.use(toPortal({ target, basePath, logger }));
        logger.info(`pages of Promenade come from ${target.origin}${basePath}`);
      },
    });
  },
});
