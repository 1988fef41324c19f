export interface Config {
  promenade?: {
    plugin?: {
      /**
       * The address of Promenade as browsers reach it, with its path: `https://promenade.example`.
       * Without it, pages come through the backend plugin.
       * @visibility frontend
       */
      baseUrl?: string;
    };
  };
}
