/**
 * The answer to a join, from the log: the newest messages, or everything after an offset, in pages that fit a
 * frame. It ends where the live frames go on: at the room's position, or close enough before it that the ring of
 * the newest live frames closes the rest.
 */
import type { Room } from './hub-room.ts';
import type { JoinedPage, JoinRequest, Member, OnPage } from './hub-types.ts';
import type { LiveFrame, LogSlice, Lost, RoomHead } from './log-types.ts';
import { liveFrameFor, recentEvents, replayEvents } from './replay.ts';
import type { RoomLog } from './room-log.ts';
import type { Slices } from './slices.ts';

type Deps = { log: Pick<RoomLog, 'recent'>; slices: Slices };
type Join = { room: Room; member: Member; request: JoinRequest; onPage: OnPage };
type Answer = { recovered: boolean; events: string[] };

/** Together below the largest server frame, with room for the frame around them. */
const PAGE_BYTES = 190_000;

export function createJoining({ log, slices }: Deps) {
  /** Sends all pages of the first stretch but the last, and returns that one. */
  async function begin({ room, member, request, onPage }: Join): Promise<JoinedPage> {
    const { since } = request;
    if (since === undefined) {
      const recent = await log.recent(room.name, request.recent);
      const events = recentEvents(room.name, recent.messages, member.viewer);
      return await pagesOf(room.name, recent, { recovered: false, events }, onPage);
    }
    const slice = await slices.since(room.name, since, room.position);
    if ('lost' in slice) return pageAt(room.name, slice.lost, false);
    const events = replayEvents(room.name, slice, member.viewer);
    const head = { epoch: slice.epoch, end: slice.reaches };
    return await pagesOf(room.name, head, { recovered: true, events }, onPage);
  }

  /** Reads on while the log is ahead of what the ring can give; answers the last page, not sent yet. */
  async function goOn({ room, member, onPage }: Join, start: JoinedPage): Promise<JoinedPage> {
    let page = start;
    while (!meetsLive(room, page)) {
      await onPage({ ...page, more: true });
      const slice: LogSlice | Lost = await slices.since(room.name, page, room.position);
      if ('lost' in slice) return pageAt(room.name, slice.lost, false);
      const head = { epoch: slice.epoch, end: slice.reaches };
      const events = replayEvents(room.name, slice, member.viewer);
      page = await pagesOf(room.name, head, { recovered: page.recovered, events }, onPage);
    }
    return page;
  }

  return {
    /** Hands on every page but the last, which it answers: from there `goLive` goes on without a pause. */
    answer: async (join: Join): Promise<JoinedPage> => await goOn(join, await begin(join)),
  };
}

/** The last page, what overtook it, and from here on every live frame. */
export function goLive(room: Room, member: Member, page: JoinedPage, onPage: OnPage): void {
  void onPage(page);
  if (page.epoch !== room.epoch) {
    room.members.set(member, { from: 0 });
    return;
  }
  deliverLive(member, room.ring, page.offset);
  // The ring holds what is still on its way to the others.
  room.members.set(member, { from: Math.max(page.offset, room.position) });
}

/** Hands a member what follows `from`, as it is to see it. */
export function deliverLive(member: Member, lives: LiveFrame[], from: number): void {
  const frames = lives.filter(({ offset }) => offset > from).map(live => liveFrameFor(live, member.viewer));
  if (frames.length > 0) member.deliver(frames);
}

/** True where nothing lies between this page and the live frames; another epoch is told of by the hub itself. */
function meetsLive(room: Room, page: JoinedPage): boolean {
  if (page.epoch !== room.epoch || page.offset >= room.position) return true;
  const overtook = room.ring.filter(live => live.offset > page.offset);
  return overtook.length === room.position - page.offset;
}

/** A page without events that reaches a log's end. */
export function pageAt(room: string, head: RoomHead, recovered: boolean): JoinedPage {
  return { room, epoch: head.epoch, offset: head.end, recovered, more: false, events: [] };
}

/** Cuts events into pages that fit a frame; hands on all but the last, which it returns. */
async function pagesOf(room: string, head: RoomHead, answer: Answer, onPage: OnPage): Promise<JoinedPage> {
  let page = pageAt(room, head, answer.recovered);
  let bytes = 0;
  for (const event of answer.events) {
    const size = Buffer.byteLength(event);
    if (bytes + size > PAGE_BYTES && page.events.length > 0) {
      await onPage({ ...page, more: true });
      page = pageAt(room, head, answer.recovered);
      bytes = 0;
    }
    page.events.push(event);
    bytes += size;
  }
  return page;
}
