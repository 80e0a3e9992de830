/**
 * The intake: what was acknowledged and no engine has taken yet, one stream a partition. Entries leave it only
 * when the engine has them durably.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import { SCHEMA_VERSION, type Submission } from '../message.ts';
import { partitionKeys } from './keys.ts';
import type { LoggedMessage } from './log-types.ts';
import { reachable } from './redis.ts';

export type IntakeEntry = { partition: number; entryId: string; bytes: number } & (
  | { submission: Submission }
  /** Written by another version of Parley, or unreadable: to be set aside. */
  | { unknown: Record<string, string> }
);

export type ReadOptions = { count: number; bytes: number; waitMs: number };

export type Intake = ReturnType<typeof createIntake>;

/** `reader` is a connection of its own, for it blocks. */
export function createIntake({ redis, reader }: { redis: Redis; reader: Redis }) {
  /** Of the last entries read: tells how many to ask for. */
  let averageBytes = 500;
  /** Rotates, so that no partition waits behind a busy one. */
  let turn = 0;

  async function waitForAny(positions: Map<number, string>, waitMs: number): Promise<number[]> {
    const partitions = [...positions.keys()];
    if (partitions.length === 0) return [];
    turn = (turn + 1) % partitions.length;
    const order = [...partitions.slice(turn), ...partitions.slice(0, turn)];
    const keys = order.map(keyOf);
    const from = order.map(partition => positions.get(partition)!);
    const reply = await reachable(() =>
      reader.call('XREAD', 'COUNT', 1, 'BLOCK', waitMs, 'STREAMS', ...keys, ...from),
    );
    const ready = new Set(streamsOf(reply).map(([key]) => key));
    return order.filter(partition => ready.has(keyOf(partition)));
  }

  async function run<T>(items: T[], add: (pipeline: ChainableCommander, item: T) => ChainableCommander) {
    const pipeline = redis.pipeline();
    for (const item of items) add(pipeline, item);
    const replies = (await pipeline.exec())!;
    const failed = replies.find(([error]) => error);
    if (failed) throw failed[0]!;
    return replies.map(([, value]) => value);
  }

  return {
    /**
     * Entries after the given positions (stream ids, `0` for the beginning), up to `count` of about `bytes`
     * together, in their order within a partition; waits up to `waitMs` when there are none. Throws Unavailable.
     */
    async read(positions: Map<number, string>, options: ReadOptions): Promise<IntakeEntry[]> {
      const woken = await waitForAny(positions, options.waitMs);
      if (woken.length === 0) return [];
      const lengths = await reachable(() =>
        run(woken, (pipeline, partition) => pipeline.xlen(keyOf(partition))),
      );
      let wanted = Math.min(options.count, Math.ceil(options.bytes / averageBytes) + 1);
      const shares = woken.map((partition, i) => {
        const share = Math.min(wanted, Number(lengths[i]) || 1);
        wanted -= share;
        return { partition, share };
      });
      const asked = shares.filter(({ share }) => share > 0);
      const streams = await reachable(() =>
        run(asked, (pipeline, { partition, share }) =>
          pipeline.xrange(keyOf(partition), `(${positions.get(partition)}`, '+', 'COUNT', share),
        ),
      );
      const entries = asked.flatMap(({ partition }, i) =>
        (streams[i] as [string, string[]][]).map(([entryId, flat]) => entryOf(partition, entryId, flat)),
      );
      if (entries.length > 0)
        averageBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0) / entries.length;
      return withinBytes(entries, options.bytes);
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
        await reachable(() => redis.xdel(keyOf(partition), ...ids));
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

const keyOf = (partition: number) => partitionKeys(partition).intake;

/** The longest beginning that stays within the bytes; one entry at least. */
function withinBytes(entries: IntakeEntry[], bytes: number): IntakeEntry[] {
  let total = 0;
  const end = entries.findIndex((entry, i) => {
    total += entry.bytes;
    return total > bytes && i > 0;
  });
  return end < 0 ? entries : entries.slice(0, end);
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
  const message = JSON.parse(fields.message!) as LoggedMessage;
  const submission = submissionOf(message, { epoch: fields.epoch!, offset: Number(fields.offset) });
  if (fields.redrive !== undefined) submission.redrive = Number(fields.redrive);
  return { partition, entryId, bytes, submission };
}

/** What the pipeline takes of a message, as the entry at this place of its room's log carries it. */
export function submissionOf(message: LoggedMessage, place: { epoch: string; offset: number }): Submission {
  const {
    id,
    revision,
    room,
    user,
    name,
    clientId,
    content,
    original,
    replyTo,
    timestamp,
    editedAt,
    decision,
  } = message;
  return {
    room,
    epoch: place.epoch,
    id,
    offset: place.offset,
    revision,
    user,
    ...(name === undefined ? {} : { name }),
    clientId: clientId!,
    // A deletion carries none; what a moderator removed has its original.
    content: content ?? original ?? '',
    ...(replyTo === undefined ? {} : { replyTo }),
    timestamp,
    ...(editedAt === undefined ? {} : { editedAt }),
    ...(decision === undefined ? {} : { decision }),
  };
}
