import { setTimeout as delay } from 'node:timers/promises';

const MAX_REST_MS = 1_000;

export type Pace = () => Promise<void>;

/** Rests after each piece of work, so that the work takes no more than `share` (0..1) of the time. Throws once aborted. */
export function createPace(share: number, signal: AbortSignal): Pace {
  let since = performance.now();
  return async () => {
    signal.throwIfAborted();
    const worked = performance.now() - since;
    await delay(Math.min(MAX_REST_MS, worked * (1 / share - 1)), undefined, { signal, ref: false });
    since = performance.now();
  };
}
