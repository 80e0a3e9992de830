import type { ExportStore } from '../store/export.ts';
import type { Cursor } from './cursor.ts';
import { lineOf } from './line.ts';

type Deps = {
  store: ExportStore;
  write(text: string): Promise<boolean>;
  /** After each page that was written. */
  reached(cursor: Cursor): void;
  stopping: AbortSignal;
  limit: number;
};

/** Rows of a statement: 12 MB where every text is at its longest. */
const PAGE = 500;
const END = Number.MAX_SAFE_INTEGER;

/**
 * Writes what is left of the range, in the order of rooms and ids, a page in memory at a time; answers where it
 * stands at the end: `done`, or stopped by the signal, the limit, or a reader that is gone.
 */
export async function runExport(
  from: Cursor,
  { store, write, reached, stopping, limit }: Deps,
): Promise<Cursor> {
  let cursor = from;
  let left = limit;
  const { rooms, after = 0, before = END, originals } = cursor.range;
  const next = async (last: string) =>
    rooms === undefined ? await store.nextRoom(last) : rooms.find(room => room > last);

  let room = cursor.place?.room ?? (await next(''));
  let id = cursor.place?.id ?? after;
  while (room !== undefined && !cursor.done) {
    if (stopping.aborted || left === 0) return cursor;
    const query = { room, after: id, before, from: cursor.range.from, until: cursor.until, limit: PAGE };
    const { messages, through, more } = await store.stretch(query);
    const page = messages.slice(0, left);
    const cut = page.length < messages.length;
    if (page.length > 0 && !(await write(page.map(one => lineOf(one, { originals })).join(''))))
      return cursor;
    left -= page.length;
    id = cut ? page.at(-1)!.id : (through ?? id);
    cursor = { ...cursor, place: { room, id }, lines: cursor.lines + page.length };
    reached(cursor);
    if (more || cut) continue;
    room = await next(room);
    id = 0;
  }
  const done: Cursor = { ...cursor, done: true };
  reached(done);
  return done;
}
