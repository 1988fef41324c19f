import * as plainHttp from 'node:http';
import * as tlsHttp from 'node:https';
import type {
  HttpRouterService,
  LoggerService,
} from '@backstage/backend-plugin-api';

type Handler = Parameters<HttpRouterService['use']>[0];

/** Promenade's pages only read. Its answers are the same for GET and HEAD. */
const METHODS = ['GET', 'HEAD'];

/** The only headers that Promenade gets: no cookie and no token of Backstage's. */
const FORWARDED = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'if-none-match',
  'traceparent',
  'tracestate',
  'user-agent',
]);
const FORWARDED_PREFIX = 'hx-';

/** The only headers of Promenade's that browsers get: no cookie, and nothing about a connection. */
const RETURNED = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'etag',
  'last-modified',
  'location',
  'permissions-policy',
  'referrer-policy',
  'retry-after',
  'x-content-type-options',
  'x-request-id',
]);
const RETURNED_PREFIXES = [FORWARDED_PREFIX, 'promenade-'];

/** Longer than Promenade's own time limits. */
const SILENCE_MS = 60_000;

/** The origin of Promenade. Its path is that of the plugin, so the config names none. */
export function readTarget(text: string): URL {
  const target = new URL(text);
  if (!['http:', 'https:'].includes(target.protocol)) {
    throw new Error(`promenade.plugin.target must begin with http: or https:, not ${target.protocol}`);
  }
  const { pathname, search, hash, username, password } = target;
  if (pathname !== '/' || search || hash || username || password) {
    throw new Error('promenade.plugin.target must be an origin such as http://127.0.0.1:7080');
  }
  return target;
}

function forwarded(headers: plainHttp.IncomingHttpHeaders): plainHttp.OutgoingHttpHeaders {
  const names = Object.keys(headers).filter(
    name => FORWARDED.has(name) || name.startsWith(FORWARDED_PREFIX),
  );
  return Object.fromEntries(names.map(name => [name, headers[name]]));
}

function returned(headers: plainHttp.IncomingHttpHeaders): plainHttp.OutgoingHttpHeaders {
  const names = Object.keys(headers).filter(
    name => RETURNED.has(name) || RETURNED_PREFIXES.some(prefix => name.startsWith(prefix)),
  );
  return Object.fromEntries(names.map(name => [name, headers[name]]));
}

/**
 * Whether a page of another site asks for something other than a page. The browser may send the cookie of Backstage's
 * along, so any web page could run queries in the name of a reader.
 */
function isForeign(headers: plainHttp.IncomingHttpHeaders): boolean {
  const isPage = ['document', 'iframe'].includes(String(headers['sec-fetch-dest']));
  return headers['sec-fetch-site'] === 'cross-site' && !isPage;
}

/**
 * Passes a request on, and its answer back as it is: compressed, with its ETag, its policy and its file name.
 */
export function toPortal(options: {
  target: URL;
  basePath: string;
  logger: LoggerService;
}): Handler {
  const { target, basePath, logger } = options;
  const { request: send } = target.protocol === 'https:' ? tlsHttp : plainHttp;
  return (request, response) => {
    if (!METHODS.includes(request.method)) {
      response.status(405).set('Allow', METHODS.join(', ')).end();
      return;
    }
    const { method, url, headers } = request;
    if (isForeign(headers)) {
      response.status(403).type('text/plain').send('Pages of other sites may not read Promenade.\n');
      return;
    }
    let problem = 'Promenade does not answer';
    const sent = send(target, {
      method,
      path: basePath + url,
      headers: forwarded(headers),
      timeout: SILENCE_MS,
    });
    const fail = (error: Error) => {
      if (response.destroyed) return;
      logger.warn(`${problem} (${target.origin}): ${error.message}`);
      if (response.headersSent) response.destroy();
      else response.status(502).type('text/plain').send(`${problem}.\n`);
    };
    sent.on('response', answer => {
      // Backstage's own policy forbids frames of other origins; Promenade's policy names those that it allows.
      if (answer.headers['content-security-policy']) {
        response.removeHeader('X-Frame-Options');
        response.removeHeader('Content-Security-Policy');
      }
      // Backstage may have written one too, for CORS.
      if (answer.headers.vary) response.vary(answer.headers.vary);
      response.writeHead(answer.statusCode ?? 502, returned(answer.headers));
      answer.on('error', fail);
      answer.pipe(response);
    });
    sent.on('timeout', () => {
      problem = 'Promenade sends no data';
      sent.destroy(new Error(`no data for ${SILENCE_MS / 1000} s`));
    });
    sent.on('error', fail);
    // The reader has left, or the answer is complete.
    response.on('close', () => sent.destroy());
    sent.end();
  };
}
