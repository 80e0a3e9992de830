/**
 * A part: one server process of the embedded stack. It can be stopped, or killed, and started again on the same
 * port with the same data. Whatever it says goes to its log file.
 *
 * stopped → starting → up; from up, by itself: → stopped, or with `revive` → waiting → starting.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../config.ts';
import { createBackoff } from './backoff.ts';
import type { Guardian } from './guardian.ts';
import { lastLines, logSize, openLog } from './logs.ts';

/** Something that stops the start with one sentence for the user. */
export class StackError extends Error {
  override name = 'StackError';
}

export type Part = {
  name: string;
  address: string;
  /** Undefined while it is stopped, and for one that was given. */
  readonly pid: number | undefined;
  /** Resolves when it answers. Throws StackError with its last words. */
  start(): Promise<void>;
  /** Resolves when the process is gone; it is not started again by itself. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

/** What all parts share. */
export type PartContext = {
  dataDir: string;
  env: Environment;
  guardian: Guardian | undefined;
  report(line: string): void;
  /** Starts it again when it dies by itself. */
  revive: boolean;
  /** Aborted when everything is to end: a part that is just being started ends too. */
  stopping: AbortSignal | undefined;
};

export type PartOptions = {
  context: PartContext;
  name: string;
  address: string;
  command: string;
  args: string[];
  env: Environment;
  uid?: number;
  gid?: number;
  cwd?: string;
  /** By how much it steps back where others need the processor; 0 unless given. */
  nice?: number;
  logFile: string;
  stopSignal: NodeJS.Signals;
  /** Done before each launch. */
  prepare?(): Promise<void>;
  /** Last words after which another try, a moment later, may do. */
  passing?: RegExp;
  /** True once it answers. */
  answers(): Promise<boolean>;
  timeoutMs: number;
};

const POLL_MS = 50;
const STOP_TIMEOUT_MS = 20_000;
const PASSING_RETRY_MS = 250;
const PASSING_TRIES = 40;

export function createPart(options: PartOptions): Part {
  const { name, address, context } = options;
  const backoff = createBackoff();
  let child: ChildProcess | undefined;
  let wanted = false;

  /** One life, from its launch until it answers. */
  async function launch() {
    context.stopping?.throwIfAborted();
    await options.prepare?.();
    const since = { at: Date.now(), log: logSize(options.logFile) };
    const launched = spawnPart(options);
    child = launched.child;
    context.guardian?.watch(child.pid, options.stopSignal);
    const ended = launched.ended.then(how => {
      if (child === launched.child) child = undefined;
      context.guardian?.forget(launched.child.pid);
      return how;
    });
    await untilAnswers(options, { ended, kill: () => launched.child.kill('SIGKILL'), log: since.log });
    ended.then(how => died(how, Date.now() - since.at)).catch(() => undefined);
  }

  async function died(how: string, lastedMs: number): Promise<void> {
    if (!wanted || !context.revive || context.stopping?.aborted) return;
    const waitMs = backoff(lastedMs);
    context.report(
      `${name} ended (${how}); it is started again in ${waitMs} ms, its log is ${options.logFile}`,
    );
    await delay(waitMs, undefined, { ref: false });
    const since = Date.now();
    try {
      if (wanted && child === undefined) await launch();
      if (child) context.report(upLine(name, address, child.pid));
    } catch (error) {
      await died(error instanceof Error ? error.message : String(error), Date.now() - since);
    }
  }

  async function start() {
    wanted = true;
    for (let tries = 1; child === undefined; tries += 1) {
      try {
        return await launch();
      } catch (error) {
        const passing = error instanceof StackError && options.passing?.test(error.message);
        if (!passing || tries >= PASSING_TRIES) throw error;
        await delay(PASSING_RETRY_MS);
      }
    }
  }

  async function stop(signal = options.stopSignal) {
    wanted = false;
    const stopping = child;
    if (stopping === undefined || stopping.exitCode !== null || stopping.signalCode !== null) return;
    const gone = once(stopping, 'exit');
    stopping.kill(signal);
    // One that was stopped by SIGSTOP would not hear it.
    if (signal !== 'SIGKILL') stopping.kill('SIGCONT');
    const killer = setTimeout(() => stopping.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(killer);
    context.guardian?.forget(stopping.pid);
    child = undefined;
  }

  return {
    name,
    address,
    get pid() {
      return child?.pid;
    },
    start,
    stop,
  };
}

/** A part that runs elsewhere: it is not ours to stop or to start. */
export function givenPart(name: string, address: string): Part {
  const refuse = () => Promise.reject(new Error(`${name} at ${address} was given, it is not ours to handle`));
  return { name, address, pid: undefined, start: refuse, stop: refuse };
}

/** The line that says where a part answers. */
export function upLine(name: string, address: string, pid: number | undefined): string {
  return `${name.padEnd(10)} ${address}  ${pid === undefined ? 'given' : `pid ${pid}`}`;
}

function spawnPart({ uid, gid, cwd, env, logFile, ...options }: PartOptions) {
  const [command, ...args] = commandOf(options);
  const log = openLog(logFile);
  const ids = uid === undefined || gid === undefined ? {} : { uid, gid };
  // A group of its own: Ctrl-C reaches the start alone, which then stops the parts in order.
  const child = spawn(command!, args, {
    stdio: ['ignore', log, log],
    detached: true,
    env,
    ...ids,
    ...(cwd === undefined ? {} : { cwd }),
  });
  closeSync(log);
  const ended = new Promise<string>(resolve => {
    child.on('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
    child.on('error', error => resolve(error.message));
  });
  return { child, ended };
}

/** Through `nice`, which becomes the command: only so all of its threads have the priority. */
function commandOf({ command, args, nice = 0 }: Pick<PartOptions, 'command' | 'args' | 'nice'>): string[] {
  return nice === 0 ? [command, ...args] : ['nice', '-n', String(nice), command, ...args];
}

type Launch = { ended: Promise<string>; kill(): void; log: number };

async function untilAnswers(options: PartOptions, { ended, kill, log }: Launch): Promise<void> {
  const { name, logFile, timeoutMs, context } = options;
  const end = Date.now() + timeoutMs;
  let how: string | undefined;
  ended.then(
    said => {
      how = said;
    },
    () => undefined,
  );
  while (!(await options.answers())) {
    if (how === undefined && (context.stopping?.aborted || Date.now() > end)) {
      kill();
      await ended;
      context.stopping?.throwIfAborted();
      throw new StackError(`${name} did not answer within ${timeoutMs / 1_000} s; its log is ${logFile}`);
    }
    if (how !== undefined) {
      const words = lastLines(logFile, log);
      throw new StackError(`${name} ended while it started (${how}), its log is ${logFile}:\n${words}`);
    }
    await Promise.race([ended, delay(POLL_MS)]);
  }
}
