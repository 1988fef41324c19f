export { hasPromenadeAlerts, isPromenadeAvailable } from './entity';
export {
  EntityPromenadeAlertsCard,
  EntityPromenadeContent,
  promenadePlugin,
} from './plugin';
