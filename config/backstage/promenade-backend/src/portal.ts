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

/** Headers of one connection, and a cookie, which Promenade does not need. */
const NOT_RETURNED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Longer than Promenade's own time limits. */
const SILENCE_MS = 60_000;

/** The origin of Promenade. Its path is that of the plugin, so the config names none. */
export function readTarget(text: string): URL {
  const target = new URL(text);
  if (!['http:', 'https:'].includes(target.protocol)) {
    throw new Error(`promenade.plugin.target must begin with http: or https:, not ${target.protocol}`);
  }
  if (target.pathname !== '/' || target.search || target.username) {
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
  const names = Object.keys(headers).filter(name => !NOT_RETURNED.has(name));
  return Object.fromEntries(names.map(name => [name, headers[name]]));
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
    const sent = send(target, {
      method,
      path: basePath + url,
      headers: forwarded(headers),
      timeout: SILENCE_MS,
    });
    sent.on('response', answer => {
      // Backstage's own policy forbids frames of other origins; Promenade's policy names those that it allows.
      response.removeHeader('X-Frame-Options');
      response.removeHeader('Content-Security-Policy');
      response.writeHead(answer.statusCode ?? 502, returned(answer.headers));
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no data for ${SILENCE_MS / 1000} s`)));
    sent.on('error', error => {
      if (response.destroyed) return;
      logger.warn(`Promenade does not answer at ${target.origin}: ${error.message}`);
      if (response.headersSent) response.destroy();
      else response.status(502).type('text/plain').send('Promenade does not answer.\n');
    });
    // The reader has left, or the answer is complete.
    response.on('close', () => sent.destroy());
    sent.end();
  };
}
