/** Runs an entry as a process of its own and starts it again, with backoff, when it dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../config.ts';
import { createBackoff } from './backoff.ts';
import type { Guardian } from './guardian.ts';
import { lastLines, logSize, openLog } from './logs.ts';
import { nodeArguments } from './node-command.ts';
import { upLine } from './part.ts';

export type SupervisedOptions = {
  name: string;
  entry: URL;
  env: Environment;
  logFile: string;
  guardian: Guardian | undefined;
  report(line: string): void;
  /** It ended for good: its configuration is wrong. */
  onFatal(sentence: string): void;
  backoff?: { firstMs: number; maxMs: number; resetAfterMs: number };
};
export type Supervised = {
  name: string;
  readonly pid: number | undefined;
  /** Resolves with its address when it says for the first time that it is ready. */
  ready: Promise<string>;
  /** Ends it for good; resolves when it is gone. */
  stop(): Promise<void>;
};

/** EX_CONFIG of sysexits.h: it would end the same way again. */
const EX_CONFIG = 78;
/** More than the entries allow themselves (SHUTDOWN_MS). */
const STOP_TIMEOUT_MS = 15_000;

type Ready = { ready: true; address: string };
const isReady = (message: unknown): message is Ready =>
  typeof message === 'object' && message !== null && 'ready' in message && 'address' in message;

export function supervise(options: SupervisedOptions): Supervised {
  const { name, logFile, guardian, report, onFatal } = options;
  const stopping = new AbortController();
  const nextWait = createBackoff(options.backoff);
  let child: ChildProcess | undefined;
  let markReady: (address: string) => void = () => {};
  const ready = new Promise<string>(resolve => {
    markReady = resolve;
  });

  /** One life of the process; answers how long it lasted and how it ended. */
  async function live() {
    const since = { at: Date.now(), log: logSize(logFile) };
    const spawned = spawnEntry(options);
    child = spawned;
    guardian?.watch(spawned.pid, 'SIGTERM');
    spawned.on('message', message => {
      if (!isReady(message)) return;
      report(upLine(name, message.address, spawned.pid));
      markReady(message.address);
    });
    const how = await new Promise<{ code: number | null; words: string }>(resolve => {
      spawned.once('exit', (code, signal) => resolve({ code, words: signal ?? `exit ${code}` }));
      spawned.once('error', error => resolve({ code: null, words: error.message }));
    });
    guardian?.forget(spawned.pid);
    child = undefined;
    return { ...how, lastedMs: Date.now() - since.at, said: lastLines(logFile, since.log) };
  }

  async function run() {
    while (!stopping.signal.aborted) {
      const { code, words, said, lastedMs } = await live();
      if (stopping.signal.aborted) return;
      if (code === EX_CONFIG) return onFatal(said.replace(/^parley: /, ''));
      const waitMs = nextWait(lastedMs);
      report(`${name} ended (${words}); it is started again in ${waitMs} ms, its log is ${logFile}`);
      if (code !== null && said !== '') report(said.slice(-500).replace(/^/gm, '    '));
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const running = run().catch(error => onFatal(error instanceof Error ? error.message : String(error)));

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
      last?.kill('SIGCONT');
      const killer = setTimeout(() => last?.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await running;
      clearTimeout(killer);
    },
  };
}

function spawnEntry({ entry, env, logFile }: SupervisedOptions): ChildProcess {
  const log = openLog(logFile);
  // A group of its own: Ctrl-C reaches the start alone, which then stops all in order.
  const stdio = ['ignore', log, log, 'ipc'] as const;
  const child = spawn(process.execPath, nodeArguments(entry), { stdio: [...stdio], detached: true, env });
  closeSync(log);
  return child;
}
