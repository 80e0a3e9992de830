/** How messages can be taken from their acceptance to their stored row: what the benchmark asks of each way. */
export type Pids = Record<'gateway' | 'worker' | 'engine' | 'redis' | 'postgres', number[]>;

export type Sending = {
  count: number;
  /** Evenly over time; undefined: as fast as they are taken, with a bounded number under way. */
  perSecond?: number;
};
/** From acceptance to the stored row, by the database's clock, in ms; rows that were stored together are a batch. */
export type Stored = { rows: number; batches: number; p50: number; p95: number; p99: number };

export type RunningDesign = {
  pids: Pids;
  /** Sends texts under this name. Resolves when each is accepted; throws where one is refused. */
  send(run: string, sending: Sending): Promise<void>;
  stored(run: string): Promise<Stored>;
  /** How late the gateway's event loop was since this was last asked, p99 in ms; undefined without a gateway. */
  loopDelayMs?(): Promise<number>;
  close(): Promise<void>;
};
/** `settings` are variables of Parley's own; the others have none. */
export type Design = { name: string; start(settings: Record<string, string>): Promise<RunningDesign> };

/** Short chat lines of several languages, all distinct. */
export function textOf(n: number): string {
  const lines = [
    'the weather is lovely and the train is late again',
    'kannst du mir bitte die Unterlagen bis morgen schicken',
    'nos vemos en la plaza a las ocho y media, no llegues tarde',
    'what a damn mess, who is going to clean this up',
    'je ne sais pas encore, on verra bien demain matin',
  ];
  return `${lines[n % lines.length]} (${n})`;
}

/** Calls `one` for each of `count`, evenly over time or with `window` under way at once. */
export async function paced(
  { count, perSecond }: Sending,
  window: number,
  one: (n: number) => Promise<void>,
): Promise<void> {
  if (perSecond === undefined) {
    let next = 0;
    const lane = async () => {
      while (next < count) {
        next += 1;
        await one(next - 1);
      }
    };
    await Promise.all(Array.from({ length: window }, lane));
    return;
  }
  const since = performance.now();
  const under: Promise<void>[] = [];
  while (under.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - since) / 1_000) * perSecond) + 1);
    while (under.length < due) under.push(one(under.length));
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  await Promise.all(under);
}
