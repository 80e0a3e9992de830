/**
 * Where an export stands: its range with the upper bound that was frozen when it began, the last place that was
 * written, and, where the output is a file, how long that was then. A cursor is written after what it tells of, so
 * a killed export may have written more; a resumed one cuts its own file back to where the cursor says.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Asked, type Range, UsageError } from './range.ts';

export type Cursor = {
  v: 1;
  range: Range;
  /** What was accepted at this time or later is not part of it. */
  until: string;
  /** Everything up to here was looked at. */
  place?: { room: string; id: number };
  lines: number;
  /** The file that the lines went to. */
  output?: { dev: number; ino: number; bytes: number };
  done?: true;
};

export const encode = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** The cursor to go on from; undefined where there is none yet. Throws UsageError. */
export function givenCursor({ cursor: given, cursorFile, range }: Asked): Cursor | undefined {
  const text = given ?? (cursorFile === undefined ? undefined : readIfThere(cursorFile));
  if (text === undefined) {
    if (range === undefined) throw new UsageError(`${cursorFile} does not exist yet: say which rooms.`);
    return undefined;
  }
  const cursor = decode(text.trim());
  if (cursor === undefined) throw new UsageError(`${cursorFile ?? 'What --cursor gives'} is no cursor.`);
  if (range !== undefined && !isDeepStrictEqual(range, cursor.range))
    throw new UsageError('The cursor is of another range than the one that is asked for.');
  return cursor;
}

/** The file has the old cursor or the new one, whenever this is killed. */
export function saveCursor(file: string, cursor: Cursor): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${encode(cursor)}\n`);
  renameSync(next, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function decode(text: string): Cursor | undefined {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Cursor>;
    const whole = value.v === 1 && typeof value.until === 'string' && typeof value.range === 'object';
    return whole ? (value as Cursor) : undefined;
  } catch {
    return undefined;
  }
}
