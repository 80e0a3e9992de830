/** What outlives an erasure, where, and until when: each place once, whether it is known to hold anything or not. */
import type { Kept } from '../pipeline/engine.ts';
import type { Rewrite } from '../rooms/append-only.ts';
import type { Remains } from '../store/erasures.ts';

export type Found = {
  /** When the erasure was done, in milliseconds. */
  at: number;
  /** Undefined where the engine did not answer. */
  kept: Kept | undefined;
  /** Entries of the intakes, and acknowledged entries that are not stored yet: the user's may be among them. */
  underWay: number;
  rewrite: Rewrite;
  /** How far the write-ahead log had come when dead rows were taken out; undefined where that failed. */
  vacuumed: { lsn: string } | undefined;
  dedupWindowMs: number;
  longestWindowMs: number;
};

/** What is to be said to whoever asked for the erasure. */
export function remainsOf(found: Found): Remains[] {
  const until = (ms: number) => new Date(found.at + ms).toISOString();
  return [
    engine(found, until),
    ...pipeline(found),
    ...redis(found),
    ...postgres(found),
    ...names(found, until),
    OUTSIDE,
  ];
}

type Until = (ms: number) => string;

function engine({ kept }: Found, until: Until): Remains {
  if (kept === undefined)
    return text(
      'engine',
      null,
      'The engine did not say how long it keeps the texts of runs that have ended.',
    );
  return text(kept.engine, until(kept.ms), kept.note);
}

function pipeline({ underWay }: Found): Remains[] {
  if (underWay === 0) return [];
  const note = `${underWay} entries of all users were under way. What is the user's among them is stored as a tombstone; until then it is in the intake, and then as long as the engine keeps it.`;
  return [text('intake', null, note)];
}

function redis({ rewrite }: Found): Remains[] {
  const why = rewrite.why === undefined ? '' : ` (${rewrite.why})`;
  return [
    ...(rewrite.rewritten
      ? []
      : [
          text(
            'redis-append-only',
            null,
            `Until Redis writes its append-only file anew${why}: BGREWRITEAOF.`,
          ),
        ]),
    ...(rewrite.snapshots
      ? [
          text(
            'redis-snapshot',
            null,
            'Redis keeps snapshots: until the next one replaces the last (BGSAVE).',
          ),
        ]
      : []),
  ];
}

function postgres({ vacuumed }: Found): Remains[] {
  const free = vacuumed
    ? 'Dead rows were taken out; their bytes stay in free space of the data files until they are overwritten, or VACUUM FULL.'
    : 'Dead rows stay in the data files until the next VACUUM, their bytes until they are overwritten.';
  const log = vacuumed
    ? `The write-ahead log up to ${vacuumed.lsn}: until its files are recycled and overwritten, or archived ones dropped.`
    : 'The write-ahead log until its files are recycled and overwritten, or archived ones dropped.';
  return [text('postgres-files', null, free), text('postgres-wal', null, log)];
}

function names({ dedupWindowMs, longestWindowMs }: Found, until: Until): Remains[] {
  const name = (where: string, end: string | null, note: string): Remains => ({
    where,
    holds: 'name',
    until: end,
    note,
  });
  return [
    name(
      'redis-dedup',
      until(dedupWindowMs),
      "The user's id and clientIds with fingerprints of texts, so that a repeated send is no new message.",
    ),
    name('redis-windows', until(longestWindowMs), "The user's id, with ids of messages, where rules count."),
    name(
      'erasures',
      null,
      'The record of the erasure names the user, so that late and restored copies are known.',
    ),
    name(
      'moderation',
      null,
      'Mutes and bans that stand, and what the user did as a moderator or author of policies.',
    ),
  ];
}

const OUTSIDE = text(
  'backups',
  null,
  'Backups, replicas and exports that were made before: erase again where one is restored.',
);

function text(where: string, until: string | null, note: string): Remains {
  return { where, holds: 'text', until, note };
}
