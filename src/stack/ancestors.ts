import { isRunning, type ProcessInfo, processInfo } from './processes.ts';

const POLL_MS = 300;
const MAX_DEPTH = 6;
const PACKAGE_MANAGER = /^(\S*\/)?(npm|pnpm|yarn|bun)\b|\b(npm|pnpm|yarn)(-cli)?\.c?js\b/;

/**
 * The processes that `pid` depends on: its parent and, where a package manager runs it, everything up to the one
 * that started the package manager. Each of them may be killed without a word to the next. A parent in another
 * session has let its child go on purpose (`setsid npm start`); it and the system's first process do not count.
 */
export function ancestorsOf(pid: number): ProcessInfo[] {
  const chain: ProcessInfo[] = [];
  let child = processInfo(pid);
  while (child !== undefined && child.parent > 1 && chain.length < MAX_DEPTH) {
    const parent = processInfo(child.parent);
    if (parent === undefined || parent.session !== child.session) break;
    chain.push(parent);
    child = parent;
  }
  const manager = chain.findIndex(({ command }) => PACKAGE_MANAGER.test(command));
  return chain.slice(0, manager < 0 ? 1 : manager + 2);
}

/** Calls back once when one of this process's ancestors is gone. */
export function watchAncestors(onGone: (ancestor: ProcessInfo) => void): { close(): void } {
  const chain = ancestorsOf(process.pid);
  const timer = setInterval(() => {
    const lost = chain.find(one => !isRunning(one));
    if (lost === undefined) return;
    clearInterval(timer);
    onGone(lost);
  }, POLL_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
