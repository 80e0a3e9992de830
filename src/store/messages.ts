import type { Pool } from 'pg';
import type { LoggedMessage } from '../rooms/log-types.ts';
import { setAside } from './bury.ts';
import {
  type DeadLetter,
  type DeadLettersQuery,
  type KeptLetter,
  listDeadLetters,
  markRedriven,
  numberRedrive,
  readDeadLetter,
} from './dead-letters.ts';
import { type Page, type PageQuery, readMessage, readPage, readShownPage } from './pages.ts';
import { type PersistResult, persist, withdraw } from './persist.ts';
import { listRooms, type RoomsPage, type RoomsQuery } from './rooms.ts';
import type { PersistRow, StoredMessage } from './rows.ts';
import { addTallies } from './tallies.ts';

export type { DeadLetter, KeptLetter } from './dead-letters.ts';
export type { Page, PageQuery } from './pages.ts';
export type { PersistResult } from './persist.ts';
export type { RoomsQuery, StoredRoom } from './rooms.ts';
export type { Key, PersistRow, StoredMessage } from './rows.ts';

export type Counts = Record<
  'stored' | 'visible' | 'masked' | 'held' | 'removed' | 'duplicates' | 'deadLettered',
  number
>;

export type MessageStore = ReturnType<typeof createMessageStore>;

const COUNTS = `
  SELECT count(*) AS stored,
    count(*) FILTER (WHERE status = 'visible') AS visible,
    count(*) FILTER (WHERE status = 'masked') AS masked,
    count(*) FILTER (WHERE status = 'held') AS held,
    count(*) FILTER (WHERE status = 'removed') AS removed,
    count(*) FILTER (WHERE reason = 'duplicate') AS duplicates,
    (SELECT count(*) FROM dead_letters WHERE $1::text IS NULL OR room = $1) AS "deadLettered"
  FROM messages WHERE $1::text IS NULL OR room = $1`;

/**
 * The processed store. Every call is one statement or one transaction, and throws the errors of Postgres:
 * `isTransient` tells which may pass.
 */
export function createMessageStore(pool: Pool) {
  return {
    /** Stores a batch of outcomes; see PersistResult for what becomes of each row. */
    persist: (rows: PersistRow[]): Promise<PersistResult> => persist(pool, rows),
    /** Stores repeats of a client key as tombstones, once the room was told. */
    withdraw: (rows: PersistRow[]): Promise<void> => withdraw(pool, rows),
    /** Notes log entries that the store reflects already: those that told of stored messages anew. */
    reflect: (rows: PersistRow[]): Promise<void> => addTallies(pool, { inserted: [], settled: rows }),
    /**
     * Sets entries aside with their cause, each once for every step and way through the pipeline; those of erased users
     * become tombstones.
     */
    deadLetter: (letters: DeadLetter[]): Promise<void> => setAside(pool, letters),
    /** Dead letters, oldest first; `after` is the id of the last one seen. */
    deadLetters: (query: DeadLettersQuery): Promise<KeptLetter[]> => listDeadLetters(pool, query),
    letterById: (id: number): Promise<KeptLetter | undefined> => readDeadLetter(pool, id),
    /** A number for the next redrive of a letter's entry; undefined where there is no such letter. */
    numberRedrive: (id: number): Promise<number | undefined> => numberRedrive(pool, id),
    /** Notes that the entry is in the pipeline again under the number. */
    markRedriven: (id: number, redrive: number): Promise<void> => markRedriven(pool, id, redrive),
    /** A page of a room's history, oldest first; without a cursor the newest. */
    page: (room: string, query: PageQuery): Promise<Page> => readPage(pool, room, query),
    /** The same of what readers see alone: for half of the work. */
    shownPage: (room: string, query: PageQuery): Promise<Page<LoggedMessage>> =>
      readShownPage(pool, room, query),
    byId: (room: string, id: number): Promise<StoredMessage | undefined> => readMessage(pool, room, id),
    /** Rooms that have a stored message, by name. */
    rooms: (query: RoomsQuery): Promise<RoomsPage> => listRooms(pool, query),
    /** How many messages stand in which way, of one room or of all. Reads every one of them: for audits. */
    async counts(room?: string): Promise<Counts> {
      const { rows } = await pool.query<Counts>(COUNTS, [room ?? null]);
      return rows[0]!;
    },
  };
}
