import { useEffect, useRef, useState, type RefObject } from 'react';
import type { Wish } from '../look';

const VERSION = 1;
const FIRST_HEIGHT = 400;
const MOST_HEIGHT = 50_000;
/** A frame that failed to load sends no event of its own. */
const READY_WITHIN_MS = 10_000;
const RETRY_MS = 15_000;

/** `silent`: no page of Promenade has said that it is ready. */
export type FrameState = 'waiting' | 'ready' | 'silent';

type Message = { type?: unknown; version?: unknown; height?: unknown } | null;

/** Loads a page of Promenade, gives it theme and look, and follows its height. */
export function useFrame(
  source: string,
  wish: Wish,
): { frame: RefObject<HTMLIFrameElement>; attempt: number; height: number; state: FrameState } {
  const frame = useRef<HTMLIFrameElement>(null);
  const latest = useRef(wish);
  const [attempt, setAttempt] = useState(0);
  const [height, setHeight] = useState(FIRST_HEIGHT);
  const [state, setState] = useState<FrameState>('waiting');
  const { origin } = new URL(source, window.location.href);

  useEffect(() => {
    const onMessage = (event: MessageEvent<Message>) => {
      const inFrame = frame.current?.contentWindow;
      if (!inFrame || event.source !== inFrame || event.origin !== origin) return;
      const message = event.data;
      if (message?.version !== VERSION) return;
      if (message.type === 'promenade:ready') {
        setState('ready');
        send(inFrame, origin, latest.current);
      }
      if (message.type === 'promenade:height' && typeof message.height === 'number') {
        setHeight(Math.min(Math.max(0, Math.ceil(message.height)), MOST_HEIGHT));
      }
    };
    window.addEventListener('message', onMessage);
    return () => window.removeEventListener('message', onMessage);
  }, [origin]);

  // Before it is ready, a page would not hear this: the message above brings it the latest wish.
  useEffect(() => {
    latest.current = wish;
    const inFrame = frame.current?.contentWindow;
    if (state === 'ready' && inFrame) send(inFrame, origin, wish);
  }, [origin, state, wish]);

  useEffect(() => setState('waiting'), [source]);

  useEffect(() => {
    if (state === 'ready') return undefined;
    const wait = state === 'waiting' ? READY_WITHIN_MS : RETRY_MS;
    const timer = window.setTimeout(() => {
      if (state === 'silent') setAttempt(attempt + 1);
      setState('silent');
    }, wait);
    return () => window.clearTimeout(timer);
  }, [attempt, source, state]);

  return { frame, attempt, height, state };
}

function send(to: Window, origin: string, wish: Wish) {
  to.postMessage({ type: 'promenade:set', version: VERSION, ...wish }, origin);
}
