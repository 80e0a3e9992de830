type Deps = {
  everyMs: number;
  work(): Promise<unknown>;
  /** Told of the first failure of a row. */
  failed(error: unknown): void;
};

/** Does a thing every so often, never twice at once, whether it fails or not. It keeps no process alive. */
export function createRepeating({ everyMs, work, failed }: Deps): { close(): void } {
  let working = false;
  let failing = false;
  const timer = setInterval(async () => {
    if (working) return;
    working = true;
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!failing) failed(error);
      failing = true;
    } finally {
      working = false;
    }
  }, everyMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
