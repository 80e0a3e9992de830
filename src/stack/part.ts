/**
 * A part: one server process of the embedded stack. It can be stopped, or killed, and started again on the same
 * port with the same data. Whatever it says goes to its log file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Guardian } from './guardian.ts';

/** Something that stops the start with one sentence for the user. */
export class StackError extends Error {
  override name = 'StackError';
}

export type Part = {
  name: string;
  address: string;
  /** Undefined while it is stopped. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** Resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

export type PartOptions = {
  name: string;
  address: string;
  command: string;
  args: string[];
  uid?: number;
  gid?: number;
  logFile: string;
  stopSignal: NodeJS.Signals;
  /** True once it answers. */
  answers(): Promise<boolean>;
  timeoutMs: number;
  guardian: Guardian | undefined;
};

const POLL_MS = 50;
const STOP_TIMEOUT_MS = 15_000;
/** A log that has grown past this is begun anew at the next start. */
const MAX_LOG_BYTES = 20 * 1_048_576;

export function createPart(options: PartOptions): Part {
  const { name, address, logFile, timeoutMs, guardian } = options;
  let child: ChildProcess | undefined;

  function launch(): { spawned: ChildProcess; ended: Promise<void> } {
    const log = openLog(logFile);
    const { command, args, uid, gid } = options;
    const ids = uid === undefined || gid === undefined ? {} : { uid, gid };
    // A group of its own: Ctrl-C reaches the start alone, which then stops the parts in order.
    const spawned = spawn(command, args, { stdio: ['ignore', log, log], detached: true, ...ids });
    closeSync(log);
    child = spawned;
    guardian?.watch(spawned.pid, options.stopSignal);
    const ended = Promise.race([once(spawned, 'exit'), once(spawned, 'error')]).then(() => {
      if (child === spawned) child = undefined;
      guardian?.forget(spawned.pid);
    });
    return { spawned, ended };
  }

  async function start() {
    if (child) return;
    const { spawned, ended } = launch();
    const end = Date.now() + timeoutMs;
    while (!(await options.answers())) {
      await Promise.race([ended, delay(POLL_MS)]);
      if (spawned.exitCode !== null || spawned.signalCode !== null || spawned.pid === undefined) {
        throw new StackError(`${name} ended while it started: ${lastLines(logFile)} (its log is ${logFile})`);
      }
      if (Date.now() > end) {
        spawned.kill('SIGKILL');
        throw new StackError(`${name} did not answer within ${timeoutMs / 1_000} s: its log is ${logFile}`);
      }
    }
  }

  async function stop(signal = options.stopSignal) {
    const stopping = child;
    if (stopping === undefined) return;
    const gone = once(stopping, 'exit');
    stopping.kill(signal);
    const killer = setTimeout(() => stopping.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(killer);
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

/** Opens a log for appending; one that has grown too large is begun anew. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) truncateSync(file);
  return openSync(file, 'a');
}

/** The end of a log, on one line. */
export function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-2).join(' | ').slice(-400);
}
