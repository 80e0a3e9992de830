/**
 * The guardian: a process of its own that ends what the start has begun when the start itself is gone, however
 * that came (SIGKILL leaves no time to clean up). It holds the reading end of a pipe; when the pipe closes it ends
 * every process it was told of, newest first: by its own signal, and by SIGKILL after a grace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { nodeArguments } from './node-command.ts';
import { processInfo } from './processes.ts';

export type Guardian = {
  readonly pid: number | undefined;
  watch(pid: number | undefined, signal: NodeJS.Signals): void;
  forget(pid: number | undefined): void;
  /** Lets the guardian go; resolves when it is gone. */
  close(): Promise<void>;
};

/** Starts a guardian, and another one if it dies. */
export function startGuardian(): Guardian {
  const watched = new Map<number, string>();
  let child: ChildProcess | undefined;
  let closing = false;

  function launch() {
    const args = nodeArguments(new URL('./guardian-main.ts', import.meta.url));
    child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    child.stdin!.on('error', () => undefined);
    for (const line of watched.values()) child.stdin!.write(line);
    child.on('exit', () => {
      if (!closing) launch();
    });
    child.unref();
  }
  launch();

  return {
    get pid() {
      return child?.pid;
    },
    watch(pid, signal) {
      const info = pid === undefined ? undefined : processInfo(pid);
      if (info === undefined) return;
      const line = `+ ${info.pid} ${signal} ${info.startedAt}\n`;
      watched.set(info.pid, line);
      child?.stdin?.write(line);
    },
    forget(pid) {
      if (pid === undefined || !watched.delete(pid)) return;
      child?.stdin?.write(`- ${pid}\n`);
    },
    async close() {
      closing = true;
      const leaving = child;
      if (leaving === undefined || leaving.exitCode !== null) return;
      const gone = new Promise(resolve => leaving.once('exit', resolve));
      leaving.stdin?.end();
      await gone;
    },
  };
}
