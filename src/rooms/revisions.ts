/**
 * Outcomes that replace others: what a run over history changes, on its way into the room logs. Each change is one of
 * an outcome that is stored; the new entries stay open until the changed rows are stored, too.
 */
import type { Redis } from 'ioredis';
import { Unavailable } from '../errors.ts';
import type { Reason } from '../message.ts';
import type { LoggedMessage } from './log-types.ts';
import type { Outcomes } from './outcomes.ts';
import { reachable } from './redis.ts';
import { notedUpdateOf, updateOf } from './replay.ts';
import type { LogOptions, RoomLog } from './room-log.ts';
import type { Reply } from './scripts.ts';
import { mayRephrase, messageFor, moderatorFields, publicMessage } from './view.ts';

/** A stored message as the change leaves it, and how readers saw it until now. */
export type Revision = { message: LoggedMessage; was: 'removed' | 'hidden' | 'masked' | 'visible' };
/** What the room was told: the epoch, and the offset of each message's entry. */
export type Told = { epoch: string; offsets: Map<number, number> };
type Deps = {
  log: RoomLog;
  redis: Redis;
  outcomes: Pick<Outcomes, 'settle'>;
  options: Pick<LogOptions, 'maxUnstored'>;
};
export type Revisions = ReturnType<typeof createRevisions>;

/** Below the largest server frame of 256 KiB, with room for the frame around the messages. */
const MAX_GROUP_BYTES = 190_000;
/** A repeat that comes later than this tells anew. */
const TOLD_MS = 30 * 86_400_000;
const MODERATOR = { user: '', moderator: true };

export function createRevisions({ log, redis, outcomes, options }: Deps) {
  async function run(room: string, batch: string, revisions: Revision[]): Promise<string[]> {
    const keys = log.keysOf(room);
    const { partition, meta, open, rooms } = keys;
    const names = [partition, meta, keys.log, keys.state, open, rooms, keys.told(batch)];
    const groups = grouped(revisions).flatMap(group => argumentsOf(room, group));
    const args = [room, keys.channel, TOLD_MS, options.maxUnstored, ...groups];
    const reply = await reachable(() => log.run(room, 'revise', names, () => args));
    return (reply as Reply[]).map(String);
  }

  return {
    /**
     * Tells a room of the changes of one batch, each once however often this is called. Answers what was told; a
     * message that has changed since is not among it. Without revisions it answers what was told before. Throws
     * Unavailable, also where the log takes no more: then the same call may be made again.
     */
    async announce(room: string, batch: string, revisions: Revision[]): Promise<Told | undefined> {
      let left = revisions;
      for (;;) {
        const [answer, ...rest] = await run(room, batch, left);
        if (answer === 'told') return toldOf(rest);
        if (answer !== 'superseded') throw new Unavailable('the room log takes no more at the moment');
        const gone = new Set(rest.map(Number));
        left = left.filter(({ message }) => !gone.has(message.id));
      }
    },

    /** The store reflects what was told of a batch: its offsets are settled, and it is forgotten. Throws Unavailable. */
    async settle(room: string, batch: string): Promise<void> {
      const told = toldOf((await run(room, batch, [])).slice(1));
      if (told === undefined) return;
      const offsets = [...new Set(told.offsets.values())];
      await outcomes.settle(
        room,
        offsets.map(offset => ({ epoch: told.epoch, offset })),
      );
      await reachable(() => redis.unlink(log.keysOf(room).told(batch)));
    },
  };
}

/** The script's pairs: the epoch with nothing, and each id with its offset. */
function toldOf(pairs: string[]): Told | undefined {
  const offsets = new Map<number, number>();
  let epoch: string | undefined;
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i + 1] === '') epoch = pairs[i];
    else offsets.set(Number(pairs[i]), Number(pairs[i + 1]));
  }
  return epoch === undefined ? undefined : { epoch, offsets };
}

type Group = {
  kind: 'u' | 'r' | 's';
  /** Given where the others are shown another frame. */
  author: string;
  reason: Reason | '';
  messages: LoggedMessage[];
  bytes: number;
};

/** One entry for all that everyone may see, one for removals of a reason, one for each author who alone sees it. */
function grouped(revisions: Revision[]): Group[] {
  const groups: Group[] = [];
  for (const revision of revisions) {
    const { message } = revision;
    const place = placeOf(revision);
    const bytes = Buffer.byteLength(JSON.stringify(message)) + 100;
    const group = groups.find(
      ({ kind, author, reason, bytes: taken }) =>
        kind === place.kind &&
        author === place.author &&
        reason === place.reason &&
        taken + bytes <= MAX_GROUP_BYTES,
    );
    if (group === undefined) groups.push({ ...place, messages: [message], bytes });
    else {
      group.messages.push(message);
      group.bytes += bytes;
    }
  }
  return groups;
}

function placeOf({ message, was }: Revision): Pick<Group, 'kind' | 'author' | 'reason'> {
  const { status, audience, user, reason } = message;
  const seen = was === 'visible' || was === 'masked';
  if (status === 'removed')
    return { kind: 'r', author: mayRephrase(message) ? user : '', reason: reason ?? 'moderated' };
  // Its author has it still, but where it was removed for him, too.
  if (audience === 'author')
    return { kind: was === 'removed' ? 's' : 'u', author: user, reason: seen ? (reason ?? 'moderated') : '' };
  // An update brings the text only where stars are in it.
  return { kind: was === 'visible' || (seen && status === 'masked') ? 'u' : 's', author: '', reason: '' };
}

type Frame = [before: string, after: string];

function argumentsOf(room: string, group: Group): (string | number)[] {
  const { kind, author, reason, messages } = group;
  const members = messages.flatMap(message => [message.id, message.revision, JSON.stringify(message)]);
  const frames = [mainFrame(room, group), othersFrame(room, group), moderatorsFrame(room, group)].flat();
  return [kind, author, reason, ...frames, messages.length, ...members];
}

const frame = (type: string, room: string, rest: string): Frame => [
  `{"type":"${type}","room":"${room}","offset":`,
  `${rest}}`,
];
const idsOf = (messages: LoggedMessage[]) => `"ids":[${messages.map(({ id }) => id).join(',')}]`;

function mainFrame(room: string, { kind, author, reason, messages }: Group): Frame {
  if (kind === 'r') {
    const rephrase = author === '' ? '' : ',"rephrase":true';
    return frame('message.removed', room, `,${idsOf(messages)},"reason":"${reason}"${rephrase}`);
  }
  const told: object[] = kind === 's' ? messages.map(publicMessage) : messages.map(updateOf);
  return frame(
    kind === 's' ? 'message.restored' : 'message.updated',
    room,
    `,"messages":${JSON.stringify(told)}`,
  );
}

/** For those who may not see what the author sees. */
function othersFrame(room: string, { kind, author, reason, messages }: Group): Frame {
  if (author === '') return ['', ''];
  if (kind === 'r' || reason !== '')
    return frame('message.removed', room, `,${idsOf(messages)},"reason":"${reason}"`);
  return frame('message.hidden', room, messages.length === 1 ? `,"id":${messages[0]!.id}` : '');
}

function moderatorsFrame(room: string, { kind, reason, messages }: Group): Frame {
  if (messages.every(message => moderatorFields(message) === undefined)) return ['', ''];
  if (kind === 's') {
    const told = messages.map(message => messageFor(message, MODERATOR));
    return frame('message.restored', room, `,"messages":${JSON.stringify(told)}`);
  }
  const told = JSON.stringify(messages.map(notedUpdateOf));
  return kind === 'r'
    ? frame('message.removed', room, `,${idsOf(messages)},"reason":"${reason}","messages":${told}`)
    : frame('message.updated', room, `,"messages":${told}`);
}
