export { promenadePlugin as default } from './plugin';
