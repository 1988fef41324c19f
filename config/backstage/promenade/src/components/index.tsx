import type { ReactElement } from 'react';
import { PortalPanel } from './PortalPanel';

/** The page of an entity: its alerts, then its graphs. */
export const PromenadeContent = (): ReactElement => <PortalPanel title="Alerts and graphs" page="" />;

/** The alerts of an entity alone. */
export const PromenadeAlertsCard = (): ReactElement => <PortalPanel title="Alerts" page="/alerts" />;
