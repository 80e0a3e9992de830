import { setTimeout as delay } from 'node:timers/promises';
import type { Launched } from './processes.ts';

const POLL_MS = 50;

/** A process that ended, or stayed silent, before it was ready. `code` as it exited, null for a signal or silence. */
export class NotReady extends Error {
  override name = 'NotReady';
  readonly code: number | null;
  readonly tail: string;
  constructor(message: string, { code, tail }: { code: number | null; tail: string }) {
    super(message);
    this.code = code;
    this.tail = tail;
  }
}

/** Polls until `answers` is true. Throws NotReady when the process ends first; ends it after `timeoutMs`. */
export async function untilAnswers(
  launched: Launched,
  { answers, timeoutMs }: { answers: () => Promise<boolean>; timeoutMs: number },
): Promise<void> {
  const polling = new AbortController();
  const poll = async () => {
    while (!polling.signal.aborted && !(await answers().catch(() => false))) await delay(POLL_MS);
  };
  await untilReady(launched, { ready: poll(), timeoutMs }).finally(() => polling.abort());
}

/** Waits for `ready`. Throws NotReady when the process ends first; ends it after `timeoutMs`. */
export async function untilReady<T>(
  launched: Launched,
  { ready, timeoutMs }: { ready: Promise<T>; timeoutMs: number },
): Promise<T> {
  const { name, exited, tail } = launched;
  const timer = new AbortController();
  const silent = delay(timeoutMs, undefined, { signal: timer.signal }).then(async () => {
    const words = `${name} did not answer within ${timeoutMs / 1_000} s`;
    await launched.stop();
    throw new NotReady(words, { code: null, tail: tail() });
  });
  const ended = exited.then(({ code, signal }): never => {
    const words = `${name} ended before it was ready (${signal ?? `exit ${code}`})`;
    throw new NotReady(words, { code, tail: tail() });
  });
  // The race that is lost is over too; its rejection has been said already, or no longer matters.
  for (const promise of [silent, ended]) promise.catch(() => undefined);
  try {
    return await Promise.race([ready, silent, ended]);
  } finally {
    timer.abort();
  }
}
