/**
 * The guardian: a process of its own that ends what the start has begun when the start itself is gone, however
 * that came (SIGKILL leaves no time to clean up). It holds the reading end of a pipe; when the pipe closes it ends
 * every process it was told of, newest first: by its own signal, and by SIGKILL after a grace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { nodeArguments } from './node-command.ts';
import { endProcess, type Identity, processInfo } from './processes.ts';

export type Guardian = {
  readonly pid: number | undefined;
  watch(pid: number | undefined, signal: NodeJS.Signals): void;
  forget(pid: number | undefined): void;
  /** The folder goes after the last process, whoever is killed before. */
  removeAtEnd(folder: string): void;
  /** What it would end now. */
  watched(): Identity[];
  /** Lets the guardian end what is left and go; resolves when it is gone. */
  close(): Promise<void>;
};

/** One that dies again and again must not keep the machine busy. */
const REPLACE_AFTER_MS = 500;
/** Longer than what the gateways and the worker allow themselves (SHUTDOWN_MS). */
export const GRACE_MS = 12_000;

/** Starts a guardian, and another one if it dies; `onChange` hears of every new state. */
export function startGuardian(onChange: (guardian: Guardian) => void = () => undefined): Guardian {
  const watched = new Map<number, Identity & { signal: NodeJS.Signals; line: string }>();
  const folders: string[] = [];
  let child: ChildProcess | undefined;
  let closing = false;

  function tell(line: string) {
    // To one that has just died this is lost; its successor is told everything.
    if (child?.stdin?.writable) child.stdin.write(line);
  }

  function launch() {
    if (closing) return;
    const args = nodeArguments(new URL('./guardian-main.ts', import.meta.url));
    const launched = spawn(process.execPath, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    launched.on('error', () => undefined);
    launched.stdin.on('error', () => undefined);
    child = launched;
    for (const { line } of watched.values()) tell(line);
    for (const folder of folders) tell(`rm ${folder}\n`);
    launched.once('exit', () => setTimeout(launch, REPLACE_AFTER_MS).unref());
    launched.unref();
    onChange(guardian);
  }

  const guardian: Guardian = {
    get pid() {
      return child?.pid;
    },
    watch(pid, signal) {
      const info = pid === undefined ? undefined : processInfo(pid);
      if (info === undefined) return;
      const line = `+ ${info.pid} ${signal} ${info.startedAt}\n`;
      watched.set(info.pid, { pid: info.pid, startedAt: info.startedAt, signal, line });
      tell(line);
      onChange(guardian);
    },
    forget(pid) {
      if (pid === undefined || !watched.delete(pid)) return;
      tell(`- ${pid}\n`);
      onChange(guardian);
    },
    removeAtEnd(folder) {
      folders.push(folder);
      tell(`rm ${folder}\n`);
    },
    watched: () => [...watched.values()].map(({ pid, startedAt }) => ({ pid, startedAt })),
    async close() {
      closing = true;
      const leaving = child;
      if (leaving?.pid !== undefined && leaving.exitCode === null && leaving.signalCode === null) {
        leaving.ref();
        const gone = new Promise(resolve => leaving.once('exit', resolve));
        leaving.stdin?.end();
        await gone;
      }
      // What one that was killed just now did not get to.
      for (const one of [...watched.values()].reverse()) {
        await endProcess(one, { signal: one.signal, graceMs: GRACE_MS });
      }
      for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  launch();
  return guardian;
}
