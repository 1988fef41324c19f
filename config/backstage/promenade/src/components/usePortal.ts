import { useEffect, useMemo, useState } from 'react';
import {
  configApiRef,
  discoveryApiRef,
  fetchApiRef,
  useApi,
  type ConfigApi,
  type DiscoveryApi,
  type FetchApi,
} from '@backstage/core-plugin-api';

const COOKIE_PATH = '/.backstage/auth/v1/cookie';
/** The cookie is renewed this long before it ends. */
const AHEAD_MS = 120_000;
const LEAST_MS = 5_000;
const RETRY_MS = 15_000;
/** The longest time that a timer of a browser can wait. */
const MOST_MS = 0x7fff_ffff;

/** Where Promenade is, or why Backstage does not open it. Neither: Backstage has not answered yet. */
export type Portal = { url?: string; failure?: string };

/** Promenade at its own address, or behind the backend plugin, which a cookie of Backstage's opens. */
export function usePortal(): Portal {
  const config = useApi(configApiRef);
  const discovery = useApi(discoveryApiRef);
  const fetchApi = useApi(fetchApiRef);
  const own = useMemo(() => ownPortal(config), [config]);
  const [portal, setPortal] = useState<Portal>(own ?? {});

  useEffect(() => {
    if (own) return undefined;
    let timer: number | undefined;
    let isOver = false;
    const renew = async () => {
      let next = RETRY_MS;
      try {
        const { url, expiresAt } = await openedPortal(discovery, fetchApi);
        next = Math.min(Math.max(LEAST_MS, expiresAt - Date.now() - AHEAD_MS), MOST_MS);
        if (!isOver) setPortal(before => (before.url === url && !before.failure ? before : { url }));
      } catch (error) {
        // An opened page stays: its cookie may still hold.
        if (!isOver) setPortal(before => (before.url ? before : { failure: messageOf(error) }));
      }
      if (!isOver) timer = window.setTimeout(renew, next);
    };
    renew();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [own, discovery, fetchApi]);
  return portal;
}

/** The address in the config, or what is wrong with it. */
function ownPortal(config: ConfigApi): Portal | undefined {
  const written = config.getOptional('promenade.plugin.baseUrl') ?? undefined;
  if (written === undefined) return undefined;
  if (typeof written === 'string' && isAddress(written)) return { url: written.replace(/\/+$/, '') };
  return { failure: 'promenade.plugin.baseUrl must be an http or https URL, or a path that starts with "/"' };
}

function isAddress(text: string): boolean {
  if (!/^(https?:\/\/|\/(?!\/))/i.test(text)) return false;
  try {
    const { search, hash } = new URL(text, window.location.href);
    return !search && !hash;
  } catch {
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function openedPortal(
  discovery: DiscoveryApi,
  { fetch }: FetchApi,
): Promise<{ url: string; expiresAt: number }> {
  const url = await discovery.getBaseUrl('promenade');
  const response = await fetch(url + COOKIE_PATH, { credentials: 'include' });
  if (!response.ok) {
    const why = response.status === 404 ? ': is backstage-plugin-promenade-backend installed?' : '';
    throw new Error(`the cookie is refused with status ${response.status}${why}`);
  }
  const expiresAt = Date.parse((await response.json()).expiresAt);
  if (Number.isNaN(expiresAt)) throw new Error('the cookie has no end');
  return { url, expiresAt };
}
