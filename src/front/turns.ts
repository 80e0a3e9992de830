/** Lets `limit` holders go on at a time; others wait in the order in which they came. */
export function createTurns(limit: number) {
  const waiting: (() => void)[] = [];
  let held = 0;

  function end() {
    const next = waiting.shift();
    if (next === undefined) held -= 1;
    else next();
  }

  return {
    /** Resolves with what ends the turn, to be called once. */
    async take(): Promise<() => void> {
      if (held < limit) held += 1;
      else await new Promise<void>(resolve => waiting.push(resolve));
      return end;
    },
  };
}
