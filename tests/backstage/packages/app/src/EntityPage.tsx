import { EntityAboutCard, EntityLayout, EntitySwitch } from '@backstage/plugin-catalog';
import Grid from '@material-ui/core/Grid';
import {
  EntityPromenadeAlertsCard,
  EntityPromenadeContent,
  hasPromenadeAlerts,
  isPromenadeAvailable,
} from 'backstage-plugin-promenade';

export const entityPage = (
  <EntityLayout>
    <EntityLayout.Route path="/" title="Overview">
      <Grid container spacing={3}>
        <Grid item xs={12} md={6}>
          <EntityAboutCard />
        </Grid>
        <EntitySwitch>
          <EntitySwitch.Case if={hasPromenadeAlerts}>
            <Grid item xs={12} md={6}>
              <EntityPromenadeAlertsCard />
            </Grid>
          </EntitySwitch.Case>
        </EntitySwitch>
      </Grid>
    </EntityLayout.Route>
    <EntityLayout.Route path="/monitoring" title="Monitoring" if={isPromenadeAvailable}>
      <EntityPromenadeContent />
    </EntityLayout.Route>
  </EntityLayout>
);
