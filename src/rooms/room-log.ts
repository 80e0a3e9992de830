/**
 * The room log: one ordered log a room in Redis, every change one script (LOG.md). What Redis does not answer
 * becomes Unavailable. A room or partition that is touched for the first time, or again after a loss, is opened
 * on the way: the script says what is missing, it is opened, the script runs again.
 */
import { createHash } from 'node:crypto';
import { type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { roomKeys } from './keys.ts';
import type {
  Ack,
  AppendInput,
  EntryKind,
  LoggedMessage,
  LogSlice,
  Lost,
  Release,
  RoomHead,
  Watermark,
} from './log-types.ts';
import { baseNow, type EpochStore, newEpoch, type Partitions } from './partitions.ts';
import { reachable } from './redis.ts';
import type { Reply, ScriptName, Scripts } from './scripts.ts';
import { createSeen, type LossStore } from './seen.ts';

export type LogOptions = {
  partitions: number;
  retentionEntries: number;
  retentionMs: number;
  dedupWindowMs: number;
  maxUnstored: number;
};
type Deps = {
  scripts: Scripts;
  partitions: Partitions;
  epochs: EpochStore & LossStore;
  options: LogOptions;
  logger: Logger;
};

const TO_ALL: Release = { to: 'all' };
const SLICE_ENTRIES = 500;
const SLICE_BYTES = 160_000;
const RETRY_AFTER_MS = 1_000;
/** Entries looked through for the newest messages of a join. */
const RECENT_SCAN = 5_000;

export type RoomLog = ReturnType<typeof createRoomLog>;

export function createRoomLog({ scripts, partitions, epochs, options, logger }: Deps) {
  const keysOf = (room: string) => roomKeys(room, options.partitions);
  const seen = createSeen({ scripts, losses: epochs, keysOf, logger });

  /** Runs a script, opening what it misses; three tries, for a wipe may come between them. */
  async function run(room: string, name: ScriptName, keys: string[], args: () => (string | number)[]) {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const reply = (await scripts.run(name, keys, args())) as Reply[];
      if (reply[0] === 'no_epoch') await partitions.open(keysOf(room).number);
      else if (reply[0] === 'new_room') await openRoom(room);
      else return reply;
    }
    throw new Unavailable(`the log of ${room} could not be opened`);
  }

  async function openRoom(room: string) {
    const keys = keysOf(room);
    // A room that the store or this process knows but Redis does not was lost with its log.
    const known = seen.get(room) !== undefined || (await epochs.lastStored(room).catch(() => 1)) > 0;
    const own = known ? await freshEpoch(keys.number, room, 'room lost') : undefined;
    const reply = (await scripts.run(
      'open-room',
      [keys.partition, keys.meta],
      [own?.epoch ?? '', own?.base ?? 0],
    )) as Reply[];
    if (reply[0] === 'ok') seen.begun(room, String(reply[1]));
  }

  async function freshEpoch(partition: number, room: string, reason: string) {
    const fresh = { epoch: newEpoch(), base: baseNow() };
    logger.error({ room, epoch: fresh.epoch, reason }, 'a new epoch begins');
    await epochs
      .record({ partition, ...fresh, reason, room })
      .catch(error => logger.warn({ room, error }, 'the new epoch could not be recorded'));
    return fresh;
  }

  /** Begins a new epoch where the log ends below an offset of `epoch` that was seen; answers where it stands now. */
  async function renew(room: string, epoch: string, offset: number): Promise<RoomHead> {
    const keys = keysOf(room);
    const fresh = await freshEpoch(keys.number, room, 'rolled back');
    const names = [keys.partition, keys.meta, keys.log, keys.state, keys.open, keys.page];
    const args = [keys.channel, epoch, offset, fresh.epoch, fresh.base];
    const reply = (await reachable(() => scripts.run('renew-room', names, args))) as Reply[];
    seen.begun(room, String(reply[0]), { epoch, offset });
    return { epoch: String(reply[0]), end: Number(reply[1]) };
  }

  /** Appends a message; its ack, or why not. Throws Unavailable: then it may or may not be in, and a repeat tells. */
  async function append(input: AppendInput): Promise<Ack | Refusal> {
    const { room, user, clientId, release = TO_ALL } = input;
    const gate = release.to === 'author' ? release.gate : undefined;
    const keys = keysOf(room);
    const timestamp = new Date().toISOString();
    const names = [
      keys.partition,
      keys.meta,
      keys.log,
      keys.state,
      keys.open,
      keys.intake,
      keys.rooms,
      keys.dedup(user, clientId),
      keys.gates,
    ];
    const args = () => {
      const known = seen.get(room);
      return [
        room,
        keys.channel,
        fingerprint(input),
        options.dedupWindowMs,
        timestamp,
        bodyAfterId(input, timestamp),
        input.replyTo ?? '',
        options.maxUnstored,
        options.retentionEntries,
        options.retentionMs,
        known?.epoch ?? '',
        known?.offset ?? 0,
        release.to,
        sameAsWritten(release) ? '' : bodyAfterId(input, timestamp, release),
        user,
        gate?.deadlineMs ?? '',
        gate?.choice ?? '',
      ];
    };
    let reply = await reachable(() => run(room, 'append', names, args));
    if (reply[0] === 'rolled_back') {
      await renew(room, String(reply[1]), seen.get(room)?.offset ?? 0);
      reply = await reachable(() => run(room, 'append', names, args));
    }
    const [answer, ...rest] = reply.map(String);
    const ack = { room, clientId, id: Number(rest[0]), revision: 1 };
    switch (answer) {
      case 'ok':
        seen.saw(room, rest[1]!, ack.id);
        return { ...ack, offset: ack.id, timestamp, duplicate: false };
      case 'duplicate':
        return {
          ...ack,
          offset: Number(rest[1]),
          revision: Number(rest[2]),
          timestamp: rest[3]!,
          duplicate: true,
        };
      case 'id_conflict':
        return refuse('id_conflict');
      case 'blocked':
        return release.to === 'nobody' ? release.refusal : refuse('blocked');
      case 'no_reply_target':
        return refuse('not_found', { path: 'replyTo' });
      default:
        return refuse('overloaded', { retryAfterMs: RETRY_AFTER_MS });
    }
  }

  /** The log after an offset, in net state; `lost` where it cannot be told without a hole. */
  async function since(room: string, from: { epoch: string; offset: number }): Promise<LogSlice | Lost> {
    const keys = keysOf(room);
    const names = [keys.partition, keys.meta, keys.log, keys.state];
    const reply = await reachable(() =>
      run(room, 'since', names, () => [from.epoch, from.offset, SLICE_ENTRIES, SLICE_BYTES]),
    );
    const head = { epoch: String(reply[1]), end: Number(reply[2]) };
    if (reply[0] === 'lost') return { lost: { ...head, base: Number(reply[3]) } };
    seen.saw(room, head.epoch, head.end);
    return {
      ...head,
      reaches: Number(reply[3]),
      entries: (reply[4] as string[][]).map(toEntry),
      messages: toMessages(reply[5] as string[]),
    };
  }

  /** The newest messages that the log still has, as they stand now. */
  async function recent(room: string, count: number): Promise<RoomHead & { messages: LoggedMessage[] }> {
    const keys = keysOf(room);
    const names = [keys.partition, keys.meta, keys.log, keys.state];
    const reply = await reachable(() => run(room, 'recent', names, () => [count, RECENT_SCAN]));
    const head = { epoch: String(reply[1]), end: Number(reply[2]) };
    seen.saw(room, head.epoch, head.end);
    return { ...head, messages: [...toMessages(reply[3] as string[]).values()] };
  }

  /** Where the log stands, and how far the store reflects it. Touches nothing. */
  async function head(
    room: string,
  ): Promise<RoomHead & { processedThrough: number; storeVersion: number; known: boolean }> {
    const keys = keysOf(room);
    const reply = await reachable(() => run(room, 'head', [keys.partition, keys.meta, keys.open], () => []));
    return {
      epoch: String(reply[1]),
      end: Number(reply[2]),
      processedThrough: Number(reply[3]),
      storeVersion: Number(reply[4]),
      known: reply[5] === '1',
    };
  }

  return {
    append,
    since,
    recent,
    head,
    renew,
    saw: seen.saw,
    run,
    keysOf,
    watermarkOf: (room: string) => head(room).then(toWatermark),
  };
}

function toWatermark(head: Watermark): Watermark {
  return { epoch: head.epoch, processedThrough: head.processedThrough, storeVersion: head.storeVersion };
}

function fingerprint(input: AppendInput): string {
  return createHash('sha256')
    .update(`${input.replyTo ?? ''}\n${input.content}`)
    .digest('base64url')
    .slice(0, 22);
}

/** The text that a release shows of what was written. */
export function contentAs(release: Release, content: string): string {
  return (release.to === 'all' ? release.content : undefined) ?? content;
}

/** How a message stands under a release, before there is an outcome. */
export function statusAs(release: Release): 'pending' | 'masked' | 'held' {
  if (release.to === 'author') return release.status;
  return release.to === 'all' && release.content !== undefined ? 'masked' : 'pending';
}

const sameAsWritten = (release: Release) =>
  release.to === 'nobody' || (statusAs(release) === 'pending' && contentAs(release, '') === '');

/** The message's JSON after its id, which the script puts in front. */
function bodyAfterId(input: AppendInput, timestamp: string, release: Release = TO_ALL): string {
  const { room, user, name, clientId, content, replyTo } = input;
  const rest = {
    revision: 1,
    room,
    user,
    ...(name === undefined ? {} : { name }),
    content: contentAs(release, content),
    timestamp,
    clientId,
    ...(replyTo === undefined ? {} : { replyTo }),
    status: statusAs(release),
  };
  return `,${JSON.stringify(rest).slice(1)}`;
}

function toEntry([offset, , kind, ids, author, reason]: string[]) {
  return {
    offset: Number(offset),
    kind: kind as EntryKind,
    ids: ids!.split(',').map(Number),
    ...(author ? { author } : {}),
    ...(reason ? { reason: reason as LoggedMessage['reason'] & string } : {}),
  };
}

/** Reads `id, revision;decided;last;json` pairs. */
function toMessages(flat: string[]): Map<number, LoggedMessage> {
  const messages = new Map<number, LoggedMessage>();
  for (let i = 0; i < flat.length; i += 2) messages.set(Number(flat[i]), parseState(flat[i + 1]!));
  return messages;
}

/** The message of a state value, `revision;decided;last;json` (LOG.md). */
export function parseState(value: string): LoggedMessage {
  return JSON.parse(value.slice(value.indexOf('{'))) as LoggedMessage;
}
