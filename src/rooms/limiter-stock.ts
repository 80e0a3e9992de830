type Options = { lifeMs: number; max: number };
type Held = { tokens: number; until: number };

/**
 * Tokens that were taken in advance, by key: good for `lifeMs` after the last ones came. `max` keys are kept; past
 * it the one that was longest without new tokens is forgotten.
 */
export function createStock({ lifeMs, max }: Options) {
  const held = new Map<string, Held>();
  const of = (key: string, now: number) => {
    const own = held.get(key);
    return own !== undefined && own.until > now ? own.tokens : 0;
  };
  return {
    add(key: string, tokens: number, now = performance.now()): void {
      if (tokens === 0) return;
      const before = of(key, now);
      held.delete(key);
      held.set(key, { tokens: before + tokens, until: now + lifeMs });
      if (held.size > max) held.delete(held.keys().next().value!);
    },
    /** Takes one; false where there is none. */
    take(key: string, now = performance.now()): boolean {
      if (of(key, now) === 0) {
        held.delete(key);
        return false;
      }
      held.get(key)!.tokens -= 1;
      return true;
    },
    isEmpty: (key: string, now = performance.now()): boolean => of(key, now) === 0,
  };
}
