/**
 * The hub: which sockets of this process are in which room, and how a room's log reaches them.
 *
 * A room here is in one of two phases.
 * - *live*: `position` is the newest offset in order; the frame at position + 1 goes on its way to the members, at
 *   once or with those that follow within a moment (windows.ts), older ones are dropped as known, a later one is
 *   a hole.
 * - *filling*: a hole was seen, or the log was looked at and is ahead. Frames wait in `waiting` (bounded) while
 *   the log is read from `position` on, one frame an offset; then the waiting ones follow. Where the log cannot
 *   tell without a hole (a new epoch, or trimmed), members are told by an unasked `joined`.
 *
 * Pub/sub is a hint, the log is the truth: every `checkMs` the end of each room's log is compared with what
 * arrived, so a silent or cut subscription is noticed in quiet rooms too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Room } from './hub-room.ts';
import type { Hub, JoinRequest, Member, OnPage } from './hub-types.ts';
import { createJoining, deliverLive, goLive, pageAt } from './joining.ts';
import { roomOfChannel } from './keys.ts';
import type { LiveFrame, RoomHead } from './log-types.ts';
import { createPresenceDigest, isPresence } from './presence-digest.ts';
import { reachable } from './redis.ts';
import { type Ephemeral, frameOf, parseLive } from './replay.ts';
import type { RoomLog } from './room-log.ts';
import { createSlices } from './slices.ts';
import { createWindows, type Windows } from './windows.ts';

type Deps = {
  log: RoomLog;
  /** A connection for subscriptions alone. */
  subscriber: Redis;
  logger: Logger;
  metrics: GatewayMetrics;
  checkMs: number;
  windows?: Windows;
};

/** Frames that wait for a hole to be filled; later ones are dropped, and read from the log instead. */
const MAX_WAITING = 1_000;
const RING = 64;
const FILL_RETRY_MS = 250;
const CHECK_AT_ONCE = 50;
const SETTLE_MS = 200;
/** What became of a message may wait a moment for the next message; the message itself and a removal may not. */
const PATIENT = '{"type":"message.updated"';

export function createHub({
  log,
  subscriber,
  logger,
  metrics,
  checkMs,
  windows = createWindows(),
}: Deps): Hub & { check(): Promise<void> } {
  const rooms = new Map<string, Room>();
  const joining = createJoining({ log, slices: createSlices(log) });
  let closed = false;
  let checking = false;

  function open(name: string): Room {
    const room: Room = {
      name,
      epoch: '',
      position: 0,
      members: new Map(),
      joiners: new Map(),
      opened: Promise.resolve(),
      filling: true,
      waiting: [],
      ring: [],
      presence: createPresenceDigest(ephemeral => whisper(room, { ephemeral })),
      live: windows.open(lives => handOn(room, lives)),
    };
    room.opened = (async () => {
      await reachable(() => subscriber.ssubscribe(log.keysOf(name).channel));
      const head = await log.head(name);
      room.epoch = head.epoch;
      room.position = head.end;
      resume(room);
    })();
    room.opened.catch(() => rooms.get(name) === room && rooms.delete(name));
    rooms.set(name, room);
    metrics.rooms.set(rooms.size);
    return room;
  }

  function closeIfEmpty(room: Room) {
    if (room.members.size > 0 || room.joiners.size > 0 || rooms.get(room.name) !== room) return;
    rooms.delete(room.name);
    metrics.rooms.set(rooms.size);
    subscriber.sunsubscribe(log.keysOf(room.name).channel).catch(() => undefined);
  }

  /** Hands frames to every member that has not had them yet; the same list to all who see the same. */
  function handOn(room: Room, lives: LiveFrame[]) {
    const [first, last] = [lives[0]!.offset, lives.at(-1)!.offset];
    const common = lives.some(({ others }) => others !== undefined)
      ? undefined
      : lives.map(({ frame }) => frame);
    const noted = lives.some(({ moderators }) => moderators !== undefined);
    for (const [member, { from }] of room.members) {
      if (from >= last) continue;
      const same = common !== undefined && !(noted && member.viewer.moderator);
      if (from < first && same) member.deliver(common);
      else deliverLive(member, lives, from);
    }
  }

  function accept(room: Room, live: LiveFrame) {
    if (room.filling) {
      if (room.waiting.length < MAX_WAITING) room.waiting.push(live);
      return;
    }
    if (live.epoch === room.epoch && live.offset <= room.position) return;
    if (live.epoch !== room.epoch || live.offset > room.position + 1) {
      room.waiting.push(live);
      fill(room);
      return;
    }
    room.ring.push(live);
    if (room.ring.length > RING) room.ring.shift();
    log.saw(room.name, live.epoch, live.offset);
    room.position = live.offset;
    const patient = live.frame.startsWith(PATIENT);
    room.live.add(live, { bytes: live.frame.length, members: room.members.size, patient });
  }

  function resume(room: Room) {
    const waiting = room.waiting;
    room.filling = false;
    room.waiting = [];
    for (const live of waiting) accept(room, live);
  }

  /** Reads what is missing from the log, until it is all there or nobody is left to tell. */
  function fill(room: Room) {
    room.live.flush();
    room.filling = true;
    room.ring = [];
    metrics.holesFilled.inc();
    const attempt = async () => {
      try {
        await readOn(room);
        resume(room);
      } catch (error) {
        if (closed || rooms.get(room.name) !== room) return;
        logger.debug({ room: room.name, error }, 'a hole cannot be filled yet');
        setTimeout(() => void attempt(), FILL_RETRY_MS).unref();
      }
    };
    void attempt();
  }

  async function readOn(room: Room) {
    for (;;) {
      const slice = await log.since(room.name, { epoch: room.epoch, offset: room.position });
      if ('lost' in slice) {
        const { epoch, end, base } = slice.lost;
        // What a new epoch holds by now comes as it would have come live: history may lack it still.
        if (epoch !== room.epoch) renewed(room, { epoch, end: base });
        else if (end < room.position) await log.renew(room.name, epoch, room.position);
        else return renewed(room, slice.lost);
        continue;
      }
      for (const entry of slice.entries) {
        room.position = entry.offset;
        for (const [member, { from }] of room.members) {
          if (entry.offset > from) member.deliver([frameOf(room.name, entry, slice, member.viewer)]);
        }
      }
      if (slice.reaches >= slice.end) return;
    }
  }

  /** The log begins anew, or cannot tell what was missed: members reload from history. */
  function renewed(room: Room, head: RoomHead) {
    room.epoch = head.epoch;
    room.position = head.end;
    const page = pageAt(room.name, head, false);
    for (const [member, place] of room.members) {
      place.from = head.end;
      member.renewed(page);
    }
  }

  function whisper(room: Room, { ephemeral, except }: Ephemeral) {
    const frames = [ephemeral];
    for (const member of room.members.keys()) if (member.viewer.user !== except) member.deliver(frames);
  }

  /** Compares what arrived with the log's end, for every room with members here. */
  async function check() {
    if (checking) return;
    checking = true;
    await checkAll().finally(() => {
      checking = false;
    });
  }

  async function checkAll() {
    const all = [...rooms.values()].filter(room => !room.filling);
    for (let i = 0; i < all.length && !closed; i += CHECK_AT_ONCE) {
      await Promise.all(
        all.slice(i, i + CHECK_AT_ONCE).map(async room => {
          const before = room.position;
          const head = await log.head(room.name).catch(() => undefined);
          if (head === undefined) return;
          if (head.epoch === room.epoch && head.end < before && !room.filling) fill(room);
          // What is on its way arrives within this pause; what is still missing then was lost on the way.
          await delay(SETTLE_MS, undefined, { ref: false });
          const behind = head.epoch !== room.epoch || head.end > room.position;
          if (behind && !room.filling && rooms.get(room.name) === room) fill(room);
        }),
      );
    }
  }

  async function join(member: Member, request: JoinRequest, onPage: OnPage) {
    const room = rooms.get(request.room) ?? open(request.room);
    room.joiners.set(member, request);
    room.members.delete(member);
    const wanted = () => room.joiners.get(member) === request && !closed;
    const onWantedPage: OnPage = page => (wanted() ? onPage(page) : undefined);
    try {
      await room.opened;
      const page = await joining.answer({ room, member, request, onPage: onWantedPage });
      if (wanted()) goLive(room, member, page, onPage);
    } finally {
      if (wanted()) room.joiners.delete(member);
      closeIfEmpty(room);
    }
  }

  subscriber.on('smessage', (channel: string, payload: string) => {
    const room = rooms.get(roomOfChannel(channel));
    if (room === undefined) return;
    const live = parseLive(payload);
    if ('ephemeral' in live) {
      if (isPresence(live.ephemeral)) room.presence.add(live.ephemeral);
      else whisper(room, live);
    } else if ('offset' in live) accept(room, live);
    else if (live.epoch !== room.epoch && !room.filling) fill(room);
  });
  subscriber.on('ready', () => void check());
  const timer = setInterval(() => void check(), checkMs);
  timer.unref();

  return {
    join,
    leave(member, name) {
      const room = rooms.get(name);
      if (room === undefined) return;
      room.joiners.delete(member);
      room.members.delete(member);
      closeIfEmpty(room);
    },
    has: (member, name) => rooms.get(name)?.members.has(member) ?? false,
    check,
    async close() {
      closed = true;
      clearInterval(timer);
      rooms.clear();
    },
  };
}
