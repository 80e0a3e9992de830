/** Reads history backwards, page by page, so that nothing that changed meanwhile is missed. */
import type { Http } from './http.ts';
import { ParleyError, unreachable } from './parley-error.ts';
import type { HistoryPage, Position } from './protocol.ts';
import type { RoomSync } from './room-sync.ts';
import type { Timeline } from './timeline.ts';

type Deps = { name: string; http: Http; timeline: Timeline; sync: RoomSync; onChange(): void };

/** Most messages in one page. */
const MAX_PAGE = 100;

export function createOlder({ name, http, timeline, sync, onChange }: Deps) {
  let underWay: Promise<boolean> | undefined;
  /** How far history has been seen to reach in this epoch; it never falls back. */
  let proved: Position | undefined;

  async function load(limit: number): Promise<boolean> {
    if (!timeline.hasOlder() || timeline.isFull()) return false;
    if (sync.phase() !== 'live') throw unreachable('The room is not joined yet.');
    const clears = timeline.clears();
    const before = timeline.floor();
    const page = await http.history(name, { before, limit: Math.min(limit, MAX_PAGE) });
    const position = sync.position();
    if (clears !== timeline.clears()) return timeline.hasOlder();
    if (sync.phase() !== 'live' || position === undefined)
      throw unreachable('The room is being joined anew.');
    if (page.epoch !== null && page.epoch !== position.epoch) {
      sync.begin();
      return true;
    }
    take(page, position.epoch);
    return timeline.hasOlder();
  }

  function take(page: HistoryPage, epoch: string) {
    if (page.processedThrough !== null) proved = { epoch, offset: page.processedThrough };
    const reflects = proved?.epoch === epoch ? proved.offset : -1;
    const stale = reflects < timeline.heardFrom();
    if (stale && page.processedThrough === null) {
      const message = 'History cannot be joined to the live messages right now.';
      throw new ParleyError('unavailable', message, { retryable: true });
    }
    timeline.addPage(page);
    onChange();
    if (stale) sync.resumeFrom({ epoch, offset: reflects });
  }

  /** Loads up to `limit` older messages; resolves with whether there are more. One page at a time. */
  return (limit: number): Promise<boolean> => {
    underWay ??= load(limit).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
