import { useEffect, useRef, useState, type RefObject } from 'react';
import type { Wish } from '../look';

const VERSION = 1;
const FIRST_HEIGHT = 400;
const MOST_HEIGHT = 50_000;
/** A frame that failed to load sends no event of its own. */
const READY_WITHIN_MS = 10_000;
const RETRY_MS = 15_000;
/** A page says that it is ready about when it is loaded. A page of errors never does. */
const READY_AFTER_LOAD_MS = 2_000;

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
    const element = frame.current;
    // Each page that is opened in the frame loads, and says that it is ready, in any order.
    let hasLoaded = false;
    let isReady = false;
    let timer: number | undefined;
    const onLoad = () => {
      window.clearTimeout(timer);
      hasLoaded = !isReady;
      isReady = false;
      if (hasLoaded) timer = window.setTimeout(() => setState('silent'), READY_AFTER_LOAD_MS);
    };
    const onReady = () => {
      window.clearTimeout(timer);
      isReady = !hasLoaded;
      hasLoaded = false;
      setState('ready');
    };
    const onMessage = (event: MessageEvent<Message>) => {
      const inFrame = frame.current?.contentWindow;
      if (!inFrame || event.source !== inFrame || event.origin !== origin) return;
      const message = event.data;
      if (message?.version !== VERSION) return;
      if (message.type === 'promenade:ready') {
        onReady();
        send(inFrame, origin, latest.current);
      }
      const { height: wanted } = message;
      if (message.type === 'promenade:height' && typeof wanted === 'number' && Number.isFinite(wanted)) {
        setHeight(Math.min(Math.max(0, Math.ceil(wanted)), MOST_HEIGHT));
      }
    };
    window.addEventListener('message', onMessage);
    element?.addEventListener('load', onLoad);
    return () => {
      window.removeEventListener('message', onMessage);
      element?.removeEventListener('load', onLoad);
      window.clearTimeout(timer);
    };
  }, [attempt, origin, source]);

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
