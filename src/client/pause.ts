/** The pause after a refusal that time cures, one for all that wait behind it. */
import { createBackoff } from './backoff.ts';
import type { Clock } from './clock.ts';

export type Pause = ReturnType<typeof createPause>;

/** `onEnd` is called when a pause is over, unless it was cancelled. */
export function createPause({ clock, onEnd }: { clock: Clock; onEnd(): void }) {
  const backoff = createBackoff({ random: clock.random });
  let running: { untilMs: number; cancel: () => void } | undefined;

  function start(waitMs: number) {
    running?.cancel();
    // The timer alone ends the pause: one that fires a moment early by the clock must not be missed.
    const cancel = clock.setTimer(end, waitMs);
    running = { untilMs: clock.now() + waitMs, cancel };
  }

  function end() {
    running = undefined;
    onEnd();
  }

  return {
    isRunning: () => running !== undefined,
    /**
     * Pauses for as long as the service asks, else for the next step of the backoff. Calls that were under way
     * together are refused together: during a pause nothing is a further step, only a longer wish makes it longer.
     */
    refused(retryAfterMs?: number) {
      if (running === undefined) return start(retryAfterMs ?? backoff.next());
      if (retryAfterMs !== undefined && clock.now() + retryAfterMs > running.untilMs) start(retryAfterMs);
    },
    /** A call went through: the backoff begins anew. */
    succeeded: backoff.reset,
    cancel() {
      running?.cancel();
      running = undefined;
    },
  };
}
