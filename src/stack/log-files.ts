import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

/** A log file that is larger when something is launched, or once a minute, keeps its content in `<name>.1`. */
export const MAX_LOG_BYTES = 20_000_000;

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Empties a log that has grown past the bound, keeping one older copy. Its writers go on undisturbed: they
 * append. Lines written between copy and cut are lost.
 */
export function boundLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  if (size(path) <= maxBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** A reader of what is appended to the file from now on: at most its last `maxBytes`, whole lines. */
export function readTail(path: string, maxBytes: number): () => string {
  const from = size(path);
  return () => {
    const file = openSync(path, 'r');
    try {
      const end = fstatSync(file).size;
      const start = Math.max(end < from ? 0 : from, end - maxBytes);
      const buffer = Buffer.alloc(end - start);
      readSync(file, buffer, 0, buffer.length, start);
      const text = buffer.toString('utf8');
      return (start === from || start === 0 ? text : text.slice(text.indexOf('\n') + 1)).trim();
    } finally {
      closeSync(file);
    }
  };
}
