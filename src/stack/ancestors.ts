import { isRunning, type ProcessInfo, processInfo } from './processes.ts';

const POLL_MS = 300;
const MAX_DEPTH = 6;

/**
 * The processes this one depends on: its parent and, where npm runs it, everything up to the one that started npm.
 * Each of them may be killed without a word to the next.
 */
function ancestors(): ProcessInfo[] {
  const chain: ProcessInfo[] = [];
  let info = processInfo(process.ppid);
  while (info !== undefined && info.pid > 1 && chain.length < MAX_DEPTH) {
    chain.push(info);
    info = processInfo(info.parent);
  }
  const npm = chain.findLastIndex(({ command }) => /\bnpm\b/.test(command));
  return chain.slice(0, npm < 0 ? 1 : npm + 2);
}

/** Calls back once when one of them is gone. */
export function watchAncestors(onGone: () => void): { close(): void } {
  const chain = ancestors();
  const timer = setInterval(() => {
    if (chain.every(isRunning)) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
