export interface Config {
  promenade?: {
    plugin?: {
      /**
       * The origin of Promenade as the backend reaches it: `http://127.0.0.1:7080`.
       * Promenade's `app.baseUrl` is the address of this plugin: `https://backstage.example/api/promenade`.
       */
      target?: string;
    };
  };
}
