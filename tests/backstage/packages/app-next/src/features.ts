import promenadePlugin from 'backstage-plugin-promenade/alpha';

// For an app without `app.packages`. Backstage checks the types; the app of the tests finds the plugin by itself.
export const features = [promenadePlugin];
