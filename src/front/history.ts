/** Pages of history: read from the store alone, the newest ones cached, with how far the store reaches. */
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Message, Tombstone } from '../message.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { LoggedMessage, Watermark } from '../rooms/log-types.ts';
import type { Viewer } from '../rooms/view.ts';
import { TOO_LATE, within } from './deadline.ts';
import type { Cursor, HistoryQuery, RoomsQuery } from './history-query.ts';
import { kept, shown } from './shown.ts';
import { createStoreReads } from './store-reads.ts';

type PageQuery = { before?: number; after?: number; around?: number; limit: number };
type Page = { rows: LoggedMessage[]; hasOlder: boolean; hasNewer: boolean };
type Found = Page & { watermark: Watermark | undefined };
type RoomsPage = { rooms: { room: string; lastMessageAt: string; lastId: number }[]; hasMore: boolean };

/** What history needs of the store; it throws where the database does not answer. */
export type HistoryStore = {
  /** With all that moderators see. */
  page(room: string, query: PageQuery): Promise<Page>;
  /** Of what readers see. */
  shownPage(room: string, query: PageQuery): Promise<Page>;
  byId(room: string, id: number): Promise<LoggedMessage | undefined>;
  rooms(query: { after?: string; limit: number; allow?: string[] }): Promise<RoomsPage>;
};
/** What history needs of the room log. Nothing here throws. */
export type HistoryLog = {
  watermark(room: string): Promise<Watermark | undefined>;
  cachedPage(room: string): Promise<{ page: string; watermark: Watermark } | undefined>;
  cachePage(room: string, page: string, watermark: Watermark): Promise<void>;
};
export type HistoryPage = {
  room: string;
  epoch: string | null;
  messages: (Message | Tombstone)[];
  hasOlder: boolean;
  hasNewer: boolean;
  processedThrough: number | null;
};
type Deps = {
  log: HistoryLog;
  store: HistoryStore;
  metrics: GatewayMetrics;
  logger: Logger;
  timeoutMs: number;
};
export type History = ReturnType<typeof createHistory>;

/** The newest page is cached at its largest; smaller ones are its end. */
const LARGEST = 100;

/** Every answer comes within `timeoutMs`; the log gets at most a third of that before it counts as unreachable. */
export function createHistory({ log, store, metrics, logger, timeoutMs }: Deps) {
  const read = createStoreReads(logger);

  async function newest(room: string): Promise<Found | Refusal> {
    const logUntil = performance.now() + timeoutMs / 3;
    const cached = await within(timeoutMs / 3, log.cachedPage(room));
    if (cached !== undefined && cached !== TOO_LATE) {
      metrics.historyPages.inc({ from: 'cache' });
      return { ...(JSON.parse(cached.page) as Page), watermark: cached.watermark };
    }
    const found = await fromStore(
      () => store.shownPage(room, { limit: LARGEST }),
      room,
      logUntil - performance.now(),
    );
    if (!isRefusal(found) && found.watermark !== undefined) {
      const { watermark, rows, ...page } = found;
      void log.cachePage(room, JSON.stringify({ rows: rows.map(kept), ...page }), watermark);
    }
    return found;
  }

  /** The watermark is read before the rows it vouches for. */
  async function fromStore(
    readRows: () => Promise<Page>,
    room: string,
    patienceMs: number,
  ): Promise<Found | Refusal> {
    const startedAt = performance.now();
    const watermark = await within(patienceMs, log.watermark(room));
    const left = timeoutMs - (performance.now() - startedAt);
    const page = await read(left, readRows);
    if (isRefusal(page)) return page;
    metrics.historyPages.inc({ from: 'store' });
    return { ...page, watermark: watermark === TOO_LATE ? undefined : watermark };
  }

  /** The cached page lacks what only moderators see: they read the store. */
  function find(room: string, { cursor, limit }: HistoryQuery, { moderator }: Viewer) {
    if (cursor === undefined && !moderator) return newest(room);
    const query = { ...cursor, limit } as Cursor & { limit: number };
    return fromStore(() => store[moderator ? 'page' : 'shownPage'](room, query), room, timeoutMs / 3);
  }

  return {
    async page(room: string, query: HistoryQuery, viewer: Viewer): Promise<HistoryPage | Refusal> {
      const found = await find(room, query, viewer);
      if (isRefusal(found)) return found;
      const { watermark, rows, hasOlder, hasNewer } = found;
      const surplus = query.cursor === undefined ? Math.max(0, rows.length - query.limit) : 0;
      return {
        room,
        epoch: watermark?.epoch ?? null,
        messages: rows.slice(surplus).map(row => shown(row, viewer)),
        hasOlder: hasOlder || surplus > 0,
        hasNewer,
        processedThrough: watermark?.processedThrough ?? null,
      };
    },

    async message(room: string, id: number, viewer: Viewer): Promise<Message | Tombstone | Refusal> {
      const found = await read(timeoutMs, () => store.byId(room, id));
      if (found === undefined) return refuse('not_found');
      return isRefusal(found) ? found : shown(found, viewer);
    },

    /** Rooms by name; `allow` holds names or `prefix*`, undefined means all. */
    async rooms(query: RoomsQuery, allow: string[] | undefined): Promise<RoomsPage | Refusal> {
      if (allow?.length === 0) return { rooms: [], hasMore: false };
      const all = allow === undefined || allow.includes('*');
      return read(timeoutMs, () => store.rooms({ ...query, ...(all ? {} : { allow }) }));
    },
  };
}
