/** Where the parts' output goes: one file each, bounded. */
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log that has grown past this moves to `<file>.1`, over the one before. */
const MAX_LOG_BYTES = 20 * 1_048_576;
const TAIL_BYTES = 4_096;
const TAIL_LINES = 3;

export function logSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Opens a log for appending, within its bound. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  boundLog(file);
  return openSync(file, 'a');
}

/** Empties a log that is too large. Its writers append, so they go on; what they say meanwhile may be lost. */
export function boundLog(file: string, maxBytes = MAX_LOG_BYTES): void {
  if (logSize(file) <= maxBytes) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}

/** The last lines of a log that were written after its size was `from` bytes. */
export function lastLines(file: string, from = 0): string {
  const size = logSize(file);
  const start = Math.max(size < from ? 0 : from, size - TAIL_BYTES);
  const buffer = Buffer.alloc(size - start);
  if (buffer.length === 0) return '';
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, start);
  } finally {
    closeSync(descriptor);
  }
  return buffer.toString('utf8').trim().split('\n').slice(-TAIL_LINES).join('\n');
}
