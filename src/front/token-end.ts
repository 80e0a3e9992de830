/** A longer delay makes setTimeout fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
const WARNING_MS = 60_000;

type Deps = { expiresAt: number; onExpiring(): void; onExpired(): void };

/**
 * Watches a token's end (`expiresAt` in milliseconds): calls `onExpiring` 60 s before it, at once where less
 * is left, and `onExpired` at it.
 */
export function watchTokenEnd({ expiresAt, onExpiring, onExpired }: Deps) {
  let timer: NodeJS.Timeout | undefined;
  const at = (moment: number, then: () => void) => {
    const left = moment - Date.now();
    if (left <= 0) return then();
    timer = setTimeout(() => at(moment, then), Math.min(left, LONGEST_DELAY_MS));
  };
  at(expiresAt - WARNING_MS, () => {
    onExpiring();
    at(expiresAt, onExpired);
  });
  return { stop: () => clearTimeout(timer) };
}
