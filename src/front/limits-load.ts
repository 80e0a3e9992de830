import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { GatewayMetrics } from '../metrics.ts';

/** How often the loop is sampled; the sampler's own pause is part of what it measures. */
const RESOLUTION_MS = 20;
const EVERY_MS = 1_000;

type Deps = { maxDelayMs: number; metrics: Pick<GatewayMetrics, 'loopDelay'>; everyMs?: number };
export type Load = ReturnType<typeof createLoad>;

/**
 * Watches how late the event loop is. Overloaded means that its mean delay over the last second was above
 * `maxDelayMs`; the next second decides anew.
 */
export function createLoad({ maxDelayMs, metrics, everyMs = EVERY_MS }: Deps) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let overloaded = false;
  let before = { count: 0, sumMs: 0 };
  const timer = setInterval(() => {
    // Not by `reset`: the sample after it is not counted, and under load it may be the only one.
    const { count } = histogram;
    const sumMs = count === 0 ? 0 : (histogram.mean * count) / 1e6;
    const samples = count - before.count;
    const meanMs = samples === 0 ? 0 : Math.max(0, (sumMs - before.sumMs) / samples - RESOLUTION_MS);
    before = { count, sumMs };
    metrics.loopDelay.set(meanMs / 1_000);
    overloaded = meanMs > maxDelayMs;
  }, everyMs);
  timer.unref();
  return {
    isOverloaded: () => overloaded,
    /** After how long it is worth to ask again. */
    retryAfterMs: everyMs,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
