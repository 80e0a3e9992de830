/** What the audit reads of Redis: logs, open entries and intakes, in short scripts that change nothing. */
import type { Redis } from 'ioredis';
import { partitionKeys, roomKeys } from './keys.ts';
import { reachable } from './redis.ts';
import type { Scripts } from './scripts.ts';

/** An entry of the log. `open`: the store does not reflect it yet. */
export type AccountEntry = { offset: number; ids: number[]; kind: string; open: boolean };
/** A message as its log knows it: `decided` is the revision that has an outcome, `last` the newest entry of it. */
export type AccountState = { id: number; revision: number; decided: number; last: number; lastOpen: boolean };
export type AccountSlice = {
  epoch: string;
  end: number;
  /** Creations trimmed since the epoch began; undefined where they were not counted from its beginning. */
  trimmed: number | undefined;
  /** Its offsets are above this. */
  base: number | undefined;
  /** The oldest entry that is still there; the offset after the end where there is none. */
  first: number;
  entries: AccountEntry[];
  states: Map<number, AccountState>;
};
/** An entry that the store does not reflect yet; `at` (ms) is 0 where the log lost it. */
export type OpenEntry = { room: string; epoch: string; offset: number; ids: number[]; at: number };

const SLICE = 250;
const OPEN_AT_ONCE = 500;
const INTAKE_AT_ONCE = 500;
const ROOMS_AT_ONCE = 200;

export type AccountLog = ReturnType<typeof createAccountLog>;

/** Every call throws Unavailable where Redis does not answer. */
export function createAccountLog({
  redis,
  scripts,
  partitions,
}: {
  redis: Redis;
  scripts: Scripts;
  partitions: number;
}) {
  const run = async (
    name: 'account-log' | 'account-open' | 'account-intake',
    keys: string[],
    args: (string | number)[],
  ) => (await reachable(() => scripts.run(name, keys, args))) as (string | string[])[];

  return {
    partitions,

    /** The log after an offset, a few hundred entries; undefined where the room has none. */
    async slice(room: string, after: number): Promise<AccountSlice | undefined> {
      const { meta, log, state, open } = roomKeys(room, partitions);
      const reply = await run('account-log', [meta, log, state, open], [after, SLICE]);
      if (reply.length === 0) return undefined;
      const [epoch, end, trimmed, first] = reply as string[];
      const states = chunks(reply[5] as string[], 5).map(part => {
        const [id, revision, decided, last, open] = part.map(Number);
        return { id: id!, revision: revision!, decided: decided!, last: last!, lastOpen: open === 1 };
      });
      return {
        epoch: epoch!,
        end: Number(end),
        trimmed: trimmed === '' ? undefined : Number(trimmed),
        base: reply[6] === '' ? undefined : Number(reply[6]),
        first: first === '' ? Number(end) + 1 : Number(first),
        entries: chunks(reply[4] as string[], 4).map(([offset, ids, kind, open]) => ({
          offset: Number(offset),
          ids: ids!.split(',').map(Number),
          kind: kind!,
          open: open === '1',
        })),
        states: new Map(states.map(state => [state.id, state])),
      };
    },

    /** All entries of a room that the store does not reflect yet, oldest first. */
    async *open(room: string): AsyncGenerator<OpenEntry> {
      const { meta, log, open } = roomKeys(room, partitions);
      for (let after = 0; ; ) {
        const [epoch, ...flat] = (await run(
          'account-open',
          [meta, log, open],
          [after, OPEN_AT_ONCE],
        )) as string[];
        const entries = chunks(flat, 3).map(([offset, ids, at]) => ({
          room,
          epoch: epoch!,
          offset: Number(offset),
          ids: ids === '' ? [] : ids!.split(',').map(Number),
          at: Number(at),
        }));
        yield* entries;
        if (entries.length < OPEN_AT_ONCE) return;
        after = entries.at(-1)!.offset;
      }
    },

    /** Room and offset of everything that waits in a partition's intake. */
    async *intake(partition: number): AsyncGenerator<{ room: string; offset: number }> {
      for (let after = '0-0'; ; ) {
        const args = [after, INTAKE_AT_ONCE];
        const [last, ...flat] = (await run(
          'account-intake',
          [partitionKeys(partition).intake],
          args,
        )) as string[];
        const entries = chunks(flat, 2);
        for (const [room, offset] of entries) yield { room: room!, offset: Number(offset) };
        if (entries.length < INTAKE_AT_ONCE) return;
        after = last!;
      }
    },

    /** Acknowledged entries that the store does not reflect yet, of all rooms. */
    async unstored(): Promise<number> {
      const pipeline = redis.pipeline();
      for (let number = 0; number < partitions; number += 1)
        pipeline.hget(partitionKeys(number).partition, 'unstored');
      const replies = (await reachable(() => pipeline.exec()))!;
      return replies.reduce((sum, [, value]) => sum + Number(value ?? 0), 0);
    },

    /** Rooms of a partition whose log has entries, in pages; those with an entry since `sinceMs` alone. Some come twice. */
    async *rooms(partition: number, sinceMs = 0): AsyncGenerator<string[]> {
      const { rooms } = partitionKeys(partition);
      let cursor = '0';
      do {
        // A scan misses none, however their times change meanwhile; it may name one twice.
        const [next, flat] = await reachable(() => redis.zscan(rooms, cursor, 'COUNT', ROOMS_AT_ONCE));
        const page = chunks(flat, 2).filter(([, time]) => Number(time) >= sinceMs);
        if (page.length > 0) yield page.map(([room]) => room!);
        cursor = next;
      } while (cursor !== '0');
    },
  };
}

function chunks(flat: string[], size: number): string[][] {
  return Array.from({ length: flat.length / size }, (_, i) => flat.slice(i * size, (i + 1) * size));
}
