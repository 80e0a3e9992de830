/** Runs an entry as a process of its own and starts it again, with backoff, when it dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Guardian } from './guardian.ts';
import { nodeArguments } from './node-command.ts';
import { lastLines, openLog, StackError } from './part.ts';

export type SupervisedOptions = {
  name: string;
  /** Its file, relative to src/. */
  entry: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  guardian: Guardian | undefined;
  report(line: string): void;
  /** It ended for good: its configuration is wrong. */
  onFatal(sentence: string): void;
};
export type Supervised = {
  name: string;
  readonly pid: number | undefined;
  ready: Promise<void>;
  stop(): Promise<void>;
};

const BACKOFF = { firstMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };
const EX_CONFIG = 78;
const STOP_TIMEOUT_MS = 15_000;

export function supervise(options: SupervisedOptions): Supervised {
  const { name, logFile, guardian, report } = options;
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let markReady: () => void = () => {};
  const ready = new Promise<void>(resolve => {
    markReady = resolve;
  });

  /** One life of the process; answers how long it lasted and how it ended. */
  async function live() {
    const since = Date.now();
    const log = openLog(logFile);
    const args = nodeArguments(new URL(`../${options.entry}`, import.meta.url));
    const spawned = spawn(process.execPath, args, {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env: options.env,
    });
    closeSync(log);
    child = spawned;
    guardian?.watch(spawned.pid, 'SIGTERM');
    spawned.on('message', message => {
      report(`${name.padEnd(10)} ${(message as { address: string }).address}  pid ${spawned.pid}`);
      markReady();
    });
    const [code, signal] = (await once(spawned, 'exit')) as [number | null, NodeJS.Signals | null];
    guardian?.forget(spawned.pid);
    child = undefined;
    return { code, signal, lastedMs: Date.now() - since };
  }

  async function run() {
    for (let wait = BACKOFF.firstMs; !stopping.signal.aborted; wait = Math.min(wait * 2, BACKOFF.maxMs)) {
      const { code, signal, lastedMs } = await live();
      if (stopping.signal.aborted) return;
      if (code === EX_CONFIG) return options.onFatal(lastLines(logFile));
      if (lastedMs > BACKOFF.resetAfterMs) wait = BACKOFF.firstMs;
      report(
        `${name} ended (${signal ?? `code ${code}`}); it is started again in ${wait} ms, its log is ${logFile}`,
      );
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const running = run().catch(error =>
    options.onFatal(error instanceof StackError ? error.message : String(error)),
  );

  return {
    name,
    get pid() {
      return child?.pid;
    },
    ready,
    async stop() {
      stopping.abort();
      const last = child;
      last?.kill('SIGTERM');
      const killer = setTimeout(() => last?.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await running;
      clearTimeout(killer);
    },
  };
}
