/**
 * Judging beside the event loop: a thread that detects the language and judges by the compiled text rules, in the
 * order it is asked. It starts when the first text or `warm` asks for it, and again a second after it died.
 *
 * Why a thread for every text and not for long ones alone: a text of 4,000 code points may cost 25 ms, and a short one
 * costs half a millisecond with the way to the thread and back: an `inline` room pays that in latency alone. With ten
 * senders of hostile texts the loop's delay was 19 ms at p99 (`test/bench/inline.ts`; 24 ms in a `live` room that takes
 * five times as many, on two busy cores). The language table costs 200 MB of memory, and is loaded only where a room is
 * `inline`.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Verdict } from '../message.ts';
import type { Policy } from '../moderation/policy/types.ts';
import type { Answered, Asked } from './asked.ts';

type Log = (details: object, message: string) => void;
type Deps = {
  policies: { written(room: string): { key: string; policy: Policy; version: string } };
  logger: { warn: Log };
};
type Waiting = { room: string; content: string; done(verdict: Verdict | undefined): void };

/** Texts that wait at a time; more are not judged. */
const MAX_WAITING = 500;
/** A thread that answers nothing for so long, though it is asked, is ended. */
const STUCK_MS = 10_000;
const RESTART_MS = 1_000;

/**
 * A loader given to the process does not reach its threads in every Node: the thread registers it itself. Found by
 * `createRequire`, for `import.meta.resolve` is not there where this module itself was loaded by `require`; by its
 * package, for `require` would find the variant that threads cannot import.
 */
const LOADER_PACKAGE = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
const BOOT = `const { loader, entry } = require('node:worker_threads').workerData;
import(loader).then(({ register }) => (register(), import(entry)));`;
const WORKER_DATA = {
  loader: new URL('dist/esm/api/index.mjs', LOADER_PACKAGE).href,
  entry: new URL('./thread-main.ts', import.meta.url).href,
};

export type Judges = ReturnType<typeof createJudges>;

export function createJudges({ policies, logger }: Deps) {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let mayStartAt = 0;
  let heardAt = 0;
  let ids = 0;
  let closed = false;

  function start() {
    if (thread !== undefined || closed || performance.now() < mayStartAt) return;
    const fresh = new Worker(BOOT, { eval: true, execArgv: [], workerData: WORKER_DATA });
    fresh.unref();
    fresh.on('message', hear);
    fresh.on('error', error => logger.warn({ error }, 'the thread that judges has failed'));
    fresh.on('exit', () => {
      if (thread !== fresh) return;
      thread = undefined;
      mayStartAt = performance.now() + RESTART_MS;
      for (const { done } of [...waiting.values()]) done(undefined);
    });
    thread = fresh;
    heardAt = performance.now();
  }

  function ask(id: number, withPolicy: boolean) {
    const { room, content } = waiting.get(id)!;
    const { key, version, policy } = policies.written(room);
    const asked: Asked = { id, content, key, version, ...(withPolicy ? { policy } : {}) };
    thread?.postMessage(asked);
  }

  function hear(answered: Answered) {
    heardAt = performance.now();
    const asker = waiting.get(answered.id);
    if (asker === undefined) return;
    if ('missing' in answered) return ask(answered.id, true);
    if ('failed' in answered)
      logger.warn({ room: asker.room, error: answered.failed }, 'a text could not be judged');
    asker.done('verdict' in answered ? answered.verdict : undefined);
  }

  function endIfStuck() {
    if (thread !== undefined && performance.now() - heardAt > STUCK_MS) void thread.terminate();
  }

  return {
    /** Starts the thread, so that the first text need not wait for it. */
    warm: start,
    /**
     * What the text rules of the room say, those that count in windows left out. Undefined where there is no verdict
     * within `timeoutMs`: too late, too many texts before it, or the thread is down. Never rejects.
     */
    judge(room: string, content: string, timeoutMs: number): Promise<Verdict | undefined> {
      start();
      if (thread === undefined || waiting.size >= MAX_WAITING) return Promise.resolve(undefined);
      if (waiting.size === 0) heardAt = performance.now();
      ids += 1;
      const id = ids;
      return new Promise(resolve => {
        const done = (verdict: Verdict | undefined) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(verdict);
        };
        const timer = setTimeout(() => {
          done(undefined);
          endIfStuck();
        }, timeoutMs);
        waiting.set(id, { room, content, done });
        ask(id, false);
      });
    },
    async close(): Promise<void> {
      closed = true;
      for (const { done } of [...waiting.values()]) done(undefined);
      await thread?.terminate();
    },
  };
}
