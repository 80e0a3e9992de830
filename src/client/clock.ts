/** Time and chance as the client sees them: given by the options, so that a test can hold them. */
export type Clock = {
  now: () => number;
  /** A number in [0, 1). */
  random: () => number;
  /** Runs once after `ms`; the answer cancels. */
  setTimer: (run: () => void, ms: number) => () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A random id of 32 hexadecimal digits: a send's clientId, the same over every retry. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
