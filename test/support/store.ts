import type { Outcome, Submission } from '../../src/message.ts';
import { createMessageStore, type PersistRow } from '../../src/store/messages.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { freeDatabase } from './stack.ts';

export type OpenStore = Awaited<ReturnType<typeof openStore>>;

/** A store on an empty database of the real Postgres. */
export async function openStore({ size = 8, timeoutMs = 30_000 } = {}) {
  const databaseUrl = await freeDatabase();
  const pool = createPool({ databaseUrl, size, timeoutMs, name: 'test' });
  await migrate(pool);
  return { databaseUrl, pool, store: createMessageStore(pool), close: () => pool.end() };
}

let rooms = 0;
/** A room that no other test uses. */
export function newRoom(): string {
  rooms += 1;
  return `store-${rooms}`;
}

type Overrides = { submission?: Partial<Submission>; outcome?: Partial<Outcome> };

/** A visible message by ann, ready to be stored, with a client key of its own. */
export function rowOf(
  room: string,
  id: number,
  { submission = {}, outcome = {} }: Overrides = {},
): PersistRow {
  const revision = submission.revision ?? 1;
  return {
    submission: {
      room,
      epoch: 'e1',
      id,
      offset: id,
      revision,
      user: 'ann',
      clientId: `c${id}`,
      content: `message ${id}`,
      timestamp: new Date(Date.UTC(2026, 0, 1) + (id % 1_000)).toISOString(),
      ...submission,
    },
    outcome: {
      id,
      revision,
      status: 'visible',
      audience: 'all',
      language: { code: 'en', confidence: 0.87 },
      sentiment: { score: -0.25, label: 'negative' },
      verdict: { action: 'allow', rules: [], spans: [], policy: 'p1' },
      versions: { language: 'l1', moderation: 'm1', sentiment: 's1' },
      ...outcome,
    },
    batch: 'b1',
    announcedAt: '2026-01-01T00:00:01.000Z',
  };
}
