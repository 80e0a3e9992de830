type Options = {
  /** Tasks that may be under way, started or waiting, before `onFull`. */
  limit: number;
  onFull(): void;
  /** Half of the limit is free again. */
  onFree(): void;
};

/**
 * Runs tasks of one key in order, those of different keys side by side. It does not refuse: `onFull` asks the
 * source to pause, and what the source had read by then is still taken. Tasks must not throw.
 */
export function createLanes({ limit, onFull, onFree }: Options) {
  const tails = new Map<string, Promise<void>>();
  let underWay = 0;
  let full = false;

  function done() {
    underWay -= 1;
    if (full && underWay <= limit / 2) {
      full = false;
      onFree();
    }
  }

  return {
    add(key: string, task: () => Promise<void>): void {
      underWay += 1;
      if (!full && underWay >= limit) {
        full = true;
        onFull();
      }
      const before = tails.get(key);
      const tail: Promise<void> = (before === undefined ? task() : before.then(task)).finally(() => {
        if (tails.get(key) === tail) tails.delete(key);
        done();
      });
      tails.set(key, tail);
    },
    /** Resolves when nothing is under way; what is added later is waited for too. */
    async idle(): Promise<void> {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
