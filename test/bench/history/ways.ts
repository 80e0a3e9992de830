/** The ways to read a page that the bench compares, and where in the room it asks for one. */
import { Agent, request } from 'node:http';
import type { Pool } from 'pg';
import { PAGE, type PageQuery, pageValues, SHOWN_PAGE } from '../../../src/store/pages.ts';
import { SHOWN_COLUMNS } from '../../../src/store/rows.ts';
import { token } from '../../support/socket.ts';
import { BIG } from './fill.ts';

export const LIMIT = 50;
/** Each repetition asks at another place, among so many pages. */
const PAGES = 100;
const TIMEOUT_MS = 10_000;

export type Ask = (query: PageQuery) => Promise<number>;
export type Place = { name: string; query(random: number): PageQuery };

/** The newest, the middle and the oldest end of the room, by the cursor that one would use there; and `around`. */
export function placesIn(lastId: number): Place[] {
  const width = 2 * LIMIT * PAGES;
  const middle = Math.floor(lastId / 2);
  const within = (random: number) => 2 * Math.floor((random * width) / 2) + 1;
  return [
    { name: 'newest, before', query: random => ({ before: lastId + 1 - within(random), limit: LIMIT }) },
    { name: 'middle, before', query: random => ({ before: middle + within(random), limit: LIMIT }) },
    { name: 'middle, after', query: random => ({ after: middle + within(random), limit: LIMIT }) },
    { name: 'middle, around', query: random => ({ around: middle + within(random), limit: LIMIT }) },
    { name: 'oldest, before', query: random => ({ before: 2 * LIMIT + within(random), limit: LIMIT }) },
    { name: 'oldest, after', query: random => ({ after: within(random), limit: LIMIT }) },
  ];
}

/** The statement alone, as the store sends it for readers; answers the number of rows. */
export const bare =
  (pool: Pool): Ask =>
  async query =>
    (await pool.query(valuesOf(query))).rows.length;

/** The same with everything that is stored, as moderators' pages need it. */
export const whole =
  (pool: Pool): Ask =>
  async query =>
    (await pool.query(PAGE, pageValues(BIG, query))).rows.length;

/** The statement of a page, for EXPLAIN too. */
export function valuesOf(query: PageQuery) {
  return { text: SHOWN_PAGE, values: pageValues(BIG, query) };
}

/** The newest page as the client of a gateway gets it, over one connection that is kept; parsed. */
export async function http(url: string): Promise<Ask & { close(): void }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${await token('reader')}` };
  const ask = (query: Partial<PageQuery>) =>
    new Promise<number>((resolve, reject) => {
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const options = { agent, headers, timeout: TIMEOUT_MS };
      const sent = request(`${url}/v1/rooms/${BIG}/messages?${search}`, options, response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode !== 200)
            return reject(new Error(`answered ${response.statusCode}: ${text}`));
          resolve((JSON.parse(text) as { messages: unknown[] }).messages.length);
        });
      });
      sent.on('timeout', () => sent.destroy(new Error('a page took too long')));
      sent.on('error', reject);
      sent.end();
    });
  return Object.assign(ask, { close: () => agent.destroy() });
}

/** The same page by counting rows from the newest on. */
export async function byOffset(pool: Pool, skip: number): Promise<number> {
  const text = `SELECT ${SHOWN_COLUMNS} FROM messages WHERE room = $1 ORDER BY id DESC LIMIT $2 OFFSET $3`;
  return (await pool.query(text, [BIG, LIMIT, skip])).rows.length;
}
