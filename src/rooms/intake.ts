/**
 * The intake: what was acknowledged and no engine has taken yet, one stream a partition. Entries leave it only
 * when the engine has them durably.
 */
import type { Redis } from 'ioredis';
import { type Message, SCHEMA_VERSION, type Submission } from '../message.ts';
import { partitionKeys } from './keys.ts';
import { reachable } from './redis.ts';

export type IntakeEntry = { partition: number; entryId: string; bytes: number } & (
  | { submission: Submission }
  /** Written by another version of Parley, or unreadable: to be set aside. */
  | { unknown: Record<string, string> }
);

export type Intake = ReturnType<typeof createIntake>;

/** `reader` is a connection of its own, for it blocks. */
export function createIntake({ redis, reader }: { redis: Redis; reader: Redis }) {
  return {
    /**
     * Entries after the given positions, oldest first by partition; waits up to `waitMs` when there are none.
     * Positions are stream ids, `0` for the beginning. Throws Unavailable.
     */
    async read(
      positions: Map<number, string>,
      options: { count: number; waitMs: number },
    ): Promise<IntakeEntry[]> {
      if (positions.size === 0) return [];
      const keys = [...positions.keys()].map(partition => partitionKeys(partition).intake);
      const from = [...positions.values()];
      const reply = await reachable(() =>
        reader.call('XREAD', 'COUNT', options.count, 'BLOCK', options.waitMs, 'STREAMS', ...keys, ...from),
      );
      const entries: IntakeEntry[] = [];
      const partitions = new Map(keys.map((key, i) => [key, [...positions.keys()][i]!]));
      for (const [key, stream] of streamsOf(reply)) {
        for (const [entryId, flat] of stream) entries.push(entryOf(partitions.get(key)!, entryId, flat));
      }
      return entries;
    },

    /** The engine has these: they leave the intake. */
    async remove(entries: { partition: number; entryId: string }[]): Promise<void> {
      const byPartition = new Map<number, string[]>();
      for (const { partition, entryId } of entries) {
        const ids = byPartition.get(partition) ?? [];
        ids.push(entryId);
        byPartition.set(partition, ids);
      }
      for (const [partition, ids] of byPartition) {
        await reachable(() => redis.xdel(partitionKeys(partition).intake, ...ids));
      }
    },

    /** Entries waiting, entries not yet stored, and the age of the oldest waiting one, over all partitions. */
    async depth(partitions: number): Promise<{ entries: number; unstored: number; oldestMs: number }> {
      const pipeline = redis.pipeline();
      for (let partition = 0; partition < partitions; partition += 1) {
        const keys = partitionKeys(partition);
        pipeline.xlen(keys.intake).xrange(keys.intake, '-', '+', 'COUNT', 1).hget(keys.partition, 'unstored');
      }
      const replies = (await reachable(() => pipeline.exec()))!.map(([, value]) => value);
      let [entries, unstored, oldest] = [0, 0, Date.now()];
      for (let i = 0; i < replies.length; i += 3) {
        entries += Number(replies[i] ?? 0);
        const first = (replies[i + 1] as [string, string[]][] | undefined)?.[0];
        if (first) oldest = Math.min(oldest, Number(first[0].split('-')[0]));
        unstored += Number(replies[i + 2] ?? 0);
      }
      return { entries, unstored, oldestMs: Math.max(0, Date.now() - oldest) };
    },
  };
}

type Streams = [string, [string, string[]][]][];

/** XREAD answers a map under RESP3 and a list of pairs under RESP2. */
function streamsOf(reply: unknown): Streams {
  if (reply === null || reply === undefined) return [];
  if (reply instanceof Map) return [...reply.entries()] as Streams;
  if (Array.isArray(reply)) {
    if (typeof reply[0] !== 'string') return reply as Streams;
    return Array.from({ length: reply.length / 2 }, (_, i) => [reply[2 * i], reply[2 * i + 1]]) as Streams;
  }
  return Object.entries(reply as Record<string, [string, string[]][]>);
}

function entryOf(partition: number, entryId: string, flat: string[]): IntakeEntry {
  const fields: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  const bytes = Buffer.byteLength(fields.message ?? '') + 200;
  if (fields.v !== String(SCHEMA_VERSION)) return { partition, entryId, bytes, unknown: fields };
  return { partition, entryId, bytes, submission: submissionOf(fields) };
}

function submissionOf(fields: Record<string, string>): Submission {
  const { id, revision, room, user, name, clientId, content, replyTo, timestamp } = JSON.parse(
    fields.message!,
  ) as Message;
  return {
    room,
    epoch: fields.epoch!,
    id,
    offset: Number(fields.offset),
    revision,
    user,
    ...(name === undefined ? {} : { name }),
    clientId: clientId!,
    content: content!,
    ...(replyTo === undefined ? {} : { replyTo }),
    timestamp,
  };
}
