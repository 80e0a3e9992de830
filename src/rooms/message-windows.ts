import { createHash } from 'node:crypto';
import type { Submission } from '../message.ts';
import type { Scripts } from './scripts.ts';

/** A window that rules ask for: what it counts, over how long, and for repeats and rooms by which fingerprint of the text. */
export type WindowAsked = {
  /** What the count is called in the answer. */
  shape: string;
  counts: 'messages' | 'repeats' | 'rooms';
  windowMs: number;
  fingerprint?: string;
};
export type WindowsOf = { submission: Submission; windows: WindowAsked[] };
/** Counts by shape; undefined where Redis could not be asked in time. */
export type Counted = Record<string, number> | undefined;
export type MessageWindows = { count(asked: readonly WindowsOf[]): Promise<Counted[]> };

/** Entries of one window; a count never goes beyond. */
const MAX_ENTRIES = 1_001;

/**
 * Sliding windows of what each user wrote, shared by all workers. A message is counted under its id, once however
 * often it is judged, and an edit of it not again; each window lives as long as it is and holds 1,001 entries at
 * most, the newest. All of a batch are asked at once, in its order. Never throws.
 */
export function createMessageWindows({ scripts }: { scripts: Scripts }): MessageWindows {
  async function countOne({ submission, windows }: WindowsOf): Promise<Counted> {
    const { room, id, epoch, user, timestamp, editedAt } = submission;
    const at = Date.parse(editedAt ?? timestamp);
    const counts = await Promise.all(
      windows.map(async ({ shape, counts: kind, windowMs, fingerprint = '' }) => {
        const place = kind === 'rooms' ? '' : room;
        const key = `parley:window:{${user}}:${hash([kind, windowMs, place, fingerprint].join(' '))}`;
        const name = kind === 'rooms' ? room : `${epoch}:${id}`;
        const newest = kind === 'rooms' ? 1 : 0;
        const reply = await scripts.run('window', [key], [name, at, windowMs, MAX_ENTRIES, newest]);
        return [shape, Number(reply)] as const;
      }),
    );
    return Object.fromEntries(counts);
  }

  return {
    count: asked =>
      Promise.all(asked.map(one => (one.windows.length === 0 ? {} : countOne(one).catch(() => undefined)))),
  };
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);
