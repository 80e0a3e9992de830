/**
 * Outcomes on their way into the room log, and the store's progress on its way back.
 * `announce` and `settle` may be repeated at will: the first outcome of a revision stands, an offset settles once.
 */
import { maskSpans, type Outcome, type Reason, type Submission } from '../message.ts';
import type { Announcement, LoggedMessage, Standing } from './log-types.ts';
import { reachable } from './redis.ts';
import { notedUpdateOf, updateOf } from './replay.ts';
import type { RoomLog } from './room-log.ts';
import type { Reply, Scripts } from './scripts.ts';
import { mayRephrase, moderatorFields } from './view.ts';

/** Below the largest server frame of 256 KiB, with room for the frame around the messages. */
const MAX_GROUP_BYTES = 190_000;

export type Announced = {
  standings: Standing[];
  /** Indices of what this call announced; the others stood before. */
  fresh: number[];
  /** Members present when it was announced. */
  present: number;
};

export type Outcomes = ReturnType<typeof createOutcomes>;

export function createOutcomes({ log, scripts }: { log: RoomLog; scripts: Scripts }) {
  return {
    /** Announces the outcomes of one room and batch. Throws Unavailable. Results in the order given. */
    async announce(room: string, batch: string, announcements: Announcement[]): Promise<Announced> {
      const keys = log.keysOf(room);
      const announcedAt = new Date().toISOString();
      const drafts = announcements.map(announcement => draftOf(announcement, batch, announcedAt));
      const { groups, places } = grouped(drafts);
      const { partition, meta, open, rooms, here, owed, gates } = keys;
      const names = [partition, meta, keys.log, keys.state, open, rooms, here, owed, gates];
      const args = [
        room,
        keys.channel,
        groups.length,
        ...groups.flatMap(({ kind, author, reason }) => [kind, author, reason]),
        ...drafts.flatMap(({ message, epoch, offset, fragment, noted }, i) => [
          message.id,
          epoch,
          offset,
          message.revision,
          places[i]! + 1,
          JSON.stringify(message),
          fragment,
          noted,
        ]),
      ];
      const attempt = () => reachable(() => log.run(room, 'announce', names, () => args));
      let reply = await attempt();
      if (reply[0] === 'rolled_back') {
        const epoch = String(reply[1]);
        const offsets = drafts.filter(draft => draft.epoch === epoch).map(({ offset }) => offset);
        await log.renew(room, epoch, Math.max(...offsets));
        reply = await attempt();
      }
      const results = (reply[2] as Reply[]).map((result, i) =>
        standingOf((result as Reply[]).map(String), drafts[i]!.message),
      );
      return {
        standings: results.map(result => result.standing),
        fresh: results.flatMap((result, i) => (result.fresh ? [i] : [])),
        present: Number(reply[1]),
      };
    },

    /**
     * Takes back repeats of a clientId: whatever stood, they are removed as duplicates now. Answers the offset of
     * the entry that says so, where there is one. Throws Unavailable.
     */
    async withdraw(room: string, batch: string, announcements: Announcement[]): Promise<number | undefined> {
      const keys = log.keysOf(room);
      const announcedAt = new Date().toISOString();
      const messages = announcements.map(({ submission, outcome }) =>
        messageOf(submission, outcome, batch, announcedAt),
      );
      const names = [keys.partition, keys.meta, keys.log, keys.state];
      const args = [
        room,
        keys.channel,
        ...messages.flatMap(message => [message.id, message.revision, JSON.stringify(message)]),
      ];
      const [, offset] = await reachable(() => log.run(room, 'withdraw', names, () => args));
      return offset === undefined ? undefined : Number(offset);
    },

    /**
     * The store reflects these entries of a room, and the ones (`last`) that announced them anew. False where the
     * log began anew since they were appended: who reloaded before they were stored has not heard of them. Throws
     * Unavailable.
     */
    async settle(
      room: string,
      entries: { epoch: string; offset: number; last?: number | undefined }[],
    ): Promise<boolean> {
      const keys = log.keysOf(room);
      const newest = entries.reduce((a, b) => (b.offset > a.offset ? b : a));
      const offsets = entries.flatMap(({ offset, last }) => (last === undefined ? [offset] : [offset, last]));
      const names = [keys.partition, keys.meta, keys.open, keys.page];
      const answer = await reachable(() =>
        scripts.run('settle', names, [newest.epoch, newest.offset, ...offsets]),
      );
      if (answer === 'rolled_back') await log.renew(room, newest.epoch, newest.offset);
      return answer !== 'other_epoch';
    },
  };
}

type Group = { kind: 'u' | 'r'; author: string; reason: Reason | ''; bytes: number };
type Draft = Omit<Group, 'bytes'> & {
  message: LoggedMessage;
  epoch: string;
  offset: number;
  fragment: string;
  /** What moderators are told instead of the fragment, or ''. */
  noted: string;
};

function draftOf({ submission, outcome }: Announcement, batch: string, announcedAt: string): Draft {
  const message = messageOf(submission, outcome, batch, announcedAt);
  const alone = outcome.audience === 'author';
  return {
    message,
    epoch: submission.epoch,
    offset: submission.offset,
    fragment: JSON.stringify(updateOf(message)),
    noted: moderatorFields(message) === undefined ? '' : JSON.stringify(notedUpdateOf(message)),
    kind: outcome.status === 'removed' ? 'r' : 'u',
    author: alone || mayRephrase(message) ? submission.user : '',
    reason: alone || outcome.status === 'removed' ? (outcome.reason ?? 'moderated') : '',
  };
}

/** The message as it stands with this outcome. What only moderators may read is in `original` alone. */
export function messageOf(
  submission: Submission,
  outcome: Outcome,
  batch: string,
  announcedAt: string,
): LoggedMessage {
  const { epoch: _epoch, offset: _offset, redrive: _redrive, content, decision, ...rest } = submission;
  const { status, language, sentiment, verdict, versions } = outcome;
  const shown = status === 'masked' ? maskSpans(content, verdict.spans) : content;
  return {
    ...rest,
    ...(status === 'removed' ? {} : { content: shown }),
    status,
    language,
    sentiment,
    // From here on it is for moderators and the pipeline alone: announce.lua cuts it off here.
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
    ...(outcome.audience === 'author' ? { audience: 'author' as const } : {}),
    verdict,
    ...(status === 'masked' || (status === 'removed' && outcome.reason === 'moderated')
      ? { original: content }
      : {}),
    ...(decision === undefined ? {} : { decision }),
    versions,
    batch,
    announcedAt,
  };
}

/** One group, so one entry, for all that everyone may see, one for removals of a reason, one for each lone author. */
function grouped(drafts: Draft[]) {
  const groups: Group[] = [];
  const places = drafts.map(({ kind, author, reason, message, fragment, noted }) => {
    // A message that the log does not know any more is announced whole, so the whole counts.
    const told = Buffer.byteLength(fragment) + Buffer.byteLength(message.content ?? '') + 300;
    const size = Math.max(told, Buffer.byteLength(noted));
    const fits = (group: Group) =>
      group.kind === kind &&
      group.author === author &&
      group.reason === reason &&
      group.bytes + size <= MAX_GROUP_BYTES;
    let place = groups.findIndex(fits);
    if (place < 0) place = groups.push({ kind, author, reason, bytes: 0 }) - 1;
    groups[place]!.bytes += size;
    return place;
  });
  return { groups, places };
}

function standingOf(result: string[], proposed: LoggedMessage): { standing: Standing; fresh: boolean } {
  switch (result[0]) {
    case 'announced':
      return { standing: { stands: 'outcome', message: proposed, last: Number(result[1]) }, fresh: true };
    case 'outcome': {
      const message = JSON.parse(result[1]!) as LoggedMessage;
      return { standing: { stands: 'outcome', message, last: Number(result[2]) }, fresh: false };
    }
    default:
      return { standing: { stands: 'stale' }, fresh: false };
  }
}
