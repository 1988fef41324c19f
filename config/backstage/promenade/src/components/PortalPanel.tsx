import { useMemo, useRef, type ReactElement } from 'react';
import { useEntity } from '@backstage/plugin-catalog-react';
import Link from '@material-ui/core/Link';
import Paper from '@material-ui/core/Paper';
import Typography from '@material-ui/core/Typography';
import { useTheme } from '@material-ui/core/styles';
import { pagePath } from '../entity';
import { lookOf } from '../look';
import { useFrame } from './useFrame';
import { usePortal } from './usePortal';

const BORDER = { border: 0, width: '100%', display: 'block' };
const TEXT = { padding: 16 };

const PortalFrame = (props: { title: string; address: string }): ReactElement => {
  const theme = useTheme();
  const mode = theme.palette.type;
  const wish = useMemo(() => ({ theme: mode, look: lookOf(theme) }), [mode, theme]);
  // A later theme is set by a message, so that the page in the frame stays as it is.
  const firstMode = useRef(mode);
  const source = `${props.address}?kiosk&theme=${firstMode.current}`;
  const { frame, attempt, height, state } = useFrame(source, wish);
  const isShown = state === 'ready';
  return (
    <>
      {state === 'silent' && (
        <Typography style={TEXT}>
          Promenade does not answer. This page tries again;{' '}
          <Link href={props.address} target="_blank" rel="noopener noreferrer">
            open it in a tab of its own
          </Link>{' '}
          to see why.
        </Typography>
      )}
      <iframe
        key={`${attempt} ${source}`}
        ref={frame}
        title={props.title}
        src={source}
        allow="clipboard-write"
        style={{ ...BORDER, height: state === 'silent' ? 0 : height, opacity: isShown ? 1 : 0, borderRadius: 'inherit' }}
      />
    </>
  );
};

/** A page of Promenade about the entity around, as a panel of Backstage. */
export const PortalPanel = (props: { title: string; page: string }): ReactElement => {
  const path = pagePath(useEntity().entity) + props.page;
  const portal = usePortal();
  return (
    <Paper data-testid="promenade">
      {portal.failure && (
        <Typography style={TEXT}>
          Backstage does not open Promenade: {portal.failure}
        </Typography>
      )}
      {portal.url !== undefined && <PortalFrame title={props.title} address={portal.url + path} />}
    </Paper>
  );
};
