/**
 * When the provider is asked.
 *
 * - `closed`: always. After 5 failures in a row, or 10 among the last 20 calls, it opens.
 * - `open`: not at all, for a pause of 2 s. The first call after the pause makes it half-open.
 * - `half-open`: that call alone is made. Where it succeeds the breaker closes and forgets what was; where it fails it
 *   opens again, for twice the last pause, 60 s at most.
 *
 * A call that was begun in another state says nothing of this one.
 */
export type BreakerState = 'closed' | 'half-open' | 'open';
/** Leave to ask once; to be called once, with how it went. */
export type Admitted = (succeeded: boolean) => void;
export type Breaker = {
  /** Undefined where the provider is not to be asked now. */
  admit(): Admitted | undefined;
};

type Options = {
  /** Milliseconds from any beginning that never go back. */
  now?: () => number;
  /** Told of each change; `pauseMs` is how long an open one rests. */
  onChange?: (state: BreakerState, pauseMs: number) => void;
};

const IN_A_ROW = 5;
const LOOKED_AT = 20;
const OF_THOSE = 10;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export function createBreaker({ now = () => performance.now(), onChange }: Options = {}): Breaker {
  let state: BreakerState = 'closed';
  let changes = 0;
  let recent: boolean[] = [];
  let pauseMs = FIRST_PAUSE_MS;
  let openUntil = 0;

  function become(next: BreakerState) {
    state = next;
    changes += 1;
    onChange?.(next, pauseMs);
  }

  function open() {
    openUntil = now() + pauseMs;
    become('open');
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }

  function close() {
    recent = [];
    pauseMs = FIRST_PAUSE_MS;
    become('closed');
  }

  function note(succeeded: boolean) {
    recent = [...recent, succeeded].slice(-LOOKED_AT);
    const row = recent.slice(-IN_A_ROW);
    const failed = (results: boolean[]) => results.filter(result => !result).length;
    if (failed(row) === IN_A_ROW || failed(recent) >= OF_THOSE) open();
  }

  return {
    admit() {
      if (state === 'half-open' || (state === 'open' && now() < openUntil)) return undefined;
      if (state === 'open') become('half-open');
      const begun = changes;
      return succeeded => {
        if (changes !== begun) return;
        if (state === 'closed') note(succeeded);
        else if (succeeded) close();
        else open();
      };
    },
  };
}
